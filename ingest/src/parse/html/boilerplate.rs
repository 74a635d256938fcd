//! Which parts of a page are not its text: sidebars, comments, related pages, sharing, advertising.
//!
//! Elements that say what they are (`nav`, `aside`, `footer` …) are left out without this. What is told by links,
//! names of classes and labels is left out only where the page clearly has a main text of its own: a page
//! of plain tables or links keeps all.

use std::collections::{HashMap, HashSet};

use ego_tree::{NodeId, NodeRef};
use scraper::node::Element;
use scraper::{ElementRef, Node};

use self::names::{
    ADVERTISING, CERTAIN, Names, PEOPLE, SIDE, TOPICS, WEAK, comments_below, is_call, is_counters, is_label,
    is_notice, is_pitch, is_reprint, is_turn,
};
use super::{is_block, is_hidden, is_other_part};

mod comments;
mod names;

/// Weight of running text from which a page has a main text. A Latin letter weighs 1, a Han character 3.
const MAIN_TEXT: usize = 300;
/// Least weight of a piece of text that runs on, and is no label or entry.
const RUNNING: usize = 25;
/// Least share of the running text that the main part holds.
const MAIN_SHARE_PERCENT: usize = 70;
/// Most a labelled line such as `上一篇：…` weighs.
const MAX_LABELLED: usize = 900;
/// Most a call to follow, or a line of counters, weighs.
const MAX_CALL: usize = 250;
/// Most neighbours that are looked at.
const MAX_BESIDE: usize = 200;
/// Deepest nesting in which it is looked for: what lies in an element is read for each of those around it.
const MAX_DEPTH: usize = 256;

/// Elements below `root` that are left out.
pub(super) fn find(root: ElementRef<'_>) -> HashSet<NodeId> {
    let mut page = Page::read(root);
    if page.depth > MAX_DEPTH {
        return HashSet::new();
    }
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
    /// How deep its elements nest.
    depth: usize,
}

impl<'a> Page<'a> {
    /// Weighs all elements: children come after their parents, so from the last to the first.
    fn read(root: ElementRef<'a>) -> Self {
        let mut nodes: Vec<NodeRef<'a, Node>> = Vec::new();
        let mut skipped: HashSet<NodeId> = HashSet::new();
        let mut depths: HashMap<NodeId, usize> = HashMap::new();
        for node in root.descendants() {
            let within = node.id() != root.id() && node.parent().is_some_and(|p| skipped.contains(&p.id()));
            let is_skipped = |e: ElementRef<'_>| is_hidden(e.value()) || is_other_part(e, 1);
            if within || node.id() != root.id() && ElementRef::wrap(node).is_some_and(is_skipped) {
                skipped.insert(node.id());
                continue;
            }
            if node.value().is_element() {
                let around = node.parent().and_then(|parent| depths.get(&parent.id()));
                let depth = around.map_or(0, |depth| depth + 1);
                depths.insert(node.id(), depth);
            }
            nodes.push(node);
        }
        let depth = depths.into_values().max().unwrap_or(0);
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
        Self { root, weights, left_out: HashSet::new(), depth }
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
            if is_holder(element.value())
                && rest >= MAIN_TEXT
                && page.is_boilerplate(element, own)
                && !holds_text(element)
            {
                page.leave_out(element);
            }
        });
    }

    /// Whether the names of an element say that it is no text of the page, and another sign does where they may mean
    /// something else: a report has `recommendations` of its own, and its authors comment on it.
    fn is_boilerplate(&self, element: ElementRef<'a>, own: Weight) -> bool {
        let names = Names::of(element.value());
        if names.has(CERTAIN) {
            return true;
        }
        if names.has(SIDE) {
            return own.is_mostly_links() || starts_with_label(element) || self.is_beside_text(element, own);
        }
        if names.has(ADVERTISING)
            && own.running < MAIN_TEXT
            && (own.is_mostly_links() || is_pitch(&text_of(element)))
        {
            return true;
        }
        if !names.has(TOPICS) || first_heading(element).is_some_and(|heading| !is_label(heading)) {
            return false;
        }
        own.is_mostly_links()
            || starts_with_label(element)
            || has(element, &["form", "textarea", "button", "input", "iframe"])
            || has_entries_of_people(element)
    }

    /// Whether an element stands beside a part that holds more of the running text than it does.
    fn is_beside_text(&self, element: ElementRef<'a>, own: Weight) -> bool {
        let mut neighbours =
            element.prev_siblings().take(MAX_BESIDE).chain(element.next_siblings().take(MAX_BESIDE));
        neighbours.any(|neighbour| {
            let other = self.weight(neighbour.id()).running;
            let is_part = ElementRef::wrap(neighbour).is_some_and(|e| is_holder(e.value()));
            is_part && other >= MAIN_TEXT && other >= own.running * 2
        })
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
                    || Names::of(beside.value()).has(WEAK) && own.running < MAIN_TEXT;
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
                && Names::of(element.value()).has(WEAK)
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
            let is_last = passed * 3 >= whole * 2;
            let is_short = own.text <= MAX_CALL && is_line(element);
            let is_notice = is_late && is_labelled_line(element, own)
                || is_short && is_last && (is_call(&text_of(element)) || is_reprint(&text_of(element)))
                || is_short && is_counters(&text_of(element));
            if is_notice {
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
        let has_form = below.iter().any(|next| {
            let names = Names::of(next.value());
            has(*next, &["form", "textarea"]) || [CERTAIN, TOPICS, SIDE].iter().any(|words| names.has(words))
        });
        if !below.is_empty() && (all.is_mostly_links() || has_form) {
            below.into_iter().for_each(|next| self.leave_out(next));
            self.leave_out(label);
            return;
        }
        let Some(least) = comments_below(label) else { return };
        let entries: Vec<_> =
            below.iter().map_while(|next| Some((*next, comments::entries(*next)?))).collect();
        if entries.iter().map(|(_, count)| count).sum::<usize>() >= least {
            entries.into_iter().for_each(|(next, _)| self.leave_out(next));
            self.leave_out(label);
        }
    }
}

