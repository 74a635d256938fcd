//! Axes with round numbers at their ticks, and the way from values to places on the page.

use serde::Serialize;

/// Larger numbers are not drawn: their differences could overflow.
const LARGEST: f64 = 1e100;
/// About as many intervals between ticks as fit without crowding.
const INTERVALS: f64 = 5.0;

/// Whether a plot can show it.
pub(super) fn is_drawable(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// Values from one round number to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub low: f64,
    pub high: f64,
    step: f64,
}

impl Range {
    /// The least range of round numbers around all values (Heckbert, Graphics Gems, 1990); 0 to 1 where
    /// there are none.
    pub(super) fn around(values: impl IntoIterator<Item = f64>) -> Self {
        let drawable = values.into_iter().filter(|v| is_drawable(*v));
        let bounds = drawable.fold(None, |bounds: Option<(f64, f64)>, value| {
            let (low, high) = bounds.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        });
        match bounds {
            None => Self::round(0.0, 1.0),
            // A narrower range would have ticks that differ only beyond the digits of a float.
            Some((low, high)) if high - low > 1e-9 * high.abs().max(low.abs()).max(1e-9) => {
                Self::round(low, high)
            }
            Some((low, high)) => {
                let margin = (low.abs() / 10.0).max(0.5);
                Self::round(low - margin, high + margin)
            }
        }
    }

    fn round(low: f64, high: f64) -> Self {
        let rough = (high - low) / INTERVALS;
        let magnitude = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0].map(|factor| factor * magnitude);
        let step = step.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(10.0 * magnitude);
        // An end that is a tick but for rounding stays one.
        let low = (low / step + 1e-6).floor() * step;
        let high = (high / step - 1e-6).ceil() * step;
        Self { low, high, step }
    }

    /// `parts + 1` numbers that cut the range into equal parts.
    pub(super) fn edges(self, parts: usize) -> Vec<f64> {
        (0..=parts).map(|i| self.low + (self.high - self.low) * i as f64 / parts as f64).collect()
    }

    fn ticks(self) -> Vec<f64> {
        let parts = ((self.high - self.low) / self.step).round().clamp(1.0, 20.0) as usize;
        self.edges(parts)
    }
}

/// Values laid out between two places on the page, in its pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub range: Range,
    pub from: f64,
    pub to: f64,
}

impl Scale {
    pub(super) fn at(self, value: f64) -> f64 {
        let part = (value - self.range.low) / (self.range.high - self.range.low);
        pixel(self.from + (self.to - self.from) * part)
    }

    pub(super) fn axis(self, label: &str) -> Axis {
        let tick = |value| Tick { at: self.at(value), text: tick_text(value, self.range.step) };
        Axis { label: label.to_owned(), ticks: self.range.ticks().into_iter().map(tick).collect() }
    }
}

/// An axis as it is drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Axis {
    pub label: String,
    pub ticks: Vec<Tick>,
}

/// A labelled place on an axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Tick {
    pub at: f64,
    pub text: String,
}

/// A tenth of a pixel is as fine as anybody sees.
pub(super) fn pixel(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// With the decimals that the step between ticks has.
fn tick_text(value: f64, step: f64) -> String {
    let decimals = -step.log10().floor();
    if value.abs() >= 1e6 || decimals > 5.0 {
        return format!("{value:.1e}");
    }
    // Rounding may have left a zero slightly off, and negative.
    let value = if value.abs() < step / 2.0 { 0.0 } else { value };
    format!("{value:.*}", decimals.max(0.0) as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(values: &[f64], expected: &str) {
        let range = Range::around(values.iter().copied());
        let axis = Scale { range, from: 0.0, to: 100.0 }.axis("");
        let texts: Vec<&str> = axis.ticks.iter().map(|t| &*t.text).collect();
        assert_eq!(texts.join(" "), expected, "ticks around {values:?}");
    }

    #[test]
    fn ticks_are_round_numbers() {
        check(&[0.0, 1.0], "0.0 0.2 0.4 0.6 0.8 1.0");
        check(&[0.03, 0.27], "0.00 0.05 0.10 0.15 0.20 0.25 0.30");
        check(&[-3.0, 3.0], "-4 -2 0 2 4");
        check(&[12.0, 940.0], "0 200 400 600 800 1000");
        check(&[], "0.0 0.2 0.4 0.6 0.8 1.0");
        check(&[7.0, f64::NAN, f64::INFINITY], "6.0 6.5 7.0 7.5 8.0");
        check(&[0.0, 3e7], "0 1.0e7 2.0e7 3.0e7");
    }

    proptest! {
        #[test]
        fn all_values_lie_on_the_axis(values in prop::collection::vec(any::<f64>(), 0..6)) {
            let range = Range::around(values.iter().copied());
            let scale = Scale { range, from: 0.0, to: 100.0 };
            for value in values.into_iter().filter(|v| is_drawable(*v)) {
                prop_assert!((-0.1..=100.1).contains(&scale.at(value)), "{} in {:?}", value, range);
            }
            prop_assert!((2..=21).contains(&scale.axis("").ticks.len()));
        }
    }
}
