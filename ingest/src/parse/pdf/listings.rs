//! Listings: lines of code, of commands and of what they print, in a monospaced font. They stay lines, with the blanks
//! that indent and align them.
//!
//! Not all that is in such a font is a listing: typewritten documents are in one as a whole, and within others there are
//! letters, filled-in forms and statements of accounts, inline names and addresses of the web.

mod signs;

use self::signs::{has_prompt, is_address, is_prose, looks_like_code};
use super::PageText;
use super::layout::Line;
use super::pdfium::visible;
use super::places::line_spans;
use super::sizes::Sizes;
use super::typed::blanks;

/// A document is typewritten from this share of its characters on, in percent.
const TYPEWRITTEN_PERCENT: usize = 60;
/// Steps from letter to letter that differ by this share are of one print.
const SAME_PRINT: f32 = 0.25;
/// Distance of lines, in steps from letter to letter: of the farthest that are one listing, of those that may follow each
/// other directly, and where nothing tells it.
const FARTHEST: f32 = 8.0;
const NEAR: std::ops::RangeInclusive<f32> = 1.3..=3.5;
const USUAL: f32 = 2.0;
/// Most empty lines between two lines.
const MAX_EMPTY: usize = 2;
/// One line in so many looks like code at least.
const CODE_SHARE: usize = 4;
/// Fewest lines whose indents show that they are a listing; how far these are, and how far off from whole steps.
const LEAST_INDENTED: usize = 3;
const INDENT: f32 = 1.5;
const OFF_STEP: f32 = 0.25;
/// Most steps that lines at the head of a page are indented behind the listing that they go on.
const MAX_INDENT: f32 = 60.0;
/// Lines are set apart by this many times the usual distance of lines, or by an indent, in font sizes.
const APART: f32 = 1.25;
const ALONE_INDENT: f32 = 1.0;

/// Where most of a document is in a monospaced font, that tells nothing: its lines are text.
pub(super) fn forget_where_usual(pages: &mut [PageText]) {
    let is_typed = |line: &&Line| line.typed.is_some();
    let lines = || pages.iter().flat_map(|page| &page.lines);
    if !lines().any(|line| line.typed.is_some()) {
        return;
    }
    let count = |line: &Line| visible(std::slice::from_ref(line)).count();
    let typed: usize = lines().filter(is_typed).map(count).sum();
    let all: usize = lines().map(count).sum();
    if typed * 100 > all * TYPEWRITTEN_PERCENT {
        pages.iter_mut().flat_map(|page| &mut page.lines).for_each(|line| line.typed = None);
    }
}

/// Leaves those lines of a page typed that are of listings. `leading` is its usual distance of lines, in font sizes.
pub(super) fn mark(lines: &mut [Line], sizes: &Sizes, leading: f32) {
    // Headings may be in the font of the listings below them.
    let is_none = |line: &&mut Line| line.running || sizes.is_large(line);
    lines.iter_mut().filter(is_none).for_each(|line| line.typed = None);
    let mut at = 0;
    while at < lines.len() {
        let end = end(lines, at);
        if end > at && !is_listing(lines, at, end, sizes, leading) {
            lines[at..end].iter_mut().for_each(|line| line.typed = None);
        }
        at = end.max(at + 1);
    }
}

/// Where the typed lines end that begin at `at` and follow each other; `at` where there are none.
fn end(lines: &[Line], at: usize) -> usize {
    if lines[at].typed.is_none() {
        return at;
    }
    at + 1 + lines[at..].windows(2).take_while(|pair| follows(&pair[0], &pair[1])).count()
}

/// Whether both are typed, and the next is of the same lines.
pub(super) fn follows(line: &Line, next: &Line) -> bool {
    let pitch = |line: &Line| line.typed.as_ref().map_or(0.0, |typed| typed.pitch);
    let step = line.baseline - next.baseline;
    is_one_print(line, next) && step > 0.0 && step <= FARTHEST * pitch(line).max(pitch(next))
}

/// Whether both are typed, and as large.
pub(super) fn is_one_print(one: &Line, other: &Line) -> bool {
    let (Some(one), Some(other)) = (&one.typed, &other.typed) else { return false };
    (one.pitch - other.pitch).abs() <= SAME_PRINT * one.pitch.max(other.pitch)
}

/// Whether the typed lines from `at` to `end` are a listing.
fn is_listing(lines: &[Line], at: usize, end: usize, sizes: &Sizes, leading: f32) -> bool {
    let run = &lines[at..end];
    let pitch = pitch(run);
    let texts: Vec<String> = run.iter().filter_map(|line| Some(line.typed.as_ref()?.text(pitch))).collect();
    let mut words = texts.iter().flat_map(|text| text.split_whitespace());
    let names_only = words.clone().nth(1).is_none() || words.all(is_address);
    if names_only || !is_mostly_ascii(&texts) || has_columns_of_figures(run) || is_prose(&texts) {
        return false;
    }
    let stands_apart = || stands_apart(lines, at, end, leading);
    match texts.as_slice() {
        [text] => looks_like_code(text) && !sizes.is_heading(run) && stands_apart(),
        [first, ..] => {
            let count = texts.iter().filter(|text| looks_like_code(text)).count();
            let is_code = count * CODE_SHARE >= texts.len() || has_prompt(first) || is_indented(run, pitch);
            // Lines of one word each may be a long address within a paragraph.
            is_code && (texts.iter().any(|text| text.contains(' ')) || stands_apart())
        }
        [] => false,
    }
}

