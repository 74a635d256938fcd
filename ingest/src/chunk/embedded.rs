//! What is embedded: the chunk under its title and heading path, so that a vector knows where its
//! text stands.

use std::ops::Range;

use footnote_core::Result;
use footnote_core::parsed::{Block, ParsedDocument};
use footnote_core::ports::TokenCounter;
use footnote_core::text::{CanonicalText, Span};

use super::ChunkBudget;
use super::atoms::{header_len, repeated_header, row_label};
use super::sections::table_cut_at;

/// What stands between the headings of a path.
const SEPARATOR: &str = " > ";

/// What stands between a chunk's text and the note on it.
const BEFORE_NOTE: &str = "\n\n";

/// The title and the heading path in front of a chunk's text, a line each. Where they exceed
/// `max_tokens` they are shortened (outer headings first, then the title's end); the text never is.
pub fn embedded_text(
    title: &str,
    heading_path: &[String],
    chunk_text: &str,
    tokens: &dyn TokenCounter,
    max_tokens: usize,
) -> Result<String> {
    let mut text = context(title, heading_path, tokens, max_tokens)?;
    text.push_str(chunk_text);
    Ok(text)
}

/// Composes embedded texts of one version; remembers the last context and the last table, which neighbours share.
pub(crate) struct Composer<'a> {
    title: &'a str,
    text: &'a CanonicalText,
    blocks: &'a [Block],
    tokens: &'a dyn TokenCounter,
    budget: ChunkBudget,
    last: Option<(Vec<String>, String)>,
    table: Option<CutTable>,
}

/// What chunks that continue a table are given to begin with. A row may be as long as the text, and is looked at once.
struct CutTable {
    /// Where it begins, in scalar values.
    start: usize,
    header: String,
    /// Bytes that are no row.
    header_len: usize,
    row: Option<CutRow>,
}

struct CutRow {
    /// Bytes of the table.
    bytes: Range<usize>,
    label: String,
}

impl<'a> Composer<'a> {
    /// For chunks of `text`, which `parsed` has the blocks of.
    pub(crate) fn new(
        title: &'a str,
        text: &'a CanonicalText,
        parsed: &'a ParsedDocument,
        tokens: &'a dyn TokenCounter,
        budget: ChunkBudget,
    ) -> Self {
        Self { title, text, blocks: &parsed.blocks, tokens, budget, last: None, table: None }
    }

    /// What is embedded for the chunk at `span`: context, the header of a table that the chunk continues, the label of
    /// a row of it that the chunk continues, its text, and what somebody noted on it, as far as it fits. `None` where the
    /// span reaches past the text.
    pub(crate) fn compose(
        &mut self,
        span: Span,
        heading_path: &[String],
        note: Option<&str>,
    ) -> Result<Option<String>> {
        let Some(body) = self.text.slice(span) else {
            return Ok(None);
        };
        let (tokens, most) = (self.tokens, self.budget.whole);
        let (header, label) = self.table_context(span)?;
        let context = self.context(heading_path)?;
        let mut text = [context, &header, &label, body].concat();
        // A chunk that was cut before rows had labels may leave no room for one.
        if !label.is_empty() && tokens.token_ends(&text)?.len() > most {
            text = [context, &header, body].concat();
        }
        match note {
            Some(note) => self.with_note(text, note).map(Some),
            None => Ok(Some(text)),
        }
    }

    /// Adds the lines of a note that fit, or as much as fits of its first. The rest is found by its words all the same:
    /// the keyword index has all of it.
    fn with_note(&self, text: String, note: &str) -> Result<String> {
        let mut kept = note;
        while !kept.is_empty() {
            let whole = [text.as_str(), BEFORE_NOTE, kept].concat();
            let ends = self.tokens.token_ends(&whole)?;
            if ends.len() <= self.budget.whole {
                return Ok(whole);
            }
            let end = self.budget.whole.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or(0);
            // Less than before in any case: what is left may have more tokens by itself than within the whole.
            let fits = end.saturating_sub(text.len() + BEFORE_NOTE.len()).min(kept.len() - 1);
            kept = beginning(kept, fits);
        }
        Ok(text)
    }

    fn context(&mut self, path: &[String]) -> Result<&str> {
        let context = match self.last.take() {
            Some((of, context)) if of == path => context,
            _ => context(self.title, path, self.tokens, self.budget.context)?,
        };
        Ok(&self.last.insert((path.to_vec(), context)).1)
    }

    /// The header of the table that `span` begins within, and the label of the row that it begins within.
    fn table_context(&mut self, span: Span) -> Result<(String, String)> {
        let Some(block) = table_cut_at(self.blocks, span.start) else {
            return Ok((String::new(), String::new()));
        };
        let text = self.text.slice(block.span).unwrap_or_default();
        let before = self.text.slice(Span::new(block.span.start, span.start)).unwrap_or_default();
        let (tokens, budget) = (self.tokens, self.budget);
        let known = self.table.take().filter(|table| table.start == block.span.start);
        let table = match known {
            Some(table) => self.table.insert(table),
            None => {
                let header = repeated_header(text, budget.table_header, tokens)?;
                let header = header.map(|(header, _)| header.into_owned()).unwrap_or_default();
                let start = block.span.start;
                self.table.insert(CutTable { start, header, header_len: header_len(text), row: None })
            }
        };
        let label = table.label(text, before.len(), |row| row_label(row, budget.row_label(), tokens))?;
        Ok((table.header.clone(), label))
    }
}

