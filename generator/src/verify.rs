//! Do the sources say what a sentence says?
//!
//! 1. A sentence that claims nothing needs no support.
//! 2. One that stands verbatim in a source is supported.
//! 3. Every exact fact of it ([`facts`](crate::facts): numbers, dates, names, negations) and every link must
//!    be in its evidence, or it is not supported.
//! 4. It must be about what the evidence is about, and say the same of it ([`predicate`]) and not more strongly
//!    ([`qualified`]).
//! 5. For the rest words are compared; where these do not decide, a model is asked ([`models`]), and within one
//!    language both count alike; between two, words say nothing, and names and denials may leave it open ([`foreign`]).
//!
//! Scores of different methods are brought to one scale by [`calibration`] curves that were fitted on
//! judged pairs, so that .5 means an even chance that the evidence supports the sentence.

mod aligned;
mod altered;
mod calibration;
mod claim;
mod copied;
mod foreign;
mod idle;
mod measured;
mod models;
mod predicate;
mod qualified;
mod quoted;
mod timed;

use std::ops::Range;
use std::sync::Arc;

use footnote_core::Result;
use footnote_core::citation::Citation;
use footnote_core::passage::Passage;
use footnote_core::question::is_chinese;
use footnote_core::text::Span;
use footnote_core::verdict::{Fact, FactKind, Verdict};

use crate::cite;
use crate::facts::{self, EvidenceFacts};
use crate::sentence;
use crate::support::Terms;
use crate::tables::Table;

use predicate::Said;

pub use calibration::{Calibration, Curve};
pub(crate) use claim::{is_disclaimer, is_order};
pub use measured::{JudgedClaim, judge_sentence, words_held};
pub use models::{SupportMethod, SupportModels};
pub(crate) use quoted::is_said;

/// Share of a sentence's words that its evidence has to hold for no model to be asked. The curve of words would
/// be content with less: that a sentence is about its evidence does not mean that all of it stands there.
const WORDS_DECIDE_FROM: f32 = 0.9;
/// Calibrated score below which not even a part of the sentence is supported.
const PARTLY_FROM: f32 = 0.3;
/// Highest scores of a sentence that strays from its evidence, and of one that overstates it.
const STRAYS: f32 = 0.2;
const OVERSTATES: f32 = 0.4;
/// Score of a sentence one of whose facts is not in its evidence.
const FACT_MISSING: f32 = 0.05;
/// Places of the sources that are compared by words, and by meaning.
const BY_WORDS: usize = 4;
const BY_MEANING: usize = 3;
/// Share of the closest evidence's words that other evidence must have to be about the same.
const ABOUT_THE_SAME: f32 = 0.7;
/// Share of the claim's words that a second place must add to be taken together with the first.
const SECOND_PLACE_GAIN: f32 = 0.15;
/// Sentences of the passages that are embedded for a claim.
const EMBEDDED: usize = 64;

/// Share of the words that a sentence takes from the question that its evidence, with what stands around it, must
/// hold to be about the same; and of the words that it adds that the evidence must hold to say so.
const ANCHORED_FROM: f32 = 0.5;
/// The same for each of two sentences of different documents: half of `whose mother` names any mother.
const ANCHORED_APART_FROM: f32 = 0.75;
const ADDED_FROM: f32 = 0.34;

/// Terms of an answer that is no sentence of its own.
const BARE: usize = 6;

/// The passages of an answer, cut into sentences.
#[derive(Clone)]
pub(crate) struct Sources(Arc<[IndexedPassage]>);

/// A passage cut into sentences.
pub(crate) struct IndexedPassage {
    /// The passage.
    pub(crate) passage: Passage,
    /// Where each sentence lies in its text, with what it is about.
    pub(crate) sentences: Vec<(Range<usize>, Terms)>,
    /// Its tables.
    pub(crate) tables: Vec<Table>,
    /// Whether it is in Chinese.
    pub(crate) chinese: bool,
}

/// A stretch of one passage's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Position of the passage.
    pub(crate) passage: usize,
    /// Its bytes.
    pub(crate) bytes: Range<usize>,
}

