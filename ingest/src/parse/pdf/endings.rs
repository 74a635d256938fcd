//! Paragraphs that end although no indent, blank line or mark tells so: in a line that breaks off though the next word
//! would have fitted, or before a distance that is wider than within paragraphs.

use std::collections::HashMap;

use super::layout::Line;
use crate::parse::flow::joins_without_blank;

/// Sizes of font that differ by this share of them at most are one.
const SAME_SIZE: f32 = 0.08;
/// Times the distance of lines within paragraphs from which the next line begins another.
const WIDER: f32 = 1.25;
/// Fewest pairs of lines from which the distance within paragraphs is known.
const LEAST_PAIRS: usize = 2;
/// The distances of lines are looked at on pages with so many lines at the most.
const MAX_LINES: usize = 1_500;
/// How many lines before and behind show how far the column reaches to the right.
const WINDOW: usize = 10;
/// Lines that end within this of each other, in font sizes, reach to the column's edge.
const SAME_EDGE: f32 = 1.5;
/// Lines that end within this of each other are set to one measure, which may be narrower than the column's.
const FLUSH: f32 = 0.35;
/// Lines beginning within this of each other, in font sizes, stand below each other.
const SAME_LEFT: f32 = 1.2;
/// What must be left of a line behind the next word, in font sizes: of words and of Chinese characters.
const LEFT_OVER: f32 = 2.0;
const LEFT_OVER_CHARS: f32 = 4.0;
/// Least width of a column of text, in font sizes.
const LEAST_COLUMN: f32 = 12.0;
/// Words that nothing ends with.
const OPEN_WORDS: &[&str] = &[
    "a", "an", "and", "as", "at", "by", "for", "from", "in", "its", "of", "on", "or", "our", "the", "their",
    "to", "with", "&",
];

/// For each line of a page whether a paragraph ends with it.
pub(super) fn endings(lines: &[Line]) -> Vec<bool> {
    let steps = if lines.len() <= MAX_LINES { steps_within(lines) } else { Vec::new() };
    // By the size, of which a page has few.
    let mut usual_steps: HashMap<u32, Option<f32>> = HashMap::new();
    let mut ends = |at: usize| {
        let Some(next) = lines.get(at + 1) else { return true };
        let last = &lines[at];
        let size = last.size.max(1.0);
        let step = last.baseline - next.baseline;
        let alike = last.grid.is_none() && next.grid.is_none() && same_size(last, next);
        if !alike || last.size <= 0.0 || step <= 0.0 || !may_end(last) || !may_begin(next) {
            return false;
        }
        let usual = usual_steps.entry(last.size.to_bits()).or_insert_with(|| step_of(&steps, last.size));
        let is_wider = usual.is_some_and(|usual| step > WIDER * usual * size);
        is_wider || breaks_off(lines, at)
    };
    (0..lines.len()).map(&mut ends).collect()
}

fn same_size(one: &Line, other: &Line) -> bool {
    (one.size - other.size).abs() <= SAME_SIZE * one.size.max(1.0)
}

/// Sizes and distances, in font sizes, of lines that surely are one paragraph: a small letter goes on.
fn steps_within(lines: &[Line]) -> Vec<(f32, f32)> {
    let step = |pair: &[Line]| {
        let [last, next] = pair else { return None };
        let step = (last.baseline - next.baseline) / last.size.max(1.0);
        let goes_on = last.cells.len() == 1
            && next.cells.len() == 1
            && same_size(last, next)
            && next.text().starts_with(char::is_lowercase)
            && may_end_word(last);
        (goes_on && (0.8..2.5).contains(&step)).then_some((last.size, step))
    };
    lines.windows(2).filter_map(step).collect()
}

/// The usual distance within paragraphs of that size.
fn step_of(steps: &[(f32, f32)], size: f32) -> Option<f32> {
    let alike = steps.iter().filter(|(of, _)| (of - size).abs() <= SAME_SIZE * size);
    let mut alike: Vec<f32> = alike.map(|(_, step)| *step).collect();
    alike.sort_by(f32::total_cmp);
    (alike.len() >= LEAST_PAIRS).then(|| alike[alike.len() / 2])
}

fn may_end_word(line: &Line) -> bool {
    !line.text().ends_with(['.', '!', '?', ':', ';'])
}

/// Whether nothing is left open at the line's end.
fn may_end(line: &Line) -> bool {
    let Some(cell) = line.cells.last() else { return false };
    let open = cell.text.ends_with([',', '-', '\u{2010}', '–', '—', '/', '(', '，', '、', '（']);
    !open && cell.text.split_whitespace().last().is_some_and(|word| !OPEN_WORDS.contains(&word))
}

/// Whether the line begins as paragraphs do.
fn may_begin(line: &Line) -> bool {
    let first = line.cells.first().and_then(|cell| cell.text.chars().next());
    first.is_some_and(|c| {
        c.is_uppercase()
            || c.is_ascii_digit()
            || matches!(c, '$' | '€' | '£' | '¥' | '_' | '“' | '"')
            || c.is_alphabetic() && joins_without_blank(c)
    })
}

