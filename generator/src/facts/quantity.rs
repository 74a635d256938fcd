//! Which numbers of the evidence a number of a claim may stand for.

use super::number::{Hedge, Quantity};
use super::numeral::chinese_digit;
use super::token::{Sort, Token};
use super::unit::{self, Dimension, Unit};

/// The numbers of the evidence.
#[derive(Debug, Clone, Default)]
pub(super) struct Quantities {
    all: Vec<Quantity>,
    /// Scales that stand by themselves: `(in millions)` over a table.
    scales: Vec<f64>,
    /// Whether a percent sign stands by itself, as over a column.
    loose_percent: bool,
}

impl Quantities {
    pub(super) fn push(&mut self, quantity: Quantity) {
        self.all.push(quantity);
    }

    /// What holds for all numbers of a text, without the numbers.
    pub(super) fn without_numbers(&self) -> Self {
        Self { all: Vec::new(), ..self.clone() }
    }

    /// Adds what stands without a number of its own: scales, percent signs, and the numbers in codes.
    pub(super) fn add_loose(&mut self, tokens: &[Token]) {
        for (at, token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|before| tokens.get(before));
            let behind_number = before.is_some_and(|token| token.sort == Sort::Digits);
            match token.lower.as_str() {
                "000" | "000s"
                    if before.is_some_and(|t| t.is('\'') || unit::currency_sign(&t.lower).is_some()) =>
                {
                    self.scales.push(1e3);
                }
                "m" if before.is_some_and(|t| unit::currency_sign(&t.lower).is_some()) => {
                    self.scales.push(1e6)
                }
                "thousands" => self.scales.push(1e3),
                "millions" | "million" if !behind_number => self.scales.push(1e6),
                "billions" | "billion" if !behind_number => self.scales.push(1e9),
                "%" | "percent" | "percentage" if !behind_number => self.loose_percent = true,
                "万" | "千" | "亿" if !behind_number && is_header(tokens, at) => {
                    self.scales.push(match token.lower.as_str() {
                        "千" => 1e3,
                        "万" => 1e4,
                        _ => 1e8,
                    });
                }
                _ => {}
            }
            if token.sort == Sort::Code {
                self.add_code_numbers(token, at);
            }
        }
    }

    fn add_code_numbers(&mut self, token: &Token, at: usize) {
        for part in token.text.split(|c: char| !c.is_ascii_digit()).filter(|part| part.len() > 1) {
            if let Ok(value) = part.parse::<f64>() {
                self.all.push(Quantity::bare(value, at));
            }
        }
    }

    /// Gives the earlier numbers of `10 to 15%` and `5, 10 and 15 days` the unit of the last.
    pub(super) fn share_units(&mut self) {
        for last in (1..self.all.len()).rev() {
            let (earlier, later) = self.all.split_at_mut(last);
            let (Some(earlier), Some(later)) = (earlier.last_mut(), later.first()) else { continue };
            let gap = later.tokens.start.checked_sub(earlier.tokens.end);
            if earlier.unit.is_none() && matches!(gap, Some(0..=2)) {
                earlier.shared_unit = later.unit.or(later.shared_unit);
            }
        }
    }

    /// Whether `value` stands without a unit.
    pub(super) fn has_plain(&self, value: f64) -> bool {
        self.all
            .iter()
            .any(|held| held.unit.is_none() && (same(held.value, value) || held.other == Some(value)))
    }

    /// Whether a number stands here that `claimed` may be.
    pub(super) fn hold(&self, claimed: &Quantity) -> bool {
        self.all.iter().any(|held| self.values_agree(claimed, held) && self.units_agree(claimed, held))
            || self.hold_converted(claimed)
    }

    fn values_agree(&self, claimed: &Quantity, held: &Quantity) -> bool {
        let held_values = [Some(held.value), held.other];
        let claimed_values = [Some(claimed.value), claimed.other];
        let pairs =
            held_values.iter().flatten().flat_map(|h| claimed_values.iter().flatten().map(move |c| (*h, *c)));
        for (held_value, claimed_value) in pairs {
            if agrees(claimed, claimed_value, held_value) {
                return true;
            }
        }
        let by_header = |scale: &f64| agrees(claimed, claimed.value, held.value * scale);
        if !held.scaled && self.scales.iter().any(by_header) {
            return true;
        }
        // A figure of a table whose scale stands outside of the evidence.
        let scale_is_open = claimed.scaled && !held.scaled && self.scales.is_empty();
        scale_is_open && claimed.significant >= 3 && same(claimed.mantissa, held.value)
    }

    fn units_agree(&self, claimed: &Quantity, held: &Quantity) -> bool {
        let held_unit = held.unit.or(held.shared_unit);
        match (claimed.unit, held_unit) {
            (Some(claimed), None) => claimed.dimension != Dimension::Percent || self.loose_percent,
            (Some(claimed), Some(held)) => claimed == held,
            (None, Some(held_unit)) => held_unit.dimension != Dimension::Percent || held.unit.is_none(),
            (None, None) => true,
        }
    }

    /// Whether the same measure stands here in another unit: 2 weeks as 14 days.
    fn hold_converted(&self, claimed: &Quantity) -> bool {
        let Some(unit) = claimed.unit else { return false };
        let base = |unit: Unit, value: f64| value * unit.factor;
        self.all.iter().any(|held| {
            let held_unit = held.unit.or(held.shared_unit).filter(|held| held.dimension == unit.dimension);
            held_unit.is_some_and(|held_unit| same(base(held_unit, held.value), base(unit, claimed.value)))
        })
    }
}

