//! Which rows of a table are things of their own, and which are totals, labels or headers.

use rust_decimal::Decimal;

use super::number::Amount;
use super::read::{Row, Table};
use super::words::raw_words;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowKind {
    /// A thing of its own.
    Item,
    /// The label of the rows below it.
    Section,
    /// A total or subtotal.
    Total,
    /// An average of other rows.
    Average,
    /// Named like a total or a part of another row, but nothing proves it: what is worked out over such
    /// a table is uncertain.
    Doubtful,
    /// The header once more, or nothing at all.
    Empty,
}

const CHINESE_TOTALS: [&str; 9] = ["合计", "总计", "小计", "共计", "总和", "总数", "总额", "总", "合共"];
const CHINESE_AVERAGES: [&str; 3] = ["平均", "平均值", "均值"];
/// Beginnings of labels of rows that are part of the row above.
const PARTS: [&str; 5] = ["其中", "of which", "thereof", "including:", "o/w"];

/// The kind of each row.
pub(crate) fn kinds(table: &Table) -> Vec<RowKind> {
    let values: Vec<Vec<Option<Decimal>>> = table.rows.iter().map(values).collect();
    let mut kinds: Vec<RowKind> = Vec::with_capacity(table.rows.len());
    // What a total may be the sum of: the items since the last row of another kind, and all items.
    let mut run = Sums::default();
    let mut all = Sums::default();
    for (row, values) in table.rows.iter().zip(&values) {
        let proof = run.prove(values).max(all.prove(values));
        let kind = kind(table, row, proof);
        if kind == RowKind::Item {
            run.add(values);
            all.add(values);
        } else {
            run = Sums::default();
        }
        kinds.push(kind);
    }
    let first = kinds.iter().position(|kind| *kind == RowKind::Item);
    if let Some(first) =
        first.filter(|&first| values.get(first).is_some_and(|values| all.hold_sum_of_others(values)))
    {
        kinds[first] = RowKind::Doubtful;
    }
    kinds
}

fn kind(table: &Table, row: &Row, proof: Proof) -> RowKind {
    let filled: Vec<&str> = row.cells.iter().map(|c| c.text.as_str()).filter(|t| !t.is_empty()).collect();
    let Some(label) = filled.first() else { return RowKind::Empty };
    if table.header.iter().any(|header| repeats(header, row)) {
        return RowKind::Empty;
    }
    if is_section(row, &filled, table.width()) {
        return RowKind::Section;
    }
    if row.cells.len() != table.width() {
        return RowKind::Doubtful;
    }
    match filled.iter().find_map(|text| exact_kind(text)) {
        Some(kind) => return kind,
        None if PARTS.iter().any(|part| label.to_lowercase().starts_with(part)) => return RowKind::Doubtful,
        None => {}
    }
    let words = raw_words(label);
    let is_named_total = label.ends_with("合计")
        || label.ends_with("小计")
        || label.starts_with("合计")
        || label.starts_with("总计")
        || words.first().is_some_and(|w| matches!(w.as_str(), "total" | "subtotal"))
        || words.last().is_some_and(|w| matches!(w.as_str(), "total" | "subtotal"));
    match (is_named_total, proof) {
        (true, Proof::Some | Proof::All) => RowKind::Total,
        (true, Proof::None) | (false, Proof::All) => RowKind::Doubtful,
        (false, Proof::None | Proof::Some) => RowKind::Item,
    }
}

fn repeats(header: &Row, row: &Row) -> bool {
    header.cells.len() == row.cells.len()
        && header.cells.iter().zip(&row.cells).all(|(h, c)| h.text == c.text)
}

/// One text alone in its row, at the left, or repeated over all of it.
fn is_section(row: &Row, filled: &[&str], width: usize) -> bool {
    let Some(first) = filled.first() else { return false };
    let is_repeated = filled.len() == width && filled.iter().all(|text| text == first);
    let is_alone = filled.len() == 1 && row.text(0) == *first;
    width > 1 && (is_alone || is_repeated) && Amount::parse(first).is_none()
}

fn exact_kind(text: &str) -> Option<RowKind> {
    let text = text.trim_matches([':', '：', '*', ' ']).to_lowercase();
    let chinese: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if matches!(
        text.as_str(),
        "total" | "totals" | "grand total" | "subtotal" | "sub-total" | "sum" | "overall"
    ) || CHINESE_TOTALS.contains(&chinese.as_str())
    {
        return Some(RowKind::Total);
    }
    let is_average = matches!(text.as_str(), "average" | "mean" | "median" | "avg");
    (is_average || CHINESE_AVERAGES.contains(&chinese.as_str())).then_some(RowKind::Average)
}

/// The figures right of the label. Shares do not add up.
fn values(row: &Row) -> Vec<Option<Decimal>> {
    let value = |text: &str| Amount::parse(text).filter(|amount| amount.sign.as_deref() != Some("%"));
    row.cells.iter().skip(1).map(|cell| value(&cell.text).map(|amount| amount.value)).collect()
}

/// How many figures of a row are sums of the figures in other rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Proof {
    None,
    Some,
    All,
}

/// Sums of columns over some rows.
#[derive(Default)]
struct Sums {
    columns: Vec<Decimal>,
    rows: usize,
}

impl Sums {
    fn add(&mut self, values: &[Option<Decimal>]) {
        self.columns.resize(self.columns.len().max(values.len()), Decimal::ZERO);
        for (sum, value) in self.columns.iter_mut().zip(values) {
            *sum = sum.saturating_add(value.unwrap_or_default());
        }
        self.rows += 1;
    }

    /// Whether the figures of a row are the sums of their columns.
    fn prove(&self, values: &[Option<Decimal>]) -> Proof {
        self.compare(values, Decimal::ONE)
    }

    /// Whether every figure of a row that is itself in the sums is the sum of the others.
    fn hold_sum_of_others(&self, values: &[Option<Decimal>]) -> bool {
        self.rows > 2 && self.compare(values, Decimal::TWO) == Proof::All
    }

    fn compare(&self, values: &[Option<Decimal>], times: Decimal) -> Proof {
        let figures = values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?)));
        let figures: Vec<(usize, Decimal)> = figures.filter(|(_, value)| !value.is_zero()).collect();
        let is_sum = |(at, value): &&(usize, Decimal)| {
            value.checked_mul(times).is_some_and(|value| self.columns.get(*at) == Some(&value))
        };
        let sums: Vec<&(usize, Decimal)> = figures.iter().filter(is_sum).collect();
        // Two or three small numbers add up by chance.
        let is_by_chance = self.rows < 4 && sums.iter().all(|(_, value)| value.abs() < Decimal::from(100));
        match sums.len() {
            0 => Proof::None,
            _ if self.rows < 2 || is_by_chance => Proof::None,
            all if all == figures.len() => Proof::All,
            _ => Proof::Some,
        }
    }
}
