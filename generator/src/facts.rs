//! Whether every exact fact of a claim stands in its evidence, in English and Chinese.
//!
//! Facts are what a reader would check with a finger on the source: numbers with their units, dates,
//! names, identifiers, and whether a thing is affirmed or denied. They are compared by what they mean,
//! not by how they are written: `1.2k` is `一千二百`, `March 5, 2024` is `2024年3月5日`. In doubt a fact
//! counts as found: a true sentence that is taken for false costs a reader's trust in the mark.
//!
//! Where claim and evidence are of different languages, only numbers, dates, percentages, identifiers and
//! names that a Chinese claim has in Latin letters are compared; what else tells there is in [`foreign`]. That facts
//! belong together as the claim says is not checked.

use std::ops::Range;

use footnote_core::question::is_chinese;
use footnote_core::verdict::{Fact, FactKind};

use crate::tables::asks_for_number;

mod bound;
mod chinese_name;
mod foreign;
mod moment;
mod name;
mod number;
mod numeral;
mod opposite;
mod place;
mod polarity;
mod quantity;
mod term;
mod token;
mod unit;

use moment::{Day, Moment, When};
use number::{Form, Quantity};
use polarity::Clause;
use quantity::Quantities;
use token::{Sort, Token};

pub(crate) use bound::drops_bound;
pub(crate) use foreign::{has_unproved_name, names_another, turns_denial};
pub(crate) use term::stem;

/// The facts of a claim, by whether they stand in the evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FactCheck {
    /// Facts that stand there.
    pub found: Vec<Fact>,
    /// Facts that do not, or that the evidence contradicts.
    pub missing: Vec<Fact>,
}

/// What the evidence says, ready to be compared with many claims.
#[derive(Debug, Clone, Default)]
pub struct EvidenceFacts {
    quantities: Quantities,
    moments: Vec<When>,
    words: name::Words,
    terms: std::collections::BTreeSet<String>,
    clauses: Vec<Clause>,
    texts: Vec<Vec<Token>>,
    is_chinese: bool,
    is_empty: bool,
    /// Whether rows of a table are among them.
    has_rows: bool,
}

impl EvidenceFacts {
    /// Reads the facts of `texts`: the sentences that support the claim, and their context.
    pub fn of(texts: &[&str]) -> Self {
        let mut facts = Self { is_chinese: is_chinese(&texts.concat()), ..Self::default() };
        facts.is_empty = texts.iter().all(|text| text.trim().is_empty());
        facts.has_rows = texts.iter().flat_map(|text| text.lines()).any(|line| line.starts_with('|'));
        for text in texts {
            let tokens = token::tokens(text);
            facts.read(&tokens);
            facts.keep(tokens);
        }
        facts.quantities.share_units();
        facts
    }

    /// With the words of `texts` as well, but not their numbers and dates: what stands around the evidence.
    pub fn with_words_of(mut self, texts: &[&str]) -> Self {
        for text in texts {
            let tokens = token::tokens(text);
            self.words.add(&tokens);
            self.keep(tokens);
        }
        self
    }

    fn keep(&mut self, tokens: Vec<Token>) {
        self.terms.extend(term::terms(&tokens, |_| false).into_iter().map(|term| term.text));
        self.clauses.extend(polarity::clauses(&tokens));
        self.texts.push(tokens);
    }

    /// Takes the numbers, dates and words of some tokens.
    fn read(&mut self, tokens: &[Token]) {
        for reading in readings(tokens) {
            match reading {
                Reading::Quantity(quantity) => self.quantities.push(quantity),
                Reading::Moment(moment) => self.moments.push(moment.when),
            }
        }
        self.quantities.add_loose(tokens);
        self.words.add(tokens);
    }

    fn hold(&self, fact: &Exact) -> bool {
        match fact {
            Exact::Moment(when) => self.holds_moment(when),
            Exact::Quantity(quantity) => self.holds_quantity(quantity),
            Exact::Code(code) => self.words.hold_code(code),
            Exact::Name(name) => self.words.hold(name),
        }
    }

    /// Whether `fact` stands here, and nothing else in the place that `claim` gives it.
    fn hold_in_place(&self, fact: &Exact, tokens: &Range<usize>, claim: &[Token]) -> bool {
        let alone = |tokens: &[Token]| {
            let mut facts = Self { quantities: self.quantities.without_numbers(), ..Self::default() };
            facts.read(tokens);
            facts.quantities.share_units();
            facts.hold(fact)
        };
        let rivals = |tokens: &[Token]| fact.is_rivalled_by(tokens);
        self.hold(fact) && !place::is_taken_by_another(claim, tokens, &self.texts, alone, rivals)
    }