/// Whether a scale stands before a unit of money, or behind `单位`.
fn is_header(tokens: &[Token], at: usize) -> bool {
    let behind = tokens.get(at + 1).is_some_and(|token| token.is('元') || token.is('美'));
    let before = at.checked_sub(1).and_then(|before| tokens.get(before)).and_then(Token::single);
    behind && before.is_none_or(|c| chinese_digit(c).is_none() && !"十百千万几数".contains(c))
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

/// Whether the claimed number is the held one, or a rounding of it where it says so.
fn agrees(claimed: &Quantity, claimed_value: f64, held: f64) -> bool {
    if same(claimed_value, held) {
        return true;
    }
    if claimed.hedge == Hedge::Exact && !claimed.scaled || claimed_value == 0.0 || held == 0.0 {
        return false;
    }
    let magnitude = held.abs().log10().floor() as i32;
    let finest = claimed.significant.clamp(2, 12);
    let coarsest_to_finest = 2.max(claimed.significant)..=finest.max(4);
    coarsest_to_finest.into_iter().any(|digits| {
        let step = 10f64.powi(magnitude + 1 - digits);
        let places = held / step;
        let rounded = match claimed.hedge {
            Hedge::Exact | Hedge::About => [places.round(), places.round()],
            Hedge::Below => [places.round(), places.ceil()],
            Hedge::Above => [places.round(), places.floor()],
        };
        rounded.iter().any(|places| same(places * step, claimed_value))
    })
}

/// Whether the number merely numbers an item: `1. `, `(2)`, `Step 3`, `[4]`.
pub(super) fn enumerates(quantity: &Quantity, tokens: &[Token]) -> bool {
    let at = quantity.tokens.start;
    let Some(token) = tokens.get(at) else { return false };
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    let behind = tokens.get(quantity.tokens.end);
    let is_behind = |marks: &str| behind.and_then(Token::single).is_some_and(|c| marks.contains(c));
    let starts = before.is_none() || token.first_of_line;
    let small = quantity.value < 100.0 && quantity.unit.is_none();
    let numbered = starts && is_behind(".)、．:") && tokens.len() > 2;
    let bracketed = before.is_some_and(|t| t.is('[') || t.is('(')) && is_behind("])");
    let step = before.is_some_and(|t| t.lower == "step");
    let ordinal_start = (starts || before.is_some_and(|t| t.is('.') || t.is(';'))) && is_behind(",");
    small && (numbered || bracketed || step || (ordinal_start && token.sort == Sort::Word))
}

/// Whether the number counts what the claim goes on to list: `three kinds: a, b and c`.
pub(super) fn counts_own_list(quantity: &Quantity, tokens: &[Token]) -> bool {
    const OPENERS: [&str; 6] = [":", "including", "namely", "are", "were", "即"];
    if !(2.0..=12.0).contains(&quantity.value) || quantity.is_percent() || quantity.scaled {
        return false;
    }
    let rest = tokens.get(quantity.tokens.end..).unwrap_or_default();
    let opens = |at: usize| {
        let two: String = rest.iter().skip(at).take(2).map(|token| token.lower.as_str()).collect();
        let opener = rest.get(at).is_some_and(|token| OPENERS.contains(&token.lower.as_str()));
        opener || ["包括", "分别"].contains(&two.as_str())
    };
    let Some(opener) = (0..rest.len()).find(|&at| opens(at)) else { return false };
    let list = rest.get(opener + 1..).unwrap_or_default();
    let sentence_end = list.iter().position(|token| token.is('。') || token.is('.') || token.is('\n'));
    let list = list.get(..sentence_end.unwrap_or(list.len())).unwrap_or_default();
    let (mut items, mut after_mark) = (1.0, true);
    for token in list {
        let separates = token.single().is_some_and(|c| ",，、;；和及与".contains(c)) || token.lower == "and";
        if separates && !after_mark {
            items += 1.0;
        }
        after_mark = separates;
    }
    items == quantity.value
}
