//! Works out what was asked over the tables that are offered.

use std::collections::BTreeSet;

use footnote_core::question::is_han;
use rust_decimal::{Decimal, RoundingStrategy};

use super::asked::{Asked, Operation};
use super::lexicon;
use super::number::{Amount, Unit};
use super::rows::RowKind;
use super::say;
use super::selection::{Miss, Selection, stated_unit};
use super::view::{Along, Series, View};
use super::words::{Words, positions, raw_words};
use super::{Computed, Offered, Outcome, Reason};

/// Decimals of an average beyond those of its figures, where it does not end before.
const MORE_DECIMALS: u32 = 2;

/// What came of one table.
enum Verdict {
    Computed(Box<Computed>),
    Stated(usize),
    Declined(Reason),
    Apart,
}

/// Answers `asked` from `tables`. A row that states the answer is preferred to working it out; where
/// two tables give different values, neither is given.
pub fn compute(asked: &Asked, tables: &[Offered<'_>]) -> Outcome {
    let mut outcome = Outcome::NotApplicable;
    for (table, offered) in tables.iter().enumerate() {
        let next = match over_table(asked, offered) {
            Verdict::Computed(computed) => Outcome::Computed(Computed { table, ..*computed }),
            Verdict::Stated(row) => Outcome::AlreadyStated { table, row },
            Verdict::Declined(reason) => Outcome::Declined { table, reason },
            Verdict::Apart => continue,
        };
        outcome = match (outcome, next) {
            (Outcome::NotApplicable, next) => next,
            (Outcome::AlreadyStated { table, row }, _) | (_, Outcome::AlreadyStated { table, row }) => {
                Outcome::AlreadyStated { table, row }
            }
            (Outcome::Computed(first), Outcome::Computed(second)) if first.value == second.value => {
                Outcome::Computed(first)
            }
            (Outcome::Computed(_), Outcome::Computed(second)) => {
                Outcome::Declined { table: second.table, reason: Reason::SeveralMatch }
            }
            (Outcome::Computed(found), _) | (_, Outcome::Computed(found)) => Outcome::Computed(found),
            (declined, _) => declined,
        };
    }
    outcome
}

/// Reads the table both ways; where both give something, they have to agree.
fn over_table(asked: &Asked, offered: &Offered<'_>) -> Verdict {
    let caption = offered.table.caption.as_ref().map_or("", |caption| &caption.text);
    let context = format!("{caption}\n{}", offered.about);
    let views = [View::down(offered.table), View::across(offered.table)];
    let mut verdict = Verdict::Apart;
    for view in views.iter().flatten() {
        let next = over_view(view, asked, offered.is_complete, &context);
        verdict = match (verdict, next) {
            (verdict, Verdict::Apart) => verdict,
            (Verdict::Apart, next) => next,
            (Verdict::Stated(row), _) | (_, Verdict::Stated(row)) => Verdict::Stated(row),
            (Verdict::Computed(first), Verdict::Computed(second)) if first.value == second.value => {
                Verdict::Computed(first)
            }
            _ => Verdict::Declined(Reason::SeveralMatch),
        };
    }
    verdict
}

fn over_view(view: &View<'_>, asked: &Asked, is_complete: bool, context: &str) -> Verdict {
    let selection = match Selection::of(view, asked, context) {
        Ok(selection) => selection,
        Err(Miss::Apart) => return Verdict::Apart,
        Err(Miss::Unclear(reason)) => return Verdict::Declined(reason),
    };
    let work = Work { view, asked, selection, context };
    match (asked.operation, work.selection.target) {
        (Operation::Count, None) => work.count(is_complete),
        (_, Some(target)) => {
            view.measures.get(target).map_or(Verdict::Apart, |s| work.aggregate(s, is_complete))
        }
        (_, None) => Verdict::Apart,
    }
}

/// One table read one way, with what the question picks from it.
struct Work<'a> {
    view: &'a View<'a>,
    asked: &'a Asked,
    selection: Selection,
    context: &'a str,
}

/// What was worked out.
#[derive(Default)]
struct Worked {
    value: Decimal,
    is_rounded: bool,
    unit: Unit,
    held_by: Vec<String>,
}

