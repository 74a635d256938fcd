//! Directives of reStructuredText, those of Sphinx among them.

use footnote_core::parsed::BlockKind;

use super::inline::plain;
use super::{Reader, dedented, field, indented, marker, table};
use crate::parse::flow::append_table;
use crate::parse::table::TableGrid;

impl Reader<'_> {
    /// Reads a directive, whose `body` has no indentation.
    pub(super) fn directive(&mut self, name: &str, argument: &str, body: &[&str], depth: usize) {
        let options = body.iter().take_while(|line| field(line).is_some()).count();
        let option = |wanted: &str| {
            body[..options].iter().filter_map(|line| field(line)).find(|(n, _)| *n == wanted).map(|(_, v)| v)
        };
        let content = &body[options..];
        match name.rsplit(':').next().unwrap_or(name) {
            "code" | "code-block" | "sourcecode" | "parsed-literal" | "prompt" | "doctest" | "testcode"
            | "testoutput" | "console" => {
                self.caption(option("caption").unwrap_or_default());
                self.flow.builder().block(BlockKind::Code, 0, &content.join("\n"));
            }
            "math" => {
                let text = [argument, &content.join("\n")].join("\n");
                self.flow.builder().paragraph(&format!("$${}$$", text.trim()));
            }
            "include" | "literalinclude" => self.includes += 1,
            "image" | "figure" => {
                self.caption(option("alt").unwrap_or_default());
                self.blocks(content, depth + 1);
            }
            "table" | "list-table" | "csv-table" => {
                self.caption(argument);
                match name {
                    "list-table" => self.list_table(content),
                    "csv-table" => {
                        let header = option("header").into_iter().collect::<Vec<_>>();
                        let lines: Vec<&str> = header.iter().chain(content).copied().collect();
                        let separator = option("delim").and_then(|d| d.chars().next()).unwrap_or(',');
                        let grid = table::csv(&lines, separator, &|cell| plain(cell, &self.substitutions));
                        append_table(self.flow.builder(), grid);
                    }
                    _ => self.blocks(content, depth + 1),
                }
            }
            // What is for the program, not for readers, or made by it.
            "contents" | "toctree" | "index" | "meta" | "raw" | "highlight" | "default-role" | "role"
            | "module" | "currentmodule" | "automodule" | "sectnum" | "target-notes" | "replace"
            | "unicode" | "date" | "tabularcolumns" | "graphviz" | "youtube" => {}
            other => self.labelled(other, argument, content, depth),
        }
    }

    /// Admonitions, rubrics, definitions of functions and whatever else: its name where that tells something,
    /// its argument, and the blocks within it.
    fn labelled(&mut self, name: &str, argument: &str, content: &[&str], depth: usize) {
        const TOLD: &[&str] = &[
            "note",
            "warning",
            "tip",
            "important",
            "caution",
            "danger",
            "attention",
            "error",
            "hint",
            "seealso",
            "deprecated",
            "versionadded",
            "versionchanged",
            "todo",
        ];
        self.flow.flush();
        let mut label =
            if TOLD.contains(&name) { format!("{}: ", name.to_ascii_uppercase()) } else { String::new() };
        label.push_str(&plain(argument, &self.substitutions));
        self.flow.verbatim(&label);
        if !argument.is_empty() {
            // An admonition's first paragraph may begin on the line of its name.
            let goes_on = TOLD.contains(&name) && content.first().is_some_and(|line| !line.is_empty());
            if goes_on { self.flow.soft_break() } else { self.flow.flush() }
        }
        self.blocks(content, depth + 1);
    }

    fn caption(&mut self, text: &str) {
        let text = plain(text, &self.substitutions);
        self.flow.builder().paragraph(&text);
    }

    /// A list of lists: an item for each row, an item in it for each cell.
    fn list_table(&mut self, lines: &[&str]) {
        let mut grid = TableGrid::default();
        let mut at = lines.iter().take_while(|line| line.is_empty()).count();
        while let Some((_, width)) = lines.get(at).and_then(|line| marker(line)) {
            let length = 1 + indented(&lines[at + 1..]);
            let mut row = vec![lines[at].get(width..).unwrap_or_default()];
            row.extend(dedented(&lines[at + 1..at + length]));
            grid.start_row();
            let mut cell = 0;
            while let Some((_, width)) = row.get(cell).and_then(|line| marker(line)) {
                let length = 1 + indented(&row[cell + 1..]);
                let mut text = row[cell].get(width..).unwrap_or_default().to_owned();
                for line in &row[cell + 1..cell + length] {
                    text.push('\n');
                    text.push_str(line.trim());
                }
                grid.cell(&plain(&text, &self.substitutions), 1, 1);
                cell += length + row[cell + length..].iter().take_while(|line| line.is_empty()).count();
            }
            at += length + lines[at + length..].iter().take_while(|line| line.is_empty()).count();
        }
        append_table(self.flow.builder(), grid);
        // What is no list in it is not lost.
        let rest: Vec<&str> = lines[at.min(lines.len())..].to_vec();
        self.blocks(&rest, super::MAX_DEPTH);
    }
}
