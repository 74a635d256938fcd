//! Rows of a table that are several lines: heads whose words are divided, and cells whose text is wrapped.

use super::super::joints::join_plain;
use super::super::layout::Line;

/// Most lines above the first figures that a head may have.
const MAX_HEAD_LINES: usize = 10;
/// Lines are within a row where they are apart by no more than this share of the distance between rows.
const WITHIN_ROW: f32 = 0.8;
/// Most lines of a label before the one that has its figures.
const MAX_LABEL_LINES: usize = 4;
/// Fewest distances between rows that show which one is usual.
const LEAST_STEPS: usize = 2;
/// Words that stand behind a hyphen of their own, and end no divided word.
const SECOND_PARTS: [&str; 10] = [
    "based",
    "settled",
    "related",
    "weighted",
    "linked",
    "bearing",
    "adjusted",
    "controlling",
    "executive",
    "monetary",
];

/// Per line of a table whether it goes on with the row that the line before is of. `rows` are the cells of the lines by
/// columns, of which the first `head` are one row.
pub(super) fn wrapped(lines: &[Line], rows: &[Vec<String>], head: usize) -> Vec<bool> {
    let mut goes_on = vec![false; rows.len()];
    goes_on.iter_mut().take(head).skip(1).for_each(|line| *line = true);
    mark_head(lines, rows, &mut goes_on);
    let first = goes_on.iter().rposition(|line| *line).map_or(0, |last| last + 1);
    mark_labels(lines, rows, first, &mut goes_on);
    mark_cells(lines, rows, first, &mut goes_on);
    mark_divided(rows, first, &mut goes_on);
    goes_on
}

/// A cell's text with that of the line below.
pub(super) fn joined(above: &str, below: &str) -> String {
    let word = below.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default().to_lowercase();
    match is_open(above) && SECOND_PARTS.contains(&word.as_str()) {
        true => format!("{above}{below}"),
        false => join_plain(&[above, below]),
    }
}

/// Whether the text ends within a word.
fn is_open(text: &str) -> bool {
    text.strip_suffix(['-', '\u{2010}']).is_some_and(|word| word.ends_with(char::is_alphabetic))
}

fn step(lines: &[Line], at: usize) -> f32 {
    lines[at - 1].baseline - lines[at].baseline
}

/// The least distance from a line to the line before among those at `starts`, where there are enough.
fn least_step(lines: &[Line], starts: impl Iterator<Item = usize>) -> Option<f32> {
    let steps: Vec<f32> = starts.map(|at| step(lines, at)).filter(|step| *step > 0.0).collect();
    steps.iter().copied().reduce(f32::min).filter(|_| steps.len() >= LEAST_STEPS)
}

fn is_close(lines: &[Line], at: usize, pitch: f32) -> bool {
    let step = step(lines, at);
    step > 0.0 && step <= WITHIN_ROW * pitch
}

fn filled(row: &[String]) -> usize {
    row.iter().filter(|cell| !cell.is_empty()).count()
}

fn has_label(row: &[String]) -> bool {
    row.first().is_some_and(|label| !label.is_empty())
}

/// Whether a row is a label and nothing else.
fn is_label(row: &[String]) -> bool {
    has_label(row) && filled(row) == 1
}

/// Lines above the first figures are one row where a word goes on from one to the next, or they are closer than rows.
fn mark_head(lines: &[Line], rows: &[Vec<String>], goes_on: &mut [bool]) {
    let has_figures = |row: &Vec<String>| row.iter().any(|cell| cell.contains(char::is_numeric));
    let end = rows.iter().position(has_figures).filter(|end| (2..=MAX_HEAD_LINES).contains(end));
    let Some(end) = end else { return };
    for at in 0..end {
        for column in (0..rows[at].len()).filter(|column| is_open(&rows[at][*column])) {
            // Cells of fewer lines stand between those of more.
            let below = (at + 1..end.min(at + 3)).find(|below| !rows[*below][column].is_empty());
            if let Some(below) = below.filter(|below| rows[*below][column].starts_with(char::is_alphabetic)) {
                goes_on[at + 1..=below].fill(true);
            }
        }
    }
    let starts = (end + 1..rows.len()).filter(|at| has_label(&rows[*at]));
    let Some(pitch) = least_step(lines, starts) else { return };
    for at in (1..end).filter(|at| !is_label(&rows[*at])) {
        goes_on[at] |= is_close(lines, at, pitch);
    }
}

