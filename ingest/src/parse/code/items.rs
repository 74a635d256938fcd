//! Cuts a source file into its items by its syntax tree, line by line: each line lies in one segment.

use std::ops::Range;

use tree_sitter::{Language, Node, Parser};

use crate::parse::builder::MAX_PATH_CHARS;

/// An item with members is one block up to this many lines; a longer one is cut at its members.
const MAX_WHOLE_LINES: usize = 60;
/// How deep members of members are looked for, and how far down a declarator its name may lie.
const MAX_DEPTH: usize = 8;

/// Lines that belong together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// From 0, the end excluded.
    pub(crate) lines: Range<usize>,
    /// The names of what they lie in, outermost first, and of what they define.
    pub(crate) path: Vec<String>,
}

/// An item: its name, if it has one, and its members.
struct Item<'t> {
    name: Option<String>,
    members: Option<Node<'t>>,
}

/// Segments of `text`, in order and without a gap; `None` where the grammar cannot be used.
/// `lines` are those of `text`.
pub(crate) fn segments(text: &str, lines: &[&str], language: &Language) -> Option<Vec<Segment>> {
    let mut parser = Parser::new();
    parser.set_language(language).ok()?;
    let tree = parser.parse(text, None)?;
    let mut cutter = Cutter { text, lines, segments: Vec::new() };
    cutter.cut(tree.root_node(), 0..lines.len(), &[], 0);
    Some(cutter.segments)
}

struct Cutter<'s> {
    text: &'s str,
    lines: &'s [&'s str],
    segments: Vec<Segment>,
}

impl Cutter<'_> {
    /// Cuts `lines`, in which the members of `parent` lie.
    fn cut(&mut self, parent: Node<'_>, lines: Range<usize>, path: &[String], depth: usize) {
        let mut from = lines.start;
        // Where the comments and attributes begin that stand right above the next item.
        let mut above: Option<Range<usize>> = None;
        for child in parent.children(&mut parent.walk()) {
            let own = rows(child);
            if is_above(child) {
                match &mut above {
                    Some(above) if above.end >= own.start => above.end = own.end,
                    _ => above = Some(own),
                }
                continue;
            }
            let start = above.take().filter(|above| above.end >= own.start).map_or(own.start, |a| a.start);
            let (start, end) = (start.max(from), own.end.min(lines.end));
            let Some(item) = item(child, self.text, 0).filter(|_| end > start) else { continue };
            let is_cut = item.name.is_none() || end - start > MAX_WHOLE_LINES;
            self.push(from..start, path);
            let mut inner = path.to_vec();
            inner.extend(item.name);
            match item.members.filter(|_| is_cut && depth < MAX_DEPTH) {
                Some(members) => self.cut(members, start..end, &inner, depth + 1),
                None => self.push(start..end, &inner),
            }
            from = end;
        }
        self.push(from..lines.end, path);
    }

    /// Appends lines. A closing brace goes with what it closes.
    fn push(&mut self, lines: Range<usize>, path: &[String]) {
        if lines.is_empty() {
            return;
        }
        let text = self.lines.get(lines.clone()).unwrap_or_default();
        let has_words = text.iter().any(|line| line.contains(char::is_alphanumeric));
        match self.segments.last_mut().filter(|last| !has_words && last.lines.end == lines.start) {
            Some(last) => last.lines.end = lines.end,
            None => self.segments.push(Segment { lines, path: path.to_vec() }),
        }
    }
}

/// The lines of a node; one that ends at the beginning of a line does not reach into it.
fn rows(node: Node<'_>) -> Range<usize> {
    let (start, end) = (node.start_position(), node.end_position());
    let last = if end.column == 0 && end.row > start.row { end.row } else { end.row + 1 };
    start.row..last
}

fn is_above(node: Node<'_>) -> bool {
    node.kind().contains("comment") || matches!(node.kind(), "attribute_item" | "decorator")
}

