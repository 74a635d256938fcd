//! Questions that count or add up: worked out over whole tables, or declined.

use std::ops::Range;

use footnote_core::passage::Passage;
use footnote_core::question::{QuestionText, is_chinese};

use crate::tables::{Asked, Computed, Offered, Outcome, Table, compute};

/// Stretches of rows that are cited one by one; more are cited as one with all between them.
const STRETCHES: usize = 4;

/// What came of a question over the tables.
#[derive(Debug, PartialEq)]
pub(crate) enum Counted {
    /// It was worked out.
    Computed {
        /// The result and how it came about.
        sentence: String,
        /// Which of the table passages.
        table: usize,
        /// The bytes of its text that were used: the header, then the rows.
        places: Vec<Range<usize>>,
    },
    /// It would have to be worked out, and cannot be with certainty: why, and over which passage.
    Declined {
        /// The reason.
        reason: String,
        /// Which of the table passages.
        table: usize,
    },
}

/// Whether the question counts, adds up or compares, so that its answer may have to be worked out.
pub fn is_counting(question: &str) -> bool {
    Asked::of(question).is_some()
}

/// Works the answer out over `passages`, each of which is a whole table. `None` where no table is about
/// it, or where one states the answer: then it is a question like any other.
pub(crate) fn count(question: &QuestionText, passages: &[Passage]) -> Option<Counted> {
    let asked = Asked::of(question.as_str())?;
    let mut tables: Vec<(usize, Table)> = Vec::new();
    for (at, passage) in passages.iter().enumerate() {
        tables.extend(Table::read(&passage.text).into_iter().map(|table| (at, table)));
    }
    let about: Vec<String> = passages
        .iter()
        .map(|passage| {
            let above = passage.heading_path.iter().map(String::as_str);
            std::iter::once(passage.title.as_str()).chain(above).collect::<Vec<_>>().join("\n")
        })
        .collect();
    let offered: Vec<Offered<'_>> = tables
        .iter()
        .map(|(at, table)| Offered {
            table,
            is_complete: true,
            about: about.get(*at).map_or("", String::as_str),
        })
        .collect();
    match compute(&asked, &offered) {
        Outcome::Computed(computed) => {
            let (passage, table) = tables.get(computed.table)?;
            let places = places(table, &computed);
            Some(Counted::Computed { sentence: computed.sentence, table: *passage, places })
        }
        Outcome::Declined { table, reason } if !reason.leaves_open_what_is_asked() => {
            let (passage, _) = tables.get(table)?;
            Some(Counted::Declined { reason: reason.to_string(), table: *passage })
        }
        Outcome::Declined { .. } | Outcome::AlreadyStated { .. } | Outcome::NotApplicable => None,
    }
}

/// The header, and the rows in stretches without gaps.
fn places(table: &Table, computed: &Computed) -> Vec<Range<usize>> {
    let mut stretches: Vec<(usize, Range<usize>)> = Vec::new();
    for &at in &computed.rows {
        let Some(row) = table.rows.get(at) else { continue };
        match stretches.last_mut() {
            Some((last, bytes)) if *last + 1 == at => {
                (*last, bytes.end) = (at, row.bytes.end);
            }
            _ => stretches.push((at, row.bytes.clone())),
        }
    }
    let mut rows: Vec<Range<usize>> = stretches.into_iter().map(|(_, bytes)| bytes).collect();
    if rows.len() > STRETCHES
        && let (Some(first), Some(last)) = (rows.first(), rows.last())
    {
        let all = first.start..last.end;
        rows = vec![all];
    }
    let header = table.header_bytes();
    if let (Some(header), Some(first)) = (&header, rows.first_mut())
        && header.end <= first.start
        && first.start - header.end <= 200
    {
        // Little stands between: one quote has both.
        first.start = header.start;
        return rows;
    }
    header.into_iter().chain(rows).collect()
}

/// Says that it is not worked out, and why.
pub(crate) fn declined(question: &QuestionText, reason: &str, passage: &Passage) -> String {
    let title = crate::markers::neutralise(&passage.title.replace('\n', " "));
    if is_chinese(question.as_str()) {
        return format!("这个问题需要根据表格计算，但我无法可靠地算出结果：{reason}。相关表格见：{title}。");
    }
    format!(
        "This would have to be worked out from a table, and I cannot do so with certainty: {reason}. The table is in: {title}."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cite::tests::passage;

    const SALES: &str = "| City | Sales |\n|---|---|\n| Berlin | 10 |\n| Paris | 20 |\n| Rome | 40 |";

    fn counted(question: &str, text: &str) -> Option<Counted> {
        count(&QuestionText::parse(question).unwrap(), &[passage(1, text)])
    }

    #[test]
    fn a_sum_is_worked_out_and_cites_header_and_rows() {
        let Some(Counted::Computed { sentence, table, places }) =
            counted("What are the total sales of all cities?", SALES)
        else {
            panic!("not worked out");
        };
        assert!(sentence.contains("70"), "{sentence}");
        assert_eq!((table, places.len()), (0, 1));
        let quote = &SALES[places[0].clone()];
        assert!(quote.starts_with("| City") && quote.ends_with("40 |"), "{quote}");
    }

    #[test]
    fn what_cannot_be_worked_out_is_declined_and_other_questions_are_left_alone() {
        let broken = SALES.replace("| 20 |", "| see note |");
        let declined = counted("What are the total sales of all cities?", &broken);
        assert!(matches!(declined, Some(Counted::Declined { .. })), "{declined:?}");
        assert_eq!(counted("What are the sales in Paris?", SALES), None);
        assert_eq!(counted("How many days of leave are there?", SALES), None);
        assert!(is_counting("What is the average salary in Berlin?") && !is_counting("Who is the chief?"));
    }
}
