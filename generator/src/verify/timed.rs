//! Does a sentence put a thing at the same time as its source does? `Before 1997` is not what a source says that has
//! `after 1997` alone, and what a source says that was so need not be so now.
//!
//! In doubt nothing is reported: a source that names the year without a side says neither.

use std::ops::Range;

use super::aligned::{in_place_of, is_one_of, words};

/// On which side of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// Words right ahead of a year; a longer one before its parts.
const AHEAD: [(&str, Side); 15] = [
    ("not until", Side::After),
    ("before", Side::Before),
    ("until", Side::Before),
    ("till", Side::Before),
    ("prior to", Side::Before),
    ("up to", Side::Before),
    ("by", Side::Before),
    ("截至", Side::Before),
    ("到", Side::Before),
    ("after", Side::After),
    ("since", Side::After),
    ("following", Side::After),
    ("from", Side::After),
    ("自", Side::After),
    ("从", Side::After),
];
/// Words right behind a date, or at the end of its clause.
const BEHIND: [(&str, Side); 9] = [
    ("以前", Side::Before),
    ("之前", Side::Before),
    ("前", Side::Before),
    ("为止", Side::Before),
    ("以后", Side::After),
    ("之后", Side::After),
    ("后", Side::After),
    ("以来", Side::After),
    ("起", Side::After),
];
/// `到1997年才`: not before then.
const ONLY_THEN: char = '才';
/// What parts clauses.
const CLAUSE_ENDS: [char; 10] = ['，', '。', '；', '、', ',', '.', ';', '(', '（', '\n'];

/// English words of what is so, and of what was.
const NOW: [&str; 3] = ["is", "are", "has"];
const THEN: [&str; 3] = ["was", "were", "had"];
/// Words behind one of these that must be the same for both to say the same.
const SAME_BEHIND: usize = 2;

/// Why `claim` has a year's other side than the texts, or has as now what they say was so.
pub(super) fn turns_time(claim: &str, evidence: &[&str]) -> Option<&'static str> {
    if has_past_as_present(claim, evidence) {
        return Some("the source says that it was so, not that it is");
    }
    let is_turned = |year: Range<usize>| {
        let Some(side) = close_side(claim, &year) else { return false };
        let number = &claim[year];
        let sides_in = |text: &str| -> Vec<Option<Side>> {
            let same = years(text).filter(|year| text[year.clone()] == *number);
            same.map(|year| side_in_clause(text, &year)).collect()
        };
        let sides: Vec<Option<Side>> = evidence.iter().flat_map(|text| sides_in(text)).collect();
        !sides.is_empty() && sides.iter().all(|known| known.is_some_and(|known| known != side))
    };
    years(claim).any(is_turned).then_some("the source has that time the other way around")
}

/// Whether the claim says in the present what the texts say in the past alone: `is divided into` from `was divided into`.
fn has_past_as_present(claim: &str, evidence: &[&str]) -> bool {
    let texts: Vec<Vec<&str>> = evidence.iter().map(|text| words(text)).collect();
    words(claim).windows(1 + SAME_BEHIND).filter(|own| is_one_of(&NOW, own[0])).any(|own| {
        let verbs = in_place_of(own, 0, &texts);
        let is_any_of = |of: &[&str]| verbs.iter().any(|verb| is_one_of(of, verb));
        is_any_of(&THEN) && !is_any_of(&NOW)
    })
}

/// Numbers of four digits.
fn years(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(from..)?;
            let start = from + rest.find(|c: char| c.is_ascii_digit())?;
            let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
            from = start + digits;
            if digits == 4 {
                return Some(start..from);
            }
        }
    })
}

/// The side that a word right beside the year, or its month and day, names.
fn close_side(text: &str, year: &Range<usize>) -> Option<Side> {
    let is_of_date = |c: char| c.is_ascii_digit() || matches!(c, '年' | '月' | '日');
    if clause_behind(text, year).contains(ONLY_THEN) {
        return Some(Side::After);
    }
    let rest = text[year.end..].trim_start_matches(is_of_date);
    let behind = BEHIND.iter().find(|(word, _)| rest.starts_with(word));
    behind.map(|(_, side)| *side).or_else(|| side_ahead(text[..year.start].trim_end()))
}

