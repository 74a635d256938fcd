//! A table as entries with texts to choose them by and figures to work with: read down its columns or
//! across its rows.

use std::collections::{BTreeSet, HashSet};

use super::number::{Amount, is_year};
use super::read::{Cell, Table};
use super::rows::{RowKind, kinds};
use super::words::{Words, raw_words};

/// Beginnings of headers of columns that are worked out from others.
const DERIVED: [&str; 13] = [
    "change",
    "variance",
    "increase",
    "decrease",
    "difference",
    "growth",
    "%",
    "total",
    "同",
    "增",
    "环",
    "合",
    "总",
];

/// Which way a table is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Along {
    /// Entries are rows, figures stand in columns.
    Columns,
    /// Entries are columns such as years, figures stand in rows.
    Rows,
}

/// A table read one way.
#[derive(Debug)]
pub(crate) struct View<'t> {
    pub(crate) table: &'t Table,
    pub(crate) along: Along,
    /// The row (or column) of each entry in the table.
    pub(crate) entries: Vec<usize>,
    /// The years of each entry, where its attributes or header name some.
    pub(crate) years: Vec<BTreeSet<u16>>,
    pub(crate) attributes: Vec<Series<'t>>,
    pub(crate) measures: Vec<Series<'t>>,
    /// Kinds of the table's rows.
    pub(crate) kinds: Vec<RowKind>,
}

/// A column (or row) of cells, one per entry.
#[derive(Debug)]
pub(crate) struct Series<'t> {
    /// The column (or row) in the table.
    pub(crate) index: usize,
    pub(crate) name: String,
    /// What a question may call it.
    pub(crate) readings: Vec<Vec<String>>,
    pub(crate) years: BTreeSet<u16>,
    /// The label of the rows that it stands among, if any.
    pub(crate) section: String,
    pub(crate) cells: Vec<&'t Cell>,
    /// The words of each cell of an attribute; nothing for a measure.
    pub(crate) words: Vec<Vec<String>>,
}

impl<'t> View<'t> {
    /// Rows as entries. `None` where the table has no header.
    pub(crate) fn down(table: &'t Table) -> Option<Self> {
        if table.header.is_empty() {
            return None;
        }
        let kinds = kinds(table);
        let width = table.width();
        let entries: Vec<usize> = kinds
            .iter()
            .enumerate()
            .filter(|(_, kind)| **kind == RowKind::Item)
            .map(|(row, _)| row)
            .collect();
        let (mut attributes, mut measures) = (Vec::new(), Vec::new());
        for column in 0..width {
            let cells: Vec<&Cell> =
                entries.iter().filter_map(|&row| table.rows.get(row)?.cells.get(column)).collect();
            let name = table.column_header(column);
            let is_measure = is_measure(&name, &cells);
            let series = Series::new(column, name, String::new(), cells);
            match is_measure {
                true => measures.push(series),
                false => attributes.push(series.with_words_of_cells()),
            }
        }
        let years = years_down(&attributes, entries.len());
        Some(Self { table, along: Along::Columns, entries, years, attributes, measures, kinds })
    }

    /// Columns as entries, the first being the labels of the rows.
    pub(crate) fn across(table: &'t Table) -> Option<Self> {
        if table.header.is_empty() {
            return None;
        }
        let header = table.header.last()?;
        let kinds = kinds(table);
        let entries: Vec<usize> =
            (1..table.width()).filter(|&at| is_entry(&table.column_header(at))).collect();
        let mut measures = Vec::new();
        let mut section = String::new();
        for (at, (row, kind)) in table.rows.iter().zip(&kinds).enumerate() {
            match kind {
                RowKind::Section => section = row.text(0).to_owned(),
                RowKind::Empty => {}
                _ => {
                    let cells: Vec<&Cell> =
                        entries.iter().filter_map(|&column| row.cells.get(column)).collect();
                    if cells.len() == entries.len() && !row.text(0).is_empty() {
                        measures.push(Series::new(at, row.text(0).to_owned(), section.clone(), cells));
                    }
                }
            }
        }
        let cells: Vec<&Cell> = entries.iter().filter_map(|&column| header.cells.get(column)).collect();
        if cells.len() != entries.len() {
            return None;
        }
        let headers = entries.iter().map(|&column| Words::of(&table.column_header(column)).words);
        let words = headers.collect();
        let labels = Series { words, ..Series::new(0, table.column_header(0), String::new(), cells) };
        let years = entries.iter().map(|&column| Words::of(&table.column_header(column)).years).collect();
        Some(Self { table, along: Along::Rows, entries, years, attributes: vec![labels], measures, kinds })
    }

