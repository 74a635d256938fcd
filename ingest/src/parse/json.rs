//! JSON and JSON lines: records become tables, nested values lines of `path: value` under headings.
//!
//! Nothing is lost: members stay in their order, and a name that stands twice is kept twice. What is no JSON is
//! read as text. A file of records is a sheet: a record's row is its number, or its line where each has one.

mod node;

use footnote_core::Result;
use footnote_core::parsed::{
    BlockKind, ContentType, Page, PageKind, ParseWarning, ParsedDocument, WarningKind,
};

use self::node::Node;
use super::builder::{DocumentBuilder, Joint};
use super::limits::ParseLimits;
use super::table::{one_line, push_row, push_rule};
use super::text::{self, decode};

/// Values of a table are no longer than this; records with longer ones are written apart.
const MAX_VALUE_IN_TABLE: usize = 300;
/// Most columns of a table of records.
const MAX_COLUMNS: usize = 100;
/// A table may have this many places for each value it holds.
const MAX_PLACES_PER_VALUE: usize = 10;
/// Headings go this deep; below, the path tells where a value stands.
const MAX_HEADING_LEVEL: u8 = 4;

/// Whether the text, in lower case, is a Jupyter notebook.
pub(crate) fn is_notebook(lower: &str, extension: &str) -> bool {
    let is_object = lower.starts_with('{');
    is_object && (extension == "ipynb" || lower.contains("\"nbformat\"") && lower.contains("\"cells\""))
}

/// Whether a text without a telling name begins as JSON records do; a link of Markdown or a reference `[1]` does
/// not.
pub(crate) fn looks_like_json(text: &str) -> bool {
    let mut signs = text.chars().filter(|c| !c.is_whitespace());
    matches!(
        (signs.next(), signs.next(), signs.next()),
        (Some('{'), Some('"'), Some(_))
            | (Some('['), Some('{'), Some('"' | '}'))
            | (Some('['), Some('"'), Some(_))
    )
}

/// Reads JSON, or a JSON value on each line.
pub(crate) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument> {
    let decoded = decode(bytes, None);
    let source = decoded.text.trim_start_matches('\u{feff}');
    let mut builder = decoded.builder(limits);
    match Node::read(source.trim(), limits.max_cells) {
        Ok(root) => {
            builder.title(root.title().unwrap_or_default());
            append(&mut builder, &root);
        }
        Err(error) => match lines(source, limits.max_cells) {
            Some(Lines { records, broken }) => {
                let records: Vec<Record<'_>> = records.iter().map(|(line, node)| (*line, node)).collect();
                append_list(&mut builder, &records, "");
                append_broken(&mut builder, &broken);
            }
            None => return as_text(bytes, limits, &error),
        },
    }
    builder.finish(ContentType::Json, "serde_json 1")
}

fn as_text(bytes: &[u8], limits: &ParseLimits, error: &serde_json::Error) -> Result<ParsedDocument> {
    let mut document = text::parse(bytes, limits)?;
    // What is not in order but for our own limits is not broken.
    let broken = if error.is_data() { "" } else { "it is broken: " };
    let message = format!("the JSON is read as plain text, for {broken}{error}");
    document.warnings.insert(0, ParseWarning { kind: WarningKind::Doubtful, page: None, message });
    document.content_type = ContentType::Json;
    Ok(document)
}

struct Lines<'t> {
    /// Each with the number of its line.
    records: Vec<(u32, Node)>,
    /// Number and text of the lines that are no JSON.
    broken: Vec<(u32, &'t str)>,
}

/// The values of a file with one on each line; `None` where most lines are none.
fn lines(source: &str, max_values: usize) -> Option<Lines<'_>> {
    let mut left = max_values;
    let (mut records, mut broken) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(source.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        match Node::read_counting(line.trim(), &mut left) {
            Ok(record) => records.push((number, record)),
            Err(_) => broken.push((number, line)),
        }
    }
    let are_records = records.iter().any(|(_, record)| matches!(record, Node::Object(_) | Node::List(_)));
    (are_records && records.len() > broken.len()).then_some(Lines { records, broken })
}

fn append_broken(out: &mut DocumentBuilder, broken: &[(u32, &str)]) {
    if broken.is_empty() {
        return;
    }
    let numbers: Vec<String> = broken.iter().take(20).map(|(number, _)| number.to_string()).collect();
    let more = if broken.len() > 20 { " and more" } else { "" };
    out.warn(
        WarningKind::Doubtful,
        None,
        format!("lines that are no JSON are read as text, at the end: {}{more}", numbers.join(", ")),
    );
    for (number, line) in broken {
        out.start(of_record(*number));
        out.paragraph(line);
    }
}

/// A value of a list, with its number from 1, or that of its line.
type Record<'n> = (u32, &'n Node);

