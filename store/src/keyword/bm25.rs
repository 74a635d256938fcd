//! BM25F over the postings of one knowledge base (Robertson and Zaragoza, 2009).
//!
//! tantivy's own scorer fixes k1 = 1.2 and b = 0.75, rounds lengths, counts deleted documents, and
//! takes its statistics from the whole index. Here they are ours; see [`super::scope_docs`]. Every
//! posting of every query term is read (term at a time), which costs well under a millisecond per
//! 10,000 postings and makes scores exact.

use std::collections::HashMap;
use std::sync::Arc;

use tantivy::postings::Postings;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, Searcher, TERMINATED, Term};

use super::analyzer::{Term as Analyzed, TermKind, analyze};
use super::schema::TEXT_FIELDS;
use super::scope_docs::SegmentScope;

/// Most distinct terms of a question that are looked up; the rarest are kept.
const MAX_QUERY_TERMS: usize = 512;

/// How scores are made. The defaults were measured; see `store/examples/bm25_eval.rs`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bm25Settings {
    /// Saturation of term frequency.
    pub k1: f32,
    /// How much length counts, 0 to 1.
    pub b: f32,
    /// Weights of title, headings and body.
    pub fields: [f32; TEXT_FIELDS],
    /// Weight of a word of three or more characters, beside its bigrams.
    pub long_word: f32,
    /// Weight of a bigram across two words.
    pub cross_bigram: f32,
    /// Weight of an identifier as a whole, beside its parts.
    pub identifier: f32,
    /// Weight of the letters or digits of a mixed word.
    pub piece: f32,
    /// Weight of a stop word where the question has other words too.
    pub stop_word: f32,
    /// Weight of a bigram that touches a stop word, likewise.
    pub stop_bigram: f32,
    /// By how much a text that keeps the question's whole word order is raised: 0.5 is by half.
    pub word_order: f32,
}

impl Default for Bm25Settings {
    fn default() -> Self {
        Self {
            k1: 0.9,
            b: 0.4,
            fields: [1.0, 1.0, 1.0],
            long_word: 0.1,
            cross_bigram: 1.0,
            identifier: 1.0,
            piece: 0.3,
            stop_word: 0.1,
            stop_bigram: 0.3,
            word_order: 0.5,
        }
    }
}

impl Bm25Settings {
    /// The same without any weight for stop words.
    pub(super) fn without_stops(self) -> Self {
        Self { stop_word: 0.0, stop_bigram: 0.0, ..self }
    }

    /// What a term's frequency is worth in a text of this length, in average lengths.
    fn saturated(&self, frequency: f32, length: f32) -> f32 {
        let Self { k1, b, .. } = *self;
        frequency * (k1 + 1.0) / (frequency + k1 * (1.0 - b + b * length))
    }

    fn stop(&self, kind: TermKind) -> f32 {
        match kind {
            TermKind::Bigram | TermKind::CrossBigram => self.stop_bigram,
            _ => self.stop_word,
        }
    }

    fn weight(&self, kind: TermKind) -> f32 {
        match kind {
            TermKind::Word | TermKind::Bigram => 1.0,
            TermKind::Piece => self.piece,
            TermKind::Identifier => self.identifier,
            TermKind::CrossBigram => self.cross_bigram,
            TermKind::LongWord => self.long_word,
        }
    }
}

/// A distinct term of a question with its weight.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct QueryTerm {
    pub text: String,
    pub weight: f32,
}

/// The distinct terms of a question. Stop words count little, unless there is nothing else.
pub(super) fn query_terms(question: &str, settings: &Bm25Settings) -> Vec<QueryTerm> {
    let terms = analyze(question);
    let only_stops = terms.iter().all(|t| t.stop);
    let mut order: HashMap<String, usize> = HashMap::new();
    let mut distinct: Vec<QueryTerm> = Vec::new();
    for term in terms {
        let stop = if term.stop && !only_stops { settings.stop(term.kind) } else { 1.0 };
        let weight = settings.weight(term.kind) * stop;
        if weight <= 0.0 {
            continue;
        }
        match order.get(&term.text) {
            Some(&at) => distinct[at].weight += weight,
            None => {
                order.insert(term.text.clone(), distinct.len());
                distinct.push(QueryTerm { text: term.text, weight });
            }
        }
    }
    distinct
}

