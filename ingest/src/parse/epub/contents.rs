//! The table of contents of a book, by the HTML reader: an NCX has a DTD, which the XML reader refuses.

use std::collections::HashMap;

use scraper::{ElementRef, Html};

use crate::parse::package::resolve;

/// Longest label of a chapter, in characters.
const MAX_LABEL_CHARS: usize = 200;

/// The first title of each path in the navigation document or NCX at `at`.
pub(super) fn titles(at: &str, text: &str) -> HashMap<String, String> {
    let folder = at.rsplit_once('/').map_or("", |(folder, _)| folder);
    let html = Html::parse_document(text);
    let mut found = HashMap::new();
    let mut label = String::new();
    for element in html.root_element().descendants().filter_map(ElementRef::wrap) {
        let (target, title) = match element.value().name() {
            "a" => (element.attr("href"), words(element)),
            "text" => {
                label = words(element);
                continue;
            }
            "content" => (element.attr("src"), label.clone()),
            _ => continue,
        };
        if let Some(target) = target.filter(|_| !title.is_empty()) {
            found.entry(path_of(folder, target)).or_insert(title);
        }
    }
    found
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