/// What `node` defines, told by its kind: the grammars use the same words for the same things.
fn item<'t>(node: Node<'t>, text: &str, depth: usize) -> Option<Item<'t>> {
    let within = |field| node.child_by_field_name(field);
    let named = |name: Option<Node<'_>>| Item { name: name.and_then(|n| word(n, text)), members: None };
    let inner =
        |node: Option<Node<'t>>| node.filter(|_| depth < MAX_DEPTH).and_then(|n| item(n, text, depth + 1));
    match node.kind() {
        // Wrapped ones: decorators, `export`, templates, Go's `type (…)`.
        "decorated_definition" => inner(within("definition")),
        "export_statement" => inner(within("declaration").or_else(|| within("value"))),
        "template_declaration"
        | "linkage_specification"
        | "type_declaration"
        | "expression_statement"
        | "ambient_declaration" => {
            let members = within("body").filter(|body| body.kind() == "declaration_list");
            let last = node.named_children(&mut node.walk()).last();
            members.map(|body| Item { name: None, members: Some(body) }).or_else(|| inner(last))
        }
        "preproc_ifdef" | "preproc_if" => Some(Item { name: None, members: Some(node) }),
        "impl_item" => Some(Item { members: within("body"), ..named(within("type")) }),
        "mod_item"
        | "trait_item"
        | "class_definition"
        | "class_declaration"
        | "abstract_class_declaration"
        | "interface_declaration"
        | "enum_declaration"
        | "record_declaration"
        | "annotation_type_declaration"
        | "class_specifier"
        | "struct_specifier"
        | "union_specifier"
        | "namespace_definition"
        | "internal_module"
        | "module"
        | "class" => {
            // A mere mention of a type has no body.
            let members = within("body");
            (members.is_some() || node.kind() == "mod_item")
                .then(|| Item { members, ..named(within("name")) })
        }
        "function_item"
        | "function_signature_item"
        | "struct_item"
        | "enum_item"
        | "union_item"
        | "type_item"
        | "macro_definition"
        | "function_declaration"
        | "generator_function_declaration"
        | "function_signature"
        | "method_definition"
        | "constructor_declaration"
        | "compact_constructor_declaration"
        | "type_alias_declaration"
        | "enum_specifier"
        | "type_spec"
        | "type_alias" => Some(named(within("name"))),
        "method_declaration" => {
            let receiver = within("receiver").and_then(|r| descendant(r, "type_identifier", 0));
            let receiver = receiver.and_then(|r| word(r, text));
            let name = within("name").and_then(|n| word(n, text));
            let name = receiver.iter().chain(&name).cloned().collect::<Vec<_>>().join(".");
            Some(Item { name: Some(name).filter(|n| !n.is_empty()), members: None })
        }
        "function_definition" => Some(named(within("name").or_else(|| declared(within("declarator"))))),
        "lexical_declaration" | "variable_declaration" => {
            let declarator = node.named_child(0)?;
            let value = declarator.child_by_field_name("value")?;
            let defines = matches!(value.kind(), "arrow_function" | "function_expression" | "class");
            defines.then(|| named(declarator.child_by_field_name("name")))
        }
        _ => None,
    }
}

/// The name within a declarator of C: `*name(int x)`.
fn declared(declarator: Option<Node<'_>>) -> Option<Node<'_>> {
    let mut node = declarator?;
    for _ in 0..MAX_DEPTH {
        let below = node.child_by_field_name("declarator").or_else(|| {
            let is_reference = node.kind() == "reference_declarator";
            node.named_children(&mut node.walk()).last().filter(|_| is_reference)
        });
        match below {
            Some(below) => node = below,
            None => break,
        }
    }
    Some(node)
}

fn descendant<'t>(node: Node<'t>, kind: &str, depth: usize) -> Option<Node<'t>> {
    if node.kind() == kind || depth > MAX_DEPTH {
        return Some(node).filter(|node| node.kind() == kind);
    }
    node.named_children(&mut node.walk()).find_map(|child| descendant(child, kind, depth + 1))
}

fn word(node: Node<'_>, text: &str) -> Option<String> {
    let name = text.get(node.byte_range())?.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = name.trim_matches(['"', '\'']);
    (!name.is_empty()).then(|| name.chars().take(MAX_PATH_CHARS).collect())
}
