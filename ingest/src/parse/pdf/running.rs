//! Running headers, footers and page numbers: what repeats from page to page at the edges.
//!
//! The first page where a running line stands keeps it, so that no text is lost, only repetitions. Forms, payslips and
//! certificates have the same words at the same places of every page: a line that goes on with the text of its page as
//! text does is the page's own, however often it stands there.

mod margins;

use std::collections::{HashMap, HashSet};

use footnote_core::parsed::WarningKind;

use self::margins::{Edge, Parting, is_in_margin};
use super::PageText;
use super::layout::Line;

/// Fewest lines of a page whose first and last lines are at its edges; a shorter one is all edge.
const LEAST_LINES: usize = 8;
/// Fewest pages, and share of pages in percent, on which a running line repeats.
const RUNNING_PAGES: usize = 4;
const RUNNING_PERCENT: usize = 40;
/// Most numbers of a line that may be the page's number.
const MAX_NUMBERS: usize = 4;
/// Largest number that, alone on its line, may be a page's: an excerpt is numbered as the whole was.
const LARGEST_PAGE_NUMBER: u32 = 9_999;
/// What stands before a number that tells this copy from others, and before one that tells a page.
const NAMES_A_COPY: [&str; 6] = ["no", "nr", "number", "nummer", "#", "№"];
const NAMES_A_PAGE: [&str; 5] = ["page", "pg", "seite", "página", "folio"];
/// Times the body's font size from which a line is larger than the body, and up to which it is smaller.
const LARGER: f32 = 1.1;
const SMALLER: f32 = 0.92;
/// Most texts that the warning quotes, and most characters of each.
const MAX_QUOTES: usize = 5;
const MAX_QUOTE_CHARS: usize = 60;

/// What repeats from page to page: a text, as it is or with the page's number made alike, and the
/// height it stands at.
type Key = (String, i32);

/// Takes out what repeats at the edges of the pages. `body` is the font size of running text. Says
/// what was left out, if anything was, and what of it may be text of its page.
pub(crate) fn leave_out(pages: &mut [PageText], body: f32) -> Vec<(WarningKind, String)> {
    let count_of_pages = pages.iter().map(|page| page.number).max().unwrap_or(0);
    let running = running_keys(pages, body, count_of_pages);
    let watermarks = watermarks(pages);
    let mut seen = HashSet::new();
    let mut seen_aslant = HashSet::new();
    let mut left_out: HashMap<String, usize> = HashMap::new();
    let mut doubtful: HashMap<String, usize> = HashMap::new();
    for page in pages {
        let numbering = Numbering::of(page, count_of_pages);
        let at_edge = running_lines(page, &numbering, body, &running);
        let mut index = 0;
        page.lines.retain_mut(|line| {
            let found = at_edge.get(&index);
            line.running = found.is_some();
            index += 1;
            if line.aslant && watermarks.contains(&line.text()) {
                let is_first = seen_aslant.insert(line.text());
                if !is_first {
                    *left_out.entry(line.text()).or_default() += 1;
                }
                return is_first;
            }
            let Some(is_sure) = found else { return true };
            let keep = is_first(line, &numbering, body, &running, &mut seen);
            if !keep {
                let told = if *is_sure { &mut left_out } else { &mut doubtful };
                *told.entry(line.text()).or_default() += 1;
            }
            keep
        });
    }
    // What is surely furniture on one page is so on the others.
    doubtful.retain(|text, times| match left_out.get_mut(text) {
        Some(sure) => {
            *sure += *times;
            false
        }
        None => true,
    });
    let sure = told(left_out).map(|(lines, quotes)| {
        let message = format!("{lines} repetitions of running headers and footers were left out: {quotes}");
        (WarningKind::Note, message)
    });
    let doubtful = told(doubtful).map(|(lines, quotes)| {
        let message = format!(
            "{lines} lines at the edges of pages repeat those of other pages and were left out, which may be titles of \
             their pages: {quotes}"
        );
        (WarningKind::Doubtful, message)
    });
    sure.into_iter().chain(doubtful).collect()
}

