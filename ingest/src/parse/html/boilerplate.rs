//! Which parts of a page are not its text: sidebars, comments, related pages, sharing, advertising.
//!
//! Elements that say what they are (`nav`, `aside`, `footer` …) are left out without this. What is told by links,
//! names of classes and labels is left out only where the page clearly has a main text of its own: a page
//! of plain tables or links keeps all.

use std::collections::{HashMap, HashSet};

use ego_tree::{NodeId, NodeRef};
use scraper::node::Element;
use scraper::{ElementRef, Node};

use super::{is_block, is_skipped};

/// Weight of running text from which a page has a main text. A Latin letter weighs 1, a Han character 3.
const MAIN_TEXT: usize = 300;
/// Least weight of a piece of text that runs on, and is no label or entry.
const RUNNING: usize = 25;
/// Least share of the running text that the main part holds.
const MAIN_SHARE_PERCENT: usize = 70;
/// Most a labelled line such as `上一篇：…` weighs.
const MAX_LABELLED: usize = 900;

/// Elements below `root` that are left out.
pub(super) fn find(root: ElementRef<'_>) -> HashSet<NodeId> {
    let mut page = Page::read(root);
    page.leave_out_named();
    let main = page.main();
    if !page.is_main_text(main) {
        return HashSet::new();
    }
    page.leave_out_labelled();
    page.leave_out_beside(main);
    page.leave_out_within();
    page.left_out
}

/// What lies in an element.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    /// All visible text.
    text: usize,
    /// Text of links.
    linked: usize,
    /// Text outside of links that runs on.
    running: usize,
}

impl Weight {
    fn add(&mut self, other: Self) {
        self.text += other.text;
        self.linked += other.linked;
        self.running += other.running;
    }

    fn take(&mut self, other: Self) {
        self.text = self.text.saturating_sub(other.text);
        self.linked = self.linked.saturating_sub(other.linked);
        self.running = self.running.saturating_sub(other.running);
    }

    fn is_mostly_links(&self) -> bool {
        self.linked * 2 > self.text
    }
}

struct Page<'a> {
    root: ElementRef<'a>,
    weights: HashMap<NodeId, Weight>,
    left_out: HashSet<NodeId>,
}

impl<'a> Page<'a> {
    /// Weighs all elements: children come after their parents, so from the last to the first.
    fn read(root: ElementRef<'a>) -> Self {
        let mut nodes: Vec<NodeRef<'a, Node>> = Vec::new();
        let mut skipped: HashSet<NodeId> = HashSet::new();
        for node in root.descendants() {
            let within = node.id() != root.id() && node.parent().is_some_and(|p| skipped.contains(&p.id()));
            if within || node.id() != root.id() && is_skipped(ElementRef::wrap(node), 1) {
                skipped.insert(node.id());
            } else {
                nodes.push(node);
            }
        }
        let mut weights: HashMap<NodeId, Weight> = HashMap::new();
        for node in nodes.iter().rev() {
            let own = match node.value() {
                Node::Text(text) => {
                    let text = weight(text);
                    Weight { text, linked: 0, running: if text >= RUNNING { text } else { 0 } }
                }
                Node::Element(element) => {
                    let own = weights.entry(node.id()).or_default();
                    if element.name() == "a" {
                        (own.linked, own.running) = (own.text, 0);
                    }
                    *own
                }
                _ => continue,
            };
            if let Some(parent) = node.parent().filter(|_| node.id() != root.id()) {
                weights.entry(parent.id()).or_default().add(own);
            }
        }
        Self { root, weights, left_out: HashSet::new() }
    }

    fn weight(&self, node: NodeId) -> Weight {
        self.weights.get(&node).copied().unwrap_or_default()
    }

    /// Whether an element holds a text, and not a list of links, results or entries.
    fn is_main_text(&self, main: ElementRef<'a>) -> bool {
        let own = self.weight(main.id());
        own.running >= MAIN_TEXT && own.running * 2 >= own.text
    }

