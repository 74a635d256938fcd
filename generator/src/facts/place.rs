//! Whether the evidence has something else in the place that a claim gives to a fact.
//!
//! `The fire of Apollo 3 in 1967` has all its facts in a text on the fire of Apollo 1 and the launch of
//! Apollo 3. The words around the fact tell: where the evidence has the same words around another fact,
//! and nowhere beside this one, the fact was swapped.

use std::ops::Range;

use super::term::is_stop_word;
use super::token::{Sort, Token};

/// Words of context on each side, and Chinese characters.
const WORDS: usize = 2;
const CHARACTERS: usize = 3;
/// How many words another fact may have more than this one.
const LONGER: usize = 3;

/// A text as its words, each with the tokens from the mark before it to the mark behind it.
struct Words<'a> {
    tokens: &'a [Token],
    at: Vec<usize>,
}

impl<'a> Words<'a> {
    fn of(tokens: &'a [Token]) -> Self {
        let words = tokens.iter().enumerate().filter(|(_, token)| token.sort != Sort::Mark);
        Self { tokens, at: words.map(|(at, _)| at).collect() }
    }

    fn token(&self, word: usize) -> Option<&'a Token> {
        self.at.get(word).and_then(|&at| self.tokens.get(at))
    }

    /// The words of `range` with the marks around them.
    fn slice(&self, range: Range<usize>) -> &'a [Token] {
        let start = range.start.checked_sub(1).and_then(|before| self.at.get(before)).map_or(0, |at| at + 1);
        let end = self.at.get(range.end).copied().unwrap_or(self.tokens.len());
        self.tokens.get(start..end).unwrap_or_default()
    }

    fn has_at(&self, start: usize, context: &[&str]) -> bool {
        context.iter().enumerate().all(|(i, word)| self.token(start + i).is_some_and(|t| t.lower == *word))
    }
}

/// Whether something else stands in the place of the claim's tokens `fact`. `holds` says whether the
/// fact stands in some tokens of the evidence, `rivals` whether a fact of its sort does.
pub(super) fn is_taken_by_another(
    claim: &[Token],
    fact: &Range<usize>,
    evidence: &[Vec<Token>],
    holds: impl Fn(&[Token]) -> bool,
    rivals: impl Fn(&[Token]) -> bool,
) -> bool {
    let words = Words::of(claim);
    let start = words.at.partition_point(|&at| at < fact.start);
    let end = words.at.partition_point(|&at| at < fact.end);
    let (left, right) = (context_before(&words, start), context_behind(&words, end));
    if left.is_empty() || right.is_empty() || !says_enough(&left, &right) {
        return false;
    }
    let len = end - start;
    let mut taken = false;
    for tokens in evidence {
        let words = Words::of(tokens);
        for at in 0..words.at.len() {
            if words.has_at(at, &left) {
                let place = at + left.len();
                if holds(words.slice(place..place + len + 1)) {
                    return false;
                }
                let ends = (1..=len + LONGER).map(|gap| place + gap);
                taken |= ends.into_iter().any(|end| {
                    let other = words.slice(place..end);
                    words.has_at(end, &right) && rivals(other) && !holds(other)
                });
            }
            if words.has_at(at, &right) && holds(words.slice(at.saturating_sub(len + 1)..at)) {
                return false;
            }
        }
    }
    taken
}

fn context_before<'a>(words: &Words<'a>, start: usize) -> Vec<&'a str> {
    let nearest = start.checked_sub(1).and_then(|before| words.token(before));
    let from = start.saturating_sub(length(nearest));
    context(words, from..start, length(nearest))
}

fn context_behind<'a>(words: &Words<'a>, end: usize) -> Vec<&'a str> {
    let length = length(words.token(end));
    context(words, end..end + length, length)
}

fn length(nearest: Option<&Token>) -> usize {
    if nearest.is_some_and(|token| token.sort == Sort::Han) { CHARACTERS } else { WORDS }
}

/// The words of `range`; none where the claim is too short for `length` of them.
fn context<'a>(words: &Words<'a>, range: Range<usize>, length: usize) -> Vec<&'a str> {
    let context: Vec<&str> =
        range.filter_map(|at| words.token(at)).map(|token| token.lower.as_str()).collect();
    if context.len() == length { context } else { Vec::new() }
}

/// Whether the words around a fact are more than such as stand everywhere.
fn says_enough(left: &[&str], right: &[&str]) -> bool {
    let is_content = |word: &&&str| !word.is_ascii() || !is_stop_word(word);
    left.iter().chain(right).filter(is_content).count() >= 2
}
