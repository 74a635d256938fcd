//! AsciiDoc: headings, lists, tables and delimited blocks line by line, as a reader sees them.
//!
//! Includes are never followed and conditions not evaluated: both their sides are read.

mod inline;
mod table;

use footnote_core::Result;
use footnote_core::parsed::{BlockKind, ContentType, ParsedDocument, WarningKind};

use self::inline::{Attributes, plain};
use self::table::{Format, grid};
use super::flow::{Flow, append_table};
use super::html;
use super::limits::ParseLimits;
use super::text::decode;

/// Reads AsciiDoc.
pub(crate) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument> {
    let decoded = decode(bytes, None);
    let mut builder = decoded.builder(limits);
    let text = decoded.line_feeds();
    let lines: Vec<&str> = text.lines().collect();
    let mut reader = Reader::new(&lines, Flow::new(&mut builder));
    reader.read()?;
    let includes = reader.includes;
    if includes > 0 {
        let message = format!("{includes} included files are not part of the text; upload them too");
        builder.warn(WarningKind::Lost, None, message);
    }
    builder.finish(ContentType::Asciidoc, "footnote asciidoc 1")
}

struct Reader<'t, 'b> {
    lines: &'t [&'t str],
    at: usize,
    flow: Flow<'b>,
    attributes: Attributes,
    /// Markers of the open lists with their indentation, the innermost last.
    lists: Vec<(String, usize)>,
    /// Whether an item continues after a blank line, as `+` says.
    continued: bool,
    /// Whether a blank line came last.
    after_blank: bool,
    /// What stands in brackets above a block.
    block: String,
    /// Delimiters of the open blocks that hold other blocks.
    delimiters: Vec<&'t str>,
    includes: usize,
}

