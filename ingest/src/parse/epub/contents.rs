//! The table of contents of a book, by the HTML reader: an NCX has a DTD, which the XML reader refuses.

use std::collections::HashMap;

use ego_tree::iter::Edge;
use scraper::{ElementRef, Html};

use crate::parse::package::resolve;

/// Longest label of a chapter, in characters.
const MAX_LABEL_CHARS: usize = 200;

/// Deepest entry whose own place is told apart; a deeper one takes the place of the one before.
const MAX_DEPTH: usize = 6;

/// What a table of contents says of a file of the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) title: String,
    /// Titles from the outermost entry to this one, where the file begins with what it names; empty where the entry may
    /// name a place further down.
    pub(super) path: Vec<String>,
}

/// The first entry of each file in the navigation document or NCX at `at`.
pub(super) fn entries(at: &str, text: &str) -> HashMap<String, Entry> {
    let folder = at.rsplit_once('/').map_or("", |(folder, _)| folder);
    let html = Html::parse_document(text);
    let mut reader = Reader { folder, ..Reader::default() };
    for edge in html.root_element().traverse() {
        match edge {
            Edge::Open(node) => {
                if let Some(element) = ElementRef::wrap(node) {
                    reader.open(element);
                }
            }
            Edge::Close(node) => {
                if let Some(element) = ElementRef::wrap(node) {
                    reader.close(element);
                }
            }
        }
    }
    reader.found
}

#[derive(Default)]
struct Reader<'f> {
    folder: &'f str,
    found: HashMap<String, Entry>,
    /// How many entries are open, and their titles as far as they have some.
    depth: usize,
    titles: Vec<String>,
    /// The last label of an NCX.
    label: String,
    /// How many lists are open that are no table of contents.
    other_lists: usize,
}

impl Reader<'_> {
    fn open(&mut self, element: ElementRef<'_>) {
        let (target, title) = match element.value().name() {
            "li" | "navpoint" => {
                self.depth += 1;
                self.titles.truncate(self.above());
                return;
            }
            _ if is_other_list(element) => {
                self.other_lists += 1;
                return;
            }
            "text" => {
                self.label = words(element);
                return;
            }
            "a" => (element.attr("href"), words(element)),
            "content" => (element.attr("src"), self.label.clone()),
            _ => return,
        };
        let Some(target) = target.filter(|_| !title.is_empty() && self.other_lists == 0) else { return };
        self.titles.truncate(self.above());
        self.titles.push(title.clone());
        let path = if target.contains('#') { Vec::new() } else { self.titles.clone() };
        self.found.entry(path_of(self.folder, target)).or_insert(Entry { title, path });
    }

    fn close(&mut self, element: ElementRef<'_>) {
        match element.value().name() {
            "li" | "navpoint" => self.depth = self.depth.saturating_sub(1),
            _ if is_other_list(element) => self.other_lists = self.other_lists.saturating_sub(1),
            _ => {}
        }
    }

    /// How many titles may lie above that of the open entry.
    fn above(&self) -> usize {
        self.depth.clamp(1, MAX_DEPTH) - 1
    }
}

/// Whether it lists printed pages or landmarks.
fn is_other_list(element: ElementRef<'_>) -> bool {
    match element.value().name() {
        "pagelist" => true,
        "nav" => {
            element.attr("epub:type").is_some_and(|kind| !kind.split_whitespace().any(|kind| kind == "toc"))
        }
        _ => false,
    }
}

/// The path that `href` names as seen from `folder`, without its fragment and percent signs.
pub(super) fn path_of(folder: &str, href: &str) -> String {
    let path = href.split('#').next().unwrap_or_default();
    resolve(folder, &percent_decoded(path))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn words(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(MAX_LABEL_CHARS).collect()
}