/// The knowledge base as seen by one searcher.
pub(super) struct Collection<'a> {
    pub searcher: &'a Searcher,
    pub scopes: &'a [Arc<SegmentScope>],
    pub fields: &'a [Field; TEXT_FIELDS],
    pub settings: &'a Bm25Settings,
}

/// A scored document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scored {
    pub segment: u32,
    pub doc: u32,
    pub score: f32,
}

impl Collection<'_> {
    /// Every document of the scope that has any of the terms.
    pub(super) fn score(&self, terms: Vec<QueryTerm>) -> tantivy::Result<Vec<Scored>> {
        let count = self.count();
        if count == 0 {
            return Ok(Vec::new());
        }
        let average = self.average_length();
        let mut scores: Vec<Vec<f32>> = self.empty_scores();
        let mut frequencies = self.empty_scores();
        for term in self.rarest(terms)? {
            let found = self.postings(&term.text, &mut frequencies)?;
            let weight = term.weight * idf(found.len() as u64, count);
            for Scored { segment, doc, score: frequency } in found {
                let (segment, doc) = (segment as usize, doc as usize);
                let length = self.scopes[segment].lengths[doc];
                scores[segment][doc] += weight * self.settings.saturated(frequency, length / average);
            }
        }
        Ok(collect(&scores))
    }

    /// The inverse document frequency of each term within the scope, those of no document included.
    pub(super) fn idfs(&self, terms: &[QueryTerm]) -> tantivy::Result<Vec<f32>> {
        let count = self.count();
        let mut frequencies = self.empty_scores();
        let idf =
            |term: &QueryTerm| Ok(idf(self.postings(&term.text, &mut frequencies)?.len() as u64, count));
        terms.iter().map(idf).collect()
    }

    /// What the question's terms are worth in this collection, to score texts that are not in it.
    pub(super) fn term_weights(&self, terms: Vec<QueryTerm>) -> tantivy::Result<TermWeights> {
        let terms = self.rarest(terms)?;
        let idfs = self.idfs(&terms)?;
        let by_term = terms.into_iter().zip(idfs).map(|(term, idf)| (term.text, term.weight * idf));
        Ok(TermWeights { by_term: by_term.collect(), average_length: self.average_length() })
    }

    fn count(&self) -> u64 {
        self.scopes.iter().map(|s| s.count).sum()
    }

    fn average_length(&self) -> f32 {
        let length: f64 = self.scopes.iter().map(|s| s.length).sum();
        (length / self.count().max(1) as f64).max(1.0) as f32
    }

    fn empty_scores(&self) -> Vec<Vec<f32>> {
        self.scopes.iter().map(|s| vec![0.0; s.lengths.len()]).collect()
    }

    /// Keeps the terms with the fewest documents, so that an endless question stays answerable.
    fn rarest(&self, mut terms: Vec<QueryTerm>) -> tantivy::Result<Vec<QueryTerm>> {
        if terms.len() <= MAX_QUERY_TERMS {
            return Ok(terms);
        }
        let mut counted = Vec::with_capacity(terms.len());
        for term in terms.drain(..) {
            let mut docs = 0;
            for field in self.fields {
                docs += self.searcher.doc_freq(&Term::from_field_text(*field, &term.text))?;
            }
            if docs > 0 {
                counted.push((docs, term));
            }
        }
        counted.sort_by_key(|(docs, _)| *docs);
        Ok(counted.into_iter().take(MAX_QUERY_TERMS).map(|(_, term)| term).collect())
    }

    /// The scope's documents with the term; the score is the weighted term frequency.
    /// `frequencies` is scratch space: all zero before and after.
    fn postings(&self, text: &str, frequencies: &mut [Vec<f32>]) -> tantivy::Result<Vec<Scored>> {
        let mut found: Vec<Scored> = Vec::new();
        for (ordinal, (scope, reader)) in self.scopes.iter().zip(self.searcher.segment_readers()).enumerate()
        {
            let first = found.len();
            let frequencies = &mut frequencies[ordinal];
            for (field, weight) in self.fields.iter().zip(self.settings.fields) {
                let term = Term::from_field_text(*field, text);
                let index = reader.inverted_index(*field)?;
                let Some(mut postings) = index.read_postings(&term, IndexRecordOption::WithFreqs)? else {
                    continue;
                };
                while postings.doc() != TERMINATED {
                    let doc = postings.doc();
                    if scope.docs.contains(doc) {
                        let frequency = &mut frequencies[doc as usize];
                        if *frequency == 0.0 {
                            found.push(Scored { segment: ordinal as u32, doc, score: 0.0 });
                        }
                        *frequency += weight * postings.term_freq() as f32;
                    }
                    postings.advance();
                }
            }
            for scored in &mut found[first..] {
                scored.score = std::mem::take(&mut frequencies[scored.doc as usize]);
            }
        }
        Ok(found)
    }
}