/// Chinese comments are of a listing, Chinese text with a sign of another font in each line is none.
fn is_mostly_ascii(texts: &[String]) -> bool {
    let signs = || texts.iter().flat_map(|text| text.chars()).filter(|c| *c != ' ');
    signs().filter(char::is_ascii).count() * 2 >= signs().count()
}

/// Whether most lines are rows that end with a figure, as those of a statement of accounts are: a table without lines.
fn has_columns_of_figures(run: &[Line]) -> bool {
    let is_figure = |text: &str| {
        text.contains(|c: char| c.is_ascii_digit()) && !text.contains(|c: char| c.is_alphabetic())
    };
    let rows = run.iter().filter(|line| line.cells.len() >= 2);
    let (count, figures) = rows.fold((0, 0), |(count, figures), line| {
        let ends = line.cells.last().is_some_and(|cell| is_figure(&cell.text));
        (count + 1, figures + usize::from(ends))
    });
    count * 3 >= run.len() * 2 && figures * 2 >= count
}

/// Whether some lines are indented, and all by whole steps.
fn is_indented(run: &[Line], pitch: f32) -> bool {
    let from = left(run);
    let columns = || run.iter().filter_map(|line| Some((line.typed.as_ref()?.left() - from) / pitch));
    run.len() >= LEAST_INDENTED
        && columns().all(|column| (column - column.round()).abs() <= OFF_STEP)
        && columns().any(|column| column >= INDENT)
}

/// Whether the lines from `at` to `end` are set apart from those above and below them: in the middle of a paragraph, a
/// line may be nothing but an inline command.
fn stands_apart(lines: &[Line], at: usize, end: usize, leading: f32) -> bool {
    let [Some(first), Some(last)] = [lines.get(at), lines[..end].last()] else { return false };
    let is_far = |above: &Line, below: &Line| {
        above.baseline - below.baseline > APART * leading * above.size.max(below.size).max(1.0)
    };
    let is_indented = |line: &Line, other: &Line| line.left - other.left >= ALONE_INDENT * line.size.max(1.0);
    let above = lines[..at].last().filter(|above| above.baseline > first.baseline);
    let below = lines.get(end).filter(|below| below.baseline < last.baseline);
    above.is_none_or(|above| is_far(above, first) || is_indented(first, above))
        && below.is_none_or(|below| is_far(last, below) || is_indented(last, below))
}

/// How far it is from letter to letter: the longest line tells it best.
fn pitch(lines: &[Line]) -> f32 {
    let typed = lines.iter().filter_map(|line| line.typed.as_ref());
    typed.max_by_key(|typed| typed.count()).map_or(1.0, |typed| typed.pitch)
}

/// Where the leftmost line of a listing begins.
pub(super) fn left(lines: &[Line]) -> f32 {
    let lefts = lines.iter().filter_map(|line| Some(line.typed.as_ref()?.left()));
    lefts.reduce(f32::min).unwrap_or(0.0)
}

/// Where the listing begins that these lines of the next page go on, after it began at `left`: they may all be indented.
/// Pages may have other margins, too, which are hardly whole steps apart.
pub(super) fn left_below(left_above: f32, lines: &[Line]) -> f32 {
    let own = left(lines);
    let columns = (own - left_above) / pitch(lines);
    let is_indented =
        (-OFF_STEP..=MAX_INDENT).contains(&columns) && (columns - columns.round()).abs() <= OFF_STEP;
    if is_indented { left_above } else { own }
}

/// The text of a listing that begins at `left`.
pub(super) fn text(lines: &[Line], left: f32) -> String {
    let pitch = pitch(lines);
    let leading = leading(lines, pitch);
    let mut text = String::new();
    let mut above: Option<&Line> = None;
    for line in lines {
        if let Some(above) = above {
            // `as` saturates, and NaN gives 0.
            let steps = ((above.baseline - line.baseline) / leading).round() as usize;
            text.extend(std::iter::repeat_n('\n', steps.clamp(1, 1 + MAX_EMPTY)));
        }
        match &line.typed {
            Some(typed) => {
                text.extend(std::iter::repeat_n(' ', blanks(typed.left() - left, pitch)));
                text.push_str(&typed.text(pitch));
            }
            None => text.push_str(&line.text()),
        }
        above = Some(line);
    }
    text
}

/// The distance of lines that follow each other without an empty one between.
fn leading(lines: &[Line], pitch: f32) -> f32 {
    let steps = lines.windows(2).map(|pair| pair[0].baseline - pair[1].baseline);
    let mut steps: Vec<f32> = steps.filter(|step| NEAR.contains(&(step / pitch))).collect();
    steps.sort_by(f32::total_cmp);
    steps.get(steps.len().saturating_sub(1) / 2).copied().unwrap_or(USUAL * pitch)
}

/// Where the lines stand in the text of a listing.
pub(super) fn spans(text: &str) -> Vec<(usize, usize)> {
    line_spans(text).into_iter().filter(|(start, end)| start < end).collect()
}

#[cfg(test)]
mod tests;
