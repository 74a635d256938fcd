//! HTML by html5ever: the main content as blocks, without navigation, scripts and hidden parts.

mod boilerplate;
mod tables;
mod tree;

use std::collections::HashSet;

use ego_tree::NodeId;
use encoding_rs::Encoding;
use footnote_core::Result;
use footnote_core::parsed::{ContentType, ParsedDocument, WarningKind};
use scraper::node::Element;
use scraper::{ElementRef, Html, Node, Selector};

use self::tables::Tables;
use super::alternative::{alternative_text, unread_pictures};
use super::builder::DocumentBuilder;
use super::flow::Flow;
use super::limits::ParseLimits;
use super::text::decode;

/// How far into a page a `<meta charset>` is looked for.
const META_WITHIN: usize = 4096;
/// Least share of the page's letters that a main part must hold to stand for the page.
const MAIN_SHARE_PERCENT: usize = 60;

/// Reads HTML.
pub(crate) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument> {
    let decoded = decode(bytes, declared_encoding(bytes));
    let mut builder = decoded.builder(limits);
    let html = tree::document(&decoded.text)?;
    let body = first(&html, "body").unwrap_or_else(|| html.root_element());
    let root = main_content(&html, body);
    let left_out = boilerplate::find(root);
    let mut read = append(root, &left_out, &mut Flow::new(&mut builder));
    if builder.is_empty() && (root.id() != body.id() || !left_out.is_empty()) {
        read = append(body, &HashSet::new(), &mut Flow::new(&mut builder));
    }
    // A picture elsewhere is no part of the file.
    unread_pictures(read.embedded)
        .into_iter()
        .for_each(|warning| builder.warn(WarningKind::Lost, None, warning));
    let all = letters(visible_text(body));
    if all > read.letters {
        let left_out = all - read.letters;
        builder.warn(
            WarningKind::Note,
            None,
            format!(
                "{left_out} of {all} letters were left out: navigation, banners, comments, related pages, forms and \
                 hidden parts"
            ),
        );
    }
    for selector in ["title", "h1"] {
        if let Some(element) = first(&html, selector) {
            builder.title(&element.text().collect::<String>());
        }
    }
    builder.finish(ContentType::Html, "html5ever 0.40")
}

/// Appends the body of a book's chapter, and counts the pictures in it that nobody described. All of it is text: a book
/// has no banners, and its asides are notes.
pub(crate) fn append_chapter(xhtml: &str, out: &mut DocumentBuilder) -> Result<usize> {
    let html = tree::document(xhtml)?;
    let body = first(&html, "body").unwrap_or_else(|| html.root_element());
    Ok(append_within(body, &HashSet::new(), &mut Flow::new(out), 1).pictures)
}

/// Appends the content of an HTML fragment, as found within Markdown.
pub(crate) fn append_fragment(fragment: &str, flow: &mut Flow<'_>) -> Result<()> {
    let html = tree::fragment(fragment)?;
    append(html.root_element(), &HashSet::new(), flow);
    Ok(())
}

/// What a `<meta>` element says. One that can be read as ASCII is not UTF-16, whatever it says: then it
/// is UTF-8, as browsers have it.
fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(META_WITHIN)]).to_ascii_lowercase();
    let label = head.match_indices("<meta").find_map(|(at, _)| {
        let tag = head.get(at..)?.split('>').next()?;
        let attribute = tag.split("charset").skip(1).find_map(|after| {
            let value = after.trim_start().strip_prefix('=')?.trim_start_matches(['"', '\'', ' ']);
            value.split(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c)).next()
        })?;
        let names_it = tag.contains(" charset") || tag.contains("http-equiv");
        names_it.then(|| attribute.to_owned())
    })?;
    Encoding::for_label(label.as_bytes()).map(Encoding::output_encoding)
}

fn first<'a>(html: &'a Html, selector: &str) -> Option<ElementRef<'a>> {
    html.select(&Selector::parse(selector).ok()?).next()
}

/// `main` or the only `article`, where it holds enough of the page; else the body.
fn main_content<'a>(html: &'a Html, body: ElementRef<'a>) -> ElementRef<'a> {
    let whole = letters(visible_text(body));
    for selector in ["main", "[role=main]", "article"] {
        let Ok(selector) = Selector::parse(selector) else { continue };
        let mut found = html.select(&selector);
        if let (Some(only), None) = (found.next(), found.next())
            && letters(visible_text(only)) * 100 >= whole * MAIN_SHARE_PERCENT
        {
            return only;
        }
    }
    body
}

