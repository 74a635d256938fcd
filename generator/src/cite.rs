//! Citations: which exact sentences of the passages support which sentence of the answer.
//!
//! The model's markers are a hint and are checked. A number that was not offered is taken out of
//! the text; a marker goes to the passage that supports the sentence where that is clearly another;
//! a sentence without a marker gets one where a passage supports it well enough. All that goes by words
//! alone; [`verify`](crate::verify) has the last one.

use std::ops::Range;

use footnote_core::citation::{Citation, RowRange};
use footnote_core::parsed::LOW_CONFIDENCE;
use footnote_core::passage::Passage;
use footnote_core::question::is_chinese;
use footnote_core::text::Span;

use crate::markers;
use crate::sentence;
use crate::support::Terms;
use crate::verify::{IndexedPassage, Place, Sources};

/// Support from which a sentence without a marker is given one.
const ATTACH_FROM: f32 = 0.35;
/// Support below which a marked passage does not support the sentence at all.
const NONE_BELOW: f32 = 0.1;
/// Support from which another passage may take the place of the one that a marker names…
const REPAIR_FROM: f32 = 0.5;
/// …and by how much it must support the sentence better.
const REPAIR_GAIN: f32 = 0.3;
/// Support from which a single shared term is enough: an answer of one word.
const ALL_OF_IT: f32 = 0.99;
/// What a second sentence must add to be quoted with the first.
const SECOND_SENTENCE_GAIN: f32 = 0.15;
/// A quote that holds none of the sentence's numbers counts this much; one that holds some, more.
const NUMBERS_MISSING: f32 = 0.25;

/// A finished sentence of an answer with what seems to support it.
#[derive(Debug, Clone, PartialEq)]
pub struct CitedSentence {
    /// Text to append to the answer, blanks before it included.
    text: String,
    /// What it says, without markers; empty where it has no words.
    claim: String,
    /// The parts of the passages that its markers name.
    supports: Vec<Support>,
}

impl CitedSentence {
    /// Whether it has words.
    pub(crate) fn has_words(&self) -> bool {
        !self.claim.is_empty()
    }

    /// What it says, without markers.
    pub(crate) fn claim(&self) -> &str {
        &self.claim
    }

    /// Whether it has words and no end: the last sentence of a model that was stopped.
    pub(crate) fn is_cut(&self) -> bool {
        self.has_words() && !sentence::is_ended(&self.claim)
    }

    /// Whether it is an item of a list.
    pub(crate) fn is_item(&self) -> bool {
        !self.lead().trim().is_empty()
    }

    /// The blanks and the list marker before its words.
    pub(crate) fn lead(&self) -> &str {
        sentence::lead(&self.text)
    }

    /// Where its markers point.
    pub(crate) fn places(&self) -> Vec<Place> {
        self.supports.iter().map(Support::place).collect()
    }

    /// Its text with markers of exactly these passages.
    pub(crate) fn with_markers(&self, numbers: &[u32]) -> String {
        let found = markers::find(&self.text);
        let named: Vec<u32> = found.iter().flat_map(|marker| marker.numbers.iter().copied()).collect();
        if numbers.iter().all(|number| named.contains(number))
            && named.iter().all(|number| numbers.contains(number))
        {
            return self.text.clone();
        }
        let mut text = tidied(&markers::without(&self.text, &found));
        let mut given: Vec<u32> = Vec::new();
        for &number in numbers {
            if !given.contains(&number) {
                given.push(number);
                attach(&mut text, number);
            }
        }
        text
    }
}

/// Turns the text of a model, as it comes, into cited sentences.
pub struct Citer {
    sources: Sources,
    pending: String,
    /// Whether anything was given out.
    has_begun: bool,
    /// Where the answer began with a marker, so that they stand before their sentences: that of the next one.
    before_next: Option<String>,
}