impl Work<'_> {
    /// Counts entries.
    fn count(&self, is_complete: bool) -> Verdict {
        if !self.names_what_is_counted() {
            return Verdict::Apart;
        }
        if !is_complete {
            return Verdict::Declined(Reason::Incomplete);
        }
        if let Some(reason) = self.uncertain_rows() {
            return Verdict::Declined(reason);
        }
        for series in self.selection.named.iter().filter_map(|&at| self.view.attributes.get(at)) {
            let mut seen = BTreeSet::new();
            let cells = self.selection.entries.iter().filter_map(|&entry| series.cells.get(entry));
            if !cells.into_iter().all(|cell| seen.insert(cell.text.to_lowercase())) {
                return Verdict::Declined(Reason::NotDistinct);
            }
        }
        let value = Decimal::from(self.selection.entries.len());
        self.computed(None, Worked { value, ..Worked::default() })
    }

    /// Whether the things counted are the entries: the question calls them by the header of the labels, by
    /// the caption where the labels are plain names, or “rows”.
    fn names_what_is_counted(&self) -> bool {
        let says = |words: &[&str]| self.asked.words.iter().any(|word| words.contains(&word.text.as_str()));
        if self.view.along == Along::Rows {
            let has_times = self.view.has_periods_for_entries() && says(lexicon::TIMES);
            return !self.selection.bounds.is_empty() && has_times;
        }
        match self.selection.named.len() {
            0 if !self.selection.from_context.is_empty() => {
                let label = self.view.label_attribute();
                label.is_some_and(|series| is_plain_name(series) && series.is_key())
            }
            0 => says(lexicon::ROWS) && self.selection.picks(),
            1 => true,
            _ => false,
        }
    }

    /// Works with the figures of `series`.
    fn aggregate(&self, series: &Series<'_>, is_complete: bool) -> Verdict {
        if let [entry] = self.selection.entries[..] {
            return match is_complete || self.picks_by_label() {
                true => self.stated(series, entry),
                false => Verdict::Declined(Reason::Incomplete),
            };
        }
        if self.selection.entries.is_empty() {
            return Verdict::Apart;
        }
        if self.selection.is_absorbed {
            return match self.view.along {
                Along::Rows => Verdict::Stated(series.index),
                Along::Columns if self.asked.operation == Operation::Sum => self
                    .total_row(series)
                    .map_or(Verdict::Declined(Reason::NamedLikeTheResult), Verdict::Stated),
                Along::Columns => Verdict::Apart,
            };
        }
        let total = if self.selection.picks() { None } else { self.total_row(series) };
        if let Some(row) = total {
            return Verdict::Stated(row);
        }
        if !self.fits_names() {
            return Verdict::Apart;
        }
        // A number of things that several rows give: a sum only where “altogether” says so.
        if self.asked.operation == Operation::Count && !self.asked.is_explicit {
            return Verdict::Declined(Reason::NamedLikeTheResult);
        }
        if !is_complete {
            return Verdict::Declined(Reason::Incomplete);
        }
        if let Some(reason) = self.uncertain_rows().or_else(|| self.uncertain_times()) {
            return Verdict::Declined(reason);
        }
        if self.has_rows_named_like_caption() {
            return Verdict::Declined(Reason::SeveralMatch);
        }
        match self.figures(series) {
            Ok((figures, sign)) => self.result(series, &figures, sign),
            Err(reason) => Verdict::Declined(reason),
        }
    }

    /// The row that states the figure of one entry.
    fn stated(&self, series: &Series<'_>, entry: usize) -> Verdict {
        let row = match self.view.along {
            Along::Columns => self.view.entries.get(entry).copied(),
            Along::Rows => Some(series.index),
        };
        row.map_or(Verdict::Apart, Verdict::Stated)
    }

    /// Whether entries were picked by what they are called and by nothing else: then rows that are missing
    /// are others.
    fn picks_by_label(&self) -> bool {
        if self.view.along == Along::Rows {
            return true;
        }
        if self.selection.negated.is_some() {
            return false;
        }
        let Some(label) = self.view.label_attribute() else { return false };
        let is_label = |at: &usize| self.view.attributes.get(*at).is_some_and(|s| s.index == label.index);
        let names_years = || label.cells.iter().all(|cell| Words::of(&cell.text).years.len() == 1);
        self.selection.bounds.is_empty()
            && self.selection.conditions.keys().all(is_label)
            && (self.selection.years.is_empty() || names_years())
            && self.selection.picks()
            && label.is_key()
    }

    /// The last row that states the sum (or average) over all rows.
    fn total_row(&self, series: &Series<'_>) -> Option<usize> {
        let wanted = match self.asked.operation {
            Operation::Sum | Operation::Count => RowKind::Total,
            Operation::Average => RowKind::Average,
            Operation::Max | Operation::Min => return None,
        };
        if self.view.along == Along::Rows {
            return None;
        }
        let has_figure = |row: usize| {
            let cell = self.view.table.rows.get(row).map(|r| r.text(series.index));
            cell.and_then(Amount::parse).is_some()
        };
        let kinds = self.view.kinds.iter().enumerate().rev();
        kinds.filter(|(_, kind)| **kind == wanted).map(|(row, _)| row).find(|&row| has_figure(row))
    }

    /// Whether attributes that are only named go with the operation: “which city” with the highest,
    /// “salary of employees” with rows that are employees.
    fn fits_names(&self) -> bool {
        let mut named = self.selection.named.iter().filter_map(|&at| self.view.attributes.get(at));
        match self.asked.operation {
            Operation::Max | Operation::Min => {
                let is_filled = |series: &Series<'_>| series.cells.iter().all(|cell| !cell.text.is_empty());
                self.selection.named.len() <= 1 && named.all(is_filled)
            }
            Operation::Count | Operation::Sum | Operation::Average => {
                self.view.along == Along::Rows || named.all(Series::is_key)
            }
        }
    }

    fn uncertain_rows(&self) -> Option<Reason> {
        let is_doubtful = self.view.along == Along::Columns && self.view.kinds.contains(&RowKind::Doubtful);
        is_doubtful.then_some(Reason::UncertainRows)
    }

    /// Whether rows have a word in their names that else only the caption explains: below “Revenue” a row
    /// “Cost of revenue” is none.
    fn has_rows_named_like_caption(&self) -> bool {
        let (chinese, other): (Vec<String>, Vec<String>) =
            self.selection.from_context.iter().cloned().partition(|word| word.chars().all(is_han));
        let says = |cell: &Vec<String>| {
            !positions(cell, &chinese).is_empty() || other.iter().any(|word| cell.contains(word))
        };
        self.view.along == Along::Columns && self.view.attributes.iter().flat_map(|s| &s.words).any(says)
    }

    /// Sums over times need the times said; each time may stand but once.
    fn uncertain_times(&self) -> Option<Reason> {
        let asked = self.asked;
        let is_said = !self.selection.years.is_empty() || !self.selection.conditions.is_empty();
        let is_count_or_sum = matches!(asked.operation, Operation::Sum | Operation::Count);
        let are_times = self.view.has_periods_for_entries();
        if is_count_or_sum && are_times && !is_said && !asked.is_explicit {
            return Some(Reason::WhichTimes);
        }
        if self.view.along == Along::Columns {
            let is_lopsided = asked.operation == Operation::Average && !self.has_as_many_rows_for_each_year();
            return is_lopsided.then_some(Reason::WhichTimes);
        }
        if !are_times && self.selection.conditions.is_empty() {
            return Some(Reason::SeveralMatch);
        }
        let mut seen = BTreeSet::new();
        let labels = self.selection.entries.iter().map(|&entry| match self.selection.years.is_empty() {
            true => self.view.label(entry),
            false => format!("{:?}", self.view.years.get(entry)),
        });
        let is_once = labels.into_iter().all(|label| seen.insert(label));
        (!is_once).then_some(Reason::SeveralMatch)
    }

    /// Whether no year that was picked has more rows than another: an average over years would lean to it.
    fn has_as_many_rows_for_each_year(&self) -> bool {
        let years = self.selection.entries.iter().filter_map(|&entry| self.view.years.get(entry));
        let years: Vec<&BTreeSet<u16>> = years.collect();
        let rows = |year: &u16| years.iter().filter(|years| years.contains(year)).count();
        self.selection.years.iter().map(rows).collect::<BTreeSet<usize>>().len() <= 1
    }

    /// The figures of the entries picked, and their sign.
    fn figures(&self, series: &Series<'_>) -> Result<(Vec<Decimal>, Option<String>), Reason> {
        let mut figures = Vec::new();
        let mut signs = BTreeSet::new();
        for cell in self.selection.entries.iter().filter_map(|&entry| series.cells.get(entry)) {
            let amount = Amount::parse(&cell.text).ok_or(Reason::NotANumber)?;
            figures.push(amount.value);
            signs.extend(amount.sign);
        }
        if signs.len() > 1 {
            return Err(Reason::UncertainUnit);
        }
        Ok((figures, signs.pop_first()))
    }

    fn result(&self, series: &Series<'_>, figures: &[Decimal], sign: Option<String>) -> Verdict {
        let unit = Unit { sign, scale: None }.or(stated_unit(self.view, &series.name, self.context));
        let sum = figures.iter().try_fold(Decimal::ZERO, |sum, value| sum.checked_add(*value));
        let value = match self.asked.operation {
            // “How many employees altogether”, where a column counts them.
            Operation::Sum | Operation::Count => sum,
            Operation::Average => sum.and_then(|sum| average(sum, figures)),
            Operation::Max => figures.iter().max().copied(),
            Operation::Min => figures.iter().min().copied(),
        };
        let (Some(sum), Some(value)) = (sum, value) else { return Verdict::Declined(Reason::TooLarge) };
        let is_rounded = self.asked.operation == Operation::Average
            && value.checked_mul(Decimal::from(figures.len())) != Some(sum);
        let held_by = match self.asked.operation {
            Operation::Max | Operation::Min => {
                let pairs = self.selection.entries.iter().zip(figures);
                let holders = pairs.filter(|(_, figure)| **figure == value);
                holders.map(|(&entry, _)| self.view.label(entry)).collect()
            }
            Operation::Count | Operation::Sum | Operation::Average => Vec::new(),
        };
        self.computed(Some(series), Worked { value, is_rounded, unit, held_by })
    }

    fn computed(&self, series: Option<&Series<'_>>, worked: Worked) -> Verdict {
        let picked: Vec<usize> =
            self.selection.entries.iter().filter_map(|&e| self.view.entries.get(e)).copied().collect();
        let operation = match (self.asked.operation, series) {
            (Operation::Count, Some(_)) => Operation::Sum,
            (operation, _) => operation,
        };
        let used = |at: &usize| self.view.measures.get(*at).map(|series| series.index);
        let mut lines: BTreeSet<usize> =
            self.selection.bounds.iter().filter_map(|(at, _)| used(at)).collect();
        lines.extend(series.map(|series| series.index));
        let conditions = self.selection.conditions.keys().filter_map(|&at| self.view.attributes.get(at));
        let (rows, columns) = match self.view.along {
            Along::Columns => {
                lines.extend(conditions.map(|series| series.index));
                (picked, lines.into_iter().collect())
            }
            Along::Rows => (lines.into_iter().collect(), picked),
        };
        let mut computed = Computed {
            value: worked.value,
            is_rounded: worked.is_rounded,
            unit: worked.unit,
            operation,
            header: series.map(|series| series.name.clone()).unwrap_or_default(),
            table: 0,
            rows,
            columns,
            held_by: worked.held_by,
            sentence: String::new(),
        };
        computed.sentence = say::sentence(&computed, self.view, &self.selection, self.asked.is_chinese);
        Verdict::Computed(Box::new(computed))
    }
}

/// The mean, rounded to two decimals more than the figures have.
fn average(sum: Decimal, figures: &[Decimal]) -> Option<Decimal> {
    let decimals = figures.iter().map(Decimal::scale).max()? + MORE_DECIMALS;
    let mean = sum.checked_div(Decimal::from(figures.len()))?;
    Some(mean.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero).normalize())
}

/// Whether the header says “name” and not what it is that has one.
fn is_plain_name(series: &Series<'_>) -> bool {
    let words = raw_words(&series.name);
    matches!(words.as_slice(), [word] if matches!(word.as_str(), "name" | "title" | "id"))
        || ["姓名", "名称", "名字"].contains(&series.name.trim())
}