/// What was found out about a sentence.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    pub(crate) score: f32,
    pub(crate) method: &'static str,
    pub(crate) missing: Vec<Fact>,
    pub(crate) why: String,
    /// The places that it rests on, best first: those to cite.
    pub(crate) places: Vec<Place>,
}

impl Sources {
    pub(crate) fn new(passages: &[Passage]) -> Self {
        Self(passages.iter().cloned().map(IndexedPassage::new).collect())
    }

    pub(crate) fn passages(&self) -> &[IndexedPassage] {
        &self.0
    }

    /// The citation of a place, still without its place in an answer.
    pub(crate) fn citation(&self, place: &Place, score: f32) -> Option<Citation> {
        let passage = &self.0.get(place.passage)?.passage;
        cite::citation(passage, place.bytes.clone(), Span::new(0, 0), score)
    }

    /// The text at a place.
    pub(crate) fn text(&self, place: &Place) -> &str {
        let passage = self.0.get(place.passage);
        passage.and_then(|p| p.passage.text.get(place.bytes.clone())).unwrap_or_default()
    }

    /// Every sentence.
    #[cfg(test)]
    pub(crate) fn sentences(&self) -> impl Iterator<Item = Place> {
        self.places().map(|(place, _)| place)
    }

    /// The sentences of other documents than that of `place`, in its language.
    pub(crate) fn other_documents_sentences(&self, place: &Place) -> Vec<Place> {
        let Some(own) = self.0.get(place.passage) else { return Vec::new() };
        let others = self.places().filter(|(other, _)| {
            self.0
                .get(other.passage)
                .is_some_and(|it| it.passage.document != own.passage.document && it.chinese == own.chinese)
        });
        others.map(|(other, _)| other).collect()
    }

    fn places(&self) -> impl Iterator<Item = (Place, &Terms)> {
        self.0.iter().enumerate().flat_map(|(passage, indexed)| {
            let places = indexed.sentences.iter();
            places.map(move |(bytes, terms)| (Place { passage, bytes: bytes.clone() }, terms))
        })
    }

    /// Whether the places are one sentence, or a part of one.
    fn is_one_sentence(&self, places: &[Place]) -> bool {
        let [place] = places else { return false };
        let Some(indexed) = self.0.get(place.passage) else { return false };
        let touched = indexed
            .sentences
            .iter()
            .filter(|(range, _)| range.start < place.bytes.end && place.bytes.start < range.end);
        touched.count() <= 1
    }

    /// Whether the places are of one document.
    fn are_of_one_document(&self, places: &[Place]) -> bool {
        let mut passages = places.iter().filter_map(|place| self.0.get(place.passage));
        let first = passages.next().map(|indexed| indexed.passage.document);
        passages.all(|indexed| Some(indexed.passage.document) == first)
    }

    /// Whether the places are of one document, and its title is among `terms`.
    fn are_of_what_is_named(&self, places: &[Place], terms: &Terms) -> bool {
        let first = places.first().and_then(|place| self.0.get(place.passage));
        let title = first.map(|indexed| Terms::of(&indexed.passage.title)).unwrap_or_default();
        !title.is_empty() && title.held_by(&[terms]) >= 1.0 && self.are_of_one_document(places)
    }

    /// Whether the first of the places is in Chinese.
    fn language_of(&self, places: &[Place]) -> Option<bool> {
        Some(self.0.get(places.first()?.passage)?.chinese)
    }

    /// The sentences that hold most of `terms`, best first.
    fn nearest_by_words(&self, terms: &Terms) -> Vec<Place> {
        let mut scored: Vec<(f32, Place)> = self
            .places()
            .map(|(place, held)| (terms.held_by(&[held]), place))
            .filter(|s| s.0 > 0.0)
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        scored.into_iter().take(BY_WORDS).map(|(_, place)| place).collect()
    }

    /// What a sentence at `place` may take for granted.
    fn context(&self, place: &Place) -> Vec<&str> {
        let mut context = self.neighbours(place);
        context.extend(self.headings(place));
        context
    }

