//! The document's outline (bookmarks): which lines are headings, and how deep.

use super::layout::Line;

/// Most entries looked at.
pub(crate) const MAX_ENTRIES: usize = 20_000;
/// Deepest level of a heading.
const MAX_LEVEL: u8 = 6;
/// Most lines of one heading.
const MAX_LINES: usize = 4;

/// An entry of the outline.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// 1 for the outermost.
    pub(crate) level: u8,
    /// Its text.
    pub(crate) title: String,
    /// 1-based page it leads to.
    pub(crate) page: u32,
}

/// The entries by page, and how deep the last one found was.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    entries: Vec<(u32, String, u8)>,
    current: Option<u8>,
}

impl Outline {
    /// Of these entries.
    pub(crate) fn of(entries: &[Entry]) -> Self {
        let key = |entry: &Entry| (entry.page, letters(&entry.title), entry.level.clamp(1, MAX_LEVEL));
        let mut entries: Vec<_> = entries.iter().map(key).filter(|(_, title, _)| !title.is_empty()).collect();
        entries.sort();
        Self { entries, current: None }
    }

    /// How many lines from the first on are together the title of an entry that leads to `page`, and its level.
    pub(crate) fn heading_at(&self, page: u32, lines: &[Line]) -> Option<(usize, u8)> {
        let first = self.entries.partition_point(|(other, _, _)| *other < page);
        let entries = self.entries[first..].iter().take_while(|(other, _, _)| *other == page);
        let mut text = String::new();
        for (index, line) in lines.iter().take(MAX_LINES).enumerate() {
            text.push_str(&letters(&line.text()));
            if let Some((_, _, level)) = entries.clone().find(|(_, title, _)| is_title(&text, title)) {
                return Some((index + 1, *level));
            }
            if !entries.clone().any(|(_, title, _)| title.contains(&text)) {
                return None;
            }
        }
        None
    }

    /// What follows lies below an entry of `level`.
    pub(crate) fn enter(&mut self, level: u8) {
        self.current = Some(level);
    }

    /// The level of a heading that looks like one of `level` and is not in the outline: it lies below the last
    /// one that is.
    pub(crate) fn below(&self, level: u8) -> u8 {
        self.current.map_or(level, |current| level.max(current + 1).min(MAX_LEVEL))
    }
}

/// The outline may leave out a heading's number, or write one that the page has elsewhere.
fn is_title(text: &str, title: &str) -> bool {
    let bare = |text: &str| text.trim_start_matches(|c: char| c.is_numeric()).to_owned();
    text == title || !bare(title).is_empty() && bare(text) == bare(title)
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
