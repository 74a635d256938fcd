//! SentencePiece BPE as GGUF carries it: pieces with scores and no merges.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::tokenizer::byte_of;

const CONTROL: u32 = 3;
const BYTE: u32 = 6;

/// Pieces and their scores. Follows `llm_tokenizer_spm` of llama.cpp (MIT): neighbours whose union
/// is a piece are merged, best score first, leftmost among equals; what is no piece falls back to
/// its bytes.
pub(crate) struct SentencePieces {
    pieces: HashMap<String, (u32, f32)>,
    bytes: HashMap<u8, u32>,
    unknown: Option<u32>,
    space_prefix: bool,
}

/// A stretch of the text in a list of stretches; merged-away ones are empty.
struct Symbol {
    start: usize,
    end: usize,
    previous: Option<usize>,
    next: Option<usize>,
}

/// A possible merge, ordered by score and then by place.
#[derive(PartialEq)]
struct Merge {
    score: f32,
    left: Reverse<usize>,
    right: usize,
    len: usize,
}

impl Eq for Merge {}

impl Ord for Merge {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.score.total_cmp(&other.score).then(self.left.cmp(&other.left))
    }
}

impl PartialOrd for Merge {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl SentencePieces {
    pub(crate) fn new(tokens: &[String], kinds: &[u32], scores: &[f32], space_prefix: bool) -> Self {
        let mut new = Self { pieces: HashMap::new(), bytes: HashMap::new(), unknown: None, space_prefix };
        for (id, (token, &kind)) in tokens.iter().zip(kinds).enumerate() {
            let id = id as u32;
            match kind {
                2 => new.unknown = Some(id),
                BYTE => new.bytes.extend(byte_of(token).map(|byte| (byte, id))),
                CONTROL => {}
                _ => {
                    let score = scores.get(id as usize).copied().unwrap_or_default();
                    new.pieces.insert(token.clone(), (id, score));
                }
            }
        }
        new
    }

    /// The tokens of a text.
    pub(crate) fn encode(&self, text: &str) -> Vec<u32> {
        let prefix = if self.space_prefix { "▁" } else { "" };
        let text = format!("{prefix}{}", text.replace(' ', "▁"));
        let symbols = self.merge(&text);
        let mut tokens = Vec::new();
        let mut at = (!symbols.is_empty()).then_some(0);
        while let Some(symbol) = at.and_then(|i| symbols.get(i)) {
            let piece = text.get(symbol.start..symbol.end).unwrap_or_default();
            match self.pieces.get(piece) {
                Some(&(id, _)) => tokens.push(id),
                None => {
                    tokens.extend(piece.bytes().filter_map(|b| self.bytes.get(&b).copied().or(self.unknown)))
                }
            }
            at = symbol.next;
        }
        tokens
    }

    fn merge(&self, text: &str) -> Vec<Symbol> {
        let count = text.chars().count();
        let mut symbols: Vec<Symbol> = text
            .char_indices()
            .enumerate()
            .map(|(i, (start, c))| Symbol {
                start,
                end: start + c.len_utf8(),
                previous: i.checked_sub(1),
                next: (i + 1 < count).then_some(i + 1),
            })
            .collect();
        let mut queue = BinaryHeap::new();
        for left in 0..symbols.len() {
            queue.extend(self.candidate(text, &symbols, Some(left)));
        }
        while let Some(merge) = queue.pop() {
            let Reverse(left) = merge.left;
            let (l, r) = (&symbols[left], &symbols[merge.right]);
            let stale = l.next != Some(merge.right) || l.start == l.end || r.end - l.start != merge.len;
            if stale {
                continue;
            }
            let (end, next) = (r.end, r.next);
            symbols[merge.right].start = end;
            symbols[left].end = end;
            symbols[left].next = next;
            if let Some(next) = next {
                symbols[next].previous = Some(left);
            }
            queue.extend(self.candidate(text, &symbols, symbols[left].previous));
            queue.extend(self.candidate(text, &symbols, Some(left)));
        }
        symbols
    }

    fn candidate(&self, text: &str, symbols: &[Symbol], left: Option<usize>) -> Option<Merge> {
        let left = left?;
        let right = symbols.get(left)?.next?;
        let (start, end) = (symbols[left].start, symbols[right].end);
        let &(_, score) = self.pieces.get(text.get(start..end)?)?;
        Some(Merge { score, left: Reverse(left), right, len: end - start })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces() -> (SentencePieces, Vec<String>) {
        let mut tokens: Vec<String> =
            ["<unk>", "<s>", "▁", "a", "b", "ab", "▁ab", "ba", "aba"].map(str::to_owned).into();
        let mut kinds = vec![2, 3, 1, 1, 1, 1, 1, 1, 1];
        let mut scores = vec![0.0, 0.0, -9.0, -8.0, -8.0, -1.0, -2.0, -3.0, -4.0];
        for byte in 0..=255_u8 {
            tokens.push(format!("<0x{byte:02X}>"));
            kinds.push(BYTE);
            scores.push(0.0);
        }
        (SentencePieces::new(&tokens, &kinds, &scores, true), tokens)
    }

    #[test]
    fn best_scores_merge_first() {
        let (pieces, tokens) = pieces();
        let shown = |text: &str| -> Vec<&str> {
            pieces.encode(text).into_iter().map(|id| tokens[id as usize].as_str()).collect()
        };
        assert_eq!(shown("abab"), ["▁ab", "ab"]);
        assert_eq!(shown("baa"), ["▁", "ba", "a"]);
        assert_eq!(shown("a年"), ["▁", "a", "<0xE5>", "<0xB9>", "<0xB4>"]);
        assert_eq!(shown(""), ["▁"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "[ab <s>年🙂]{0,30}") {
            let (pieces, tokens) = pieces();
            let bytes: Vec<u8> = pieces.encode(&text).into_iter().flat_map(|id| {
                let token = &tokens[id as usize];
                byte_of(token).map_or_else(|| token.replace('▁', " ").into_bytes(), |b| vec![b])
            }).collect();
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), format!(" {text}"));
        }
    }
}