    /// The sentence before and the one after; beside a row no other row, which is about something else.
    fn neighbours(&self, place: &Place) -> Vec<&str> {
        let Some(indexed) = self.0.get(place.passage) else { return Vec::new() };
        let first = indexed.sentences.iter().position(|(r, _)| r.end > place.bytes.start);
        let after = indexed.sentences.iter().find(|(r, _)| r.start >= place.bytes.end);
        let before = first.and_then(|at| at.checked_sub(1)).and_then(|at| indexed.sentences.get(at));
        let text = |(range, _): &(Range<usize>, Terms)| indexed.passage.text.get(range.clone());
        let is_row = |text: &str| text.starts_with('|');
        let says_more = |text: &&str| !(is_row(self.text(place)) && is_row(text));
        [before, after].into_iter().flatten().filter_map(text).filter(says_more).collect()
    }

    /// Whether a place is no more than a heading or the title.
    pub(crate) fn is_heading(&self, place: &Place) -> bool {
        let Some(IndexedPassage { passage, .. }) = self.0.get(place.passage) else { return false };
        let sections = passage.sections.iter().flat_map(|section| &section.heading_path);
        let mut headings = passage.heading_path.iter().chain(sections).chain([&passage.title]);
        headings.any(|heading| heading.split_whitespace().eq(self.text(place).split_whitespace()))
    }

    /// The header of its table, the label of a row that is cut, the title and the headings.
    fn headings(&self, place: &Place) -> Vec<&str> {
        let Some(IndexedPassage { passage, .. }) = self.0.get(place.passage) else { return Vec::new() };
        let start = passage.span.start
            + passage.text.get(..place.bytes.start).map_or(0, |before| before.chars().count());
        let headings = passage.heading_path_at(start).iter().chain(&passage.heading_path).map(String::as_str);
        let row = self.cut_row(place).map(|row| row.text.as_str());
        let above = self.header_text(place).into_iter().chain(row);
        above.chain([passage.title.as_str()]).chain(headings).collect()
    }
}

impl IndexedPassage {
    fn new(passage: Passage) -> Self {
        let text = |range: &Range<usize>| passage.text.get(range.clone()).unwrap_or_default();
        let sentences = sentence::of_passage(&passage.text)
            .into_iter()
            .filter(|range| !claim::is_order(text(range)))
            .map(|range| (range.clone(), Terms::of(passage.text.get(range).unwrap_or_default())))
            .collect();
        let chinese = is_chinese(&passage.text);
        let tables = Table::read(&passage.text);
        Self { passage, sentences, tables, chinese }
    }
}

/// Judges sentences.
#[derive(Clone)]
pub(crate) struct Verifier {
    models: SupportModels,
    calibration: Arc<Calibration>,
}

impl Verifier {
    pub(crate) fn new(models: SupportModels, calibration: Calibration) -> Self {
        Self { models, calibration: Arc::new(calibration) }
    }