/// What each term of a question is worth.
pub(super) struct TermWeights {
    by_term: HashMap<String, f32>,
    average_length: f32,
}

impl TermWeights {
    /// The score of an analyzed text, field by field.
    pub(super) fn score(&self, settings: &Bm25Settings, fields: &[Vec<Analyzed>; TEXT_FIELDS]) -> f32 {
        let mut frequencies: HashMap<&str, f32> = HashMap::new();
        let mut length = 0.0;
        for (terms, weight) in fields.iter().zip(settings.fields) {
            length += weight * terms.iter().filter(|t| t.kind.counts()).count() as f32;
            for term in terms.iter().filter(|t| self.by_term.contains_key(&t.text)) {
                *frequencies.entry(&term.text).or_default() += weight;
            }
        }
        // Added up in the same order every time: float addition is not associative.
        let mut found: Vec<(&str, f32)> = frequencies.into_iter().collect();
        found.sort_unstable_by_key(|(term, _)| *term);
        let worth = |(term, frequency): (&str, f32)| {
            let weight = self.by_term.get(term).copied().unwrap_or(0.0);
            weight * settings.saturated(frequency, length / self.average_length)
        };
        found.into_iter().map(worth).sum()
    }
}

fn collect(scores: &[Vec<f32>]) -> Vec<Scored> {
    let mut scored = Vec::new();
    for (segment, scores) in scores.iter().enumerate() {
        for (doc, &score) in scores.iter().enumerate() {
            if score > 0.0 {
                scored.push(Scored { segment: segment as u32, doc: doc as u32, score });
            }
        }
    }
    scored
}

/// Lucene's form, which is never negative.
fn idf(documents_with_term: u64, documents: u64) -> f32 {
    let (with, all) = (documents_with_term as f32, documents.max(documents_with_term) as f32);
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_terms_weigh_more() {
        assert!(idf(1, 100) > idf(50, 100));
        assert!(idf(100, 100) > 0.0);
        assert!(idf(0, 0) > 0.0);
    }

    #[test]
    fn stop_words_count_little_unless_there_is_nothing_else() {
        let weights: f32 = query_terms("who was it", &Bm25Settings::default()).iter().map(|t| t.weight).sum();
        assert_eq!(weights, 3.0);
        let weights = query_terms("什么是年假", &Bm25Settings::default());
        let weight = |text: &str| weights.iter().find(|t| t.text == text).map(|t| t.weight);
        assert!(weight("什么") < weight("年假"), "{weights:?}");

        let settings = Bm25Settings::default().without_stops();
        let texts = |q: &str| query_terms(q, &settings).into_iter().map(|t| t.text).collect::<Vec<_>>();
        assert_eq!(texts("What is the leave?"), ["leav"]);
        assert_eq!(texts("who was it"), ["who", "was", "it"]);
        assert_eq!(texts("...!"), Vec::<String>::new());
    }
}