/// The segment without what a model writes before a marker or the sentence's end where it takes the task's words
/// for the answer's: `, as stated in passage`, `所依据的资料编号为`, `参考资料：`…
fn without_lead(segment: &str) -> String {
    const SOURCE: &str = "资料";
    const PASSAGES: [&str; 4] = [" in passage", " in the passage", " to passage", " from passage"];
    const LEADS: [&str; 11] = [
        "according",
        "as stated",
        "as mentioned",
        "as described",
        "as noted",
        "as indicated",
        "as shown",
        "stated",
        "as seen",
        "as given",
        "as said",
    ];
    for passage in PASSAGES {
        let Some((before, after)) = segment.split_once(passage) else { continue };
        let after = after.trim_start();
        let said = without_suffixes(before, &LEADS);
        if said.len() < before.len() && (after.is_empty() || after.starts_with(['[', '.', ',', ')'])) {
            let said = said.trim_end_matches([' ', ',', '(']);
            let after = after.strip_prefix(')').unwrap_or(after);
            let gap = if after.starts_with('[') { " " } else { "" };
            return format!("{said}{gap}{after}");
        }
    }
    for (at, _) in segment.match_indices(SOURCE) {
        let before = without_suffixes(&segment[..at], &["的", "依据", "参考", "所"]);
        let rest = &segment[at + SOURCE.len()..];
        let rest = ["的", "编号"].iter().fold(rest, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
        let Some(after) = rest.strip_prefix(['为', '是', '：', ':']) else { continue };
        let after = after.trim_start_matches(['：', ':', ' ']);
        if after.is_empty() || after.starts_with(['[', '【', '。', '\n']) {
            let before = before.trim_end_matches(['，', ',', '（', '(', ' ']);
            return format!("{before}{after}");
        }
    }
    segment.to_owned()
}

/// The text without these words at its end, each at most once, in this order.
fn without_suffixes<'a>(text: &'a str, words: &[&str]) -> &'a str {
    words.iter().fold(text, |text, word| text.strip_suffix(word).unwrap_or(text))
}

/// The part of a passage that supports a sentence best.
#[derive(Debug, Clone, PartialEq)]
struct Support {
    passage: usize,
    bytes: Range<usize>,
    score: f32,
    shared: usize,
    /// The share of the sentence's numbers that it holds; `None` where the sentence has none.
    numbers: Option<f32>,
    /// Whether one of them is long enough to tell by itself.
    figure: bool,
}

impl Support {
    fn place(&self) -> Place {
        Place { passage: self.passage, bytes: self.bytes.clone() }
    }

    /// Whether the sentence has numbers, and all of them are here.
    fn holds_all_numbers(&self) -> bool {
        self.numbers == Some(1.0)
    }

    /// Whether more than a chance word is shared.
    fn is_telling(&self) -> bool {
        self.shared >= 2 || self.figure || self.shared == 1 && self.score >= ALL_OF_IT
    }
}

impl Citer {
    /// A citer over the passages that the model was given.
    pub(crate) fn new(sources: Sources) -> Self {
        Self { sources, pending: String::new(), has_begun: false, before_next: None }
    }

    fn passages(&self) -> &[IndexedPassage] {
        self.sources.passages()
    }

    /// Takes more of the model's text and gives the sentences that are whole by now.
    pub fn push(&mut self, text: &str) -> Vec<CitedSentence> {
        self.pending.push_str(text);
        self.release(false)
    }

    /// Gives what is left.
    pub fn finish(&mut self) -> Vec<CitedSentence> {
        self.release(true)
    }

    fn release(&mut self, finished: bool) -> Vec<CitedSentence> {
        let mut sentences = Vec::new();
        while let Some(len) = sentence::first_of_answer(&self.pending, finished) {
            let segment: String = self.pending.drain(..len).collect();
            sentences.extend(self.cite(&segment));
        }
        sentences
    }