    /// The verdict on `claim`, a sentence without markers, that is said to rest on `cited`.
    pub(crate) async fn judge(
        &self,
        sources: &Sources,
        question: &str,
        claim: &str,
        cited: Vec<Place>,
        supported_from: f32,
    ) -> Result<Judgement> {
        if let Some(why) = idle::needs_no_support(claim, question) {
            return Ok(Judgement::not_needed(why));
        }
        if let Some(place) = claim::verbatim(sources, claim) {
            return Ok(Judgement::quote(place));
        }
        let terms = Terms::of(claim);
        let mut candidates = vec![cited.clone()];
        candidates.extend(sources.nearest_by_words(&terms).into_iter().map(|place| vec![place]));
        let words = candidates.iter().map(|places| self.words(sources, &terms, places)).fold(0.0, f32::max);
        let decided = words >= WORDS_DECIDE_FROM;
        if !decided {
            let near = self.nearest_by_meaning(sources, claim).await?;
            candidates.extend(near.into_iter().map(|place| vec![place]));
        }
        candidates.retain(|places| !places.is_empty());
        let Some((places, missing)) = self.best_evidence(sources, question, claim, &terms, candidates) else {
            return Ok(Judgement::unsupported(
                "nothing in the passages is about this",
                Vec::new(),
                Vec::new(),
            ));
        };
        let held = self.words(sources, &terms, &places);
        let words = self.calibration.words.at(held);
        if !missing.is_empty() {
            let why = format!("the sources do not have {}", named(&missing));
            return Ok(Judgement { score: FACT_MISSING, ..Judgement::unsupported(&why, missing, places) });
        }
        let by_words = |score, why| Judgement {
            score,
            method: "words",
            ..Judgement::unsupported(why, Vec::new(), places.clone())
        };
        if let Some(why) = self.strays(sources, question, &terms, &places) {
            return Ok(by_words(words.min(STRAYS), why));
        }
        if let Some(why) = overstates(sources, question, claim, &places) {
            // It is about the same matter, and the source's own words say how far it goes.
            return Ok(Judgement { verdict: Verdict::Partly, ..by_words(words.min(OVERSTATES), why) });
        }
        // Words of several sentences may be those of several matters.
        let decides = held >= WORDS_DECIDE_FROM
            && sources.is_one_sentence(&places)
            && !sources.are_foreign_to(&places, claim);
        let (score, method) = if decides {
            (words, "words")
        } else {
            let premise = places.iter().map(|place| sources.read_at(place)).collect::<Vec<_>>().join("\n");
            match self.models.score(&premise, claim).await? {
                Some((method, raw)) => {
                    let told = self.calibration.curve(method).at(raw);
                    // Between languages no words are shared, and their absence says nothing.
                    let is_foreign = sources.language_of(&places) != Some(is_chinese(claim));
                    (if is_foreign { told } else { together(told, words) }, method.name())
                }
                None => (words, "words"),
            }
        };
        let judgement = Judgement::scored(score, method, supported_from, places);
        Ok(match sources.doubt(&judgement, claim, question) {
            Some(why) => judgement.at_most_partly(why),
            None => judgement,
        })
    }

    /// The share of the claim's words, numbers left aside, that the places hold.
    fn about(&self, sources: &Sources, terms: &Terms, places: &[Place]) -> f32 {
        let held: Vec<Terms> = places.iter().map(|place| Terms::of(&sources.read_at(place))).collect();
        terms.words_held_by(&held.iter().collect::<Vec<_>>())
    }

