//! Running headers, footers and page numbers: what repeats from page to page at the edges.
//!
//! The first page where a running line stands keeps it, so that no text is lost, only repetitions.

use std::collections::{HashMap, HashSet};

use super::PageText;
use super::layout::Line;

/// Rows at the top and at the bottom of a page that may be running headers or footers.
const MARGIN_ROWS: usize = 3;
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
/// Most texts that the warning quotes, and most characters of each.
const MAX_QUOTES: usize = 5;
const MAX_QUOTE_CHARS: usize = 60;

/// What repeats from page to page: a text, as it is or with the page's number made alike, and the
/// height it stands at.
type Key = (String, i32);

/// Takes out what repeats at the edges of the pages. `body` is the font size of running text. Says
/// what was left out, if anything was.
pub(crate) fn leave_out(pages: &mut [PageText], body: f32) -> Option<String> {
    let count_of_pages = pages.iter().map(|page| page.number).max().unwrap_or(0);
    let running = running_keys(pages, body, count_of_pages);
    let mut seen = HashSet::new();
    let mut left_out: HashMap<String, usize> = HashMap::new();
    for page in pages {
        let numbering = Numbering::of(page, count_of_pages);
        let at_edge = edge_lines(&page.lines, |line| is_running(line, &numbering, body, &running));
        let mut index = 0;
        page.lines.retain_mut(|line| {
            line.running = at_edge.contains(&index);
            index += 1;
            let keep = !line.running || is_first(line, &numbering, body, &running, &mut seen);
            if !keep {
                *left_out.entry(line.text()).or_default() += 1;
            }
            keep
        });
    }
    warning(left_out)
}

/// The keys that stand at the edges of many pages.
fn running_keys(pages: &[PageText], body: f32, count_of_pages: u32) -> HashSet<Key> {
    let mut count: HashMap<Key, usize> = HashMap::new();
    let mut pages_counted = 0;
    for page in pages.iter().filter(|p| p.lines.len() >= LEAST_LINES) {
        pages_counted += 1;
        let numbering = Numbering::of(page, count_of_pages);
        let at_edge = edge_lines(&page.lines, |_| true);
        let lines =
            page.lines.iter().enumerate().filter(|(index, l)| l.size > 0.0 && at_edge.contains(index));
        let keys: HashSet<Key> = lines.flat_map(|(_, line)| keys(line, &numbering, body)).collect();
        for key in keys {
            *count.entry(key).or_default() += 1;
        }
    }
    let least = RUNNING_PAGES.max((pages_counted * RUNNING_PERCENT).div_ceil(100));
    count.into_iter().filter(|(_, pages)| *pages >= least).map(|(key, _)| key).collect()
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
    let is_heading = line.size > body * 1.1 || line.bold && line.size >= body - 0.6;
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

fn is_running(line: &Line, numbering: &Numbering, body: f32, running: &HashSet<Key>) -> bool {
    keys(line, numbering, body).iter().any(|key| running.contains(key))
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

/// Indices of the lines in the outermost rows, from the edge inwards as long as a row holds a line
/// that `belongs`: what lies behind a row of the page's own is the page's own.
fn edge_lines(lines: &[Line], belongs: impl Fn(&Line) -> bool) -> HashSet<usize> {
    let mut by_height: Vec<usize> = (0..lines.len()).collect();
    by_height.sort_by(|&a, &b| lines[b].baseline.total_cmp(&lines[a].baseline));
    let mut found = HashSet::new();
    peel(lines, by_height.iter().copied(), &belongs, &mut found);
    peel(lines, by_height.iter().rev().copied(), &belongs, &mut found);
    found
}

fn peel(
    lines: &[Line],
    from_edge: impl Iterator<Item = usize>,
    belongs: &impl Fn(&Line) -> bool,
    found: &mut HashSet<usize>,
) {
    let (mut rows, mut height, mut whole) = (0, f32::NAN, true);
    for index in from_edge {
        let baseline = lines[index].baseline;
        let same_row = (baseline - height).abs() <= 1.0;
        if !same_row {
            rows += 1;
            height = baseline;
            if rows > MARGIN_ROWS || !whole {
                return;
            }
        }
        if belongs(&lines[index]) {
            found.insert(index);
        } else {
            whole = false;
        }
    }
}

fn warning(left_out: HashMap<String, usize>) -> Option<String> {
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
    let quotes = quotes.collect::<Vec<_>>().join(", ");
    Some(format!("{lines} repetitions of running headers and footers were left out: {quotes}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_repeated_are_quoted_first_and_then_by_their_text() {
        let left_out =
            [("b", 2), ("a", 2), ("c", 3), ("17", 9)].map(|(text, times)| (text.to_owned(), times));
        let told = warning(HashMap::from(left_out)).unwrap();
        assert!(told.starts_with("7 repetitions"), "{told}");
        assert!(told.ends_with("\"c\" (3 times), \"a\" (2 times), \"b\" (2 times)"), "{told}");
        assert_eq!(warning(HashMap::from([("17".to_owned(), 9)])), None);
    }
}