    fn has_year(&self, year: u32) -> bool {
        let dated = |moment: &When| matches!(moment, When::Day(day) if day.year == Some(year));
        self.moments.iter().any(dated) || self.quantities.has_plain(f64::from(year))
    }

    fn holds_moment(&self, when: &When) -> bool {
        when.is_in(&self.moments, |year| self.has_year(year))
    }

    fn holds_quantity(&self, quantity: &Quantity) -> bool {
        self.quantities.hold(quantity)
            || (quantity.is_year() && self.holds_moment(&year(quantity.value)))
            || (quantity.unit.is_none() && moment::is_full_hour(&self.moments, quantity.value))
            || quantity.other.is_some_and(|other| self.holds_moment(&year(other)))
    }
}

fn year(value: f64) -> When {
    When::Day(Day { year: Some(value as u32), ..Day::default() })
}

/// Compares the facts of `claim` with the evidence. Names that stand in `question` may be missing
/// there, unless the question asks whether they are right.
pub fn check(claim: &str, evidence: &EvidenceFacts, question: &str) -> FactCheck {
    let tokens = token::tokens(claim);
    let claim_is_chinese = is_chinese(claim);
    let same_language = claim_is_chinese == evidence.is_chinese && !evidence.is_empty;
    let names = match (same_language, claim_is_chinese) {
        (true, _) => Names::All,
        // A Chinese sentence leaves a foreign name as the source has it, or translates it.
        (false, true) if !evidence.is_empty => Names::Foreign,
        (false, _) => Names::None,
    };
    let asked = Question::of(question);
    let mut facts: Vec<(FactKind, Range<usize>, bool)> = Vec::new();
    // How many there are of what a table lists is not told by some of its rows.
    let own_lists_count = !(evidence.has_rows && asks_for_number(question));
    for (kind, range, fact) in exact_facts(&tokens, claim_is_chinese, names, own_lists_count) {
        let brought = matches!(&fact, Exact::Name(name) if !evidence.hold(&fact) && asked.brings(name));
        let is_spelled_out = matches!(&fact, Exact::Name(name) if names == Names::Foreign
            && name.is_spelled_out(&tokens, &evidence.texts));
        let held = brought || is_spelled_out || evidence.hold_in_place(&fact, &range, &tokens);
        facts.push((kind, range, held));
    }
    if same_language {
        for range in polarity::contradictions(&polarity::clauses(&tokens), &evidence.clauses) {
            facts.push((FactKind::Negation, range, false));
        }
    }
    sorted(facts, claim, &tokens)
}

/// What is compared with the evidence.
enum Exact {
    Moment(When),
    Quantity(Quantity),
    Code(String),
    Name(name::Name),
}

impl Exact {
    /// Whether some tokens have a fact of this sort, and no mere pronoun.
    fn is_rivalled_by(&self, tokens: &[Token]) -> bool {
        match self {
            Exact::Moment(_) | Exact::Quantity(_) => !readings(tokens).is_empty(),
            Exact::Code(_) => tokens.iter().any(|token| matches!(token.sort, Sort::Code | Sort::Digits)),
            Exact::Name(name) => name.is_rivalled_by(tokens),
        }
    }
}

/// Which names of a claim are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    All,
    /// Those in Latin letters within Chinese. A source may spell out what an acronym stands for.
    Foreign,
    None,
}

/// The facts of a claim but for its negations, with the tokens they take. Where `own_lists_count`, the number of what
/// the claim goes on to list is none.
fn exact_facts(
    tokens: &[Token],
    is_chinese: bool,
    compared: Names,
    own_lists_count: bool,
) -> Vec<(FactKind, Range<usize>, Exact)> {
    let readings = readings(tokens);
    let taken: Vec<Range<usize>> = readings.iter().map(|reading| reading.tokens().clone()).collect();
    let is_taken = |at: usize| taken.iter().any(|range| range.contains(&at));
    let mut facts = Vec::new();
    for (at, token) in
        tokens.iter().enumerate().filter(|(at, token)| token.sort == Sort::Code && !is_taken(*at))
    {
        facts.push((FactKind::Identifier, at..at + 1, Exact::Code(token.lower.clone())));
    }
    if compared != Names::None {
        let names = name::names(tokens, is_chinese, is_taken);
        for name in names.into_iter().filter(|name| compared == Names::All || name.is_foreign(tokens)) {
            facts.push((FactKind::Name, name.tokens.clone(), Exact::Name(name)));
        }
    }
    for reading in readings {
        match reading {
            Reading::Moment(moment) => {
                facts.push((FactKind::Date, moment.tokens, Exact::Moment(moment.when)))
            }
            Reading::Quantity(quantity) if is_counted(&quantity, tokens, own_lists_count) => {
                facts.push((kind_of(&quantity), quantity.tokens.clone(), Exact::Quantity(quantity)));
            }
            Reading::Quantity(_) => {}
        }
    }
    facts
}