    /// Why the evidence is about something else, or does not have what the claim adds to the question; within
    /// one language.
    fn strays(
        &self,
        sources: &Sources,
        question: &str,
        terms: &Terms,
        places: &[Place],
    ) -> Option<&'static str> {
        if sources.language_of(places) != Some(is_chinese(question)) {
            return None;
        }
        let asked = Terms::of(question);
        let (mut anchors, added) = (terms.shared_terms(&asked), terms.without(std::slice::from_ref(&asked)));
        if anchors.is_empty() && terms.len() <= BARE {
            // A name or a number by itself says what the question asks of it.
            anchors = asked;
        }
        if self.anchored(sources, &anchors, places) < ANCHORED_FROM {
            return Some("the source is about something else");
        }
        (self.words(sources, &added, places) < ADDED_FROM && !added.is_empty())
            .then_some("the source does not have what it adds to the question")
    }

    /// The share of `anchors` that the places hold with what stands around them; 1 where there are none.
    fn anchored(&self, sources: &Sources, anchors: &Terms, places: &[Place]) -> f32 {
        let texts = places.iter().flat_map(|place| {
            let around = sources.context(place);
            std::iter::once(sources.text(place)).chain(around)
        });
        let held: Vec<Terms> = texts.map(Terms::of).collect();
        if anchors.is_empty() { 1.0 } else { anchors.held_by_kin(&held.iter().collect::<Vec<_>>()) }
    }

    fn words(&self, sources: &Sources, terms: &Terms, places: &[Place]) -> f32 {
        let held: Vec<Terms> = places.iter().map(|place| Terms::of(&sources.read_at(place))).collect();
        terms.held_by(&held.iter().collect::<Vec<_>>())
    }

    async fn nearest_by_meaning(&self, sources: &Sources, claim: &str) -> Result<Vec<Place>> {
        let places: Vec<Place> = sources.places().map(|(place, _)| place).take(EMBEDDED).collect();
        let texts: Vec<String> = places.iter().map(|place| sources.text(place).to_owned()).collect();
        let Some(cosines) = self.models.cosines(claim, texts).await? else { return Ok(Vec::new()) };
        let mut scored: Vec<(f32, Place)> = cosines.into_iter().zip(places).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        Ok(scored.into_iter().take(BY_MEANING).map(|(_, place)| place).collect())
    }

    /// The candidate that misses the fewest facts; among equals the one that holds most words, and the
    /// earlier. Where no single one has all, what is cited is taken together with each.
    fn best_evidence(
        &self,
        sources: &Sources,
        question: &str,
        claim: &str,
        terms: &Terms,
        mut candidates: Vec<Vec<Place>>,
    ) -> Option<(Vec<Place>, Vec<Fact>)> {
        let first = candidates.first()?.clone();
        let anchors = terms.shared_terms(&Terms::of(question));
        let alone = candidates.iter().map(|places| self.about(sources, terms, places)).fold(0.0, f32::max);
        let joined: Vec<Vec<Place>> = candidates
            .iter()
            .skip(1)
            .filter(|places| !places.iter().all(|place| first.contains(place)))
            .map(|places| first.iter().chain(places).cloned().collect::<Vec<_>>())
            .filter(|joined| self.about(sources, terms, joined) >= alone + SECOND_PLACE_GAIN)
            // Each must be about the question's matter by itself: words of two matters say nothing of either. All
            // that stands in a document is about what its title names.
            .filter(|joined| {
                let from =
                    if sources.are_of_one_document(joined) { ANCHORED_FROM } else { ANCHORED_APART_FROM };
                let is_anchored =
                    |place: &Place| self.anchored(sources, &anchors, std::slice::from_ref(place)) >= from;
                joined.iter().all(is_anchored)
                    || joined.iter().any(is_anchored) && sources.are_of_what_is_named(joined, terms)
            })
            .collect();
        candidates.extend(joined);
        for places in &mut candidates {
            sources.leave_out_other_rows(places, terms);
        }
        // A sentence about something else may have the same number, and denies nothing.
        let about = |places: &Vec<Place>| self.about(sources, terms, places);
        let closest = candidates.iter().map(about).fold(0.0, f32::max);
        candidates.retain(|places| !places.is_empty() && about(places) >= ABOUT_THE_SAME * closest);
        let mut best: Option<(usize, f32, Vec<Place>, Vec<Fact>)> = None;
        for places in candidates {
            let missing = missing_facts(sources, question, claim, &places);
            // One more place to look at is worth it only where it brings something.
            let held = self.words(sources, terms, &places) - 0.05 * places.len() as f32;
            let is_better = best.as_ref().is_none_or(|(fewest, most, ..)| {
                missing.len() < *fewest || missing.len() == *fewest && held > *most + f32::EPSILON
            });
            if is_better {
                best = Some((missing.len(), held, places, missing));
            }
        }
        best.map(|(_, _, places, missing)| (places, missing))
    }
}

/// Why the claim says more or other than the places do; within one language.
fn overstates(sources: &Sources, question: &str, claim: &str, places: &[Place]) -> Option<&'static str> {
    if sources.language_of(places) != Some(is_chinese(claim)) {
        return None;
    }
    let said = |place| Said { text: sources.text(place), around: sources.context(place) };
    let said: Vec<Said<'_>> = places.iter().map(said).collect();
    let texts: Vec<&str> = said.iter().map(|said| said.text).collect();
    let around: Vec<&str> = said.iter().flat_map(|said| said.around.iter().copied()).collect();
    predicate::misjoins(claim, &said, question)
        .or_else(|| timed::turns_time(claim, &texts))
        .or_else(|| qualified::overstates(claim, &texts, &around, question))
}