fn numbered(items: &[Node]) -> Vec<Record<'_>> {
    (1..).zip(items).collect()
}

/// The sheet that a file of records is.
fn sheet() -> Page {
    Page { number: 1, kind: PageKind::Sheet, ..Page::default() }
}

/// Its part that one record is written in, in as many lines as that takes.
fn of_record(row: u32) -> Page {
    Page { first_row: Some(row), one_row: true, ..sheet() }
}

/// Whether a table of records lies in it.
fn has_table(node: &Node) -> bool {
    match node {
        Node::List(items) => columns(&numbered(items)).is_some(),
        Node::Object(members) => members.iter().any(|(_, node)| has_table(node)),
        Node::Null | Node::Scalar(_) => false,
    }
}

fn append(out: &mut DocumentBuilder, root: &Node) {
    match root {
        Node::Object(members) => {
            if has_table(root) {
                out.start(sheet());
            }
            append_object(out, members, "", 1);
        }
        Node::List(items) => append_list(out, &numbered(items), ""),
        value => out.paragraph(&value.scalar().unwrap_or_default()),
    }
}

/// Members that hold other values have headings as far as they come last: what follows a heading lies under it.
fn append_object(out: &mut DocumentBuilder, members: &[(String, Node)], path: &str, level: u8) {
    let is_section = |node: &Node| !node.is_flat_list() && matches!(node, Node::Object(_) | Node::List(_));
    let first_section = members.iter().rposition(|(_, node)| !is_section(node)).map_or(0, |at| at + 1);
    let (before, sections) = match level <= MAX_HEADING_LEVEL {
        true => members.split_at(first_section),
        false => (members, &[][..]),
    };
    append_lines(out, &flattened(before, path));
    for (name, node) in sections {
        let path = join(path, name);
        out.heading(level, name);
        match node {
            Node::Object(members) if !members.is_empty() => append_object(out, members, &path, level + 1),
            Node::List(items) if !items.is_empty() => append_list(out, &numbered(items), &path),
            empty => out.paragraph(&format!("{path}: {}", empty.scalar().unwrap_or_default())),
        }
    }
}

fn append_list(out: &mut DocumentBuilder, items: &[Record<'_>], path: &str) {
    if let Some(names) = columns(items) {
        append_table(out, &names, items);
        if !path.is_empty() {
            out.start(sheet());
        }
        return;
    }
    for (index, &(row, item)) in items.iter().enumerate() {
        // Elsewhere the path tells the number.
        if path.is_empty() {
            out.start(of_record(row));
        }
        match item {
            Node::Object(members) if path.is_empty() => append_lines(out, &flattened(members, "")),
            item => match item.scalar() {
                Some(value) => out.block(BlockKind::ListItem, 1, &format!("- {value}")),
                None => {
                    let mut lines = Vec::new();
                    flatten(item, &format!("{path}[{index}]"), &mut lines);
                    append_lines(out, &lines);
                }
            },
        }
    }
}

/// Every name that occurs in objects of plain, short values, which a table can hold; `None` where they are none.
fn columns<'n>(items: &[Record<'n>]) -> Option<Vec<&'n str>> {
    let mut names: Vec<&str> = Vec::new();
    let mut values = 0;
    for &(_, item) in items {
        let Node::Object(members) = item else { return None };
        for (index, (name, node)) in members.iter().enumerate() {
            let short = node.scalar().is_some_and(|text| text.chars().count() <= MAX_VALUE_IN_TABLE);
            if !short || members[..index].iter().any(|(before, _)| before == name) {
                return None;
            }
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
            if names.len() > MAX_COLUMNS {
                return None;
            }
        }
        values += members.len();
    }
    if names.is_empty() || names.len() * items.len() > values.saturating_mul(MAX_PLACES_PER_VALUE) {
        return None;
    }
    Some(names)
}

/// One table, in stretches of records that follow each other.
fn append_table(out: &mut DocumentBuilder, names: &[&str], records: &[Record<'_>]) {
    let mut head = String::new();
    let columns: Vec<String> = names.iter().map(|name| one_line(name)).collect();
    push_row(&mut head, columns.iter().map(String::as_str));
    push_rule(&mut head, names.len());
    // The names are those of the records, and have no row of their own.
    out.start(of_record(records.first().map_or(1, |(row, _)| *row)));
    out.block(BlockKind::Table, 0, &head);
    for stretch in records.chunk_by(|(row, _), (next, _)| *next == row.saturating_add(1)) {
        let mut text = String::new();
        for (_, record) in stretch {
            let Node::Object(members) = record else { continue };
            let row: Vec<String> = names.iter().map(|name| cell(members, name)).collect();
            push_row(&mut text, row.iter().map(String::as_str));
        }
        out.start(Page { first_row: stretch.first().map(|(row, _)| *row), ..sheet() });
        out.go_on(Joint::Line, &text, &[]);
    }
}

fn cell(members: &[(String, Node)], name: &str) -> String {
    let node = members.iter().find(|(member, _)| member == name).map(|(_, node)| node);
    // A null is an empty cell, as in any other table.
    node.filter(|node| **node != Node::Null)
        .and_then(Node::scalar)
        .map_or(String::new(), |text| one_line(&text))
}

/// Every value below `members` with its path.
fn flattened(members: &[(String, Node)], path: &str) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for (name, node) in members {
        flatten(node, &join(path, name), &mut lines);
    }
    lines
}