    /// What an entry is called: the text of its label, with its other texts where the label alone does not
    /// tell it from others, or its header.
    pub(crate) fn label(&self, entry: usize) -> String {
        if self.along == Along::Rows {
            return self.entries.get(entry).map_or_else(String::new, |&at| column_label(self.table, at));
        }
        let text = |series: &Series<'t>| series.cells.get(entry).map_or("", |cell| &cell.text);
        match self.label_attribute() {
            Some(label) if label.is_key() => text(label).to_owned(),
            _ => {
                let texts = self.attributes.iter().map(text).filter(|text| !text.is_empty());
                texts.collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// The texts that say what each entry is: the first that do not only number the rows.
    pub(crate) fn label_attribute(&self) -> Option<&Series<'t>> {
        self.attributes.iter().find(|series| !series.numbers_rows())
    }

    /// Whether every entry stands for a time: a year, a quarter, a month.
    pub(crate) fn has_periods_for_entries(&self) -> bool {
        let is_period = |entry: usize| {
            let names_year = self.years.get(entry).is_some_and(|years| years.len() == 1);
            names_year || raw_words(&self.label(entry)).iter().any(|word| is_period_word(word))
        };
        !self.entries.is_empty() && (0..self.entries.len()).all(is_period)
    }
}

impl<'t> Series<'t> {
    fn new(index: usize, name: String, section: String, cells: Vec<&'t Cell>) -> Self {
        let readings = Words::readings(&name);
        let years = Words::of(&name).years;
        Self { index, name, readings, years, section, cells, words: Vec::new() }
    }

    fn with_words_of_cells(self) -> Self {
        let words = self.cells.iter().map(|cell| Words::of(&cell.text).words).collect();
        Self { words, ..self }
    }

    /// Whether its cells are plain numbers but no years.
    fn numbers_rows(&self) -> bool {
        let is_number = |text: &str| Amount::parse(text).is_some() && !is_year(text);
        self.cells.iter().all(|cell| is_number(&cell.text))
    }

    /// Whether its cells are all different.
    pub(crate) fn is_key(&self) -> bool {
        let mut seen = HashSet::new();
        self.cells.iter().all(|cell| !cell.text.is_empty() && seen.insert(cell.text.to_lowercase()))
    }
}

/// Whether a column holds figures: most of its cells do, and they are no years and no numbers of rows.
fn is_measure(name: &str, cells: &[&Cell]) -> bool {
    let filled: Vec<&&Cell> = cells.iter().filter(|cell| !cell.text.is_empty()).collect();
    let numbers = filled.iter().filter(|cell| Amount::parse(&cell.text).is_some()).count();
    let names: Vec<String> = raw_words(name);
    let is_number_of_row = names.iter().any(|w| matches!(w.as_str(), "id" | "no" | "code" | "rank"))
        || ["编号", "序号", "代码", "工号", "电话", "排名"].iter().any(|word| name.contains(word))
        || name.trim() == "#";
    let are_years = !filled.is_empty() && filled.iter().all(|cell| is_year(&cell.text));
    !is_number_of_row && !are_years && numbers * 2 > filled.len()
}

/// The years of each row, where exactly one column of texts names one in nearly every row.
fn years_down(attributes: &[Series<'_>], entries: usize) -> Vec<BTreeSet<u16>> {
    let none = vec![BTreeSet::new(); entries];
    let mut found = attributes.iter().filter_map(|series| {
        let years: Vec<BTreeSet<u16>> = series.cells.iter().map(|cell| Words::of(&cell.text).years).collect();
        let named = years.iter().filter(|years| years.len() == 1).count();
        (entries > 0 && named == entries).then_some(years)
    });
    match (found.next(), found.next()) {
        (Some(years), None) => years,
        _ => none,
    }
}

/// The header of a column; where its last row is a year, that says it all.
fn column_label(table: &Table, column: usize) -> String {
    let last = table.header.last().map_or("", |row| row.text(column));
    if is_year(last) { last.to_owned() } else { table.column_header(column) }
}

/// Whether a header names an entry rather than something worked out from others.
fn is_entry(header: &str) -> bool {
    let words = raw_words(header);
    let is_derived = words.iter().any(|word| DERIVED.contains(&word.as_str()));
    !header.is_empty() && !is_derived
}

fn is_period_word(word: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const FULL: [&str; 11] = [
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    matches!(
        word,
        "q1" | "q2" | "q3" | "q4" | "quarter" | "h1" | "h2" | "季" | "月" | "年" | "week" | "month"
    ) || MONTHS.contains(&word)
        || FULL.contains(&word)
}
