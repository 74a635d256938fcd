//! What a report can plot: curves, bars and histograms, as data.

use serde::Serialize;

use super::super::intervals::Interval;

/// One plot. Numbers that are not finite are left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Plot {
    /// Lines over a numeric axis.
    Curve(CurvePlot),
    /// Horizontal bars from zero, grouped.
    Bars(BarPlot),
    /// How values are distributed.
    Histogram(HistogramPlot),
}

/// Lines over a numeric axis: ROC, reliability, risk against coverage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CurvePlot {
    /// Above the plot.
    pub title: String,
    /// Quantity and unit of the horizontal axis.
    pub x_label: String,
    /// Quantity and unit of the vertical axis.
    pub y_label: String,
    /// One line each.
    pub series: Vec<CurveSeries>,
    /// Also draws y = x over 0 to 1: chance for an ROC curve, perfection for a reliability diagram.
    pub diagonal: bool,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CurveSeries {
    /// In the legend.
    pub name: String,
    /// (x, y), joined in this order.
    pub points: Vec<(f64, f64)>,
}

/// Horizontal bars from zero, grouped: metrics by system.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct BarPlot {
    /// Above the plot.
    pub title: String,
    /// Quantity and unit of the bars' length.
    pub x_label: String,
    /// What the bars of every group stand for, in their order.
    pub series: Vec<String>,
    /// From the top.
    pub groups: Vec<BarGroup>,
}

/// Bars that belong together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct BarGroup {
    /// At the left.
    pub label: String,
    /// One for each series.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Bar {
    /// Where it ends.
    pub value: f64,
    /// Drawn as a whisker.
    pub interval: Option<Interval>,
}

/// How values are distributed: scores of positives and of negatives. Shares are of each series by
/// itself, so that series of different sizes compare.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct HistogramPlot {
    /// Above the plot.
    pub title: String,
    /// Quantity and unit of the values.
    pub x_label: String,
    /// Drawn side by side.
    pub series: Vec<HistogramSeries>,
    /// Bins of equal width, 1 to 100.
    pub bins: usize,
}

/// Values of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct HistogramSeries {
    /// In the legend.
    pub name: String,
    /// In any order.
    pub values: Vec<f64>,
}
