//! reStructuredText: sections, lists, tables, literal blocks and directives by their indentation.
//!
//! Includes are never followed; a directive that is not known is read as the text within it.

mod directive;
mod inline;
mod table;

use footnote_core::Result;
use footnote_core::parsed::{BlockKind, ContentType, ParsedDocument, WarningKind};

use self::inline::{Substitutions, plain};
use super::flow::{Flow, append_table};
use super::limits::ParseLimits;
use super::text::decode;

/// How deep blocks nest; what is indented more is read as paragraphs.
const MAX_DEPTH: usize = 40;

/// Reads reStructuredText.
pub(crate) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument> {
    let decoded = decode(bytes, None);
    let mut builder = decoded.builder(limits);
    let text = decoded.line_feeds().replace('\t', "        ");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut reader = Reader {
        flow: Flow::new(&mut builder),
        titles: Vec::new(),
        substitutions: substitutions(&lines, limits.max_text_chars),
        includes: 0,
    };
    reader.blocks(&lines, 0);
    let includes = reader.includes;
    reader.flow.flush();
    if includes > 0 {
        let message = format!("{includes} included files are not part of the text; upload them too");
        builder.warn(WarningKind::Lost, None, message);
    }
    builder.finish(ContentType::Rst, "footnote rst 1")
}

/// Values of `.. |name| replace:: value`.
fn substitutions(lines: &[&str], most: usize) -> Substitutions {
    let none = Substitutions::default();
    let definition = |line: &&str| {
        let (name, value) = line.trim_start().strip_prefix(".. |")?.split_once("| ")?;
        let value = match value.split_once("::")? {
            ("replace" | "unicode", value) => value.trim(),
            _ => "",
        };
        Some((name.to_owned(), plain(value, &none)))
    };
    Substitutions::new(lines.iter().filter_map(definition).collect(), most)
}

struct Reader<'b> {
    flow: Flow<'b>,
    /// Underlines in the order in which they came: the character, and whether one stood above the title too.
    titles: Vec<(char, bool)>,
    substitutions: Substitutions,
    includes: usize,
}

impl Reader<'_> {
    /// Reads lines that have the same indentation, or more.
    fn blocks(&mut self, lines: &[&str], depth: usize) {
        let mut at = 0;
        while let Some(&line) = lines.get(at) {
            let rest = &lines[at..];
            at += match () {
                () if line.is_empty() => 1,
                () if depth > MAX_DEPTH => self.paragraph(rest, depth),
                () if line.starts_with(' ') => self.quote(rest, depth),
                () => self.block(rest, depth),
            }
            .max(1);
        }
        self.flow.flush();
    }

    /// Reads the block that begins with the first of `lines` and gives its length.
    fn block(&mut self, lines: &[&str], depth: usize) -> usize {
        if let Some(length) = self.title(lines) {
            return length;
        }
        if let Some(length) = table::length(lines) {
            self.table(&lines[..length]);
            return length;
        }
        let line = lines[0];
        if line == ".." || line.starts_with(".. ") {
            return self.explicit(lines, depth);
        }
        if is_underline(line) && line.len() >= 4 {
            return 1;
        }
        if line.starts_with(">>>") {
            let length = lines.iter().take_while(|line| !line.is_empty()).count();
            self.code(&lines[..length]);
            return length;
        }
        if let Some(length) = self.list(lines, depth) {
            return length;
        }
        if let Some((name, value)) = field(line) {
            let length = 1 + indented(&lines[1..]);
            self.flow.flush();
            self.flow.verbatim(&format!("{name}: "));
            let mut body = vec![value];
            body.extend(dedented(&lines[1..length]));
            self.blocks(&body, depth + 1);
            return length;
        }
        self.paragraph(lines, depth)
    }

    /// A title with a line below it, and perhaps one above.
    fn title(&mut self, lines: &[&str]) -> Option<usize> {
        let over = is_underline(lines[0]) && lines.get(2).is_some_and(|below| *below == lines[0]);
        let (title, below) = if over { (lines[1], lines[2]) } else { (lines[0], *lines.get(1)?) };
        let mark = below.chars().next()?;
        let wide_enough = below.chars().count() >= title.chars().count().min(4);
        if !is_underline(below) || title.is_empty() || is_underline(title) || !wide_enough {
            return None;
        }
        // `..` and `::` below a line begin other things.
        if !over && below.len() < 3 && title.chars().count() > below.len() {
            return None;
        }
        let key = (mark, over);
        let level = self.titles.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.titles.push(key);
            self.titles.len() - 1
        });
        let title = plain(title.trim(), &self.substitutions);
        self.flow.builder().title(&title);
        self.flow.builder().heading(u8::try_from(level + 1).unwrap_or(6), &title);
        Some(if over { 3 } else { 2 })
    }

    fn table(&mut self, lines: &[&str]) {
        let grid = table::grid(lines, &|cell| plain(cell, &self.substitutions));
        append_table(self.flow.builder(), grid);
    }

    fn code(&mut self, lines: &[&str]) {
        self.flow.builder().block(BlockKind::Code, 0, &lines.join("\n"));
    }

    /// Items that follow each other, with what is indented below them.
    fn list(&mut self, lines: &[&str], depth: usize) -> Option<usize> {
        let (kind, ..) = marker(lines[0])?;
        let first = if let Marker::Number(first) = kind { Some(first) } else { None };
        self.flow.open_list(first);
        let mut at = 0;
        while let Some((_, width)) =
            lines.get(at).and_then(|line| marker(line)).filter(|(k, _)| k.is_like(kind))
        {
            let length = 1 + body_length(&lines[at + 1..]);
            let mut body = vec![lines[at].get(width..).unwrap_or_default()];
            body.extend(cut(&lines[at + 1..at + length], width));
            self.flow.open_item();
            self.blocks(&body, depth + 1);
            self.flow.close_item();
            at += length;
        }
        self.flow.close_list();
        Some(at)
    }

    fn quote(&mut self, lines: &[&str], depth: usize) -> usize {
        let length = indented(lines).max(1);
        self.flow.open_quote();
        self.blocks(&dedented(&lines[..length]), depth + 1);
        self.flow.close_quote();
        length
    }

    /// Lines up to a blank one. With `::` at its end, literal text follows; where the second line is indented,
    /// the first is a term and the rest says what it means.
    fn paragraph(&mut self, lines: &[&str], depth: usize) -> usize {
        let is_term = lines.get(1).is_some_and(|next| next.starts_with(' ')) && !lines[0].ends_with("::");
        if is_term && depth <= MAX_DEPTH && !lines[0].starts_with("| ") {
            let length = 1 + indented(&lines[1..]);
            self.flow.flush();
            self.flow.text(&plain(lines[0], &self.substitutions));
            self.flow.flush();
            self.blocks(&dedented(&lines[1..length]), depth + 1);
            return length;
        }
        let length = lines.iter().take_while(|line| !line.is_empty()).count();
        let text = lines[..length].join("\n");
        let literal = text.ends_with("::");
        let text = match text.strip_suffix("::") {
            Some(before) if before.is_empty() || before.ends_with([' ', '\n']) => {
                before.trim_end().to_owned()
            }
            Some(before) => format!("{before}:"),
            None => text,
        };
        if let Some(line_block) = text.strip_prefix("| ") {
            for line in line_block.split("\n|") {
                self.flow.text(&plain(line.trim(), &self.substitutions));
                self.flow.line_break();
            }
        } else {
            self.flow.text(&plain(&text, &self.substitutions));
        }
        self.flow.flush();
        let body = if literal { indented(&lines[length..]) } else { 0 };
        self.code(&dedented(&lines[length..length + body]));
        length + body
    }

    /// What begins with two dots: comments, targets, footnotes and directives.
    fn explicit(&mut self, lines: &[&str], depth: usize) -> usize {
        let length = 1 + indented(&lines[1..]);
        let body = dedented(&lines[1..length]);
        let head = lines[0].get(3..).unwrap_or_default().trim_start();
        if let Some((label, text)) = head.strip_prefix('[').and_then(|h| h.split_once("] ")) {
            self.flow.flush();
            let text = std::iter::once(text).chain(body.iter().copied()).collect::<Vec<_>>().join(" ");
            let label = label.trim_start_matches('#');
            let text = format!("[{label}] {}", plain(&text, &self.substitutions));
            self.flow.builder().block(BlockKind::Footnote, 0, text.trim_start_matches("[] "));
            return length;
        }
        let name = head.split("::").next().unwrap_or_default();
        let is_name =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_:.".contains(c));
        if head.contains("::") && is_name && !head.starts_with('_') {
            let argument = head.get(name.len() + 2..).unwrap_or_default().trim();
            self.directive(&name.to_ascii_lowercase(), argument, &body, depth);
        }
        length
    }
}