    /// Leaves an element out and takes its weight off what it lies in.
    fn leave_out(&mut self, element: ElementRef<'a>) {
        let own = self.weight(element.id());
        if element.id() == self.root.id() || !self.left_out.insert(element.id()) {
            return;
        }
        for above in element.ancestors() {
            if let Some(weight) = self.weights.get_mut(&above.id()) {
                weight.take(own);
            }
            if above.id() == self.root.id() {
                break;
            }
        }
    }

    /// Elements below `within`, in order, but for those within what is left out by then.
    fn each_kept(&mut self, within: ElementRef<'a>, mut visit: impl FnMut(&mut Self, ElementRef<'a>)) {
        let mut until: Option<NodeId> = None;
        for element in within.descendants().skip(1).filter_map(ElementRef::wrap) {
            if until.is_some_and(|outer| element.ancestors().any(|above| above.id() == outer)) {
                continue;
            }
            until = None;
            if !self.left_out.contains(&element.id()) && self.weight(element.id()).text > 0 {
                visit(self, element);
            }
            if self.left_out.contains(&element.id()) {
                until = Some(element.id());
            }
        }
    }

    /// Comments, sidebars and the like by their classes, wherever they lie.
    fn leave_out_named(&mut self) {
        self.each_kept(self.root, |page, element| {
            let own = page.weight(element.id());
            let rest = page.weight(page.root.id()).running.saturating_sub(own.running);
            let is_boilerplate = is_holder(element.value()) && is_named(element.value(), STRONG);
            if is_boilerplate && rest >= MAIN_TEXT && !holds_text(element) {
                page.leave_out(element);
            }
        });
    }

    /// The innermost element that holds most of the running text.
    fn main(&self) -> ElementRef<'a> {
        let whole = self.weight(self.root.id()).running;
        let mut main = self.root;
        loop {
            let below = main.child_elements().find(|child| {
                !self.left_out.contains(&child.id())
                    && is_holder(child.value())
                    && self.weight(child.id()).running * 100 >= whole * MAIN_SHARE_PERCENT
            });
            match below {
                Some(below) => main = below,
                None => return main,
            }
        }
    }

    /// Around the main part: what consists of links, or is named for it.
    fn leave_out_beside(&mut self, main: ElementRef<'a>) {
        let mut inner = main;
        while let Some(around) =
            inner.parent().and_then(ElementRef::wrap).filter(|_| inner.id() != self.root.id())
        {
            for beside in around.child_elements().filter(|beside| beside.id() != inner.id()) {
                let own = self.weight(beside.id());
                let is_boilerplate = own.is_mostly_links() && !has(beside, &["table"])
                    || is_named(beside.value(), WEAK) && own.running < MAIN_TEXT;
                if is_boilerplate
                    && is_block(beside.value().name()) | is_list(beside.value())
                    && !has(beside, &["h1"])
                {
                    self.leave_out(beside);
                }
            }
            inner = around;
        }
    }

    /// Anywhere: small parts that are named for it and consist of links.
    fn leave_out_within(&mut self) {
        let whole = self.weight(self.root.id()).running;
        self.each_kept(self.root, |page, element| {
            let own = page.weight(element.id());
            let is_small = own.is_mostly_links() && own.running * 10 <= whole;
            let in_cell = || {
                element
                    .ancestors()
                    .filter_map(ElementRef::wrap)
                    .any(|e| matches!(e.value().name(), "td" | "th"))
            };
            let links =
                || element.descendants().filter_map(ElementRef::wrap).filter(|e| e.value().name() == "a");
            if is_small
                && is_holder(element.value())
                && is_named(element.value(), WEAK)
                && links().count() > 1
                && !has(element, &["h1"])
                && !in_cell()
            {
                page.leave_out(element);
            }
        });
    }

    /// After the first half of the text: what a label says is none of it.
    fn leave_out_labelled(&mut self) {
        let whole = self.weight(self.root.id()).running;
        let mut passed = 0;
        self.each_kept(self.root, |page, element| {
            let own = page.weight(element.id());
            let is_late = passed * 2 >= whole && own.text <= MAX_LABELLED;
            if is_late && is_labelled_line(element, own) {
                page.leave_out(element);
            } else if is_late && is_label(element) {
                page.leave_out_below(element);
            }
            passed += direct_running(element);
        });
    }

    /// Leaves a label out with the list of links, or the comments, that follow it.
    fn leave_out_below(&mut self, label: ElementRef<'a>) {
        // A label may stand in a box of its own.
        let alone = |e: &ElementRef<'a>| {
            e.next_siblings().filter_map(ElementRef::wrap).all(|n| self.weight(n.id()).text == 0)
        };
        let mut start = label;
        for _ in 0..2 {
            match start.parent().and_then(ElementRef::wrap) {
                Some(around)
                    if alone(&start) && self.weight(around.id()).text == self.weight(label.id()).text =>
                {
                    start = around
                }
                _ => break,
            }
        }
        let level = heading_level(label.value().name());
        let below: Vec<_> = start
            .next_siblings()
            .filter_map(ElementRef::wrap)
            .take_while(|next| {
                heading_level(next.value().name()).is_none_or(|next| level.is_some_and(|level| next > level))
            })
            .filter(|next| self.weight(next.id()).text > 0)
            .collect();
        let mut all = Weight::default();
        below.iter().for_each(|next| all.add(self.weight(next.id())));
        let has_form =
            below.iter().any(|next| has(*next, &["form", "textarea"]) || is_named(next.value(), STRONG));
        if !below.is_empty() && (all.is_mostly_links() || has_form) {
            below.into_iter().for_each(|next| self.leave_out(next));
            self.leave_out(label);
        }
    }
}