fn flatten(node: &Node, path: &str, lines: &mut Vec<(String, String)>) {
    match node {
        Node::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(name, node)| flatten(node, &join(path, name), lines));
        }
        Node::List(items) if node.is_flat_list() && !items.is_empty() => {
            let values: Vec<String> = items.iter().filter_map(Node::scalar).collect();
            lines.push((path.to_owned(), values.join(", ")));
        }
        Node::List(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                flatten(item, &format!("{path}[{index}]"), lines);
            }
        }
        value => lines.push((path.to_owned(), value.scalar().unwrap_or_default())),
    }
}

fn join(path: &str, name: &str) -> String {
    let name = one_line(name);
    if path.is_empty() || name.starts_with('[') { format!("{path}{name}") } else { format!("{path}.{name}") }
}

/// Short values share a paragraph; a long text is one of its own.
fn append_lines(out: &mut DocumentBuilder, lines: &[(String, String)]) {
    let mut paragraph = String::new();
    for (path, value) in lines {
        let line = format!("{path}: {value}");
        if value.contains('\n') || value.chars().count() > MAX_VALUE_IN_TABLE {
            out.paragraph(&std::mem::take(&mut paragraph));
            out.paragraph(&line);
        } else {
            paragraph.push_str(&line);
            paragraph.push('\n');
        }
    }
    out.paragraph(&paragraph);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ParsedDocument {
        parse(text.as_bytes(), &ParseLimits::default()).unwrap()
    }

    #[test]
    fn records_become_a_table() {
        let expected = "| name | days | left |\n| --- | --- | --- |\n| Ann | 3 |  |\n| Bo\\|b |  | true |";
        assert_eq!(
            read(r#"[{"name":"Ann","days":3},{"name":"Bo|b","left":true,"days":null}]"#).text,
            expected
        );
        assert_eq!(
            read("{\"name\":\"Ann\",\"days\":3}\n\n{\"name\":\"Bo|b\",\"left\":true}\n").text,
            expected
        );
    }

    #[test]
    fn nested_values_keep_their_order_and_path() {
        let document = read(
            r#"{"title":"Plan","owner":{"name":"Ann","tags":["a","b"]},"year":2026,"a":1,"a":2,
                "steps":[{"name":"one","parts":[{"id":1},{"id":[]}]},{"name":"two"}],
                "rates":[{"k":"x","v":0.5},{"k":"y","v":12345678901}],"note":{"by":{"who":"Bo"},"text":""}}"#,
        );
        assert_eq!(
            document.text,
            "title: Plan\nowner.name: Ann\nowner.tags: a, b\nyear: 2026\na: 1\na: 2\n\nsteps\n\n\
             steps[0].name: one\nsteps[0].parts[0].id: 1\nsteps[0].parts[1].id: []\n\nsteps[1].name: two\n\nrates\n\n\
             | k | v |\n| --- | --- |\n| x | 0.5 |\n| y | 12345678901 |\n\nnote\n\nnote.by.who: Bo\nnote.text:"
        );
        assert_eq!(document.title.as_deref(), Some("Plan"));
        assert_eq!(document.blocks.last().unwrap().heading_path, ["note"]);
    }

    #[test]
    fn records_with_long_texts_are_written_apart() {
        let long = "word ".repeat(100);
        let document = read(&format!("{{\"id\":1,\"text\":\"{long}\"}}\n{{\"id\":2,\"text\":\"short\"}}"));
        assert_eq!(document.blocks.len(), 3);
        assert!(document.text.ends_with("id: 2\ntext: short"));
    }

    /// The rows that a quote is cited with.
    fn rows(document: &ParsedDocument, quote: &str) -> Option<(u32, u32)> {
        let chars = |bytes: usize| document.text[..bytes].chars().count();
        let at = document.text.find(quote).unwrap();
        let page = document.pages.iter().rev().find(|page| page.span.start <= chars(at))?;
        let before: String = document.text[..at].chars().skip(page.span.start).collect();
        page.rows(&before, quote)
    }

    #[test]
    fn a_record_of_a_table_has_its_number_or_its_line() {
        let document = read(r#"[{"姓名":"王芳","days":3},{"姓名":"Bo","days":4}]"#);
        assert_eq!(rows(&document, "| 王芳 | 3 |"), Some((1, 1)));
        assert_eq!(rows(&document, "| Bo | 4 |"), Some((2, 2)));
        let document = read("\n{\"a\":\"one\"}\n\n{\"a\":\"two\"}\r\n{\"a\":\"three\"}\n{\"a\":\n");
        let found =
            ["| a |", "| one |", "| two |", "| three |", "{\"a\":"].map(|quote| rows(&document, quote));
        assert_eq!(found, [2, 2, 4, 5, 6].map(|row| Some((row, row))));
        assert_eq!(document.blocks.len(), 2);
        assert!(document.warnings[0].message.ends_with(": 6"), "{:?}", document.warnings);
    }

    #[test]
    fn all_lines_of_a_record_have_its_row() {
        let long = "word ".repeat(100);
        let document = read(&format!(
            "{{\"id\":\"first\",\"text\":\"{long}\\nand more\"}}\n\n{{\"id\":2,\"text\":\"short\"}}"
        ));
        let found = ["id: first", "and more", "id: 2", "text: short"].map(|quote| rows(&document, quote));
        assert_eq!(found, [1, 1, 3, 3].map(|row| Some((row, row))));
        assert_eq!(rows(&read(r#"["a","b\nc"]"#), "c"), Some((2, 2)));
    }

    #[test]
    fn a_table_within_an_object_has_rows_and_what_is_no_table_has_its_headings() {
        let document = read(r#"{"of":2026,"rates":[{"k":"x"},{"k":"y"}],"note":{"by":"Bo"}}"#);
        assert_eq!(rows(&document, "| y |"), Some((2, 2)));
        assert_eq!(document.blocks[2].heading_path, ["rates"]);
        assert_eq!((rows(&document, "of: 2026"), rows(&document, "note.by")), (None, None));
        let document = read(r#"{"a":{"b":[{"c":[1,{"d":2}]}]}}"#);
        assert!(document.pages.is_empty());
        assert_eq!(document.blocks.last().unwrap().heading_path, ["a", "b"]);
    }

    #[test]
    fn broken_json_is_text_with_a_warning() {
        let document = read("{\"a\": 1, \"b\": [1, 2");
        assert_eq!(document.text, "{\"a\": 1, \"b\": [1, 2");
        assert!(document.warnings[0].message.contains("broken"), "{:?}", document.warnings);
        let document = read("{\"a\":1}\n{\"a\":2}\n{\"a\":\n");
        assert!(document.text.contains("| 2 |") && document.text.ends_with("{\"a\":"));
        assert!(document.warnings[0].message.ends_with(": 3"));
        let limits = ParseLimits { max_cells: 10, ..ParseLimits::default() };
        let document = parse(format!("[{}1]", "1,".repeat(50)).as_bytes(), &limits).unwrap();
        let message = &document.warnings[0].message;
        assert!(
            message.contains("for it has more than 10 values") && !message.contains("broken"),
            "{message}"
        );
    }

    #[test]
    fn numbers_keep_their_digits() {
        let numbers = "12345678901234567890123, 19.90, 5.00, -0, 1E5, 1e-7, 0.1, -12, 18446744073709551616";
        let source = format!("{{\"1\\\"2\":\"3\\\\\",\"list\":[{}]}}", numbers.replace(' ', ""));
        assert_eq!(read(&source).text, format!("1\"2: 3\\\nlist: {numbers}"));
        let lines = read("{\"id\":\"7\",\"pay\":4100.50}\n{\"id\":\"8\",\"pay\":3900.00}\n");
        assert!(lines.text.ends_with("| 7 | 4100.50 |\n| 8 | 3900.00 |"), "{}", lines.text);
    }

    #[test]
    fn what_is_nested_too_deep_is_said_to_be() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(126)).warnings.is_empty());
        for depth in [127, 128, 200, 100_000] {
            let document = read(&nested(depth));
            let message = &document.warnings[0].message;
            let expected = "the JSON is read as plain text, for it is nested deeper than 126 levels";
            assert!(message.starts_with(expected), "{message}");
        }
    }

    #[test]
    fn names_that_are_all_different_make_no_giant_table() {
        let records: Vec<String> = (0..2000).map(|n| format!("{{\"k{n}\":{n}}}")).collect();
        let document = read(&format!("[{}]", records.join(",")));
        assert!(document.text.starts_with("k0: 0\n\nk1: 1"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(text in "[\\[\\]{}\",:a1 \n.e-]{0,60}", bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..60)) {
            let _ = parse(&bytes, &ParseLimits::default());
            let whole = text.chars().any(|c| !c.is_whitespace());
            proptest::prop_assert_eq!(parse(text.as_bytes(), &ParseLimits::default()).is_ok(), whole);
        }
    }
}
