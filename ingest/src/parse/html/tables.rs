//! Tells tables that lay out a page from those that hold data, and folds a head of two rows into one.

use std::collections::{HashMap, HashSet};

use ego_tree::{NodeId, NodeRef};
use scraper::node::Element;
use scraper::{ElementRef, Node};

use super::{is_hidden, span};
use crate::parse::table::whole_name;

/// How many elements above a table are searched for a table around it.
const MAX_LOOK_UP: usize = 64;
/// Longest text of a cell of data, and of one that holds a table: a page within a cell is longer.
const MAX_CELL_CHARS: usize = 200;
const MAX_INNER_CHARS: usize = 1_000;
/// How much of a cell is looked at.
const MAX_CELL_NODES: usize = 2_000;
/// Most columns of a head that is folded.
const MAX_COLUMNS: usize = 64;

/// The tables of a page on a walk through it.
pub(super) struct Tables {
    layout: HashSet<NodeId>,
    /// A table of data that is open, and those within its cells.
    open: usize,
}

impl Tables {
    /// Those below `root`.
    pub(super) fn of(root: ElementRef<'_>) -> Self {
        Self { layout: layout_tables(root), open: 0 }
    }

    /// Enters an element. Whether it is part of a table that is read as blocks, or as the text of the cell around it.
    pub(super) fn enter(&mut self, id: NodeId, element: &Element) -> bool {
        let is_table = element.name() == "table";
        if is_table && self.open == 0 && (is_layout(element) || self.layout.contains(&id)) {
            return true;
        }
        self.open += usize::from(is_table);
        self.open > 1 && is_part(element)
    }

    /// Leaves an element that was entered; the answer is that of [`Self::enter`].
    pub(super) fn leave(&mut self, element: &Element) -> bool {
        let is_table = element.name() == "table";
        let as_block = self.open > 1 && is_part(element) || is_table && self.open == 0;
        self.open = self.open.saturating_sub(usize::from(is_table));
        as_block
    }

    /// The names of the columns where this is the head of a table of data and has a row of groups above that of the
    /// names. Chunks repeat the first row of a table only, so that the groups alone would say little.
    pub(super) fn folded_head(&self, node: NodeRef<'_, Node>) -> Option<Vec<String>> {
        let head = ElementRef::wrap(node).filter(|e| self.open == 1 && e.value().name() == "thead")?;
        let rows: Vec<Vec<ElementRef<'_>>> = rows(head).map(|row| cells(row).collect()).collect();
        let [groups, names] = rows.as_slice() else { return None };
        if groups.iter().all(|cell| span(cell.value(), "colspan") <= 1) {
            return None;
        }
        let mut columns: Vec<(String, bool)> = Vec::new();
        for cell in groups {
            let width = span(cell.value(), "colspan").max(1);
            if columns.len().saturating_add(width) > MAX_COLUMNS {
                return None;
            }
            let column = (plain_text(*cell)?, span(cell.value(), "rowspan") != 1);
            columns.extend(std::iter::repeat_n(column, width));
        }
        let mut below = columns.iter_mut().filter(|(_, covers_both)| !*covers_both);
        for cell in names {
            let text = plain_text(*cell)?;
            for _ in 0..span(cell.value(), "colspan").max(1) {
                let (name, _) = below.next()?;
                *name = whole_name(name, &text);
            }
        }
        if below.next().is_some() {
            return None;
        }
        Some(columns.into_iter().map(|(name, _)| name).collect())
    }
}

fn is_layout(element: &Element) -> bool {
    matches!(element.attr("role"), Some("presentation" | "none"))
}

fn is_part(element: &Element) -> bool {
    matches!(element.name(), "table" | "tr" | "td" | "th")
}

/// Tables that hold another table and are no grid of data: they lay out a page, so their cells are read as blocks.
fn layout_tables(root: ElementRef<'_>) -> HashSet<NodeId> {
    let mut outer = HashMap::new();
    let mut with_table = HashSet::new();
    let all = root.descendants().filter_map(ElementRef::wrap);
    for inner in all.filter(|element| element.value().name() == "table") {
        let above = inner.ancestors().take_while(|n| n.id() != root.id()).filter_map(ElementRef::wrap);
        let mut cell = None;
        for element in above.take(MAX_LOOK_UP) {
            match element.value().name() {
                "td" | "th" => cell = Some(element.id()),
                "table" => {
                    outer.insert(element.id(), element);
                    with_table.extend(cell);
                    break;
                }
                _ => {}
            }
        }
    }
    outer.retain(|_, table| !is_grid(*table, &with_table));
    outer.into_keys().collect()
}

/// Whether a table holds data although there are tables in the cells `with_table`: it has names of columns or rows, or
/// rows alike with short cells, and none of its cells holds a page.
fn is_grid(table: ElementRef<'_>, with_table: &HashSet<NodeId>) -> bool {
    let mut widths = HashSet::new();
    let (mut has_columns, mut has_rows_alike) = (false, false);
    let (mut has_names, mut is_short) = (false, true);
    for row in rows(table) {
        let mut width = 0;
        for cell in cells(row) {
            width += 1;
            has_names |= cell.value().name() == "th";
            if !with_table.contains(&cell.id()) {
                is_short = is_short && holds_at_most(cell, MAX_CELL_CHARS);
            } else if !holds_at_most(cell, MAX_INNER_CHARS) {
                return false;
            }
        }
        if width > 1 {
            has_columns = true;
            has_rows_alike |= !widths.insert(width);
        }
    }
    has_columns && has_names || has_rows_alike && is_short
}

/// Whether a cell has no more characters than these, and no headings.
fn holds_at_most(cell: ElementRef<'_>, chars: usize) -> bool {
    let mut count = 0;
    for (index, node) in cell.descendants().enumerate() {
        match node.value() {
            Node::Text(text) => count += text.trim().chars().count(),
            Node::Element(element) if matches!(element.name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6") => {
                return false;
            }
            _ => {}
        }
        if count > chars || index >= MAX_CELL_NODES {
            return false;
        }
    }
    true
}

/// The rows of a table, or of a part of it, but for those of tables within.
fn rows(around: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    let parts = around.child_elements().filter(|e| matches!(e.value().name(), "thead" | "tbody" | "tfoot"));
    let all = parts.flat_map(|part| part.child_elements()).chain(around.child_elements());
    all.filter(|e| e.value().name() == "tr" && !is_hidden(e.value()))
}

fn cells(row: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    row.child_elements().filter(|e| matches!(e.value().name(), "td" | "th"))
}

/// The text of a cell that has nothing but text in it, and not much.
fn plain_text(cell: ElementRef<'_>) -> Option<String> {
    let mut text = String::new();
    for node in cell.descendants() {
        match node.value() {
            Node::Text(part) => text.push_str(part),
            Node::Element(element) if is_hidden(element) => return None,
            Node::Element(element) => match element.name() {
                "br" | "p" | "div" => text.push(' '),
                "th" | "td" | "a" | "abbr" | "b" | "em" | "font" | "i" | "small" | "span" | "strong"
                | "sub" | "sup" | "u" => {}
                _ => return None,
            },
            _ => {}
        }
    }
    let text = text.trim();
    (text.chars().count() <= MAX_CELL_CHARS).then(|| text.to_owned())
}