    fn cite(&mut self, segment: &str) -> Option<CitedSentence> {
        // Nothing of an answer begins with blanks.
        let segment = without_lead(if self.has_begun { segment } else { segment.trim_start() });
        let segment = self.marked_behind(segment);
        let segment = segment.as_str();
        let found = markers::find(segment);
        let mut plain = markers::without(segment, &found);
        if !plain.chars().any(char::is_alphanumeric) {
            // Blanks, rules of a table, or markers that belong to no words.
            if !found.is_empty() {
                markers::close_unfinished(&mut plain);
            }
            self.has_begun |= !plain.is_empty();
            let layout = CitedSentence { text: plain, claim: String::new(), supports: Vec::new() };
            return (!layout.text.is_empty()).then_some(layout);
        }
        self.has_begun = true;
        let offered: Vec<u32> = found.iter().flat_map(|m| m.numbers.iter().copied()).collect();
        let choice = self.choose(&plain, &offered);
        let mut text = rewrite(segment, &found, &choice);
        if !found.is_empty() {
            markers::close_unfinished(&mut text);
        }
        let supports = choice.into_iter().filter_map(|c| c.support).collect();
        Some(CitedSentence { text, claim: tidied(plain.trim()), supports })
    }

    /// The segment with its marker behind it, where the model puts it before: there, those behind a sentence are
    /// the next one's.
    fn marked_behind(&mut self, segment: String) -> String {
        let begins_with_marker = matches!(markers::at_start(&segment), markers::Start::Marker(..));
        if self.before_next.is_none() && (self.has_begun || !begins_with_marker) {
            return segment;
        }
        let last_end = segment.rfind(['.', '!', '?', '。', '！', '？']).unwrap_or(segment.len());
        let (mut own, mut next) = (self.before_next.take().unwrap_or_default(), String::new());
        let (mut text, mut from) = (String::new(), 0);
        for marker in markers::find(&segment) {
            let before = segment.get(from..marker.bytes.start).unwrap_or_default();
            let shown = segment.get(marker.bytes.clone()).unwrap_or_default();
            text.push_str(before);
            from = marker.bytes.end;
            match () {
                () if text.trim().is_empty() => own.push_str(shown),
                () if marker.bytes.start > last_end => {
                    text.truncate(text.trim_end().len());
                    next.push_str(shown);
                }
                () => text.push_str(shown),
            }
        }
        text.push_str(segment.get(from..).unwrap_or_default());
        if !self.has_begun {
            text.drain(..text.len() - text.trim_start().len());
        }
        if !text.chars().any(char::is_alphanumeric) {
            self.before_next = Some(own + &next);
            return text;
        }
        self.before_next = Some(next);
        if markers::find(&text).is_empty() {
            for number in markers::find(&own).into_iter().flat_map(|marker| marker.numbers) {
                attach(&mut text, number);
            }
        }
        text
    }

    /// What becomes of each number the model gave, and the passage to attach where it gave none.
    fn choose(&self, plain: &str, numbers: &[u32]) -> Vec<Choice> {
        let terms = Terms::of(plain);
        let chinese = is_chinese(plain);
        let mut choices: Vec<Choice> = Vec::new();
        for &number in numbers {
            if choices.iter().any(|c| c.given == Some(number)) {
                continue;
            }
            let support = self.check(&terms, number, chinese);
            // Two markers repaired to one passage are one citation.
            let repeated = support.as_ref().is_some_and(|s| cited(&choices, s.passage));
            let kept = support.filter(|_| !repeated);
            choices.push(Choice {
                given: Some(number),
                number: self.number_of(kept.as_ref()),
                support: kept,
            });
        }
        if !sentence::is_question(plain)
            && choices.iter().all(|c| c.support.is_none())
            && let Some(best) = self
                .best(&terms)
                .filter(|s| (s.score >= ATTACH_FROM || s.holds_all_numbers()) && s.is_telling())
        {
            choices.push(Choice { given: None, number: self.number_of(Some(&best)), support: Some(best) });
        }
        choices
    }