/// The same, and what its clause ends with: `1997年由某公司收购后`. A range of years names no side.
fn side_in_clause(text: &str, year: &Range<usize>) -> Option<Side> {
    if text[..year.start].trim_end().ends_with(['-', '–', '—', '至', '~', '～']) {
        return None;
    }
    let clause = clause_behind(text, year);
    let at_end = || BEHIND.iter().find(|(word, _)| clause.ends_with(word)).map(|(_, side)| *side);
    close_side(text, year).or_else(at_end)
}

fn clause_behind<'t>(text: &'t str, year: &Range<usize>) -> &'t str {
    text[year.end..].split(CLAUSE_ENDS).next().unwrap_or_default()
}

fn side_ahead(before: &str) -> Option<Side> {
    let is_it = |word: &str| {
        let Some(at) = before.len().checked_sub(word.len()) else { return false };
        let (Some(rest), Some(end)) = (before.get(..at), before.get(at..)) else { return false };
        let is_whole = !word.is_ascii() || !rest.ends_with(|c: char| c.is_ascii_alphabetic());
        is_whole && end.eq_ignore_ascii_case(word)
    };
    AHEAD.iter().find(|(word, _)| is_it(word)).map(|(_, side)| *side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_side_of_a_year_is_not_what_the_source_says() {
        let source = "待1997年由新时代传媒集团收购后才改以中文广播，当时电台的名称叫作「多伦多广播电台」。";
        assert!(turns_time("电台在1997年以前的名称叫作「多伦多广播电台」。", &[source]).is_some());
        assert_eq!(turns_time("电台在1997年之后的名称叫作「多伦多广播电台」。", &[source]), None);
        assert_eq!(turns_time("电台在1997年改以中文广播。", &[source]), None);
        let source = "The mill stood empty until 1920.";
        assert!(turns_time("After 1920 the mill stood empty.", &[source]).is_some());
        assert!(turns_time("The mill has stood empty since 1920.", &[source]).is_some());
        assert_eq!(turns_time("Before 1920 the mill stood empty.", &[source]), None);
    }

    #[test]
    fn what_was_so_need_not_be_so_now() {
        let source = "The State of Victoria was divided into eight electorates.";
        let why = turns_time("Victoria is divided into eight electorates.", &[source]);
        assert!(why.is_some_and(|why| why.contains("was so")), "{why:?}");
        assert_eq!(turns_time("Victoria was divided into eight electorates.", &[source]), None);
        let both = [source, "Today it is divided into eight."];
        assert_eq!(turns_time("Victoria is divided into eight electorates.", &both), None);
        assert_eq!(turns_time("There are eight electorates.", &["There were once eight."]), None);
        assert_eq!(turns_time("He was born in 1990.", &["He is born in 1990."]), None);
    }

    #[test]
    fn what_was_only_then_was_not_before() {
        for source in [
            "电台到1997年才改名。",
            "电台直到1997年才改名。",
            "It was not until 1997 that it changed its name.",
        ] {
            let claims = match source.is_ascii() {
                false => ["电台在1997年以后改名。", "电台在1997年以前改名。"],
                true => ["After 1997 it changed its name.", "Before 1997 it changed its name."],
            };
            assert_eq!(claims.map(|claim| turns_time(claim, &[source]).is_some()), [false, true], "{source}");
        }
    }

    #[test]
    fn a_year_without_a_side_says_nothing_of_it() {
        assert_eq!(
            turns_time("Before 1997 it was called A.", &["In 1997 it was renamed from A to B."]),
            None
        );
        assert_eq!(turns_time("Until 1945 he taught.", &["He taught from 1939 to 1945."]), None);
        assert_eq!(
            turns_time("Until 1945 he taught.", &["He taught in 1939–1945, after which he left."]),
            None
        );
        assert_eq!(turns_time("1945年以前他任教。", &["他于1939年至1945年任教。"]), None);
        assert_eq!(
            turns_time("Before 1945 he taught.", &["He taught until 1945. After 1945 he left."]),
            None
        );
    }

    proptest::proptest! {
        #[test]
        fn a_text_never_turns_its_own_time(text in "(before |after |until |is |was |1997|2001年|以前|后|，|[a-c]{1,3} ){0,12}") {
            proptest::prop_assert_eq!(turns_time(&text, &[&text]), None);
        }
    }
}