/// Whether a text has a number, a date or an identifier.
pub(crate) fn has_figures(text: &str) -> bool {
    !exact_facts(&token::tokens(text), is_chinese(text), Names::None, false).is_empty()
}

/// Whether a text denies something.
pub(crate) fn denies(text: &str) -> bool {
    !opposite::cues(&token::tokens(text)).is_empty()
}

/// Whether a question asks if something is so.
pub(crate) fn asks_whether(question: &str) -> bool {
    Question::of(question).asks_whether
}

/// The share of the claim's content terms that do not stand in the evidence, 0 to 1; 0 for a claim
/// without any. Between languages it says nothing.
pub fn unsupported_terms(claim: &str, evidence: &EvidenceFacts) -> f32 {
    let terms = term::terms(&token::tokens(claim), |_| false);
    let unsupported = terms.iter().filter(|term| !evidence.terms.contains(&term.text)).count();
    unsupported as f32 / terms.len().max(1) as f32
}

fn sorted(mut facts: Vec<(FactKind, Range<usize>, bool)>, claim: &str, tokens: &[Token]) -> FactCheck {
    facts.sort_by_key(|(_, tokens, _)| tokens.start);
    let mut check = FactCheck::default();
    for (kind, range, held) in facts {
        let start = tokens.get(range.start).map_or(0, |token| token.bytes.start);
        let end = tokens.get(range.end.saturating_sub(1)).map_or(start, |token| token.bytes.end);
        let text = claim.get(start..end).unwrap_or_default().to_owned();
        if held { &mut check.found } else { &mut check.missing }.push(Fact { kind, text });
    }
    check
}

/// A date or a number of a text.
enum Reading {
    Moment(Moment),
    Quantity(Quantity),
}

impl Reading {
    fn tokens(&self) -> &Range<usize> {
        match self {
            Reading::Moment(moment) => &moment.tokens,
            Reading::Quantity(quantity) => &quantity.tokens,
        }
    }
}

/// The dates and numbers of some tokens, none within another.
fn readings(tokens: &[Token]) -> Vec<Reading> {
    let mut readings = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let reading = moment::moment_at(tokens, at)
            .map(Reading::Moment)
            .or_else(|| number::quantity_at(tokens, at).map(Reading::Quantity));
        at = reading.as_ref().map_or(at + 1, |reading| reading.tokens().end.max(at + 1));
        readings.extend(reading);
    }
    readings
}

fn kind_of(quantity: &Quantity) -> FactKind {
    if quantity.is_percent() {
        FactKind::Percentage
    } else if quantity.is_year() {
        FactKind::Date
    } else {
        FactKind::Number
    }
}

/// Whether a number of a claim is a fact, and does not merely number a list or count what the claim
/// itself lists, where that is enough.
fn is_counted(quantity: &Quantity, tokens: &[Token], own_lists_count: bool) -> bool {
    let sure = quantity.form != Form::Single || quantity.unit.is_some() || quantity.scaled;
    let is_of_list = own_lists_count && quantity::counts_own_list(quantity, tokens);
    sure && !quantity::enumerates(quantity, tokens) && !is_of_list
}

/// What seem to be names of people in a Chinese text; see [`chinese_name::person_at`].
pub(crate) fn chinese_persons(text: &str) -> Vec<String> {
    let tokens = token::tokens(text);
    (0..tokens.len()).filter_map(|at| chinese_name::person_at(&tokens, at)).collect()
}

/// Whether a text has a number.
pub(crate) fn has_number(text: &str) -> bool {
    readings(&token::tokens(text)).iter().any(|reading| match reading {
        Reading::Quantity(quantity) => quantity.form != Form::Single || quantity.unit.is_some(),
        Reading::Moment(_) => false,
    })
}

/// What the reader asked.
struct Question {
    words: name::Words,
    /// Whether it asks if something is so: then its names are no facts.
    asks_whether: bool,
}

impl Question {
    fn of(question: &str) -> Self {
        const FIRST_WORDS: [&str; 16] = [
            "is", "are", "was", "were", "do", "does", "did", "has", "have", "had", "can", "could", "will",
            "would", "should", "may",
        ];
        let tokens = token::tokens(question);
        let mut words = name::Words::default();
        words.add(&tokens);
        let first = tokens.first().is_some_and(|token| FIRST_WORDS.contains(&token.lower.as_str()));
        let chooses = tokens.iter().any(|token| token.lower == "or");
        let chinese = ["吗", "是否", "还是", "是不是", "有没有"].iter().any(|word| question.contains(word));
        Self { words, asks_whether: first || chooses || chinese }
    }

    fn brings(&self, name: &name::Name) -> bool {
        !self.asks_whether && self.words.hold(name)
    }
}

#[cfg(test)]
mod tests;
