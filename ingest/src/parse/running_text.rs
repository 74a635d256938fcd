//! Headers and footers of the pages: what they say is kept once, the numbers of the pages aside.
//!
//! A format reads each of them into [`Lines`], says which of them the sections of its text show ([`Named`]), has
//! [`keep_once`] take out what repeats, and turns from one section to the next ([`Sections`]) while it appends the text.

mod fields;

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

pub(crate) use self::fields::{FieldCode, Fields};
use super::builder::DocumentBuilder;
use super::table::one_line;

/// Tells that a header or footer could not be read to its end.
pub(crate) const DAMAGED: &str = "page headers or footers are damaged and were left out in part";

/// Words around the number of a page.
const PAGE_WORDS: &[&str] = &[
    "page",
    "pages",
    "p",
    "pg",
    "of",
    "seite",
    "seiten",
    "blatt",
    "von",
    "sur",
    "de",
    "página",
    "pagina",
    "di",
    "van",
    "стр",
    "страница",
    "из",
    "ページ",
    "페이지",
];

/// Signs around the number of a page in Chinese.
const PAGE_SIGNS: &[char] = &['第', '页', '頁', '共', '总', '總', '张'];

/// Pages that a header or footer is for, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Pages {
    First,
    Most,
    Even,
}

/// A header or footer as a section names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) is_footer: bool,
    pub(crate) pages: Pages,
}

/// What a section shows: whether it is a footer, and by what its lines are found.
pub(crate) type Shown<P> = Vec<(bool, P)>;

/// The headers and footers that sections name one after the other: a section without its own has those of the one
/// before.
#[derive(Default)]
pub(crate) struct Named<P> {
    current: HashMap<Place, P>,
    /// What the sections show that have ended.
    pub(crate) sections: Vec<Shown<P>>,
}

impl<P: Clone> Named<P> {
    /// The open section has this one at `place`.
    pub(crate) fn name(&mut self, place: Place, text: P) {
        self.current.insert(place, text);
    }

    /// The open section ends, whose first page and whose even pages may have their own.
    pub(crate) fn end_section(&mut self, has_first: bool, has_even: bool) {
        let pages = [(Pages::First, has_first), (Pages::Most, true), (Pages::Even, has_even)];
        let pages = pages.into_iter().filter(|(_, is_shown)| *is_shown);
        let places = pages.flat_map(|(pages, _)| [false, true].map(|is_footer| Place { is_footer, pages }));
        let shown = places.filter_map(|place| Some((place.is_footer, self.current.get(&place)?.clone())));
        self.sections.push(shown.collect());
    }
}

/// What stands above and below the pages of a section and of none before or after it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Section {
    /// Of the first section with these.
    pub(crate) headers: Vec<String>,
    /// Of the last section with these.
    pub(crate) footers: Vec<String>,
}

/// What is kept of each section's headers and footers, each line once; `texts` has their lines.
pub(crate) fn keep_once<P: Eq + Hash>(shown: &[Shown<P>], mut texts: HashMap<P, Vec<Line>>) -> Vec<Section> {
    if texts.is_empty() {
        return Vec::new();
    }
    let mut sections: Vec<Section> = Vec::new();
    sections.resize_with(shown.len(), Section::default);
    let mut seen = HashSet::new();
    let headers = (0..shown.len()).map(|index| (index, false));
    let footers = (0..shown.len()).rev().map(|index| (index, true));
    for (index, is_footer) in headers.chain(footers) {
        let section = &mut sections[index];
        let kept = if is_footer { &mut section.footers } else { &mut section.headers };
        let texts_of_section = shown[index].iter().filter(|(of_footer, _)| *of_footer == is_footer);
        for line in texts_of_section.filter_map(|(_, text)| texts.remove(text)).flatten() {
            if seen.insert(line.key) {
                kept.push(line.text);
            }
        }
    }
    sections
}

/// The sections of a text that is being appended.
#[derive(Default)]
pub(crate) struct Sections {
    next: std::vec::IntoIter<Section>,
    open: Section,
}

impl Sections {
    /// None of them has begun.
    pub(crate) fn new(sections: Vec<Section>) -> Self {
        Self { next: sections.into_iter(), open: Section::default() }
    }

    /// Ends the open section with its footers and begins the next one with its headers; whether there is one.
    pub(crate) fn turn(&mut self, out: &mut DocumentBuilder) -> bool {
        let next = self.next.next();
        let is_there = next.is_some();
        let ended = std::mem::replace(&mut self.open, next.unwrap_or_default());
        for text in ended.footers.iter().chain(&self.open.headers) {
            out.paragraph(text);
        }
        is_there
    }

    /// The text ends, and with it all sections.
    pub(crate) fn finish(&mut self, out: &mut DocumentBuilder) {
        while self.turn(out) {}
    }
}

/// A line of a header or footer.
pub(crate) struct Line {
    text: String,
    /// What tells it from others: the text without what is computed.
    key: String,
}

/// Collects the lines of a header or footer: one per paragraph, or per row of a table.
#[derive(Default)]
pub(crate) struct Lines {
    ended: Vec<Line>,
    /// Of the open line, the last one open.
    segments: Vec<Segment>,
}

