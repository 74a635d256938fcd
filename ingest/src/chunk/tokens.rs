//! Token counts of any stretch of a text, from one tokenization of the whole.

use std::ops::Range;

use footnote_core::ports::TokenCounter;
use footnote_core::{Error, ErrorKind, Result};
use text_splitter::ChunkSizer;

/// Bytes tokenized at once: bounds what the tokenizer holds while it works on a huge text.
const WINDOW: usize = 32 * 1024;

/// Bytes that count as a token even where the tokenizer sees fewer (a word of 10,000 letters is one
/// unknown token to WordPiece): no chunk is longer than this many bytes per token.
const BYTES_PER_TOKEN: usize = 16;

/// Ends of all tokens of a text. Sizing a candidate is two binary searches, not a tokenization.
pub(crate) struct TokenIndex<'a> {
    text: &'a str,
    ends: Vec<u32>,
}

impl<'a> TokenIndex<'a> {
    /// Tokenizes `text` once, window by window.
    pub(crate) fn build(text: &'a str, counter: &dyn TokenCounter) -> Result<Self> {
        if u32::try_from(text.len()).is_err() {
            return Err(Error::new(ErrorKind::TooLarge, "text exceeds 4 GiB; split the document"));
        }
        let mut ends = Vec::with_capacity(text.len() / 4);
        let mut start = 0;
        while start < text.len() {
            let end = window_end(text, start);
            let window = text.get(start..end).unwrap_or_default();
            for token_end in counter.token_ends(window)? {
                let end = u32::try_from(start + token_end.min(window.len())).unwrap_or(u32::MAX);
                // A tokenizer may report zero-width tokens out of order; the search needs order.
                ends.push(ends.last().copied().unwrap_or(0).max(end));
            }
            start = end;
        }
        Ok(Self { text, ends })
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// Tokens of the bytes `range`, a token cut by its end counting as one.
    pub(crate) fn count(&self, range: Range<usize>) -> usize {
        let first = self.ends.partition_point(|&e| e as usize <= range.start);
        let after = self.ends.partition_point(|&e| e as usize <= range.end).max(first);
        let covered = match after.checked_sub(1) {
            Some(last) => (self.ends[last] as usize).max(range.start),
            None => range.start,
        };
        let cut = self.text.get(covered..range.end).is_some_and(|rest| !rest.trim().is_empty());
        let tokens = after - first + usize::from(cut);
        tokens.max(range.len() / BYTES_PER_TOKEN)
    }
}

impl ChunkSizer for TokenIndex<'_> {
    /// `chunk` must be a slice of the indexed text, which text-splitter guarantees: its place is
    /// told from its address.
    fn size(&self, chunk: &str) -> usize {
        match chunk.as_ptr().addr().checked_sub(self.text.as_ptr().addr()) {
            Some(start) if start + chunk.len() <= self.text.len() => self.count(start..start + chunk.len()),
            _ => chunk.len(),
        }
    }
}

/// Where the window that begins at `start` ends: at a line, a blank or a sentence, so that no token
/// is cut where it can be helped.
fn window_end(text: &str, start: usize) -> usize {
    let limit = text.floor_char_boundary(text.len().min(start + WINDOW));
    if limit == text.len() {
        return limit;
    }
    let window = text.get(start..limit).unwrap_or_default();
    let after = |found: Option<(usize, &str)>| found.map(|(at, matched)| start + at + matched.len());
    after(window.rmatch_indices('\n').next())
        .or_else(|| after(window.rmatch_indices(char::is_whitespace).next()))
        .or_else(|| after(window.rmatch_indices(['。', '！', '？']).next()))
        .filter(|&end| end > start)
        .unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::WordCounter;

    #[test]
    fn counts_slices_like_a_tokenizer_would() {
        let text = "one two 三四 five";
        let index = TokenIndex::build(text, &WordCounter).unwrap();
        assert_eq!(index.count(0..text.len()), 5);
        assert_eq!(index.count(0..3), 1);
        assert_eq!(index.count(0..2), 1, "a cut token counts");
        assert_eq!(index.count(1..7), 2, "from within a token to the end of the next");
        assert_eq!(index.count(3..4), 0, "a blank is no token");
    }

    #[test]
    fn windows_do_not_change_the_counts() {
        let text = "四月 is the cruellest month\n".repeat(5_000);
        let index = TokenIndex::build(&text, &WordCounter).unwrap();
        assert_eq!(index.count(0..text.len()), 6 * 5_000);
        let unbroken = "年".repeat(30_000);
        let index = TokenIndex::build(&unbroken, &WordCounter).unwrap();
        assert_eq!(index.count(0..unbroken.len()), 30_000);
        let word = "a".repeat(16_000);
        let index = TokenIndex::build(&word, &WordCounter).unwrap();
        assert_eq!(index.count(0..word.len()), 1_000, "an endless word has a size all the same");
    }
}
