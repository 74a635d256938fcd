//! Plots laid out: where on the page each line, bar and label goes. The template only writes them down.

use serde::Serialize;

use super::axis::{Axis, Range, Scale, is_drawable, pixel};
use super::number;
use super::plot::{Bar, BarPlot, CurvePlot, HistogramPlot, Plot};
use super::words::Words;

/// All plots are this wide; pixels of a plot are scaled to the width of the page.
const WIDTH: f64 = 480.0;
const CURVE_HEIGHT: f64 = 300.0;
/// Room for tick labels and the axis's own.
const BELOW: f64 = 44.0;
const ABOVE: f64 = 10.0;
/// Room for the labels of groups, and for values behind bars.
const BESIDE_BARS: f64 = 150.0;
const BEHIND_BARS: f64 = 48.0;
/// Columns of a label, of which a Chinese character takes two, that fit beside bars.
const LABEL_COLUMNS: usize = 19;
const BAR_HEIGHT: f64 = 15.0;
const GROUP_GAP: f64 = 10.0;
/// Longer lines are easier to follow without a mark at each point.
const MOST_MARKED_POINTS: usize = 24;
/// More bins would be thinner than a line.
const MOST_BINS: usize = 100;

/// A plot as it is drawn; a series is known by its index in the legend.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Chart {
    title: String,
    /// Tells what the plot shows to those who do not see it.
    summary: String,
    width: f64,
    height: f64,
    frame: Frame,
    x: Axis,
    y: Option<Axis>,
    legend: Vec<String>,
    /// SVG path data.
    diagonal: Option<String>,
    lines: Vec<Line>,
    bars: Vec<Rectangle>,
    /// SVG path data.
    whiskers: Vec<String>,
    labels: Vec<Label>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Frame {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Line {
    series: usize,
    /// SVG path data.
    path: String,
    marks: Vec<(f64, f64)>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Rectangle {
    series: usize,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    /// Shown under the pointer.
    tip: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Label {
    x: f64,
    y: f64,
    /// Of `x`, as in SVG's `text-anchor`.
    anchor: &'static str,
    text: String,
    /// Before it was shortened.
    full: String,
}

impl Chart {
    pub(super) fn of(plot: &Plot, words: &Words) -> Self {
        match plot {
            Plot::Curve(plot) => curve(plot, words),
            Plot::Bars(plot) => bars(plot, words),
            Plot::Histogram(plot) => histogram(plot, words),
        }
    }
}

fn curve(plot: &CurvePlot, words: &Words) -> Chart {
    let series: Vec<Vec<(f64, f64)>> = plot
        .series
        .iter()
        .map(|s| s.points.iter().copied().filter(|(x, y)| is_drawable(*x) && is_drawable(*y)).collect())
        .collect();
    let unit: &[f64] = if plot.diagonal { &[0.0, 1.0] } else { &[] };
    let xs = series.iter().flatten().map(|point| point.0).chain(unit.iter().copied());
    let ys: Vec<f64> = series.iter().flatten().map(|point| point.1).chain(unit.iter().copied()).collect();
    let (frame, x) = upright(Range::around(xs));
    let y = Scale { range: Range::around(ys.iter().copied().chain(zero_if_near(&ys))), ..vertical(frame) };
    let place = |&(px, py): &(f64, f64)| (x.at(px), y.at(py));
    let line = |(series, points): (usize, &Vec<(f64, f64)>)| {
        let places: Vec<(f64, f64)> = points.iter().map(place).collect();
        let is_marked = places.len() <= MOST_MARKED_POINTS;
        Line { series, path: path(&places), marks: if is_marked { places } else { Vec::new() } }
    };
    let told = plot.series.iter().zip(&series).map(|(s, points)| told_curve(&s.name, points, words));
    Chart {
        lines: series.iter().enumerate().map(line).filter(|line| !line.path.is_empty()).collect(),
        diagonal: plot.diagonal.then(|| path(&[place(&(0.0, 0.0)), place(&(1.0, 1.0))])),
        y: Some(y.axis(&plot.y_label)),
        legend: plot.series.iter().map(|s| s.name.clone()).collect(),
        ..Chart::empty(&plot.title, told.collect(), frame, x.axis(&plot.x_label), words)
    }
}

fn told_curve(name: &str, points: &[(f64, f64)], words: &Words) -> String {
    let mut told = format!("{name}: {} {}", points.len(), words.points);
    if let [(x0, y0), .., (x1, y1)] = points {
        told += &format!(", ({}, {}) – ({}, {})", number(*x0), number(*y0), number(*x1), number(*y1));
    }
    told
}

fn histogram(plot: &HistogramPlot, words: &Words) -> Chart {
    let drawable: Vec<Vec<f64>> = plot
        .series
        .iter()
        .map(|s| s.values.iter().copied().filter(|value| is_drawable(*value)).collect())
        .collect();
    let range = Range::around(drawable.iter().flatten().copied());
    let edges = range.edges(plot.bins.clamp(1, MOST_BINS));
    let counts: Vec<Vec<usize>> = drawable.iter().map(|values| binned(values, &edges)).collect();
    let share = |series: usize, bin: usize| counts[series][bin] as f64 / drawable[series].len().max(1) as f64;
    let all_bins = (0..counts.len()).flat_map(|s| (0..edges.len() - 1).map(move |bin| (s, bin)));
    let (frame, x) = upright(range);
    let tallest = all_bins.clone().map(|(series, bin)| share(series, bin)).fold(0.0, f64::max);
    let highest = if tallest > 0.0 { tallest } else { 1.0 };
    let y = Scale { range: Range::around([0.0, highest]), ..vertical(frame) };
    let slot = (x.at(edges[1]) - x.at(edges[0])) / counts.len().max(1) as f64;
    let bar = |(series, bin): (usize, usize)| {
        let top = y.at(share(series, bin));
        let (from, to) = (number(edges[bin]), number(edges[bin + 1]));
        let name = &plot.series[series].name;
        Rectangle {
            series,
            x: pixel(x.at(edges[bin]) + slot * (series as f64 + 0.05)),
            y: top,
            width: pixel(slot * 0.9),
            height: pixel(frame.bottom - top),
            tip: format!("{name}, {from} – {to}: {} ({})", counts[series][bin], number(share(series, bin))),
        }
    };
    let told = plot.series.iter().zip(&drawable).map(|(s, values)| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        format!("{}: {} {}, ⌀ {}", s.name, values.len(), words.values, number(mean))
    });
    Chart {
        bars: all_bins.filter(|&(series, bin)| counts[series][bin] > 0).map(bar).collect(),
        y: Some(y.axis(words.share)),
        legend: plot.series.iter().map(|s| s.name.clone()).collect(),
        ..Chart::empty(&plot.title, told.collect(), frame, x.axis(&plot.x_label), words)
    }
}

/// Values in each bin; an edge belongs to the bin above, the last one to the last bin.
fn binned(values: &[f64], edges: &[f64]) -> Vec<usize> {
    let mut counts = vec![0; edges.len() - 1];
    for value in values {
        let above = edges.partition_point(|edge| edge <= value);
        counts[above.saturating_sub(1).min(edges.len() - 2)] += 1;
    }
    counts
}

fn bars(plot: &BarPlot, words: &Words) -> Chart {
    let group_height = plot.series.len() as f64 * BAR_HEIGHT + GROUP_GAP;
    let bottom = ABOVE + group_height * plot.groups.len().max(1) as f64;
    let frame = Frame { left: BESIDE_BARS, top: ABOVE, right: WIDTH - BEHIND_BARS, bottom };
    let ends = |bar: &Bar| bar.interval.map_or([bar.value; 3], |i| [bar.value, i.low, i.high]);
    let all_ends = plot.groups.iter().flat_map(|group| &group.bars).flat_map(ends);
    let range = Range::around(all_ends.chain([0.0]));
    let x = Scale { range, from: frame.left, to: frame.right };
    let mut chart = Chart {
        legend: plot.series.clone(),
        ..Chart::empty(&plot.title, Vec::new(), frame, x.axis(&plot.x_label), words)
    };
    for (index, group) in plot.groups.iter().enumerate() {
        let top = ABOVE + group_height * index as f64 + GROUP_GAP / 2.0;
        let middle = top + (group_height - GROUP_GAP) / 2.0;
        chart.labels.push(Label::new(frame.left - 8.0, middle, "end", &group.label));
        for (series, (name, bar)) in plot.series.iter().zip(&group.bars).enumerate() {
            if is_drawable(bar.value) {
                let tip = format!("{}, {name}: {}", group.label, number(bar.value));
                chart.add_bar(series, *bar, x, top + BAR_HEIGHT * series as f64, tip);
            }
        }
    }
    let told = chart.bars.iter().map(|bar| bar.tip.clone()).collect();
    chart.summary = summary(&plot.title, told, words);
    chart
}

impl Chart {
    /// Axes with nothing on them.
    fn empty(title: &str, told: Vec<String>, frame: Frame, x: Axis, words: &Words) -> Self {
        Self {
            title: title.to_owned(),
            summary: summary(title, told, words),
            width: WIDTH,
            height: frame.bottom + BELOW,
            frame,
            x,
            y: None,
            legend: Vec::new(),
            diagonal: None,
            lines: Vec::new(),
            bars: Vec::new(),
            whiskers: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// A bar with its whisker, and its value behind both.
    fn add_bar(&mut self, series: usize, bar: Bar, x: Scale, top: f64, tip: String) {
        let (from, to) = (x.at(bar.value.min(0.0)), x.at(bar.value.max(0.0)));
        let (width, height) = (pixel(to - from), BAR_HEIGHT - 2.0);
        self.bars.push(Rectangle { series, x: from, y: top + 1.0, width, height, tip });
        let middle = top + BAR_HEIGHT / 2.0;
        let mut end = to;
        if let Some(interval) = bar.interval.filter(|i| is_drawable(i.low) && is_drawable(i.high)) {
            let (low, high) = (x.at(interval.low), x.at(interval.high));
            let (above, below) = (middle - 3.0, middle + 3.0);
            self.whiskers
                .push(format!("M{low} {middle}H{high}M{low} {above}V{below}M{high} {above}V{below}"));
            end = end.max(high);
        }
        self.labels.push(Label::new(end + 5.0, middle, "start", &number(bar.value)));
    }
}

impl Label {
    fn new(x: f64, y: f64, anchor: &'static str, text: &str) -> Self {
        Self { x, y, anchor, text: shortened(text, LABEL_COLUMNS), full: text.to_owned() }
    }
}

fn summary(title: &str, told: Vec<String>, words: &Words) -> String {
    if told.is_empty() { format!("{title}: {}", words.no_data) } else { told.join("; ") }
}

/// The frame of a plot with a numeric axis on both sides, and its horizontal scale.
fn upright(range: Range) -> (Frame, Scale) {
    let frame = Frame { left: 60.0, top: ABOVE, right: WIDTH - 14.0, bottom: CURVE_HEIGHT - BELOW };
    (frame, Scale { range, from: frame.left, to: frame.right })
}

/// Larger values are further up, which in SVG is less.
fn vertical(frame: Frame) -> Scale {
    Scale { range: Range::around([]), from: frame.bottom, to: frame.top }
}

/// Zero where all values are above and it costs at most half of the height to show it.
fn zero_if_near(values: &[f64]) -> Option<f64> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (low >= 0.0 && low <= high / 2.0).then_some(0.0)
}

fn path(places: &[(f64, f64)]) -> String {
    let steps = places.iter().enumerate().map(|(i, (x, y))| match i {
        0 => format!("M{x} {y}"),
        _ => format!("L{x} {y}"),
    });
    steps.collect()
}

fn shortened(text: &str, columns: usize) -> String {
    let width = |c: char| if c.is_ascii() { 1 } else { 2 };
    if text.chars().map(width).sum::<usize>() <= columns {
        return text.to_owned();
    }
    let mut used = 1;
    let kept = text.chars().take_while(|c| {
        used += width(*c);
        used <= columns
    });
    kept.chain(['…']).collect()
}

#[cfg(test)]
mod tests;
