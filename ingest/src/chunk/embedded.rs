//! What is embedded: the chunk under its title and heading path, so that a vector knows where its
//! text stands.

use footnote_core::Result;
use footnote_core::parsed::{Block, ParsedDocument};
use footnote_core::ports::TokenCounter;
use footnote_core::text::{CanonicalText, Span};

use super::ChunkBudget;
use super::atoms::repeated_header;
use super::sections::table_cut_at;

/// What stands between the headings of a path.
const SEPARATOR: &str = " > ";

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

/// Composes embedded texts of one version; remembers the last context, which neighbours share.
pub(crate) struct Composer<'a> {
    title: &'a str,
    text: &'a CanonicalText,
    blocks: &'a [Block],
    tokens: &'a dyn TokenCounter,
    budget: ChunkBudget,
    last: Option<(Vec<String>, String)>,
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
        Self { title, text, blocks: &parsed.blocks, tokens, budget, last: None }
    }

    /// What is embedded for the chunk at `span`: context, the header of a table that the chunk
    /// continues, its text, and what somebody noted on it. `None` where the span reaches past the text.
    pub(crate) fn compose(
        &mut self,
        span: Span,
        heading_path: &[String],
        note: Option<&str>,
    ) -> Result<Option<String>> {
        let Some(body) = self.text.slice(span) else {
            return Ok(None);
        };
        let header = self.table_header(span)?;
        let context = self.context(heading_path)?;
        let note = note.map(|note| format!("\n\n{note}")).unwrap_or_default();
        Ok(Some([context, header, body, &note].concat()))
    }

    fn context(&mut self, path: &[String]) -> Result<&str> {
        let context = match self.last.take() {
            Some((of, context)) if of == path => context,
            _ => context(self.title, path, self.tokens, self.budget.context)?,
        };
        Ok(&self.last.insert((path.to_vec(), context)).1)
    }

    fn table_header(&self, span: Span) -> Result<&'a str> {
        let Some(table) = table_cut_at(self.blocks, span.start) else {
            return Ok("");
        };
        let table = self.text.slice(table.span).unwrap_or_default();
        let header = repeated_header(table, self.budget.table_header, self.tokens)?;
        Ok(header.map_or("", |(header, _)| header))
    }
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

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
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
}