/// Whether the next line's first word would have fitted behind the line at `at`, by far.
fn breaks_off(lines: &[Line], at: usize) -> bool {
    let (last, next) = (&lines[at], &lines[at + 1]);
    let size = last.size.max(1.0);
    let is_below = (last.left - next.left).abs() <= SAME_LEFT * size;
    if last.cells.len() != 1 || next.cells.len() != 1 || !is_below || is_centered(last, next) {
        return false;
    }
    let (around, from) = column(lines, at);
    let near = around.iter().enumerate().filter(|(index, _)| (1..=2).contains(&index.abs_diff(at - from)));
    let flush = near.filter(|(_, line)| (line.right - last.right).abs() <= FLUSH * size).count();
    let text = next.text();
    let is_chinese = text.starts_with(joins_without_blank);
    // Lines of words say nothing of how far Chinese ones reach.
    let tells = |line: &&Line| {
        line.grid.is_none()
            && same_size(line, last)
            && (!is_chinese || line.text().ends_with(joins_without_blank))
    };
    let rights: Vec<f32> = around.iter().filter(tells).map(|line| line.right).collect();
    let is_shared = |right: &&f32| {
        rights.iter().filter(|other| (*other - **right).abs() <= SAME_EDGE * size).count() >= 2
    };
    let edge = rights.iter().filter(is_shared).copied().fold(f32::NEG_INFINITY, f32::max);
    if flush >= 2 || edge - last.left < LEAST_COLUMN * size {
        return false;
    }
    let width = (next.right - next.left) / text.chars().count().max(1) as f32;
    let needed = match is_chinese {
        true => LEFT_OVER_CHARS * size,
        false => text.split(' ').next().unwrap_or_default().chars().count() as f32 * width + LEFT_OVER * size,
    };
    last.right + needed <= edge
}

/// The lines around `at` that stand in its column, and the index of the first of them.
fn column(lines: &[Line], at: usize) -> (&[Line], usize) {
    let is_below = |pair: &[Line]| pair[0].grid.is_none() && pair[0].baseline > pair[1].baseline;
    let before = lines[at.saturating_sub(WINDOW)..=at].windows(2).rev().take_while(|pair| is_below(pair));
    let from = at - before.count();
    let end = lines.len().min(at + WINDOW + 1);
    let behind = lines[at..end].windows(2).take_while(|pair| is_below(pair)).count();
    (&lines[from..=at + behind], from)
}

/// Whether both stand around one middle, and neither edge is common to them.
fn is_centered(one: &Line, other: &Line) -> bool {
    let size = one.size.max(1.0);
    let middle = |line: &Line| (line.left + line.right) / 2.0;
    (middle(one) - middle(other)).abs() <= 0.5 * size && (one.left - other.left).abs() > 0.7 * size
}

#[cfg(test)]
mod tests {
    use super::super::layout::Cell;
    use super::*;

    /// Lines ten points large, whose characters are five points wide, at heights.
    fn ends(lines: &[(f32, f32, &str)]) -> Vec<bool> {
        let line = |&(left, baseline, text): &(f32, f32, &str)| {
            let right = left + 5.0 * text.chars().count() as f32;
            let cells = vec![Cell { text: text.to_owned(), left, right, ..Cell::default() }];
            Line { cells, left, right, baseline, size: 10.0, ..Line::default() }
        };
        endings(&lines.iter().map(line).collect::<Vec<_>>())
    }

    #[test]
    fn lines_behind_which_a_word_would_have_fitted_end_paragraphs() {
        let answers = [
            (50.0, 700.0, "Which of these levels has a limit that somebody has set for it"),
            (50.0, 688.0, "in the year before the one in which the others were asked and so"),
            (50.0, 676.0, "Yes, at the national level"),
            (50.0, 664.0, "Yes, at the local level of the"),
            (50.0, 652.0, "District"),
            (50.0, 640.0, "No, though"),
            (50.0, 628.0, "nobody knows"),
        ];
        assert_eq!(ends(&answers), [false, false, true, false, true, false, true]);
    }

    #[test]
    fn full_lines_narrow_ones_beside_a_picture_and_centred_ones_do_not() {
        let beside = [
            (50.0, 700.0, "This line goes on to the right edge of the column for Alice"),
            (50.0, 688.0, "And this one does, until a picture stands beside the lines."),
            (50.0, 676.0, "Then they are as narrow as this is"),
            (50.0, 664.0, "Though they go on with the King of"),
            (50.0, 652.0, "Hearts and all others of his court"),
            (50.0, 640.0, "The Queen of them."),
        ];
        assert_eq!(ends(&beside)[..4], [false; 4]);
        let centred = [
            (50.0, 700.0, "This line goes on to the right edge of the column for Alice"),
            (50.0, 688.0, "And this one does, until a picture stands beside the lines."),
            (150.0, 676.0, "Annual Report"),
            (165.0, 664.0, "For 2023"),
        ];
        assert!(!ends(&centred)[2]);
    }

    #[test]
    fn wider_distances_than_within_paragraphs_end_them() {
        let items = [
            (50.0, 700.0, "They work in parallel with those who"),
            (50.0, 687.0, "take cases of legal aid for people in"),
            (50.0, 674.0, "need of it"),
            (50.0, 655.0, "They supervise those who take cases"),
            (50.0, 636.0, "they who have a small letter"),
        ];
        assert_eq!(ends(&items), [false, false, true, false, true]);
    }

    #[test]
    fn pages_of_very_many_lines_take_no_square_of_their_number() {
        let lines = |count: u16| {
            let line = |number: u16| {
                let text = if number.is_multiple_of(2) { "Two lines of" } else { "text" };
                let cells = vec![Cell { text: text.to_owned(), ..Cell::default() }];
                let size = 10.0 + f32::from(number / 2) * 0.01;
                Line { cells, baseline: -12.0 * f32::from(number), size, ..Line::default() }
            };
            (0..count).map(line).collect::<Vec<_>>()
        };
        assert_eq!(endings(&lines(60_000)).iter().filter(|ends| **ends).count(), 1);
    }
}
