//! Where things are drawn.

use proptest::prelude::*;

use super::super::super::intervals::Interval;
use super::super::super::language::Language;
use super::super::plot::{BarGroup, CurveSeries, HistogramSeries};
use super::*;

fn drawn(plot: Plot) -> Chart {
    Chart::of(&plot, &Words::of(Language::English))
}

fn curve_of(points: &[(f64, f64)], diagonal: bool) -> Plot {
    Plot::Curve(CurvePlot {
        title: "T".to_owned(),
        x_label: "x".to_owned(),
        y_label: "y".to_owned(),
        series: vec![CurveSeries { name: "S".to_owned(), points: points.to_vec() }],
        diagonal,
    })
}

fn histogram_of(series: &[&[f64]], bins: usize) -> Plot {
    let series =
        series.iter().map(|values| HistogramSeries { name: "S".to_owned(), values: values.to_vec() });
    Plot::Histogram(HistogramPlot {
        title: "T".to_owned(),
        x_label: "x".to_owned(),
        series: series.collect(),
        bins,
    })
}

fn bars_of(label: &str, values: &[f64]) -> Plot {
    let bar = |&value: &f64| Bar { value, interval: Some(Interval { low: value - 0.1, high: value + 0.1 }) };
    Plot::Bars(BarPlot {
        title: "T".to_owned(),
        x_label: "x".to_owned(),
        series: values.iter().map(|value| format!("S{value}")).collect(),
        groups: vec![BarGroup { label: label.to_owned(), bars: values.iter().map(bar).collect() }],
    })
}

#[test]
fn a_curve_goes_from_corner_to_corner() {
    let chart = drawn(curve_of(&[(0.0, 0.0), (f64::NAN, 0.5), (1.0, 1.0)], true));
    assert_eq!(chart.lines[0].path, "M60 256L466 10");
    assert_eq!(chart.diagonal.as_deref(), Some("M60 256L466 10"));
    assert_eq!(chart.lines[0].marks.len(), 2);
    assert_eq!(chart.summary, "S: 2 points, (0.000, 0.000) – (1.000, 1.000)");
}

#[test]
fn a_histogram_shows_shares_of_each_series() {
    let chart = drawn(histogram_of(&[&[0.0, 0.1, 1.0, 0.9], &[0.9]], 2));
    let heights: Vec<f64> = chart.bars.iter().map(|bar| bar.height).collect();
    assert_eq!(heights, [123.0, 123.0, 246.0]);
    assert_eq!(chart.bars[1].tip, "S, 0.500 – 1.000: 2 (0.500)");
    assert_eq!(binned(&[0.0, 1.0, 2.0, 3.0], &[0.0, 1.0, 3.0]), [1, 3]);
}

#[test]
fn bars_start_at_zero_and_carry_their_values() {
    let chart = drawn(bars_of("一个很长很长的中文模型名称", &[0.9, -0.3]));
    let (first, second) = (&chart.bars[0], &chart.bars[1]);
    assert_eq!(first.x, pixel(second.x + second.width));
    assert_eq!(chart.whiskers.len(), 2);
    assert_eq!(chart.labels[0].text, "一个很长很长的中文…");
    assert_eq!(chart.labels[0].full, "一个很长很长的中文模型名称");
    assert_eq!(chart.labels[1].text, "0.900");
}

#[test]
fn nothing_to_draw_is_said() {
    for plot in [curve_of(&[], false), histogram_of(&[], 10), bars_of("g", &[]), histogram_of(&[&[]], 0)] {
        let chart = drawn(plot);
        assert!(chart.lines.is_empty() && chart.bars.is_empty());
        assert!(!chart.x.ticks.is_empty());
    }
    assert_eq!(drawn(bars_of("g", &[])).summary, "T: no data");
}

proptest! {
    #[test]
    fn everything_is_drawn_within_the_frame(
        values in prop::collection::vec(any::<f64>(), 0..8),
        bins in 0_usize..40,
    ) {
        let points: Vec<(f64, f64)> = values.iter().map(|&v| (v, v)).collect();
        for plot in [curve_of(&points, true), histogram_of(&[&values], bins), bars_of("g", &values)] {
            let chart = drawn(plot);
            let Frame { left, top, right, bottom } = chart.frame;
            let inside = |x: f64, y: f64| {
                (left - 0.2..=right + 0.2).contains(&x) && (top - 0.2..=bottom + 0.2).contains(&y)
            };
            for bar in &chart.bars {
                prop_assert!(inside(bar.x, bar.y) && bar.width >= 0.0 && bar.height >= 0.0, "{:?}", bar);
                prop_assert!(inside(bar.x + bar.width, bar.y + bar.height), "{:?}", bar);
            }
            prop_assert!(chart.lines.iter().flat_map(|line| &line.marks).all(|&(x, y)| inside(x, y)));
        }
    }
}