/// How the items of a list begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marker {
    Bullet(char),
    Number(u64),
}

impl Marker {
    fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Bullet(a), Self::Bullet(b)) => a == b,
            (Self::Number(_), Self::Number(_)) => true,
            _ => false,
        }
    }
}

/// The marker of a list item and where its text begins, in bytes.
fn marker(line: &str) -> Option<(Marker, usize)> {
    let (word, after) = line.split_once(' ').unwrap_or((line, ""));
    let width = line.len() - after.trim_start().len();
    if matches!(word, "-" | "*" | "+" | "•") {
        return Some((Marker::Bullet(word.chars().next()?), width));
    }
    let number = word.strip_suffix(['.', ')'])?.trim_start_matches('(');
    let is_number = number == "#"
        || !number.is_empty() && number.len() < 10 && number.chars().all(|c| c.is_ascii_digit());
    (is_number && !after.is_empty()).then(|| (Marker::Number(number.parse().unwrap_or(1)), width))
}

/// `:name: value`
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line
        .strip_prefix(':')?
        .split_once(": ")
        .or_else(|| Some((line.strip_prefix(':')?.strip_suffix(':')?, "")))?;
    (!name.is_empty() && !name.contains('`') && !name.starts_with(' ')).then_some((name, value.trim()))
}

fn is_underline(line: &str) -> bool {
    let mut chars = line.chars();
    let Some(first) = chars.next() else { return false };
    line.len() >= 2 && first.is_ascii_punctuation() && chars.all(|c| c == first)
}

/// How many of `lines` are blank or indented, without blank ones at the end.
fn indented(lines: &[&str]) -> usize {
    let length = lines.iter().take_while(|line| line.is_empty() || line.starts_with(' ')).count();
    lines[..length].iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1)
}

/// [`indented`] with the blank lines after it, so that items parted by them follow each other.
fn body_length(lines: &[&str]) -> usize {
    let length = indented(lines);
    length + lines[length..].iter().take_while(|line| line.is_empty()).count()
}

/// Without the indentation that all lines have.
fn dedented<'t>(lines: &[&'t str]) -> Vec<&'t str> {
    let indentation = |line: &&&str| line.len() - line.trim_start_matches(' ').len();
    let least = lines.iter().filter(|line| !line.is_empty()).map(|line| indentation(&line)).min();
    cut(lines, least.unwrap_or(0)).collect()
}

/// Without as many blanks as `width` at the beginning, where there are as many.
fn cut<'l, 't>(lines: &'l [&'t str], width: usize) -> impl Iterator<Item = &'t str> + use<'l, 't> {
    lines.iter().map(move |line| {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        line.get(blanks.min(width)..).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests;