/// What stands aslant on many pages, two at least.
fn watermarks(pages: &[PageText]) -> HashSet<String> {
    let mut count: HashMap<String, usize> = HashMap::new();
    for page in pages {
        let texts: HashSet<String> = page.lines.iter().filter(|line| line.aslant).map(Line::text).collect();
        for text in texts {
            *count.entry(text).or_default() += 1;
        }
    }
    let least = (pages.len() * RUNNING_PERCENT).div_ceil(100).max(2);
    count.into_iter().filter(|(_, pages)| *pages >= least).map(|(text, _)| text).collect()
}

/// The keys that stand at the edges of many pages.
fn running_keys(pages: &[PageText], body: f32, count_of_pages: u32) -> HashSet<Key> {
    let mut count: HashMap<Key, usize> = HashMap::new();
    let mut pages_counted = 0;
    for page in pages.iter().filter(|p| p.lines.len() >= LEAST_LINES) {
        pages_counted += 1;
        let numbering = Numbering::of(page, count_of_pages);
        let mut found = HashSet::new();
        for edge in Edge::both(page, body) {
            for (index, parting) in
                edge.rows.iter().flat_map(|row| row.lines.iter().map(|&at| (at, row.parting)))
            {
                let line = &page.lines[index];
                if line.size > 0.0 {
                    found.extend(
                        edge_keys(line, page, parting, &numbering, body).into_iter().map(|(key, _)| key),
                    );
                }
            }
        }
        for key in found {
            *count.entry(key).or_default() += 1;
        }
    }
    let least = RUNNING_PAGES.max((pages_counted * RUNNING_PERCENT).div_ceil(100));
    count.into_iter().filter(|(_, pages)| *pages >= least).map(|(key, _)| key).collect()
}

/// Indices of the running lines of a page, each with whether it is surely one: in the outermost rows, from the edge
/// inwards. What lies behind a row of the page's own is the page's own.
fn running_lines(
    page: &PageText,
    numbering: &Numbering,
    body: f32,
    running: &HashSet<Key>,
) -> HashMap<usize, bool> {
    let mut found = HashMap::new();
    for edge in Edge::both(page, body) {
        for row in edge.rows {
            let mut whole = true;
            for index in row.lines {
                let line = &page.lines[index];
                let keys = edge_keys(line, page, row.parting, numbering, body);
                let mut keys = keys.into_iter().filter(|(key, _)| running.contains(key)).peekable();
                if keys.peek().is_none() {
                    whole = false;
                    continue;
                }
                let is_numbered = keys.any(|(_, is_numbered)| is_numbered);
                let is_apart = row.parting == Parting::Distance && line.size <= body * LARGER;
                found.insert(index, is_numbered || is_apart || line.size <= body * SMALLER);
            }
            if !whole {
                break;
            }
        }
    }
    found
}

/// The keys by which a line at the edge of its page may be a running line, each with whether it tells the page's
/// number. A bare page number is one wherever it stands; words are only in the margin, parted from the text.
fn edge_keys(
    line: &Line,
    page: &PageText,
    parting: Parting,
    numbering: &Numbering,
    body: f32,
) -> Vec<(Key, bool)> {
    let keys = keys(line, numbering, body).into_iter().enumerate().map(|(at, key)| (key, at > 0));
    match parting != Parting::None && is_in_margin(line, page.frame.as_ref()) {
        true => keys.collect(),
        false if line.text().chars().any(char::is_alphabetic) => Vec::new(),
        false => keys.filter(|(_, is_numbered)| *is_numbered).collect(),
    }
}

/// Which numbers on a page may be its own.
struct Numbering {
    page: u32,
    label: Option<u32>,
    count_of_pages: u32,
}