/// Lines with a label alone go on in the next line, which has the figures, where rows with figures are never as close.
fn mark_labels(lines: &[Line], rows: &[Vec<String>], first: usize, goes_on: &mut [bool]) {
    let is_full = |at: usize| has_label(&rows[at]) && filled(&rows[at]) > 1;
    let starts = (first + 1..rows.len()).filter(|at| is_full(at - 1) && is_full(*at));
    let Some(pitch) = least_step(lines, starts) else { return };
    let in_one_print = |at: usize| {
        let [above, below] = [&lines[at - 1], &lines[at]];
        above.bold == below.bold && (above.size - below.size).abs() < 0.5
    };
    for at in (first + 1..rows.len()).filter(|at| is_full(*at)) {
        let mut start = at;
        while start > first
            && at - start < MAX_LABEL_LINES
            && is_label(&rows[start - 1])
            && is_close(lines, start, pitch)
            && in_one_print(start)
        {
            start -= 1;
        }
        let is_whole = start == first || !is_close(lines, start, pitch);
        let is_title = rows[start..at].iter().any(|row| row[0].ends_with(':'));
        if start < at && is_whole && !is_title {
            goes_on[start + 1..=at].fill(true);
        }
    }
}

/// Lines without a label go on with the cells above where rows are never as close. Figures may stand beside the last of
/// them.
fn mark_cells(lines: &[Line], rows: &[Vec<String>], first: usize, goes_on: &mut [bool]) {
    let starts = (first.max(1)..rows.len()).filter(|at| has_label(&rows[*at]) && !goes_on[*at]);
    let Some(pitch) = least_step(lines, starts) else { return };
    let mut is_labelled = false;
    let mut has_text: Vec<bool> = Vec::new();
    for (at, row) in rows.iter().enumerate().skip(first) {
        if at > first && !has_label(row) && is_close(lines, at, pitch) {
            let columns: Vec<usize> = (0..row.len()).filter(|column| !row[*column].is_empty()).collect();
            let wrapped = columns.iter().filter(|column| is_text(&rows[at - 1][**column])).count();
            let fresh = columns.iter().filter(|column| !has_text[**column]).count();
            let is_rest = if fresh > 0 { is_labelled } else { columns.len() * 3 <= row.len() * 2 };
            goes_on[at] |= wrapped > 0 && wrapped + fresh == columns.len() && is_rest;
        }
        if at == first || !goes_on[at] {
            is_labelled = false;
            has_text = vec![false; row.len()];
        }
        is_labelled |= has_label(row);
        has_text.iter_mut().zip(row).for_each(|(has_text, cell)| *has_text |= !cell.is_empty());
    }
}

/// A label that ends within a word goes on in the next line, however far that is.
fn mark_divided(rows: &[Vec<String>], first: usize, goes_on: &mut [bool]) {
    for at in first + 1..rows.len() {
        let is_open = is_label(&rows[at - 1]) && is_open(&rows[at - 1][0]);
        goes_on[at] |= is_open && rows[at][0].starts_with(char::is_lowercase);
    }
}

/// Whether it is words rather than figures.
fn is_text(cell: &str) -> bool {
    let count = |is: fn(char) -> bool| cell.chars().filter(|c| is(*c)).count();
    let letters = count(char::is_alphabetic);
    letters >= 2 && letters >= count(char::is_numeric)
}

#[cfg(test)]
mod tests {
    use super::super::super::layout::{Cell, Line};
    use super::super::table_text;

    /// Lines of cells at places, ten points large, whose characters are five points wide.
    fn table(lines: &[(f32, &[(f32, &str)])]) -> String {
        let cell = |&(left, text): &(f32, &str)| {
            let right = left + 5.0 * text.chars().count() as f32;
            Cell { text: text.to_owned(), left, right, gaps: Vec::new() }
        };
        let line = |&(baseline, cells): &(f32, &[(f32, &str)])| {
            let cells: Vec<Cell> = cells.iter().map(cell).collect();
            let (left, right) = (cells[0].left, cells[cells.len() - 1].right);
            Line { cells, left, right, baseline, size: 10.0, ..Line::default() }
        };
        table_text(&lines.iter().map(line).collect::<Vec<_>>()).trim_end().to_owned()
    }

    #[test]
    fn lines_without_a_label_that_stand_closer_than_rows_go_on_with_the_row_above() {
        let of = |step: f32| {
            let mut y = 700.0;
            let mut next = |step: f32| {
                y -= step;
                y
            };
            table(&[
                (next(0.0), &[(50.0, "Topic"), (150.0, "Explanation"), (350.0, "Due")]),
                (next(18.0), &[(50.0, "Audit"), (150.0, "External auditors review the"), (350.0, "May")]),
                (next(step), &[(150.0, "controls of the whole group")]),
                (next(step), &[(150.0, "every spring.")]),
                (next(18.0), &[(50.0, "Payroll"), (150.0, "Paid on the last working day"), (350.0, "June")]),
                (next(18.0), &[(50.0, "Budget"), (150.0, "Due in autumn."), (350.0, "Oct")]),
            ])
        };
        let head = "| Topic | Explanation | Due |\n| --- | --- | --- |\n";
        assert_eq!(
            of(11.0),
            format!(
                "{head}| Audit | External auditors review the controls of the whole group every spring. | May |\n\
                 | Payroll | Paid on the last working day | June |\n| Budget | Due in autumn. | Oct |"
            )
        );
        assert_eq!(of(18.0).lines().count(), 7, "{}", of(18.0));
    }