impl CutTable {
    /// The label of the row, if any, that the byte `at` of the table lies inside of, after its beginning.
    fn label(
        &mut self,
        table: &str,
        at: usize,
        label_of: impl FnOnce(&str) -> Result<String>,
    ) -> Result<String> {
        if at < self.header_len {
            return Ok(String::new());
        }
        let known = self.row.take().filter(|row| row.bytes.contains(&at));
        let bytes = known.as_ref().map_or_else(|| row_around(table, at), |row| row.bytes.clone());
        let begun = table.get(bytes.start..at).unwrap_or_default();
        if begun.trim().is_empty() {
            return Ok(String::new());
        }
        let row = match known {
            Some(row) => row,
            None => CutRow { label: label_of(table.get(bytes.clone()).unwrap_or_default())?, bytes },
        };
        Ok(self.row.insert(row).label.clone())
    }
}

/// The line of the table that the byte `at` lies in, with its end.
fn row_around(table: &str, at: usize) -> Range<usize> {
    let (before, after) = table.split_at_checked(at).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    start..after.find('\n').map_or(table.len(), |end| at + end + 1)
}

/// Ends with a blank line, unless it is empty.
fn context(
    title: &str,
    heading_path: &[String],
    tokens: &dyn TokenCounter,
    max_tokens: usize,
) -> Result<String> {
    let title = one_line(title);
    let mut path: Vec<String> = heading_path.iter().map(|h| one_line(h)).filter(|h| !h.is_empty()).collect();
    if path.first() == Some(&title) {
        path.remove(0);
    }
    loop {
        let lines = [title.as_str(), &path.join(SEPARATOR)].map(str::to_owned);
        let text: String = lines.iter().filter(|l| !l.is_empty()).map(|l| format!("{l}\n")).collect();
        let ends = tokens.token_ends(&text)?;
        if ends.len() <= max_tokens {
            return Ok(if text.is_empty() { text } else { text + "\n" });
        }
        if path.is_empty() {
            let cut = max_tokens.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or(0);
            let cut = text.get(..text.floor_char_boundary(cut)).unwrap_or_default().trim_end();
            return Ok(if cut.is_empty() { String::new() } else { format!("{cut}\n\n") });
        }
        path.remove(0);
    }
}

/// The whole lines within the first `bytes` of a note; where its first line is longer, what there is of it.
fn beginning(note: &str, bytes: usize) -> &str {
    let (within, after) = note.split_at(note.floor_char_boundary(bytes));
    let lines = match within.rsplit_once('\n') {
        Some((lines, _)) if !after.starts_with('\n') => lines,
        _ => within,
    };
    lines.trim_end()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use footnote_core::parsed::ContentType;
    use proptest::prelude::*;

    use super::*;
    use crate::fakes::WordCounter;

    fn check(title: &str, path: &[&str], max: usize, expected: &str) {
        let path: Vec<String> = path.iter().map(|&h| h.to_owned()).collect();
        assert_eq!(embedded_text(title, &path, "Ten days.", &WordCounter, max).unwrap(), expected);
    }

    #[test]
    fn the_context_is_shortened_and_the_text_never() {
        check("Handbook", &["Leave", "Annual"], 64, "Handbook\nLeave > Annual\n\nTen days.");
        check("Leave", &["Leave", "Annual\n leave"], 64, "Leave\nAnnual leave\n\nTen days.");
        check("Handbook", &["Leave", "Annual"], 2, "Handbook\nAnnual\n\nTen days.");
        check("The long handbook", &["Leave"], 2, "The long\n\nTen days.");
        check("Handbook", &[], 0, "Ten days.");
        check("", &[], 64, "Ten days.");
    }

    /// What is embedded for a text of four words with this note, where `room` more words fit.
    fn noted(note: &str, room: usize) -> String {
        let text = CanonicalText::new("Leave is ten days");
        let parsed = ParsedDocument {
            content_type: ContentType::Text,
            title: None,
            text: String::new(),
            pages: Vec::new(),
            blocks: Vec::new(),
            lines: Vec::new(),
            warnings: Vec::new(),
            engine: String::new(),
        };
        let budget = ChunkBudget { chunk: 16, context: 8, table_header: 5, whole: 4 + room };
        let mut composer = Composer::new("", &text, &parsed, &WordCounter, budget);
        composer.compose(Span::new(0, text.char_len()), &[], Some(note)).unwrap().unwrap()
    }

    #[test]
    fn of_a_note_whole_lines_are_embedded_as_far_as_they_fit() {
        let note = "other names\nhow many days off?\n年假";
        for (room, expected) in [
            (9, "other names\nhow many days off?\n年假"),
            (8, "other names\nhow many days off?"),
            (7, "other names\nhow many days off?"),
            (6, "other names"),
            (2, "other names"),
            (1, "other"),
        ] {
            assert_eq!(noted(note, room), format!("Leave is ten days\n\n{expected}"), "{room}");
        }
        assert_eq!(noted(note, 0), "Leave is ten days");
        assert_eq!(noted("年假有几天", 3), "Leave is ten days\n\n年假有");
    }

    proptest! {
        #[test]
        fn what_is_embedded_always_fits(note in "[a-z]([a-z]{0,3}[ \n]|[年假天。]{0,4}|🙂){0,60}", room in 0_usize..80) {
            let whole = noted(note.trim(), room);
            prop_assert!(WordCounter.token_ends(&whole).unwrap().len() <= 4 + room);
            let of_note = whole.strip_prefix("Leave is ten days").unwrap().trim_start();
            prop_assert!(note.starts_with(of_note));
            let all = WordCounter.token_ends(note.trim()).unwrap().len();
            prop_assert!(all > room || of_note == note.trim());
        }
    }
}