/// Two opinions on the same: the mean of their log odds.
fn together(a: f32, b: f32) -> f32 {
    let log_odds = |p: f32| {
        let p = p.clamp(0.01, 0.99);
        (p / (1.0 - p)).ln()
    };
    1.0 / (1.0 + (-(log_odds(a) + log_odds(b)) / 2.0).exp())
}

fn missing_facts(sources: &Sources, question: &str, claim: &str, places: &[Place]) -> Vec<Fact> {
    let mut texts: Vec<&str> = places.iter().map(|place| sources.text(place)).collect();
    texts.extend(places.iter().flat_map(|place| sources.headings(place)));
    let neighbours: Vec<&str> = places.iter().flat_map(|place| sources.neighbours(place)).collect();
    // A neighbour tells who `she` is, and has figures of its own matter.
    let evidence = EvidenceFacts::of(&texts).with_words_of(&neighbours);
    let mut missing = facts::check(claim, &evidence, question).missing;
    let mut all = texts.iter().chain(&neighbours);
    let links = claim::links(claim).filter(|link| !all.any(|text| text.contains(link.as_str())));
    missing.extend(links.map(|text| Fact { kind: FactKind::Link, text }));
    if missing.is_empty() {
        missing = places.iter().flat_map(|place| altered::altered(claim, sources.text(place))).collect();
    }
    missing
}

fn named(missing: &[Fact]) -> String {
    let name = |fact: &Fact| match fact.kind {
        FactKind::Negation => format!("the negation “{}”", fact.text),
        _ => format!("“{}”", fact.text),
    };
    missing.iter().map(name).collect::<Vec<_>>().join(", ")
}

impl Judgement {
    fn not_needed(why: &str) -> Self {
        Self {
            verdict: Verdict::NotNeeded,
            score: 1.0,
            method: "none",
            missing: Vec::new(),
            why: why.to_owned(),
            places: Vec::new(),
        }
    }

    pub(crate) fn quote(place: Place) -> Self {
        Self {
            verdict: Verdict::Supported,
            score: 1.0,
            method: "quote",
            missing: Vec::new(),
            why: "it stands in the source word for word".to_owned(),
            places: vec![place],
        }
    }

    /// What the service itself says of two sources that disagree, by quoting both.
    pub(crate) fn disagreement(places: Vec<Place>) -> Self {
        Self {
            verdict: Verdict::Supported,
            score: 1.0,
            method: "disagreement",
            missing: Vec::new(),
            why: "both sources are quoted word for word".to_owned(),
            places,
        }
    }

    pub(crate) fn computed(places: Vec<Place>) -> Self {
        Self {
            verdict: Verdict::Supported,
            score: 1.0,
            method: "computed",
            missing: Vec::new(),
            why: "it was worked out from the rows of the table".to_owned(),
            places,
        }
    }

    /// Of a sentence within which the model was stopped.
    pub(crate) fn cut_off() -> Self {
        Self::unsupported("the answer reached its greatest length within it", Vec::new(), Vec::new())
    }

    fn unsupported(why: &str, missing: Vec<Fact>, places: Vec<Place>) -> Self {
        Self {
            verdict: Verdict::Unsupported,
            score: 0.0,
            method: "facts",
            missing,
            why: why.to_owned(),
            places,
        }
    }

    /// The same where something speaks against it that proves nothing.
    fn at_most_partly(self, why: &str) -> Self {
        if self.verdict != Verdict::Supported {
            return self;
        }
        Self { verdict: Verdict::Partly, score: self.score.min(OVERSTATES), why: why.to_owned(), ..self }
    }

    fn scored(score: f32, method: &'static str, supported_from: f32, places: Vec<Place>) -> Self {
        let (verdict, why) = if score >= supported_from {
            (Verdict::Supported, "the source says it")
        } else if score >= supported_from.min(PARTLY_FROM) {
            (Verdict::Partly, "the source says a part of it")
        } else {
            (Verdict::Unsupported, "the source is about something else")
        };
        Self { verdict, score, method, missing: Vec::new(), why: why.to_owned(), places }
    }
}
