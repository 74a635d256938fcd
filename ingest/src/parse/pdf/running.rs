//! Running headers, footers and page numbers: what repeats from page to page in the margins.

use std::collections::{HashMap, HashSet};

use super::PageText;
use super::layout::Line;

/// Lines at the top and at the bottom of a page that may be running headers or footers.
const MARGIN_LINES: usize = 3;
/// Fewest pages, and share of pages in percent, on which a running line repeats.
const RUNNING_PAGES: usize = 4;
const RUNNING_PERCENT: usize = 40;

/// What repeats from page to page: a text and the height it stands at, or a text with the page's
/// number made alike, at any height.
pub(crate) type RunningKey = (String, Option<i32>);

/// Most numbers of a line that may be the page's number.
const MAX_NUMBERS: usize = 4;

/// The line as it is, and with each of its numbers in turn told by its distance to the page's
/// physical number, which is the same on every page where it is the printed page number.
fn running_keys(line: &Line, page: u32) -> Vec<RunningKey> {
    let text = line.text().to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    // `as` saturates; pages are smaller than that.
    let height = (line.baseline / 4.0).round() as i32;
    let mut keys = vec![(text.clone(), Some(height))];
    let mut end = 0;
    for _ in 0..MAX_NUMBERS {
        let Some(start) = text[end..].find(|c: char| c.is_ascii_digit()).map(|at| end + at) else { break };
        end = text[start..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |at| start + at);
        if let Ok(number) = text[start..end].parse::<i32>() {
            let distance = i64::from(number) - i64::from(page);
            keys.push((format!("{}#{distance}#{}", &text[..start], &text[end..]), None));
        }
    }
    keys
}

/// Whether the line is one of the running lines.
pub(crate) fn is_running(line: &Line, page: u32, running: &HashSet<RunningKey>) -> bool {
    running_keys(line, page).iter().any(|key| running.contains(key))
}

/// Whether the line is among the first or the last of its page.
pub(crate) fn in_margin(index: usize, lines: &[Line]) -> bool {
    let baseline = lines[index].baseline;
    let above = lines.iter().filter(|l| l.baseline > baseline + 1.0).count();
    let below = lines.iter().filter(|l| l.baseline < baseline - 1.0).count();
    above < MARGIN_LINES || below < MARGIN_LINES
}

/// Lines in the margins that stand at the same height, but for the page's number with the same text,
/// on many pages.
pub(crate) fn running_lines(pages: &[PageText]) -> HashSet<RunningKey> {
    let mut count: HashMap<RunningKey, usize> = HashMap::new();
    let with_text = pages.iter().filter(|p| !p.lines.is_empty()).count();
    for page in pages {
        let keys: HashSet<RunningKey> = page
            .lines
            .iter()
            .enumerate()
            .filter(|(index, line)| line.size > 0.0 && in_margin(*index, &page.lines))
            .flat_map(|(_, line)| running_keys(line, page.number))
            .collect();
        for key in keys {
            *count.entry(key).or_default() += 1;
        }
    }
    let least = RUNNING_PAGES.max((with_text * RUNNING_PERCENT).div_ceil(100));
    count.into_iter().filter(|(_, pages)| *pages >= least).map(|(key, _)| key).collect()
}