/// `上一篇：…` with its link, or a notice of copyright.
fn is_labelled_line(element: ElementRef<'_>, own: Weight) -> bool {
    let name = element.value().name();
    if own.text > MAX_LABELLED
        || !matches!(name, "p" | "div" | "li" | "ul" | "span" | "blockquote" | "section")
    {
        return false;
    }
    let start: String = element.text().flat_map(str::chars).filter(|c| !c.is_whitespace()).take(12).collect();
    let start = start.to_lowercase();
    let is_turn = TURNS.iter().any(|label| start.starts_with(label)) && own.linked > 0;
    is_turn && own.running * 2 < MAIN_TEXT || NOTICES.iter().any(|label| start.starts_with(label))
}

/// A Latin letter weighs 1, a Han character 3, as it says about as much.
fn weight(text: &str) -> usize {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .map(|c| if footnote_core::question::is_han(c) { 3 } else { 1 })
        .sum()
}

fn direct_running(element: ElementRef<'_>) -> usize {
    let texts = element.children().filter_map(|child| child.value().as_text().map(|text| weight(text)));
    texts.filter(|&weight| weight >= RUNNING).sum()
}

fn is_list(element: &Element) -> bool {
    matches!(element.name(), "ul" | "ol")
}

/// Elements that hold parts of a page. Tables, headings and paragraphs are content.
fn is_holder(element: &Element) -> bool {
    matches!(
        element.name(),
        "div"
            | "section"
            | "article"
            | "main"
            | "ul"
            | "ol"
            | "form"
            | "aside"
            | "footer"
            | "center"
            | "dl"
            | "header"
            | "body"
    )
}

/// Whether an element holds what a page's text is marked with.
fn holds_text(element: ElementRef<'_>) -> bool {
    has(element, &["main", "h1"])
        || element.descendants().skip(1).filter_map(ElementRef::wrap).any(|e| e.attr("role") == Some("main"))
}

fn has(element: ElementRef<'_>, names: &[&str]) -> bool {
    element.descendants().skip(1).filter_map(ElementRef::wrap).any(|e| names.contains(&e.value().name()))
}

