//! Master pages, and the lines of their headers and footers.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use crate::parse::package::xml::{Xml, attribute};
use crate::parse::running_text::{Line, Lines, Pages, Place, Section, Shown, keep_once};

/// The master page of a text that names none.
pub(super) const DEFAULT: &str = "Standard";
/// Most master pages that follow one another without the text naming them.
const MAX_FOLLOWING: usize = 8;

/// Elements whose content is no text of a header.
const SKIPPED: &[&str] = &[
    "tracked-changes",
    "annotation",
    "note",
    "ruby-text",
    "scripts",
    "forms",
    "binary-data",
    "event-listeners",
];

/// Fields that show something else on other pages or days, or a heading once more.
const COMPUTED: &[&str] = &[
    "page-number",
    "page-count",
    "page-count-range",
    "page-variable-get",
    "date",
    "time",
    "print-date",
    "print-time",
    "modification-date",
    "modification-time",
    "chapter",
    "style-ref",
];

/// The master pages of a document, in its order.
#[derive(Default)]
pub(super) struct MasterPages {
    pages: Vec<MasterPage>,
    by_name: HashMap<String, usize>,
    /// The lines of all headers and footers.
    texts: HashMap<usize, Vec<Line>>,
}

struct MasterPage {
    /// The master page of the pages behind one of these, if it is another one.
    next: Option<String>,
    /// Headers and footers, at most one for each place.
    texts: Vec<(Place, usize)>,
}

impl MasterPages {
    /// Whether none has a header or footer.
    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// What is kept of the headers and footers of sections that begin with these master pages.
    pub(super) fn keep_once(self, begins: &[String]) -> Vec<Section> {
        let shown: Vec<Shown<usize>> = begins.iter().map(|name| self.shown_from(name)).collect();
        keep_once(&shown, self.texts)
    }

    /// What is shown on pages that begin with this master page and go on with those that follow it.
    fn shown_from(&self, name: &str) -> Shown<usize> {
        let named = |name: &str| self.by_name.get(name).copied();
        let mut next = named(name).or_else(|| named(DEFAULT)).or(Some(0));
        let mut used = Vec::new();
        while let Some(index) = next
            && used.len() < MAX_FOLLOWING
            && !used.contains(&index)
        {
            used.push(index);
            next = self.pages.get(index).and_then(|page| named(page.next.as_deref()?));
        }
        let texts = used.into_iter().filter_map(|index| self.pages.get(index)).flat_map(|page| &page.texts);
        texts.map(|(place, text)| (place.is_footer, *text)).collect()
    }
}

/// Reads the master pages out of the events of `styles.xml`.
#[derive(Default)]
pub(super) struct Reader {
    masters: MasterPages,
    in_page: bool,
    /// The header or footer that is being read.
    open: Option<Place>,
    lines: Lines,
    paragraphs: usize,
    rows: usize,
    /// Elements that are open within what is left out, and within a field that is computed.
    skipped: usize,
    computed: usize,
}

impl Reader {
    /// Takes the next event.
    pub(super) fn event(&mut self, event: &Xml<'_>) {
        match event {
            Xml::Start(_) if self.skipped > 0 => self.skipped += 1,
            Xml::Start(_) if self.computed > 0 => self.computed += 1,
            Xml::Start(start) if self.is_left_out(start) => self.skipped = 1,
            Xml::Start(start) => self.start(start),
            Xml::End(_) if self.skipped > 0 => self.skipped -= 1,
            Xml::End(_) if self.computed > 0 => self.computed -= 1,
            Xml::End(name) => self.end(name),
            Xml::Text(_) if self.skipped > 0 || self.paragraphs == 0 => {}
            Xml::Text(text) if self.computed > 0 => self.lines.push_computed(text),
            Xml::Text(text) => self.lines.push(text),
        }
    }

    /// The master pages, as far as they were read.
    pub(super) fn finish(mut self) -> MasterPages {
        self.end_text();
        for page in &mut self.masters.pages {
            page.texts.sort_by_key(|(place, _)| place.pages);
        }
        self.masters
    }

    /// A header may be switched off; descriptions of drawings are seen by nobody.
    fn is_left_out(&self, start: &BytesStart<'_>) -> bool {
        let name = start.local_name();
        let is_text = self.in_page && place(name.as_ref()).is_some();
        let is_off = is_text && attribute(start, "display").as_deref() == Some("false");
        is_off
            || SKIPPED.contains(&name.as_ref())
            || matches!(start.name().as_ref(), "svg:title" | "svg:desc")
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        let name = start.local_name();
        match name.as_ref() {
            "master-page" => {
                self.in_page = true;
                let name = attribute(start, "name").unwrap_or_default();
                self.masters.by_name.entry(name).or_insert(self.masters.pages.len());
                let next = attribute(start, "next-style-name");
                self.masters.pages.push(MasterPage { next, texts: Vec::new() });
            }
            name if self.open.is_none() => self.open = place(name).filter(|_| self.in_page),
            "p" | "h" => {
                self.paragraphs += 1;
                if self.rows == 0 {
                    self.lines.end_line();
                }
            }
            "table-row" => {
                if self.rows == 0 {
                    self.lines.end_line();
                }
                self.rows += 1;
            }
            "s" => self.lines.push(" "),
            "tab" | "line-break" => self.lines.tab(),
            // A fixed date is that of the document.
            name if COMPUTED.contains(&name) && attribute(start, "fixed").as_deref() != Some("true") => {
                self.lines.push_computed("");
                self.computed = 1;
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "master-page" => self.in_page = false,
            _ if self.open.is_none() => {}
            "p" | "h" => {
                self.paragraphs = self.paragraphs.saturating_sub(1);
                if self.rows == 0 {
                    self.lines.end_line();
                } else {
                    self.lines.push(" ");
                }
            }
            "table-cell" => self.lines.tab(),
            "table-row" => {
                self.rows = self.rows.saturating_sub(1);
                if self.rows == 0 {
                    self.lines.end_line();
                }
            }
            name if place(name) == self.open => self.end_text(),
            _ => {}
        }
    }

    /// The open header or footer ends.
    fn end_text(&mut self) {
        (self.paragraphs, self.rows) = (0, 0);
        let lines = std::mem::take(&mut self.lines).finish();
        let (Some(place), Some(page)) = (self.open.take(), self.masters.pages.last_mut()) else { return };
        let known = page.texts.iter().find(|(known, _)| *known == place).map(|(_, text)| *text);
        let text = known.unwrap_or(self.masters.texts.len());
        if known.is_none() {
            page.texts.push((place, text));
        }
        self.masters.texts.entry(text).or_default().extend(lines);
    }
}

/// Where the header or footer stands that an element of this name holds.
fn place(name: &str) -> Option<Place> {
    let (is_footer, pages) = match name.strip_prefix("header") {
        Some(pages) => (false, pages),
        None => (true, name.strip_prefix("footer")?),
    };
    let pages = match pages {
        "" => Pages::Most,
        "-first" => Pages::First,
        "-left" => Pages::Even,
        _ => return None,
    };
    Some(Place { is_footer, pages })
}