    #[test]
    fn figures_may_stand_beside_the_last_line_of_a_wrapped_cell() {
        let text = table(&[
            (700.0, &[(50.0, "No."), (150.0, "Exhibit"), (350.0, "Form")]),
            (682.0, &[(50.0, "1.1"), (150.0, "Agreement between the two")]),
            (671.0, &[(150.0, "parties"), (350.0, "10-K")]),
            (653.0, &[(50.0, "1.2"), (150.0, "Letter"), (350.0, "10-Q")]),
            (635.0, &[(50.0, "1.3"), (150.0, "Deed"), (350.0, "8-K")]),
        ]);
        assert!(text.contains("\n| 1.1 | Agreement between the two parties | 10-K |\n"), "{text}");
    }

    #[test]
    fn a_label_that_ends_within_a_word_goes_on() {
        let text = table(&[
            (700.0, &[(50.0, "Liabilities"), (350.0, "2022"), (450.0, "2021")]),
            (682.0, &[(50.0, "Deposits"), (350.0, "12"), (450.0, "11")]),
            (664.0, &[(50.0, "Other interest-")]),
            (646.0, &[(50.0, "bearing liabilities"), (350.0, "14"), (450.0, "13")]),
            (628.0, &[(50.0, "Borrowed funds"), (350.0, "19"), (450.0, "16")]),
        ]);
        assert!(text.contains("\n| Other interest-bearing liabilities | 14 | 13 |\n"), "{text}");
    }

    #[test]
    fn rows_without_a_label_stay_rows() {
        let text = table(&[
            (700.0, &[(50.0, "Region"), (150.0, "Shop"), (350.0, "Units")]),
            (682.0, &[(50.0, "North"), (150.0, "Harbour"), (350.0, "12")]),
            (671.0, &[(150.0, "Market"), (350.0, "14")]),
            (653.0, &[(50.0, "South"), (150.0, "Hill"), (350.0, "15")]),
            (635.0, &[(50.0, "West"), (150.0, "Moor"), (350.0, "19")]),
        ]);
        assert_eq!(text.lines().count(), 6, "{text}");
    }

    #[test]
    fn a_label_goes_on_in_the_line_that_has_its_figures() {
        let of = |step: f32| {
            let mut y = 700.0;
            let mut next = |step: f32| {
                y -= step;
                y
            };
            table(&[
                (next(0.0), &[(50.0, "Property"), (200.0, "Leased"), (300.0, "Rent")]),
                (next(18.0), &[(50.0, "Alex City")]),
                (next(step), &[(50.0, "Marketplace"), (200.0, "98%"), (300.0, "120")]),
                (next(18.0), &[(50.0, "Berkley"), (200.0, "94%"), (300.0, "112")]),
                (next(18.0), &[(50.0, "Cardinal"), (200.0, "91%"), (300.0, "96")]),
                (next(18.0), &[(50.0, "Deutsch"), (200.0, "89%"), (300.0, "71")]),
            ])
        };
        assert!(of(11.0).contains("\n| Alex City Marketplace | 98% | 120 |\n"), "{}", of(11.0));
        assert!(of(18.0).contains("\n| Alex City |  |  |\n| Marketplace | 98% | 120 |\n"), "{}", of(18.0));
    }

    #[test]
    fn a_head_is_one_row_where_its_words_are_divided() {
        let text = table(&[
            (711.0, &[(200.0, "Cash"), (300.0, "Non-"), (400.0, "Equity-")]),
            (700.0, &[(50.0, "Name"), (200.0, "bonus"), (300.0, "monetary"), (400.0, "settled")]),
            (689.0, &[(50.0, "Anna"), (200.0, "1,200"), (300.0, "3,400"), (400.0, "5,600")]),
            (678.0, &[(50.0, "Ben"), (200.0, "1,300"), (300.0, "3,500"), (400.0, "5,700")]),
            (667.0, &[(50.0, "Cleo"), (200.0, "1,400"), (300.0, "3,600"), (400.0, "5,800")]),
        ]);
        assert!(text.starts_with("| Name | Cash bonus | Non-monetary | Equity-settled |\n| ---"), "{text}");
    }

    #[test]
    fn the_lines_of_a_head_that_stand_closer_than_rows_are_one_row() {
        let text = table(&[
            (705.5, &[(200.0, "Cash"), (300.0, "Paid")]),
            (700.0, &[(50.0, "Name"), (400.0, "Shares")]),
            (694.5, &[(200.0, "bonus"), (300.0, "leave")]),
            (680.0, &[(50.0, "Anna"), (200.0, "1,200"), (300.0, "3,400"), (400.0, "5,600")]),
            (668.0, &[(50.0, "Ben"), (200.0, "1,300"), (300.0, "3,500"), (400.0, "5,700")]),
            (656.0, &[(50.0, "Cleo"), (200.0, "1,400"), (300.0, "3,600"), (400.0, "5,800")]),
        ]);
        assert!(text.starts_with("| Name | Cash bonus | Paid leave | Shares |\n| ---"), "{text}");
    }
}
