//! Footnotes: lines in small print at the foot of a column, led by a mark that stands raised in the page's text.

use std::collections::HashSet;

use super::layout::Line;
use super::raised::{MAX_CHARS, is_sign, raised_digit};

/// Print of at most this share of the size of the line with the mark is small.
const SMALL: f32 = 0.93;
/// Most cells of a line that is no row of a table: a number may stand apart from its note.
const MAX_CELLS: usize = 2;

/// Takes the footnotes out of a page's lines: the lines of each.
pub(super) fn take_notes(lines: Vec<Line>) -> (Vec<Line>, Vec<Vec<Line>>) {
    let text = lines.iter().filter(|line| line.typed.is_none());
    let marked: Vec<(String, f32)> =
        text.flat_map(|line| marks(line).into_iter().map(|mark| (mark, line.size))).collect();
    if marked.is_empty() {
        return (lines, Vec::new());
    }
    let mut rest: Vec<Line> = Vec::with_capacity(lines.len());
    let mut notes = Vec::new();
    for mut column in columns(lines) {
        let is_foot = |line: &Line| line.running || !line.text().chars().any(char::is_alphabetic);
        let end = column.iter().rposition(|line| !is_foot(line)).map_or(0, |last| last + 1);
        let foot = column.split_off(end);
        if let Some(start) = start(&column, &marked) {
            notes.extend(parted(column.split_off(start), &marked));
        }
        rest.extend(column);
        rest.extend(foot);
    }
    (rest, notes)
}

/// Stretches of lines that lie one below the other.
fn columns(lines: Vec<Line>) -> Vec<Vec<Line>> {
    let mut columns: Vec<Vec<Line>> = Vec::new();
    for line in lines {
        match columns
            .last_mut()
            .filter(|column| column.last().is_some_and(|last| last.baseline > line.baseline))
        {
            Some(column) => column.push(line),
            None => columns.push(vec![line]),
        }
    }
    columns
}

/// Where the footnotes of a column begin: with the first line of its small print that a mark leads.
fn start(column: &[Line], marked: &[(String, f32)]) -> Option<usize> {
    let is_note_line = |line: &Line| !line.is_set_apart() && line.size > 0.0 && line.cells.len() <= MAX_CELLS;
    let largest = marked.iter().map(|(_, size)| *size).fold(0.0, f32::max);
    let small = column.iter().rposition(|line| !is_note_line(line) || line.size > SMALL * largest);
    let from = small.map_or(0, |last| last + 1);
    (from..column.len()).find(|&at| is_note(&column[at], marked))
}

/// Whether the line begins the note to a mark in larger print.
fn is_note(line: &Line, marked: &[(String, f32)]) -> bool {
    let Some(lead) = lead(line) else { return false };
    marked.iter().any(|(mark, size)| *mark == lead && line.size <= SMALL * size)
}

fn parted(lines: Vec<Line>, marked: &[(String, f32)]) -> Vec<Vec<Line>> {
    let mut notes: Vec<Vec<Line>> = Vec::new();
    for line in lines {
        match notes.last_mut().filter(|_| !is_note(&line, marked)) {
            Some(note) => note.push(line),
            None => notes.push(vec![line]),
        }
    }
    notes
}

/// The marks that stand raised within the line.
fn marks(line: &Line) -> HashSet<String> {
    let mut marks: HashSet<String> = line.raised.iter().cloned().collect();
    let mut digits = String::new();
    let text = line.cells.iter().flat_map(|cell| cell.text.chars().chain([' ']));
    // What begins the line leads a note.
    for c in text.skip_while(|c| raised_digit(*c).is_some()) {
        match raised_digit(c) {
            Some(digit) => digits.push(digit),
            None if !digits.is_empty() => {
                marks.insert(std::mem::take(&mut digits));
            }
            None => {}
        }
    }
    marks.retain(|mark| mark.chars().count() <= MAX_CHARS);
    marks
}