fn letters<'t>(texts: impl Iterator<Item = &'t str>) -> usize {
    texts.map(|t| t.chars().filter(|c| c.is_alphanumeric()).count()).sum()
}

fn visible_text(element: ElementRef<'_>) -> impl Iterator<Item = &str> {
    element.descendants().filter_map(|node| {
        let text = node.value().as_text()?;
        let parent = node.parent().and_then(|p| p.value().as_element().map(|e| e.name()));
        (!matches!(parent, Some("script" | "style" | "noscript" | "template"))).then_some(&**text)
    })
}

/// What was appended, or stands between what was.
#[derive(Default)]
struct Appended {
    letters: usize,
    /// Pictures without a text that says what they show.
    pictures: usize,
    /// Those of them that lie in the page itself and are not marked as decoration.
    embedded: usize,
}

impl Appended {
    fn count(&mut self, picture: &Element) {
        let described = picture.attr("alt").map(alternative_text);
        if !matches!(described, Some(Some(_))) {
            let is_decoration = picture.attr("alt").is_some_and(|alt| alt.trim().is_empty());
            self.pictures += 1;
            self.embedded += usize::from(!is_decoration && picture.attr("src").is_some_and(is_in_the_page));
        }
    }
}

fn is_in_the_page(address: &str) -> bool {
    address.trim_start().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// Walks the tree without recursion, so that no nesting overflows the stack. Nothing of the elements `left_out` is
/// appended.
fn append(root: ElementRef<'_>, left_out: &HashSet<NodeId>, flow: &mut Flow<'_>) -> Appended {
    append_within(root, left_out, flow, 0)
}

/// [`append`], as if `sections` sections were open around `root`.
fn append_within(
    root: ElementRef<'_>,
    left_out: &HashSet<NodeId>,
    flow: &mut Flow<'_>,
    mut sections: usize,
) -> Appended {
    let mut read = Appended::default();
    let mut tables = Tables::of(root);
    let mut node = *root;
    loop {
        let mut entered = true;
        match node.value() {
            Node::Text(text) => {
                read.letters += letters(std::iter::once(&**text));
                flow.text(text);
            }
            Node::Element(element) => {
                let is_shown =
                    node.id() == root.id() || !left_out.contains(&node.id()) && !is_hidden(element);
                let is_other = || ElementRef::wrap(node).is_some_and(|e| is_other_part(e, sections));
                entered = is_shown && (node.id() == root.id() || !is_other());
                if entered {
                    sections += usize::from(is_section(element.name()));
                    open(element, flow, tables.enter(node.id(), element));
                }
                if entered && let Some(names) = tables.folded_head(node) {
                    let texts = node.descendants().filter_map(|part| part.value().as_text());
                    read.letters += letters(texts.map(|text| &**text));
                    append_head(&names, flow);
                    entered = false;
                }
                if entered && element.name() == "img" {
                    read.count(element);
                } else if is_shown && element.name() == "svg" {
                    let parts = node.descendants().filter_map(|part| part.value().as_element());
                    parts.filter(|part| part.name() == "image").for_each(|picture| read.count(picture));
                }
            }
            _ => {}
        }
        if entered && let Some(child) = node.first_child() {
            node = child;
            continue;
        }
        loop {
            if entered && let Node::Element(element) = node.value() {
                sections -= usize::from(is_section(element.name())).min(sections);
                close(element, flow, tables.leave(element));
            }
            if node.id() == root.id() {
                flow.flush();
                return read;
            }
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            let Some(parent) = node.parent() else { return read };
            node = parent;
            entered = true;
        }
    }
}

/// The first row of a table.
fn append_head(names: &[String], flow: &mut Flow<'_>) {
    flow.open_row();
    for name in names {
        flow.open_cell(1, 1);
        flow.text(name);
        flow.close_cell();
    }
}

fn is_section(name: &str) -> bool {
    matches!(name, "main" | "article" | "section")
}

fn is_hidden(element: &Element) -> bool {
    if element.attr("hidden").is_some() || element.attr("aria-hidden") == Some("true") {
        return true;
    }
    let Some(style) = element.attr("style") else { return false };
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    style.contains("display:none") || style.contains("visibility:hidden")
}

/// Parts that are not the page's own text.
fn is_other_part(element: ElementRef<'_>, sections: usize) -> bool {
    match element.value().name() {
        "script" | "style" | "noscript" | "template" | "nav" | "head" | "svg" | "iframe" | "object"
        | "select" | "button" | "input" | "textarea" | "dialog" => true,
        // A page's are about the site; an article's are notes and sources.
        "footer" | "aside" => sections == 0,
        // A page's header is its banner; an article's header, or one with the page's title, is text.
        "header" => sections == 0 && !has_title(element),
        _ => false,
    }
}

fn has_title(element: ElementRef<'_>) -> bool {
    let mut inner = element.descendants().filter_map(|node| node.value().as_element());
    inner.any(|element| matches!(element.name(), "h1" | "h2"))
}

/// `as_block` is for the parts of tables that are none in what is read.
fn open(element: &Element, flow: &mut Flow<'_>, as_block: bool) {
    match element.name() {
        _ if as_block => flow.flush(),
        "br" => flow.line_break(),
        "img" => {
            let text = element.attr("alt").and_then(alternative_text);
            text.into_iter().for_each(|text| flow.text(&format!(" {text} ")));
        }
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => flow.open_heading(level(element.name())),
        "ul" | "menu" | "dir" => flow.open_list(None),
        "ol" => {
            let first = element.attr("start").and_then(|s| s.trim().parse().ok()).unwrap_or(1);
            flow.open_list(Some(first));
        }
        "li" => flow.open_item(),
        "blockquote" => flow.open_quote(),
        "pre" | "listing" | "xmp" => flow.open_code(),
        "table" => flow.open_table(),
        "tr" => flow.open_row(),
        "td" | "th" => flow.open_cell(span(element, "colspan"), span(element, "rowspan")),
        name if is_block(name) => flow.flush(),
        _ => {}
    }
}

fn close(element: &Element, flow: &mut Flow<'_>, as_block: bool) {
    match element.name() {
        _ if as_block => flow.flush(),
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => flow.close_heading(),
        "ul" | "menu" | "dir" | "ol" => flow.close_list(),
        "li" => flow.close_item(),
        "blockquote" => flow.close_quote(),
        "pre" | "listing" | "xmp" => flow.close_code(),
        "table" => flow.close_table(),
        "td" | "th" => flow.close_cell(),
        name if is_block(name) => flow.flush(),
        _ => {}
    }
}

/// Whether HTML has an element of this name, SVG and MathML aside.
pub(crate) fn is_element(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_block(&name) || ELEMENTS.contains(&name.as_str())
}

/// Elements that are no blocks, obsolete ones included.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "applet",
    "area",
    "aside",
    "audio",
    "b",
    "base",
    "basefont",
    "bdi",
    "bdo",
    "big",
    "blink",
    "blockquote",
    "br",
    "button",
    "canvas",
    "cite",
    "code",
    "col",
    "colgroup",
    "data",
    "datalist",
    "del",
    "dfn",
    "dialog",
    "dir",
    "em",
    "embed",
    "font",
    "frame",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "kbd",
    "label",
    "li",
    "link",
    "listing",
    "map",
    "mark",
    "marquee",
    "math",
    "menu",
    "meta",
    "meter",
    "nobr",
    "noframes",
    "noscript",
    "object",
    "ol",
    "optgroup",
    "output",
    "param",
    "picture",
    "pre",
    "progress",
    "q",
    "rb",
    "rp",
    "rt",
    "rtc",
    "ruby",
    "s",
    "samp",
    "script",
    "search",
    "select",
    "slot",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "sup",
    "svg",
    "td",
    "template",
    "textarea",
    "th",
    "time",
    "title",
    "track",
    "tt",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
    "xmp",
];

fn level(heading: &str) -> u8 {
    heading.as_bytes().get(1).map_or(1, |digit| digit - b'0')
}

fn span(element: &Element, name: &str) -> usize {
    element.attr(name).and_then(|s| s.trim().parse().ok()).unwrap_or(1)
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "body"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "header"
            | "hgroup"
            | "hr"
            | "html"
            | "legend"
            | "main"
            | "nav"
            | "option"
            | "p"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "tfoot"
            | "thead"
            | "tr"
    )
}

#[cfg(test)]
mod tests;
