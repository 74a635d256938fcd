//! Whether a claim denies what its evidence affirms, or the reverse.
//!
//! Clauses are compared, not sentences. What a negation denies is looked for in the evidence: where it
//! stands affirmed and nowhere denied, the two contradict each other. Words with an opposite are
//! compared between clauses that say nearly the same. In doubt nothing is reported.

use std::collections::BTreeSet;
use std::ops::Range;

use super::opposite::{self, Cue, Side};
use super::term::{self, Term};
use super::token::Token;

/// How many terms behind a negation are taken as denied.
const SCOPE: usize = 3;
/// Within how many terms a scope must stand.
const WINDOW: usize = 6;
/// The share of a scope's terms that stand where it is spoken of.
const SCOPE_HELD: f32 = 0.66;
/// The share of the claim's clause that an evidence clause must hold to be compared.
const CLAUSE_HELD: f32 = 0.4;
/// The same for words with an opposite that nothing but the clause binds together.
const SAME_CLAUSE: f32 = 0.7;
/// The same, both ways, for clauses that are told apart by how often they deny.
const SAME_WORDS: f32 = 0.9;
/// Clauses with fewer terms in common are not compared.
const FEWEST_SHARED: usize = 2;
/// Clauses that hold nearly as much as the best one may be meant as well.
const NEARLY_BEST: f32 = 0.1;

/// A clause with what it denies and its words with an opposite.
#[derive(Debug, Clone)]
pub(super) struct Clause {
    terms: Vec<Term>,
    set: BTreeSet<String>,
    cues: Vec<Cue>,
    /// How many of them deny something of their own.
    denials: usize,
    sides: Vec<Side>,
    /// Whether one of `sides` negates by itself: `unable`, `禁止`.
    has_negative_word: bool,
    /// Whether a verb may deny what follows: `ceased`, `avoid`.
    has_denying_verb: bool,
}

/// The clauses of a text.
pub(super) fn clauses(tokens: &[Token]) -> Vec<Clause> {
    clause_ranges(tokens).into_iter().filter_map(|range| clause(tokens, range)).collect()
}

/// Where the clauses of a text are.
pub(super) fn clause_ranges(tokens: &[Token]) -> Vec<Range<usize>> {
    let aside = aside(tokens);
    let ends = |at: usize, token: &Token| {
        if aside.contains(&at) {
            return false;
        }
        let mark = token.single().is_some_and(|c| ".!?;:()。，；：！？（）\n".contains(c));
        (mark && !opposite::numbers(tokens, at))
            || token.first_of_line
            || opposite::starts_clause(&token.lower)
    };
    let mut ranges = Vec::new();
    let mut start = 0;
    for at in 1..=tokens.len() {
        let end = tokens.get(at).is_none_or(|token| ends(at, token))
            || !aside.contains(&at) && starts_chinese_clause(tokens, at);
        if end {
            ranges.push(start..at);
            start = at;
        }
    }
    ranges
}

/// The tokens of short remarks in brackets that deny nothing: the clause goes on behind them.
fn aside(tokens: &[Token]) -> BTreeSet<usize> {
    const LONGEST: usize = 16;
    let is =
        |at: usize, marks: &str| tokens.get(at).and_then(Token::single).is_some_and(|c| marks.contains(c));
    let mut aside = BTreeSet::new();
    for open in (0..tokens.len()).filter(|&at| is(at, "(（")) {
        let close = (open + 1..open + LONGEST).find(|&at| is(at, "()（）"));
        let Some(close) = close.filter(|&at| is(at, ")）")) else { continue };
        let Some(remark) = tokens.get(open..=close) else { continue };
        if !remark.iter().any(|token| token.first_of_line) && opposite::cues(remark).is_empty() {
            aside.extend(open..=close);
        }
    }
    aside
}

fn starts_chinese_clause(tokens: &[Token], at: usize) -> bool {
    ["但", "然而", "而是"].iter().any(|word| opposite::stands_at(tokens, at, word))
}

fn clause(tokens: &[Token], range: Range<usize>) -> Option<Clause> {
    let part = tokens.get(range.clone())?;
    let (mut cues, mut sides) = (opposite::cues(part), opposite::sides(part));
    let all_cues = cues.len();
    cues.retain(|cue| !sides.iter().any(|side| side.tokens.contains(&cue.tokens.start)));
    let has_negative_word = cues.len() < all_cues;
    let has_denying_verb = (0..part.len()).any(|at| opposite::is_denying_verb(part, at));
    let denials = opposite::denials(part, &cues);
    let in_cue = |at: usize| cues.iter().any(|cue| cue.tokens.contains(&at));
    let in_side = |at: usize| sides.iter().any(|side| side.tokens.contains(&at));
    let mut terms = term::terms(part, |at| in_cue(at) || in_side(at));
    if terms.is_empty() {
        return None;
    }
    let move_up = |tokens: &mut Range<usize>| *tokens = tokens.start + range.start..tokens.end + range.start;
    terms.iter_mut().for_each(|term| term.token += range.start);
    cues.iter_mut().for_each(|cue| move_up(&mut cue.tokens));
    sides.iter_mut().for_each(|side| move_up(&mut side.tokens));
    let set = terms.iter().map(|term| term.text.clone()).collect();
    Some(Clause { terms, set, cues, denials, sides, has_negative_word, has_denying_verb })
}