    /// The passage that a marker is to name: the one it names, a better one, or none.
    fn check(&self, terms: &Terms, number: u32, chinese: bool) -> Option<Support> {
        let index = self.passages().iter().position(|p| p.passage.number == number)?;
        let named = self.passages()[index].support(index, terms);
        let better = self.best(terms).filter(|best| {
            let says_it = best.score >= REPAIR_FROM && best.score - named.score >= REPAIR_GAIN;
            // A figure comes from where it stands, whatever other words are shared elsewhere.
            let has_the_figures = best.numbers > named.numbers;
            (says_it || has_the_figures) && best.is_telling()
        });
        if better.is_some() {
            return better;
        }
        if named.score >= NONE_BELOW {
            return Some(named);
        }
        // Words cannot tell across languages: the model's word stands, for the passage as a whole
        // where not even a name is shared.
        let foreign = self.passages()[index].chinese != chinese;
        let support = if named.shared > 0 { named } else { self.passages()[index].whole(index) };
        foreign.then_some(support)
    }

    fn best(&self, terms: &Terms) -> Option<Support> {
        let supports = self.passages().iter().enumerate().map(|(i, p)| p.support(i, terms));
        supports.fold(None, |best: Option<Support>, next| match best {
            Some(best) if best.score >= next.score => Some(best),
            _ => Some(next),
        })
    }

    fn number_of(&self, support: Option<&Support>) -> Option<u32> {
        support.and_then(|s| self.passages().get(s.passage)).map(|p| p.passage.number)
    }
}

/// The sentence without the blanks that taken markers leave before its punctuation.
fn tidied(plain: &str) -> String {
    let mut claim = String::with_capacity(plain.len());
    for c in plain.chars() {
        if matches!(c, '.' | ',' | ';' | ':' | '!' | '?') {
            claim.truncate(claim.trim_end_matches(' ').len());
        }
        claim.push(c);
    }
    claim
}

/// What becomes of a number that the model gave, or of a sentence without any.
struct Choice {
    given: Option<u32>,
    /// The number to write; `None` takes the marker out.
    number: Option<u32>,
    support: Option<Support>,
}

fn cited(choices: &[Choice], passage: usize) -> bool {
    choices.iter().filter_map(|c| c.support.as_ref()).any(|s| s.passage == passage)
}

impl IndexedPassage {
    /// The sentence that supports `terms` best, or two neighbours where the second adds much.
    fn support(&self, index: usize, terms: &Terms) -> Support {
        let mut best =
            Support { passage: index, bytes: 0..0, score: 0.0, shared: 0, numbers: None, figure: false };
        for window in [1, 2] {
            let gain = if window == 1 { f32::EPSILON } else { SECOND_SENTENCE_GAIN };
            let mut best_window: Option<Support> = None;
            for sentences in self.sentences.windows(window) {
                let held: Vec<&Terms> = sentences.iter().map(|(_, terms)| terms).collect();
                let numbers = terms.numbers_held_by(&held);
                let missing = 1.0 - numbers.unwrap_or(1.0);
                let score = terms.held_by(&held) * (1.0 - missing * (1.0 - NUMBERS_MISSING));
                if best_window.as_ref().is_none_or(|b| score > b.score)
                    && let [(first, _), ..] = sentences
                    && let [.., (last, _)] = sentences
                {
                    let bytes = first.start..last.end;
                    let shared = terms.shared_with(&held);
                    let figure = terms.figure_held_by(&held);
                    best_window = Some(Support { passage: index, bytes, score, shared, numbers, figure });
                }
            }
            best = best_window.filter(|b| b.score >= best.score + gain).unwrap_or(best);
        }
        best
    }

    /// The passage from its first to its last word.
    fn whole(&self, index: usize) -> Support {
        let start = self.sentences.first().map_or(0, |(range, _)| range.start);
        let end = self.sentences.last().map_or(0, |(range, _)| range.end);
        Support { passage: index, bytes: start..end, score: 0.0, shared: 0, numbers: None, figure: false }
    }
}

