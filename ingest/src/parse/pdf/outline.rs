//! The document's outline (bookmarks): which lines are headings, and how deep. An entry whose title no line of its page
//! has still tells in which section the page lies.

use std::collections::HashSet;

use footnote_core::parsed::WarningKind;

use super::is_made_up;
use super::layout::Line;

/// Most entries looked at.
pub(crate) const MAX_ENTRIES: usize = 20_000;
/// Deepest level of a heading.
const MAX_LEVEL: u8 = 6;
/// Most entries of a page that tell sections by themselves.
const MAX_SECTIONS: usize = 1_000;
/// Most lines of one heading.
const MAX_LINES: usize = 4;
/// What programs call the places that they lead to, without numbers.
const PLACES: [&str; 8] = ["page", "slide", "sheet", "seite", "folie", "bookmark", "blankpage", "第页"];

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

/// An entry as it is looked for.
#[derive(Debug, Clone)]
struct Known {
    page: u32,
    said: Said,
    level: u8,
    title: String,
}

/// What the lines of a page tell of sections.
#[derive(Debug, Default)]
pub(crate) struct Headings {
    /// Titles of entries.
    pub(crate) titles: Vec<String>,
    /// Lines that look like headings, and are none of them.
    pub(crate) others: Vec<String>,
}

/// The entries by page, how deep the last one found was, and those of the page that its lines have not told so far.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    entries: Vec<Known>,
    current: Option<u8>,
    untold: Vec<Known>,
}

impl Outline {
    /// Of these entries.
    pub(crate) fn of(entries: &[Entry]) -> Self {
        let known = |Entry { level, title, page }: &Entry| Known {
            page: *page,
            said: Said::of(title),
            level: (*level).clamp(1, MAX_LEVEL),
            title: title.clone(),
        };
        let mut entries: Vec<_> =
            entries.iter().map(known).filter(|it| !it.said.letters.is_empty()).collect();
        // Those of a page keep their order.
        entries.sort_by_key(|entry| entry.page);
        Self { entries, current: None, untold: Vec::new() }
    }

    /// What is told where entries that lead to a page are too many to tell sections by themselves.
    pub(crate) fn crowded(&self, page: u32) -> Option<(WarningKind, String)> {
        let left_out = self.of_page(page).count().saturating_sub(MAX_SECTIONS);
        let message = || {
            format!(
                "{left_out} entries of the outline lead here behind {MAX_SECTIONS} others; those that are no heading \
                 of the page were left out"
            )
        };
        (left_out > 0).then(|| (WarningKind::Doubtful, message()))
    }

    fn of_page(&self, page: u32) -> impl Iterator<Item = &Known> + Clone {
        let first = self.entries.partition_point(|entry| entry.page < page);
        self.entries[first..].iter().take_while(move |entry| entry.page == page)
    }

    /// How many lines from the first on are together the title of an entry that leads to `page`, and its level.
    pub(crate) fn heading_at(&self, page: u32, lines: &[Line]) -> Option<(usize, u8)> {
        let entries = self.of_page(page);
        let mut text = String::new();
        for (index, line) in lines.iter().take(MAX_LINES).enumerate() {
            text.push_str(&letters(&line.text()));
            if let Some(entry) = entries.clone().find(|entry| is_title(&text, &entry.said.letters)) {
                return Some((index + 1, entry.level));
            }
            if !entries.clone().any(|entry| entry.said.letters.contains(&text)) {
                return None;
            }
        }
        None
    }

    /// A page begins, which tells `here`, and the next one `next`. Gives level and title of the sections that it lies
    /// in by the outline alone: the first of its entries, and those below that, as far as no line tells them. Where on
    /// the page the others begin is not known.
    pub(crate) fn begin(&mut self, page: u32, here: &Headings, next: &[String]) -> Vec<(u8, String)> {
        let titles: Vec<String> = here.titles.iter().map(|title| letters(title)).collect();
        let is_told = |entry: &Known| titles.iter().any(|title| is_title(title, &entry.said.letters));
        let said = |texts: &[String]| texts.iter().map(|text| Said::of(text)).collect::<Vec<_>>();
        let (others, next) = (said(&here.others), said(next));
        let looks_like = |entry: &Known, of: &[Said]| of.iter().any(|text| text.is_like(&entry.said));
        let sections = self.of_page(page).take(MAX_SECTIONS);
        let sections = sections.filter(|entry| !is_place(&entry.title) && !looks_like(entry, &next));
        let mut above = 0;
        let is_first = |entry: &&Known| {
            let is_below = entry.level > above;
            above = entry.level;
            is_below && !is_told(entry) && !looks_like(entry, &others)
        };
        let first = sections.clone().take_while(is_first).count();
        let mut untold: Vec<Known> = sections.filter(|entry| !is_told(entry)).cloned().collect();
        let entered: Vec<Known> = untold.drain(..first).collect();
        self.untold = untold;
        self.enter_all(entered)
    }

    /// The page ends. Gives level and title of its sections that no line told: the next page lies in the last of them.
    pub(crate) fn end(&mut self) -> Vec<(u8, String)> {
        let untold = std::mem::take(&mut self.untold);
        self.enter_all(untold)
    }

    fn enter_all(&mut self, entries: Vec<Known>) -> Vec<(u8, String)> {
        if let Some(last) = entries.last() {
            self.enter(last.level);
        }
        entries.into_iter().map(|entry| (entry.level, entry.title)).collect()
    }