impl Clause {
    /// What a cue denies: the terms behind it, or those before it where the clause ends.
    fn scope(&self, cue: &Cue) -> Vec<&str> {
        let behind = self.terms.iter().filter(|term| term.token >= cue.tokens.end).take(SCOPE);
        let mut scope: Vec<&str> = behind.map(|term| term.text.as_str()).collect();
        if scope.len() < 2 {
            scope.extend(self.terms_before(cue));
        }
        scope
    }

    /// The last two terms before a cue.
    fn terms_before(&self, cue: &Cue) -> Vec<&str> {
        let before = self.terms.iter().rev().filter(|term| term.token < cue.tokens.start);
        before.take(2).map(|term| term.text.as_str()).collect()
    }

    fn held_by(&self, other: &Clause) -> (usize, f32) {
        let shared = self.set.iter().filter(|term| other.set.contains(*term)).count();
        (shared, shared as f32 / self.set.len().max(1) as f32)
    }

    /// How many negations before a word with an opposite may turn it around.
    fn denials_before(&self, side: &Side) -> usize {
        self.cues.iter().filter(|cue| cue.tokens.start < side.tokens.start).count()
    }

    /// Whether both have nearly the same words, negations aside.
    fn is_worded_like(&self, other: &Clause) -> bool {
        self.held_by(other).1 >= SAME_WORDS && other.held_by(self).1 >= SAME_WORDS
    }

    /// Whether most of a scope stands here close together, its first term in any case.
    fn speaks_of(&self, scope: &[&str]) -> bool {
        let Some(head) = scope.first() else { return false };
        let stands_in = |window: &[Term]| {
            let has = |wanted: &&str| window.iter().any(|term| term.text == *wanted);
            let held = scope.iter().filter(|term| has(term)).count();
            has(head) && held as f32 >= SCOPE_HELD * scope.len() as f32
        };
        self.terms.windows(WINDOW.min(self.terms.len()).max(1)).any(stands_in)
    }

    /// Whether a scope's first term, or two of its terms, are denied here.
    fn denies(&self, scope: &[&str]) -> bool {
        self.cues.iter().any(|cue| {
            let denied = self.scope(cue);
            let shared = scope.iter().filter(|term| denied.contains(term)).count();
            shared > 1 || scope.first().is_some_and(|head| denied.contains(head))
        })
    }

    fn all_tokens(&self) -> Range<usize> {
        let start = self.terms.first().map_or(0, |term| term.token);
        start..self.terms.last().map_or(start, |term| term.token) + 1
    }
}

/// A clause of the evidence that shares terms with one of the claim, and what share of its terms.
struct Near<'a> {
    clause: &'a Clause,
    share: f32,
}

/// The tokens of the claim that turn the evidence into its opposite.
pub(super) fn contradictions(claim: &[Clause], evidence: &[Clause]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for clause in claim {
        let comparable = |other| {
            let (shared, share) = clause.held_by(other);
            (shared >= FEWEST_SHARED).then_some(Near { clause: other, share })
        };
        let near: Vec<Near> = evidence.iter().filter_map(comparable).collect();
        let denied = added_denial(clause, &near).or_else(|| dropped_denial(clause, &near));
        found.extend(denied.or_else(|| denied_more_or_less_often(clause, &near)));
        found.extend(turned_word(clause, &near, evidence));
    }
    found.sort_by_key(|range| (range.start, range.end));
    found.dedup();
    found
}

/// A cue of the claim that denies what stands affirmed only.
fn added_denial(clause: &Clause, near: &[Near]) -> Option<Range<usize>> {
    let cue = clause.cues.iter().find(|cue| {
        let scope = clause.scope(cue);
        let subject = clause.terms_before(cue);
        let speaks_of_it = |near: &&Near| {
            let same =
                near.share >= CLAUSE_HELD || subject.iter().any(|term| near.clause.set.contains(*term));
            same && near.clause.speaks_of(&scope)
        };
        let mut spoken_of = near.iter().filter(speaks_of_it).peekable();
        if spoken_of.peek().is_none() {
            return stands_affirmed_in_other_words(clause, cue, near);
        }
        let affirms =
            |other: &Clause| !other.denies(&scope) && !other.has_negative_word && !opposes(clause, other);
        spoken_of.all(|near| affirms(near.clause))
    })?;
    Some(cue.tokens.clone())
}