/// What stands between two tabs of a line, or in a cell.
#[derive(Default)]
struct Segment {
    text: String,
    /// The text without what is computed.
    own: String,
    is_computed: bool,
}

impl Segment {
    /// Whether it says nothing but which page this is, or which day.
    fn tells_nothing(&self) -> bool {
        let words = || self.own.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let has_digits = self.own.contains(|c: char| c.is_ascii_digit());
        let is_of_page = |word: &str| {
            // A number goes with signs, `第3页`; with a letter it is a name, `P3`.
            PAGE_WORDS.contains(&word.to_lowercase().as_str())
                || word.chars().all(|c| c.is_ascii_digit() || PAGE_SIGNS.contains(&c))
        };
        if self.is_computed {
            return !has_digits && words().all(is_of_page);
        }
        let is_named = words().any(|word| word.chars().any(char::is_alphabetic));
        words().next().is_none() || has_digits && is_named && words().all(is_of_page)
    }
}

impl Lines {
    /// Text of the open line.
    pub(crate) fn push(&mut self, text: &str) {
        let segment = self.open_segment();
        segment.text.push_str(text);
        segment.own.push_str(text);
    }

    /// Text that is another one on other pages or days. It may not be computed yet, and empty.
    pub(crate) fn push_computed(&mut self, text: &str) {
        let segment = self.open_segment();
        segment.text.push_str(text);
        segment.is_computed = true;
    }

    /// What follows stands apart on the line.
    pub(crate) fn tab(&mut self) {
        if self.segments.last().is_some_and(|last| last.is_computed || !last.text.is_empty()) {
            self.segments.push(Segment::default());
        }
    }

    /// The line ends; nothing is kept of one that only says which page this is.
    pub(crate) fn end_line(&mut self) {
        let mut segments = std::mem::take(&mut self.segments);
        segments.retain(|segment| !segment.tells_nothing());
        if segments.is_empty() {
            return;
        }
        let text = joined(segments.iter().map(|segment| segment.text.as_str()));
        let key = joined(segments.iter().map(|segment| segment.own.as_str()));
        self.ended.push(Line { text, key });
    }

    /// All lines, with the open one.
    pub(crate) fn finish(mut self) -> Vec<Line> {
        self.end_line();
        self.ended
    }

    fn open_segment(&mut self) -> &mut Segment {
        if self.segments.is_empty() {
            self.segments.push(Segment::default());
        }
        let last = self.segments.len() - 1;
        &mut self.segments[last]
    }
}

fn joined<'s>(segments: impl Iterator<Item = &'s str>) -> String {
    segments.map(one_line).collect::<Vec<_>>().join("\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<Line> {
        let mut lines = Lines::default();
        for text in texts {
            lines.push(text);
            lines.end_line();
        }
        lines.finish()
    }

    fn section(headers: &[&str], footers: &[&str]) -> Section {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Section { headers: owned(headers), footers: owned(footers) }
    }

    #[test]
    fn headers_come_first_and_footers_last() {
        let place = |is_footer, pages| Place { is_footer, pages };
        let mut named = Named::default();
        named.name(place(false, Pages::Most), 0);
        named.name(place(false, Pages::First), 1);
        named.name(place(true, Pages::Most), 2);
        named.end_section(true, false);
        named.end_section(false, false);
        named.name(place(false, Pages::Most), 3);
        named.name(place(true, Pages::Most), 4);
        named.end_section(false, false);
        let texts =
            [lines(&["QM"]), lines(&["Draft"]), lines(&["Old"]), lines(&["QM", "Risks"]), lines(&["New"])];
        let texts: HashMap<_, _> = (0..).zip(texts).collect();
        assert_eq!(
            keep_once(&named.sections, texts),
            [section(&["Draft", "QM"], &[]), section(&[], &["Old"]), section(&["Risks"], &["New"])]
        );
        assert!(keep_once::<usize>(&[Vec::new()], HashMap::new()).is_empty());
    }

    #[test]
    fn sections_stand_between_their_headers_and_footers() {
        let mut out = DocumentBuilder::new(1_000);
        let mut sections = Sections::new(vec![section(&["a"], &["b"]), section(&["c"], &["d"])]);
        assert!(sections.turn(&mut out));
        out.paragraph("one");
        assert!(sections.turn(&mut out));
        out.paragraph("two");
        sections.finish(&mut out);
        assert!(!sections.turn(&mut out), "more sections end than there are");
        let document = out.finish(footnote_core::parsed::ContentType::Rtf, "test").unwrap();
        assert_eq!(document.text, "a\n\none\n\nb\n\nc\n\ntwo\n\nd");
    }

    #[test]
    fn tabs_without_text_between_cost_nothing() {
        let mut lines = Lines::default();
        for _ in 0..1_000 {
            lines.tab();
        }
        assert!(lines.segments.is_empty());
        lines.push("QM");
        lines.tab();
        lines.tab();
        lines.push("4711");
        assert_eq!(lines.segments.len(), 2);
        assert_eq!(lines.finish()[0].text, "QM\t4711");
    }
}