    /// What follows lies below an entry of `level`.
    pub(crate) fn enter(&mut self, level: u8) {
        self.current = Some(level);
    }

    /// The level of a heading with this text that looks like one of `level` and is not in the outline: that of the
    /// entry that says nearly the same, or below the last one that is in the outline.
    pub(crate) fn below(&mut self, level: u8, text: &str) -> u8 {
        let said = Said::of(text);
        if let Some(at) = self.untold.iter().position(|entry| entry.said.is_like(&said)) {
            let level = self.untold.remove(at).level;
            self.enter(level);
            return level;
        }
        self.current.map_or(level, |current| level.max(current + 1).min(MAX_LEVEL))
    }
}

/// What is told of entries that were not looked at.
pub(super) fn without_entries() -> (WarningKind, String) {
    let message = format!(
        "entries of the outline behind the first {MAX_ENTRIES} were left out, and sections with them; split the file"
    );
    (WarningKind::Lost, message)
}

/// The outline may leave out a heading's number, or write one that the page has elsewhere.
fn is_title(text: &str, title: &str) -> bool {
    let [bare, bare_title] = [text, title].map(|text| text.trim_start_matches(|c: char| c.is_numeric()));
    text == title || !bare_title.is_empty() && bare == bare_title
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What a heading or an entry says.
#[derive(Debug, Clone)]
struct Said {
    words: HashSet<String>,
    letters: String,
}

impl Said {
    fn of(text: &str) -> Self {
        let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
        Self { words: words.map(str::to_lowercase).collect(), letters: letters(text) }
    }

    /// Whether both say nearly the same: most of their words, or one within the other.
    fn is_like(&self, other: &Self) -> bool {
        let shared = self.words.intersection(&other.words).count();
        if shared * 2 > self.words.len().max(other.words.len()) {
            return true;
        }
        let (one, other) = (self.letters.as_str(), other.letters.as_str());
        let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
        !short.is_empty() && short.len() * 2 >= long.len() && long.contains(short)
    }
}

/// Whether an entry names a place in a file, as programs write them, and no section.
fn is_place(title: &str) -> bool {
    let bare: String = letters(title).chars().filter(|c| c.is_alphabetic()).collect();
    bare.is_empty() || PLACES.contains(&bare.as_str()) || is_made_up(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_no_line_tells_hold_from_their_page_on() {
        let entry = |level, title: &str, page| Entry { level, title: title.to_owned(), page };
        let mut outline = Outline::of(&[
            entry(1, "Leave", 1),
            entry(2, "Sick leave", 1),
            entry(2, "Annual leave", 1),
            entry(1, "Page 2", 2),
            entry(1, "Chapter 3: Scope and Methods", 3),
            entry(1, "Results", 4),
        ]);
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let page =
            |titles: &[&str], others: &[&str]| Headings { titles: owned(titles), others: owned(others) };
        // The page lies in the first entry and in those below it; what follows the next one is not known.
        let sections = outline.begin(1, &page(&[], &[]), &[]);
        assert_eq!(sections, [(1, "Leave".to_owned()), (2, "Sick leave".to_owned())]);
        assert_eq!(outline.below(1, "Of another kind"), 3);
        assert_eq!(outline.end(), [(2, "Annual leave".to_owned())]);
        // A line tells the first: the others begin behind it.
        assert!(outline.begin(1, &page(&["1 LEAVE"], &[]), &[]).is_empty());
        assert_eq!(outline.end().len(), 2);
        assert!(outline.begin(2, &page(&[], &[]), &[]).is_empty(), "a place is no section");
        // A heading that says nearly the same stands for the entry, where it stands.
        let heading = "3 Scope and Methods (revised)";
        assert!(outline.begin(3, &page(&[], &[heading]), &[]).is_empty());
        assert_eq!(outline.below(3, heading), 1);
        assert!(outline.end().is_empty());
        // So does one at the head of the next page, which an entry may miss by a line.
        assert!(outline.begin(4, &page(&[], &[]), &owned(&["4 Results"])).is_empty());
        assert!(outline.end().is_empty());
    }

    #[test]
    fn entries_that_are_too_many_for_a_page_are_told() {
        let entries = |count: usize| {
            let entry = |number: usize| Entry { level: 1, title: format!("Part {number}"), page: 2 };
            Outline::of(&(0..count).map(entry).collect::<Vec<_>>())
        };
        assert_eq!(entries(MAX_SECTIONS).crowded(2), None);
        let crowded = entries(MAX_SECTIONS + 3);
        assert!(crowded.crowded(2).is_some_and(|(_, told)| told.starts_with("3 entries of the outline")));
        assert_eq!(crowded.crowded(1), None);
    }

    #[test]
    fn headings_and_entries_may_differ_a_little() {
        for (heading, title) in [
            ("2 Scope and Methods (revised)", "Chapter 2: Scope and Methods"),
            ("第二节 公司概况", "公司概况"),
            ("RESULTS", "Results"),
        ] {
            assert!(Said::of(heading).is_like(&Said::of(title)), "{heading}");
        }
        for (heading, title) in [("Results of the year", "Scope of the study"), ("1", "2"), ("", "A")] {
            assert!(!Said::of(heading).is_like(&Said::of(title)), "{heading}");
        }
        assert!(is_place("Page 12") && is_place("report_final.pdf") && !is_place("附录"));
    }
}
