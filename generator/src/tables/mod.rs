//! Numbers from tables: which row they stand in, and what is worked out over rows.
//!
//! A question such as “What is the average salary in Berlin?” goes through these steps:
//! 1. [`Asked::of`] tells that an average is asked for, and keeps the words that say of what.
//! 2. [`Table::read`] finds tables with the places of their cells.
//! 3. [`compute`] reads each table down its columns and across its rows, matches headers and cells with
//!    the words of the question, and picks the figures and the rows.
//! 4. The value is worked out exactly and said in a sentence, or the reason why it was not is given.
//!
//! Precision comes first. **Every word of the question has to be explained** by the table, by what stands
//! above it, or by a list of words that say little; otherwise the table does not apply. There is no
//! likeness of meaning here, no grouping, no joining of tables and no arithmetic between results.

mod asked;
mod compute;
mod lexicon;
mod matching;
mod number;
mod parts;
#[cfg(test)]
mod properties;
mod read;
mod rows;
mod say;
mod selection;
#[cfg(test)]
mod tests;
mod view;
mod words;

use std::fmt;

use rust_decimal::Decimal;
use serde::Serialize;

pub(crate) use asked::subject;
pub use asked::{Asked, Comparison, Operation, asks_for_number};
pub use compute::compute;
pub(crate) use matching::names_a_row;
pub use number::{Amount, Unit};
pub(crate) use parts::{Continuation, Seam, continuation};
pub use read::{Cell, Row, Table};

/// A table that may answer.
#[derive(Debug, Clone, Copy)]
pub struct Offered<'a> {
    /// The table.
    pub table: &'a Table,
    /// Whether it has all rows that the table has in its document.
    pub is_complete: bool,
    /// What stands above it: the headings, the document's title. The caption is known already.
    pub about: &'a str,
}

/// What came of a question over some tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It was worked out.
    Computed(Computed),
    /// A row holds the answer: cite it, and work out nothing.
    AlreadyStated {
        /// Which of the tables.
        table: usize,
        /// Which of its rows.
        row: usize,
    },
    /// It would be worked out over this table, but cannot be with certainty.
    Declined {
        /// Which of the tables.
        table: usize,
        /// Why.
        reason: Reason,
    },
    /// No table fits the question.
    NotApplicable,
}

/// A value with how it was worked out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Computed {
    /// The value: exact unless `is_rounded`.
    pub value: Decimal,
    /// Whether an average does not end and was rounded.
    pub is_rounded: bool,
    /// What it is counted in.
    pub unit: Unit,
    /// How it was worked out.
    pub operation: Operation,
    /// The header of the figures: of their column, or of their row where they stand in one. Empty where
    /// rows were counted.
    pub header: String,
    /// Which of the tables.
    pub table: usize,
    /// The rows used, in order.
    pub rows: Vec<usize>,
    /// The columns used, in order. With `rows` they are the cells to cite.
    pub columns: Vec<usize>,
    /// For the highest and lowest: what the rows (or columns) that have it are called.
    pub held_by: Vec<String>,
    /// The result and how it came about, in the language of the question.
    pub sentence: String,
}

/// Why something was not worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Rows are missing.
    Incomplete,
    /// A cell that is needed holds no number.
    NotANumber,
    /// The words of the question fit several columns, rows or tables.
    SeveralMatch,
    /// Figures are in different units, or the question's in another than the table's.
    UncertainUnit,
    /// A row may be a total or a part of another row.
    UncertainRows,
    /// Rows stand for times, and which are meant is not said.
    WhichTimes,
    /// The table has values of that name already, one for each of several rows.
    NamedLikeTheResult,
    /// What is counted stands in several rows.
    NotDistinct,
    /// The result has too many digits.
    TooLarge,
    /// What is asked is no count, sum, average, highest or lowest of rows.
    OtherCalculation,
    /// No table explains all words of the question.
    NotExplained,
}

impl Reason {
    /// Whether the question may ask for something that stands in a row or elsewhere, and for no aggregate
    /// at all: then it need not be refused.
    pub fn leaves_open_what_is_asked(self) -> bool {
        match self {
            Self::SeveralMatch | Self::WhichTimes | Self::NamedLikeTheResult => true,
            Self::Incomplete
            | Self::NotANumber
            | Self::UncertainUnit
            | Self::UncertainRows
            | Self::NotDistinct
            | Self::TooLarge
            | Self::OtherCalculation
            | Self::NotExplained => false,
        }
    }

    /// The reason in Chinese, as [`fmt::Display`] gives it in English.
    pub fn in_chinese(self) -> &'static str {
        match self {
            Self::Incomplete => "无法确定表格的所有行都已找到",
            Self::NotANumber => "需要的单元格中不是数字",
            Self::SeveralMatch => "问题中的词对应多处内容",
            Self::UncertainUnit => "数字的单位不确定",
            Self::UncertainRows => "某一行可能是合计或另一行的一部分",
            Self::WhichTimes => "问题没有说明是哪些时间",
            Self::NamedLikeTheResult => "表格中有多个同名的值",
            Self::NotDistinct => "要计数的内容出现在多行中",
            Self::TooLarge => "结果的位数过多",
            Self::OtherCalculation => "所问的不是对各行的计数、求和、平均或最值",
            Self::NotExplained => "表格没有包含问题所问的全部内容",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Incomplete => "it is not certain that all rows of the table are at hand",
            Self::NotANumber => "a cell that is needed holds no number",
            Self::SeveralMatch => "the words of the question fit several places",
            Self::UncertainUnit => "the units of the figures are uncertain",
            Self::UncertainRows => "a row may be a total or a part of another",
            Self::WhichTimes => "the question does not say which of the times are meant",
            Self::NamedLikeTheResult => "the table has several values of that name",
            Self::NotDistinct => "what is counted stands in several rows",
            Self::TooLarge => "the result has too many digits",
            Self::OtherCalculation => "it is no count, sum, average, highest or lowest of rows",
            Self::NotExplained => "no table holds all that the question asks for",
        })
    }
}