/// Whether evidence without any negation says of the same subject what the cue denies, but for the
/// verb: `is not practised in rural Africa` against `continues in rural Africa`.
fn stands_affirmed_in_other_words(clause: &Clause, cue: &Cue, near: &[Near]) -> bool {
    let behind = clause.terms.iter().filter(|term| term.token >= cue.tokens.end).skip(1).take(SCOPE);
    let objects: Vec<&str> = behind.map(|term| term.text.as_str()).collect();
    let subject = clause.terms_before(cue);
    let mut same = near.iter().map(|near| near.clause).filter(|other| {
        let has_subject = subject.iter().any(|term| other.set.contains(*term));
        has_subject && other.speaks_of(&objects) && objects.len() > 1
    });
    let affirms = |other: &Clause| {
        other.cues.is_empty()
            && !other.has_negative_word
            && !other.has_denying_verb
            && !opposes(clause, other)
    };
    same.next().is_some_and(affirms) && same.all(affirms)
}

/// A clause that affirms what the clauses nearest to it deny, or what one denies that it holds nearly all of.
fn dropped_denial(clause: &Clause, near: &[Near]) -> Option<Range<usize>> {
    if !clause.cues.is_empty() || clause.has_negative_word {
        return None;
    }
    let best = near.iter().map(|near| near.share).fold(0.0, f32::max);
    let mut nearest = near.iter().filter(|near| near.share >= CLAUSE_HELD.max(best - NEARLY_BEST)).peekable();
    let dropped = |other: &Clause, scope: &[&str]| {
        clause.speaks_of(scope) && !clause.denies(scope) && !opposes(clause, other)
    };
    let denied = |other: &Clause| other.cues.iter().any(|cue| dropped(other, &other.scope(cue)));
    let is_affirmed =
        |scope: &[&str]| near.iter().any(|near| near.clause.speaks_of(scope) && !near.clause.denies(scope));
    let held_and_denied = |other: &Clause| {
        let nowhere_affirmed = |cue: &Cue| {
            let scope = other.scope(cue);
            dropped(other, &scope) && !is_affirmed(&scope)
        };
        other.held_by(clause).1 >= SAME_CLAUSE && other.cues.iter().any(nowhere_affirmed)
    };
    let drops = nearest.peek().is_some() && nearest.all(|near| denied(near.clause))
        || near.iter().any(|near| held_and_denied(near.clause));
    drops.then(|| clause.all_tokens())
}

/// A clause that denies more or less often than all that have the same words.
fn denied_more_or_less_often(clause: &Clause, near: &[Near]) -> Option<Range<usize>> {
    let mut same =
        near.iter().map(|near| near.clause).filter(|other| clause.is_worded_like(other)).peekable();
    let is_otherwise = |other: &Clause| {
        let mut words = [clause, other].into_iter();
        clause.denials.abs_diff(other.denials) == 1
            && !words.any(|it| it.has_negative_word || it.has_denying_verb)
            && !opposes(clause, other)
    };
    (same.peek().is_some() && same.all(is_otherwise)).then(|| clause.all_tokens())
}

/// Whether a word of one clause has only its opposite in the other, which makes up for a negation.
fn opposes(clause: &Clause, other: &Clause) -> bool {
    clause.sides.iter().any(|side| {
        let opposed = other.sides.iter().any(|held| side.opposes(held));
        opposed && !other.sides.iter().any(|held| side.agrees(held))
    })
}

/// A word of the claim whose opposite stands in its place.
fn turned_word(clause: &Clause, near: &[Near], evidence: &[Clause]) -> Option<Range<usize>> {
    let side = clause.sides.iter().find(|side| {
        let agreeing = evidence.iter().flat_map(|other| &other.sides).filter(|held| side.agrees(held));
        let agreed = agreeing.map(|held| side.shared_context(held)).max();
        let opposing = |near: &Near| {
            let denials = |held: &Side| near.clause.denials_before(held) % 2;
            let same_polarity = |held: &&Side| denials(held) == clause.denials_before(side) % 2;
            let opposing = near.clause.sides.iter().filter(|held| side.opposes(held)).filter(same_polarity);
            opposing.map(|held| side.shared_context(held)).max()
        };
        let opposed = near.iter().filter_map(opposing).max();
        let in_its_place = opposed
            .is_some_and(|opposed| opposed > 2 || opposed == 2 && agreed.unwrap_or(0) == 0)
            && opposed > agreed;
        let same: Vec<&Near> = near.iter().filter(|near| near.share >= SAME_CLAUSE).collect();
        let only_opposed = same.iter().any(|near| opposing(near).is_some());
        let any_agrees = same.iter().any(|near| near.clause.sides.iter().any(|held| side.agrees(held)));
        in_its_place || (only_opposed && !any_agrees)
    })?;
    Some(side.tokens.clone())
}