/// The citation of the bytes `quote` of a passage's text; `None` where they hold nothing.
pub(crate) fn citation(
    passage: &Passage,
    quote: Range<usize>,
    answer_span: Span,
    score: f32,
) -> Option<Citation> {
    let before = passage.text.get(..quote.start)?;
    let rows = passage.rows(quote.clone());
    let quote = passage.text.get(quote).filter(|q| !q.is_empty())?;
    let start = passage.span.start + before.chars().count();
    let span = Span::new(start, start + quote.chars().count());
    let page = passage.page_at(start);
    let unsure = passage.ocr_lines.iter().filter(|line| line.span.overlaps(span));
    let ocr_confidence = unsure.filter_map(|line| line.confidence).reduce(f32::min);
    Some(Citation {
        number: passage.number,
        answer_span,
        document: passage.document,
        title: passage.title.clone(),
        document_key: passage.document_key.clone(),
        version: passage.version,
        version_hash: passage.version_hash,
        page: page.map(|p| p.number),
        page_kind: page.map(|p| p.kind),
        page_label: page.and_then(|p| p.label.clone()),
        rows: rows.map(|(first, last)| RowRange { first, last }),
        ocr_confidence,
        low_confidence: ocr_confidence.is_some_and(|confidence| confidence < LOW_CONFIDENCE),
        heading_path: passage.heading_path_at(start).to_vec(),
        source_span: span,
        quote: quote.to_owned(),
        score,
    })
}

/// The sentence with its markers as chosen, each number once.
fn rewrite(segment: &str, found: &[markers::Marker], choices: &[Choice]) -> String {
    let mut text = String::with_capacity(segment.len() + 8);
    let mut from = 0;
    let mut used: Vec<u32> = Vec::new();
    for marker in found {
        text.push_str(segment.get(from..marker.bytes.start).unwrap_or_default());
        from = marker.bytes.end;
        let before = text.len();
        for number in &marker.numbers {
            let chosen = choices.iter().find(|c| c.given == Some(*number)).and_then(|c| c.number);
            if let Some(chosen) = chosen.filter(|n| !used.contains(n)) {
                used.push(chosen);
                text.push_str(&format!("[{chosen}]"));
            }
        }
        if text.len() == before {
            // The blank before a marker goes with it.
            let kept = text.trim_end_matches([' ', '\u{3000}']).len();
            if kept > 0 {
                text.truncate(kept);
            }
        }
    }
    text.push_str(segment.get(from..).unwrap_or_default());
    let attached = choices.iter().filter(|c| c.given.is_none()).filter_map(|c| c.number);
    for number in attached.filter(|n| !used.contains(n)) {
        attach(&mut text, number);
    }
    // Taking a marker out can bring brackets together that make another.
    remove_strangers(text, choices)
}

/// Puts a marker before the punctuation that ends the sentence, or into the last cell of a table's row.
fn attach(text: &mut String, number: u32) {
    let row = text.trim();
    if let Some(cells) = row.strip_suffix('|').filter(|_| row.starts_with('|')) {
        let at = text.trim_end().len() - (row.len() - cells.trim_end().len());
        text.insert_str(at, &format!(" [{number}]"));
        return;
    }
    let ends = |c: char| matches!(c, '.' | '!' | '?' | '。' | '！' | '？' | '…' | '；' | ';' | ':' | '：');
    let body = text.trim_end_matches(|c: char| ends(c) || c.is_whitespace());
    let at = body.len();
    let wide = body.chars().next_back().is_some_and(|c| !c.is_ascii());
    let marker = if wide { format!("[{number}]") } else { format!(" [{number}]") };
    text.insert_str(at, &marker);
}

fn remove_strangers(mut text: String, choices: &[Choice]) -> String {
    let known = |number: &u32| choices.iter().any(|c| c.number == Some(*number));
    while let Some(stranger) = markers::find(&text).into_iter().find(|m| !m.numbers.iter().all(known)) {
        text.replace_range(stranger.bytes, "");
    }
    text
}

#[cfg(test)]
pub(crate) mod tests;