impl<'t, 'b> Reader<'t, 'b> {
    fn new(lines: &'t [&'t str], flow: Flow<'b>) -> Self {
        Self {
            lines,
            at: 0,
            flow,
            attributes: Attributes::new(),
            lists: Vec::new(),
            continued: false,
            after_blank: true,
            block: String::new(),
            delimiters: Vec::new(),
            includes: 0,
        }
    }

    fn read(&mut self) -> Result<()> {
        while let Some(&line) = self.lines.get(self.at) {
            self.at += 1;
            self.line(line)?;
        }
        self.close_lists();
        self.flow.flush();
        Ok(())
    }

    /// Reads one line, with the block that it begins.
    fn line(&mut self, line: &'t str) -> Result<()> {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            self.flow.flush();
            self.after_blank = true;
            return Ok(());
        }
        if trimmed == "+" {
            self.flow.flush();
            (self.continued, self.after_blank) = (true, false);
            return Ok(());
        }
        let done = self.invisible(line)
            || self.heading(line)
            || self.delimited(line.trim_end())?
            || self.bare_table(line)
            || self.block_macro(trimmed)
            || self.item(line)
            || self.literal(line);
        if !done {
            self.paragraph_line(trimmed);
        }
        self.after_blank = false;
        Ok(())
    }

    /// Comments, attributes, conditions and the attributes of blocks.
    fn invisible(&mut self, line: &'t str) -> bool {
        let trimmed = line.trim_end();
        if trimmed.len() >= 4 && trimmed.chars().all(|c| c == '/') {
            self.until(trimmed);
            return true;
        }
        if trimmed.starts_with("//") && !trimmed.starts_with("///") {
            return true;
        }
        if let Some((name, value)) = attribute_entry(trimmed) {
            let value = plain(value, &self.attributes);
            self.attributes.insert(name.to_owned(), value);
            return true;
        }
        if let Some(inner) = trimmed.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            if self.after_blank || !self.block.is_empty() || self.next_is_block() {
                self.flow.flush();
                if !inner.starts_with('[') {
                    self.block = inner.to_owned();
                }
                return true;
            }
            return false;
        }
        let directive = trimmed.split("::").next().unwrap_or_default();
        if trimmed.contains("::")
            && matches!(directive, "include" | "ifdef" | "ifndef" | "ifeval" | "endif" | "toc")
        {
            self.includes += usize::from(directive == "include");
            return true;
        }
        trimmed == "'''" || trimmed == "<<<"
    }

    fn next_is_block(&self) -> bool {
        let next = self.lines.get(self.at).map_or("", |line| line.trim_end());
        next.starts_with(['[', '.', '=', '|', '-', '*', '_'])
    }

    /// `== Title`, or a title with a line below it.
    fn heading(&mut self, line: &str) -> bool {
        let marks = line.chars().take_while(|&c| c == '=' || c == '#').count();
        let title = line.get(marks..).filter(|_| (1..=6).contains(&marks)).and_then(|t| t.strip_prefix(' '));
        let (level, title) = match title.filter(|title| !title.trim().is_empty()) {
            Some(title) => (marks, title),
            None => match self.underlined(line) {
                Some(level) => {
                    self.at += 1;
                    (level, line)
                }
                None => return false,
            },
        };
        self.close_lists();
        self.block.clear();
        let title = plain(title.trim(), &self.attributes);
        self.flow.builder().title(&title);
        self.flow.builder().heading(u8::try_from(level).unwrap_or(6), &title);
        true
    }

    /// The level of a title whose next line underlines it.
    fn underlined(&self, line: &str) -> Option<usize> {
        let below = self.lines.get(self.at)?.trim_end();
        let mark = below.chars().next()?;
        let level = "=-~^+".find(mark)? + 1;
        let (width, own) = (below.chars().count(), line.trim_end().chars().count());
        let fits = width >= 4 && width.abs_diff(own) <= 1 && below.chars().all(|c| c == mark);
        (fits && self.after_blank && line.starts_with(char::is_alphanumeric)).then_some(level)
    }

    /// Blocks between two equal lines.
    fn delimited(&mut self, line: &'t str) -> Result<bool> {
        let mark = line.chars().next().unwrap_or_default();
        let is_fence = line.len() >= 4 && line.chars().all(|c| c == mark);
        match mark {
            '-' | '.' if is_fence => self.code(line),
            '`' if line.starts_with("```") && !line[3..].contains('`') => self.code("```"),
            '+' if is_fence => {
                self.open_block();
                let inner = self.until(line).join("\n");
                html::append_fragment(&inner, &mut self.flow)?;
            }
            '=' | '*' | '_' if is_fence => self.structural(line),
            '-' if line == "--" => self.structural(line),
            '|' | ',' | ':' | '!' if line.get(1..) == Some("===") => self.table(line),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn code(&mut self, fence: &str) {
        self.open_block();
        let inner = self.until(fence).join("\n");
        if std::mem::take(&mut self.block).starts_with("verse") {
            self.flow.builder().block(BlockKind::Quote, 0, &inner);
        } else {
            self.flow.builder().block(BlockKind::Code, 0, &inner);
        }
    }

    /// Begins or ends a block that holds blocks: an example, a sidebar, a quotation, an open block.
    fn structural(&mut self, line: &'t str) {
        self.flow.flush();
        let is_quote = line.starts_with('_');
        if let Some(at) = self.delimiters.iter().rposition(|open| *open == line) {
            for closed in self.delimiters.split_off(at) {
                if closed.starts_with('_') {
                    self.flow.close_quote();
                }
            }
            return;
        }
        self.open_block();
        let style = std::mem::take(&mut self.block);
        if is_quote {
            self.flow.open_quote();
        }
        self.admonition(&style);
        self.delimiters.push(line);
    }

    fn table(&mut self, fence: &str) {
        self.open_block();
        let block = std::mem::take(&mut self.block);
        let lines = self.until(fence);
        let format = match fence.chars().next() {
            Some(',') => Format::Lines(','),
            Some(':') => Format::Lines(':'),
            _ if block.contains("format=csv") || block.contains("format=\"csv\"") => Format::Lines(','),
            _ if block.contains("format=tsv") => Format::Lines('\t'),
            bar => Format::Bars(bar.unwrap_or('|')),
        };
        let lines: Vec<String> =
            lines.iter().filter(|l| !l.starts_with("//")).map(|line| plain(line, &self.attributes)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        append_table(self.flow.builder(), grid(&lines, format, columns(&block)));
    }

    /// Lines that begin with bars without a fence around them: rows of a table by mistake, read as such.
    fn bare_table(&mut self, line: &str) -> bool {
        let is_row = |line: &str| line.starts_with('|') && line.matches('|').count() > 1;
        let next = self.lines.get(self.at).is_some_and(|next| is_row(next));
        if !is_row(line) || !next {
            return false;
        }
        self.open_block();
        let from = self.at - 1;
        let rows = self.lines[from..].iter().take_while(|line| is_row(line)).count();
        let lines: Vec<String> =
            self.lines[from..from + rows].iter().map(|line| plain(line, &self.attributes)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        append_table(self.flow.builder(), grid(&lines, Format::Bars('|'), None));
        self.at = from + rows;
        true
    }

    /// `image::target[text]` and the like on a line of their own, and the title of a block.
    fn block_macro(&mut self, line: &str) -> bool {
        if let Some(title) = line.strip_prefix('.')
            && title.starts_with(|c: char| !c.is_whitespace() && c != '.')
            && (self.after_blank || self.next_is_block())
        {
            self.open_block();
            let title = plain(title, &self.attributes);
            self.flow.builder().paragraph(&title);
            return true;
        }
        let Some((name, after)) = line.split_once("::") else { return false };
        if !matches!(name, "image" | "video" | "audio" | "stem" | "latexmath") || !line.ends_with(']') {
            return false;
        }
        let text = after.split_once('[').map_or("", |(_, text)| text.trim_end_matches(']'));
        let first = text.split(',').next().unwrap_or_default();
        self.open_block();
        if !first.contains('=') {
            let text = plain(first.trim_matches('"'), &self.attributes);
            self.flow.builder().paragraph(&text);
        }
        true
    }

    /// An item of a list, or a term with its description.
    fn item(&mut self, line: &str) -> bool {
        let text = line.trim_start();
        let indentation = line.len() - text.len();
        if let Some((marker, rest)) = marker(text) {
            self.flow.flush();
            let key = (marker, indentation);
            match self.lists.iter().position(|open| *open == key) {
                Some(at) => {
                    while self.lists.len() > at + 1 {
                        self.close_list();
                    }
                    self.flow.close_item();
                }
                None => {
                    // What is less indented than an open list does not lie within it.
                    while self.lists.last().is_some_and(|(_, open)| *open > indentation) {
                        self.close_list();
                    }
                    let is_ordered = key.0.starts_with(['.', '1']);
                    self.flow.open_list(is_ordered.then_some(1));
                    self.lists.push(key);
                }
            }
            self.flow.open_item();
            self.continued = false;
            self.flow.verbatim(&plain(rest, &self.attributes));
            self.block.clear();
            return true;
        }
        let Some((term, description)) = term(text) else { return false };
        self.flow.flush();
        self.flow.verbatim(&plain(term, &self.attributes));
        self.flow.line_break();
        self.flow.text(&plain(description, &self.attributes));
        true
    }

    /// An indented paragraph is code.
    fn literal(&mut self, line: &str) -> bool {
        if !line.starts_with([' ', '\t']) || !self.after_blank || !self.lists.is_empty() {
            return false;
        }
        let from = self.at - 1;
        let count = self.lines[from..].iter().take_while(|line| !line.trim().is_empty()).count();
        self.flow.builder().block(BlockKind::Code, 0, &self.lines[from..from + count].join("\n"));
        self.at = from + count;
        true
    }

    fn paragraph_line(&mut self, line: &str) {
        if self.after_blank && !self.continued {
            self.close_lists();
        }
        self.continued = false;
        let style = std::mem::take(&mut self.block);
        if matches!(style.as_str(), "source" | "listing" | "literal") || style.starts_with("source,") {
            self.at -= 1;
            let count = self.lines[self.at..].iter().take_while(|line| !line.trim().is_empty()).count();
            let inner = self.lines[self.at..self.at + count].join("\n");
            self.at += count;
            self.flow.builder().block(BlockKind::Code, 0, &inner);
            return;
        }
        self.admonition(&style);
        // Marks may reach over line ends, so the whole paragraph is made plain at once.
        let mut text = line.trim_end_matches(" +").to_owned();
        let mut breaks = line.ends_with(" +");
        while let Some(next) = self.lines.get(self.at).filter(|next| self.goes_on(next)) {
            text.push_str(if breaks { "\u{1}" } else { "\n" });
            text.push_str(next.trim().trim_end_matches(" +"));
            breaks = next.trim_end().ends_with(" +");
            self.at += 1;
        }
        for (index, part) in plain(&text, &self.attributes).split('\u{1}').enumerate() {
            if index > 0 {
                self.flow.line_break();
            }
            self.flow.text(part);
        }
        self.flow.soft_break();
    }

    /// Whether a line belongs to the paragraph above it.
    fn goes_on(&self, line: &str) -> bool {
        let trimmed = line.trim();
        let mark = trimmed.chars().next().unwrap_or_default();
        let is_fence = trimmed.len() >= 2 && trimmed.chars().all(|c| c == mark) && "-=*_.+/`|".contains(mark);
        !trimmed.is_empty()
            && trimmed != "+"
            && !is_fence
            && !trimmed.starts_with(['|', '[', ':', '='])
            && !trimmed.starts_with("//")
            && !trimmed.contains("::")
            && marker(trimmed).is_none()
    }

    fn admonition(&mut self, style: &str) {
        let name = style.split([',', '#', '.', '%']).next().unwrap_or_default();
        if matches!(name, "NOTE" | "TIP" | "IMPORTANT" | "WARNING" | "CAUTION") {
            self.flow.verbatim(&format!("{name}: "));
        }
    }

    /// Ends what came before a block, unless it continues a list item.
    fn open_block(&mut self) {
        self.flow.flush();
        if !self.continued && self.after_blank {
            self.close_lists();
        }
        self.continued = false;
    }

    fn close_lists(&mut self) {
        while !self.lists.is_empty() {
            self.close_list();
        }
        self.flow.flush();
    }

    fn close_list(&mut self) {
        self.flow.close_item();
        self.flow.close_list();
        self.lists.pop();
    }

    /// The lines up to the next line that is `fence`, which is passed.
    fn until(&mut self, fence: &str) -> &'t [&'t str] {
        let rest = self.lines.get(self.at..).unwrap_or_default();
        let count = rest.iter().position(|line| line.trim_end() == fence).unwrap_or(rest.len());
        self.at += count + 1;
        &rest[..count]
    }
}

/// `:name: value`
fn attribute_entry(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix(':')?.split_once(':')?;
    let is_name = name.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '!')
        && name.chars().all(|c| c.is_alphanumeric() || "_-!".contains(c));
    (is_name && (value.is_empty() || value.starts_with(' '))).then_some((name, value.trim()))
}

/// The marker of a list item and the text after it. Numbers are all one marker.
fn marker(text: &str) -> Option<(String, &str)> {
    let (word, rest) = text.split_once(' ')?;
    let first = word.chars().next()?;
    let is_run = matches!(first, '*' | '.') && word.len() <= 6 && word.chars().all(|c| c == first);
    let number =
        word.strip_suffix('.').is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()));
    let callout = word.strip_prefix('<').and_then(|w| w.strip_suffix('>'));
    let is_callout =
        callout.is_some_and(|n| n == "." || n.chars().all(|c| c.is_ascii_digit()) && !n.is_empty());
    let marker = match () {
        () if is_run || word == "-" => word,
        () if number => "1.",
        () if is_callout => "1>",
        () => return None,
    };
    (!rest.trim().is_empty()).then(|| (marker.to_owned(), rest.trim()))
}

/// `term:: description`
fn term(text: &str) -> Option<(&str, &str)> {
    let at = text.find("::")?;
    let (term, after) = text.split_at_checked(at)?;
    let description = after.trim_start_matches(':');
    let ends = description.is_empty() || description.starts_with(char::is_whitespace);
    (ends && !term.trim().is_empty() && after.len() - description.len() <= 4)
        .then(|| (term.trim(), description.trim()))
}

/// How many columns the attribute `cols` names.
fn columns(block: &str) -> Option<usize> {
    let (_, value) = block.split_once("cols=")?;
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => value.split(',').next()?,
    };
    let count = value.split([',', ';']).map(|column| {
        let copies = column.split_once('*').and_then(|(n, _)| n.trim().parse::<usize>().ok());
        copies.unwrap_or(1).min(256)
    });
    Some(count.sum::<usize>()).filter(|&n| n > 0)
}

#[cfg(test)]
mod tests;