impl Numbering {
    fn of(page: &PageText, count_of_pages: u32) -> Self {
        let label = page.label.as_deref().and_then(|label| label.parse().ok());
        Self { page: page.number, label, count_of_pages }
    }

    /// Whether `number` may be the page's, which stands behind `before` on its line. An invoice's number rises from
    /// page to page too, where each page is one; it is larger than pages are, or is called by its name.
    fn may_be(&self, number: u32, before: &str, has_words: bool) -> bool {
        let most = if has_words { self.count_of_pages } else { LARGEST_PAGE_NUMBER };
        (number <= most || self.label == Some(number)) && !names_a_copy(before)
    }
}

/// Whether a text ends as `Invoice no. ` does, and not as `Page no. `.
fn names_a_copy(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '.', ':']);
    let name = NAMES_A_COPY.iter().find_map(|name| before.strip_suffix(name));
    let Some(rest) = name.filter(|rest| !rest.ends_with(char::is_alphanumeric)) else { return false };
    !NAMES_A_PAGE.iter().any(|page| rest.trim_end().ends_with(page))
}

/// The line as it is, and with each number in turn that may be the page's told by its distance to the page's
/// physical number, which is the same on every page where it is the printed page number. A heading
/// (`Question 5`, one on each page) counts as it is only.
fn keys(line: &Line, numbering: &Numbering, body: f32) -> Vec<Key> {
    let text = line.text().to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    // `as` saturates; pages are smaller than that.
    let height = (line.baseline / 4.0).round() as i32;
    let mut keys = vec![(text.clone(), height)];
    let is_heading = line.size > body * LARGER || line.bold && line.size >= body - 0.6;
    let has_words = text.chars().any(char::is_alphabetic);
    if is_heading && has_words {
        return keys;
    }
    // A bare page number stands under the last line, wherever a page ends.
    let height = if has_words { height } else { 0 };
    let mut end = 0;
    for _ in 0..MAX_NUMBERS {
        let Some(start) = text[end..].find(|c: char| c.is_ascii_digit()).map(|at| end + at) else { break };
        end = text[start..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |at| start + at);
        if let Ok(number) = text[start..end].parse::<u32>()
            && numbering.may_be(number, &text[..start], has_words)
        {
            let distance = i64::from(number) - i64::from(numbering.page);
            keys.push((format!("{}#{distance}#{}", &text[..start], &text[end..]), height));
        }
    }
    keys
}

/// Whether no page before had this running line. A bare page number tells nothing and is never first.
fn is_first(
    line: &Line,
    numbering: &Numbering,
    body: f32,
    running: &HashSet<Key>,
    seen: &mut HashSet<Key>,
) -> bool {
    let mut keys: Vec<Key> =
        keys(line, numbering, body).into_iter().filter(|k| running.contains(k)).collect();
    let was_seen = keys.iter().any(|key| seen.contains(key));
    seen.extend(keys.drain(..));
    !was_seen && line.text().chars().any(char::is_alphabetic)
}

/// How many lines with words were left out, and which.
fn told(left_out: HashMap<String, usize>) -> Option<(usize, String)> {
    let says_something = |(text, _): &(String, usize)| text.chars().any(char::is_alphabetic);
    let mut left_out: Vec<(String, usize)> = left_out.into_iter().filter(says_something).collect();
    let lines: usize = left_out.iter().map(|(_, times)| times).sum();
    if lines == 0 {
        return None;
    }
    left_out.sort_by(|(one, times), (other, others)| others.cmp(times).then_with(|| one.cmp(other)));
    let quotes = left_out.iter().take(MAX_QUOTES).map(|(text, times)| {
        let quote: String = text.chars().take(MAX_QUOTE_CHARS).collect();
        format!("{quote:?} ({times} times)")
    });
    Some((lines, quotes.collect::<Vec<_>>().join(", ")))
}

#[cfg(test)]
mod tests;