fn heading_level(name: &str) -> Option<u8> {
    let digit = name.strip_prefix('h')?;
    digit.parse().ok().filter(|level| (1..=6).contains(level))
}

/// Whether the text of a heading, or of a short line, is a label such as `相关推荐` or `Related posts (3)`.
fn is_label(element: ElementRef<'_>) -> bool {
    if !matches!(
        element.value().name(),
        "h2" | "h3" | "h4" | "h5" | "h6" | "p" | "div" | "strong" | "span" | "dt"
    ) {
        return false;
    }
    let text: String = element.text().flat_map(str::chars).take(60).collect();
    let text = text.trim().trim_end_matches(|c: char| !c.is_alphabetic()).to_lowercase();
    LABELS.contains(&text.as_str())
}

/// Whether a class (or, of an element that no generator names after a heading, the id) has one of these words.
fn is_named(element: &Element, words: &[&str]) -> bool {
    let class = element.attr("class").unwrap_or_default();
    let parts = |name: &str| split_name(name);
    let class_words = parts(class);
    // Generators of documentation name sections after their headings.
    if class_words.iter().any(|word| word == "section") {
        return false;
    }
    let id_words =
        if element.name() == "section" { Vec::new() } else { parts(element.attr("id").unwrap_or_default()) };
    class_words.iter().chain(&id_words).any(|word| words.contains(&word.as_str()))
}

/// `relatedPosts_box-2` as `related`, `posts`, `box`.
fn split_name(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let begins = c.is_uppercase() && before.is_lowercase();
        if begins || !c.is_alphabetic() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphabetic()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Words in the names of parts that are no text of the page, whatever they hold.
const STRONG: &[&str] = &[
    "adsbygoogle",
    "advert",
    "advertisement",
    "breadcrumb",
    "breadcrumbs",
    "comment",
    "commentlist",
    "comments",
    "cookie",
    "disqus",
    "newsletter",
    "pagination",
    "recommend",
    "recommendation",
    "recommendations",
    "recommended",
    "related",
    "relatedposts",
    "respond",
    "sidebar",
    "sponsor",
    "sponsored",
];

/// Words that may mean something else; other signs are asked for too.
const WEAK: &[&str] = &[
    "ad",
    "ads",
    "banner",
    "copyright",
    "footer",
    "hot",
    "lang",
    "language",
    "languages",
    "link",
    "links",
    "menu",
    "nav",
    "navbar",
    "navigation",
    "next",
    "pager",
    "popular",
    "prev",
    "promo",
    "rank",
    "share",
    "sharing",
    "social",
    "subscribe",
    "toolbar",
    "widget",
];

/// Beginnings of lines that lead to other pages.
const TURNS: &[&str] = &[
    "上一篇",
    "下一篇",
    "上一章",
    "下一章",
    "上一页",
    "下一页",
    "previouspost",
    "nextpost",
    "olderpost",
    "newerpost",
];

/// Beginnings of notices below a text.
const NOTICES: &[&str] = &["版权声明", "著作权归", "本文链接：", "转载请注明", "未经允许不得转载"];

/// Labels above lists of other pages, and above comments.
const LABELS: &[&str] = &[
    "相关推荐",
    "相关阅读",
    "相关文章",
    "相关链接",
    "相关新闻",
    "推荐阅读",
    "延伸阅读",
    "猜你喜欢",
    "为您推荐",
    "热门推荐",
    "热门文章",
    "最新文章",
    "更多文章",
    "评论",
    "网友评论",
    "最新评论",
    "全部评论",
    "发表评论",
    "发表回复",
    "文章评论",
    "留言",
    "comments",
    "leave a comment",
    "leave a reply",
    "more from this author",
    "popular posts",
    "read next",
    "recommended",
    "related articles",
    "related posts",
    "related stories",
    "share this",
    "you may also like",
    "you might also like",
];

#[cfg(test)]
mod tests;
