//! Word order: what makes a sentence rank its own chunk above one that has the same words elsewhere.
//!
//! BM25 knows no order. The best candidates are looked at again: a candidate's score grows with the
//! share of the question's adjacent terms that are adjacent in it, too.

use std::collections::HashMap;

use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Term};

use super::analyzer::{Term as Analyzed, analyze};
use super::bm25::{Bm25Settings, Collection, Scored};
use super::schema::TEXT_FIELDS;

/// Candidates that are looked at again.
pub(super) const CANDIDATES: usize = 20;
/// Terms of the question that are compared; a longer text has shown its order by then.
const MAX_TERMS: usize = 128;

/// Raises the scores of candidates that keep the question's word order. Only the first
/// [`CANDIDATES`] are looked at; as no score sinks, none of the others can be wronged.
pub(super) fn reward_word_order(
    collection: &Collection<'_>,
    question: &str,
    best: &mut [Scored],
) -> tantivy::Result<()> {
    let Some(order) = WordOrder::of(question) else { return Ok(()) };
    let count = best.len().min(CANDIDATES);
    let mut positions = vec![order.no_positions(); count];
    for (field_number, field) in collection.fields.iter().enumerate() {
        for (word, &number) in &order.numbers {
            let term = Term::from_field_text(*field, word);
            read_positions(collection, &term, field_number, &best[..count], |candidate, found| {
                positions[candidate][number].extend(found);
            })?;
        }
    }
    for (scored, positions) in best.iter_mut().zip(&mut positions) {
        scored.score *= order.factor(collection.settings, positions);
    }
    Ok(())
}

/// The order of a question's words.
pub(super) struct WordOrder {
    /// A number for each distinct word.
    numbers: HashMap<String, usize>,
    sequence: Vec<usize>,
}

impl WordOrder {
    /// `None` where there is no order: of fewer than two words.
    pub(super) fn of(question: &str) -> Option<Self> {
        let mut words = analyze(question);
        words.retain(|t| t.kind.counts());
        words.truncate(MAX_TERMS);
        if words.len() < 2 {
            return None;
        }
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut sequence = Vec::with_capacity(words.len());
        for word in words {
            let next = numbers.len();
            sequence.push(*numbers.entry(word.text).or_insert(next));
        }
        Some(Self { numbers, sequence })
    }

    /// By how much an analyzed text is raised, field by field.
    pub(super) fn raise(&self, settings: &Bm25Settings, fields: &[Vec<Analyzed>; TEXT_FIELDS]) -> f32 {
        let mut positions = self.no_positions();
        for (base, terms) in (0..).map(|field: u64| field * FIELD_STRIDE).zip(fields) {
            for term in terms {
                if let Some(&number) = self.numbers.get(&term.text) {
                    positions[number].push(base + term.position as u64);
                }
            }
        }
        self.factor(settings, &mut positions)
    }

    fn no_positions(&self) -> Vec<Vec<u64>> {
        vec![Vec::new(); self.numbers.len()]
    }

    /// From the positions of each word.
    fn factor(&self, settings: &Bm25Settings, positions: &mut [Vec<u64>]) -> f32 {
        for found in positions.iter_mut() {
            found.sort_unstable();
        }
        let pairs = (self.sequence.len() - 1) as f32;
        let kept = self.sequence.windows(2).filter(|pair| adjacent(&positions[pair[0]], &positions[pair[1]]));
        let share = kept.count() as f32 / pairs;
        // Squared: a quotation is raised fully, a question's few common turns of phrase hardly.
        1.0 + settings.word_order * share * share
    }
}

/// Fields follow each other at a distance that no chunk reaches.
const FIELD_STRIDE: u64 = 1 << 33;

fn read_positions(
    collection: &Collection<'_>,
    term: &Term,
    field_number: usize,
    candidates: &[Scored],
    mut found: impl FnMut(usize, Vec<u64>),
) -> tantivy::Result<()> {
    let mut buffer = Vec::new();
    for (ordinal, segment) in collection.searcher.segment_readers().iter().enumerate() {
        let here = candidates.iter().enumerate().filter(|(_, c)| c.segment as usize == ordinal);
        let mut here: Vec<(u32, usize)> = here.map(|(at, c)| (c.doc, at)).collect();
        if here.is_empty() {
            continue;
        }
        here.sort_unstable();
        let index = segment.inverted_index(term.field())?;
        let Some(mut postings) = index.read_postings(term, IndexRecordOption::WithFreqsAndPositions)? else {
            continue;
        };
        for (doc, candidate) in here {
            if postings.doc() < doc {
                postings.seek(doc);
            }
            if postings.doc() == doc {
                postings.positions(&mut buffer);
                let base = field_number as u64 * FIELD_STRIDE;
                found(candidate, buffer.iter().map(|&p| base + u64::from(p)).collect());
            }
        }
    }
    Ok(())
}

/// Whether some position of `second` follows one of `first`. Both are sorted.
fn adjacent(first: &[u64], second: &[u64]) -> bool {
    first.iter().any(|position| second.binary_search(&(position + 1)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjacency_is_order_and_distance_one() {
        assert!(adjacent(&[1, 7], &[3, 8]));
        assert!(!adjacent(&[8], &[7]));
        assert!(!adjacent(&[], &[1]));
    }
}