/// `上一篇：…` with its link, or a notice of copyright.
fn is_labelled_line(element: ElementRef<'_>, own: Weight) -> bool {
    if own.text > MAX_LABELLED || !is_line(element) {
        return false;
    }
    let start: String = element.text().flat_map(str::chars).filter(|c| !c.is_whitespace()).take(12).collect();
    let start = start.to_lowercase();
    is_turn(&start) && own.linked > 0 && own.running * 2 < MAIN_TEXT || is_notice(&start)
}

fn is_line(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "p" | "div" | "li" | "ul" | "span" | "blockquote" | "section")
}

/// The text of an element without blanks, in lower case.
fn text_of(element: ElementRef<'_>) -> String {
    let chars = element.text().flat_map(str::chars).take(MAX_CALL * 8).filter(|c| !c.is_whitespace());
    chars.take(MAIN_TEXT).flat_map(char::to_lowercase).collect()
}

fn first_heading(element: ElementRef<'_>) -> Option<ElementRef<'_>> {
    let mut inner = element.descendants().skip(1).filter_map(ElementRef::wrap);
    inner.find(|e| heading_level(e.value().name()).is_some())
}

/// Whether the first text in an element is a label such as `相关推荐`, as a heading or not.
fn starts_with_label(element: ElementRef<'_>) -> bool {
    let mut texts =
        element.descendants().filter(|n| n.value().as_text().is_some_and(|t| !t.trim().is_empty()));
    let first = texts.next().and_then(|text| text.parent()).and_then(ElementRef::wrap);
    first.filter(|first| first.id() != element.id()).is_some_and(is_label)
}

/// Whether an element holds several entries that are alike, each with somebody's name or picture.
fn has_entries_of_people(element: ElementRef<'_>) -> bool {
    let inner = element.descendants().skip(1).filter_map(ElementRef::wrap);
    inner.filter(|e| Names::of(e.value()).has(PEOPLE)).take(2).count() > 1
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

#[cfg(test)]
mod tests;