/// The mark that the line begins with: `1`, `(1)`, `1.`, `*`.
fn lead(line: &Line) -> Option<String> {
    let text = line.cells.first()?.text.trim_start_matches(['(', '[', '（']);
    let signs: String = text.chars().take_while(|c| is_sign(*c)).collect();
    let digit = |c: char| raised_digit(c).or_else(|| c.is_ascii_digit().then_some(c));
    let mark = if signs.is_empty() { text.chars().map_while(digit).collect() } else { signs };
    let next = text.chars().nth(mark.chars().count());
    let ends =
        next.is_none_or(|c| c.is_whitespace() || c.is_alphabetic() || matches!(c, ')' | ']' | '）' | '.'));
    (ends && (1..=MAX_CHARS).contains(&mark.chars().count())).then_some(mark)
}

#[cfg(test)]
mod tests {
    use super::super::layout::Cell;
    use super::*;

    fn line(left: f32, baseline: f32, size: f32, text: &str) -> Line {
        let right = left + 200.0;
        let cells = text
            .split(" | ")
            .map(|text| Cell { text: text.to_owned(), left, right, ..Cell::default() })
            .collect();
        Line { cells, left, right, baseline, size, ..Line::default() }
    }

    /// What is left of the lines, and the notes.
    fn taken(lines: &[Line]) -> (Vec<String>, Vec<Vec<String>>) {
        let texts = |lines: &Vec<Line>| lines.iter().map(Line::text).collect::<Vec<_>>();
        let (rest, notes) = take_notes(lines.to_vec());
        (texts(&rest), notes.iter().map(texts).collect())
    }

    fn marked(mark: &str, line: Line) -> Line {
        Line { raised: vec![mark.to_owned()], ..line }
    }

    #[test]
    fn notes_are_led_by_a_mark_of_the_page() {
        let page = [
            marked("1", line(50.0, 700.0, 10.0, "Ten days1 are granted")),
            line(50.0, 688.0, 10.0, "to all² of them, and these"),
            line(50.0, 60.0, 8.0, "1 Of the calendar"),
            line(50.0, 50.0, 8.0, "year."),
            line(50.0, 40.0, 8.0, "² Without 3 of them."),
            line(50.0, 20.0, 8.0, "7"),
        ];
        let (rest, notes) = taken(&page);
        assert_eq!(rest, ["Ten days1 are granted", "to all² of them, and these", "7"]);
        assert_eq!(notes, [vec!["1 Of the calendar", "year."], vec!["² Without 3 of them."]]);
        // Each column has notes of its own.
        let mut columns = page[..5].to_vec();
        columns.push(marked("*", line(300.0, 700.0, 10.0, "The other column*")));
        columns.push(line(300.0, 40.0, 8.0, "* It ends."));
        let (rest, notes) = taken(&columns);
        assert_eq!((rest.len(), notes.len()), (3, 3), "{rest:?} {notes:?}");
    }

    #[test]
    fn what_no_mark_leads_is_text() {
        let body = marked("1", line(50.0, 700.0, 10.0, "Ten days1 are granted"));
        let untaken = |below: &[Line]| {
            let lines = [std::slice::from_ref(&body), below].concat();
            let (rest, notes) = taken(&lines);
            assert_eq!(rest, lines.iter().map(Line::text).collect::<Vec<_>>());
            assert!(notes.is_empty());
        };
        untaken(&[line(50.0, 60.0, 10.0, "1 In print as large")]);
        untaken(&[line(50.0, 60.0, 8.0, "2 Of another page")]);
        untaken(&[line(50.0, 60.0, 8.0, "1,200 of them")]);
        untaken(&[line(50.0, 60.0, 8.0, "1 | 20 | 300")]);
        untaken(&[line(50.0, 600.0, 8.0, "1 Not at the foot"), line(50.0, 588.0, 10.0, "of the page")]);
    }
}
