//! Content terms: what a text is about, as stems of English words and pairs of Chinese characters.

use super::token::{Sort, Token};

/// English words that say nothing about a claim.
const STOP_WORDS: &str = " a about after all also an and any are as at be been before being but by can could did do \
     does during each either for from had has have he her hers him his how however i if in into is it its itself \
     may might more most much must of on only or other our out over own per she should so some such than that the \
     their them then there therefore these they this those through thus to too under until up upon very was we were \
     what when where whether which while who whom whose why will with within would you your yes called known ";

/// Chinese characters of which a pair says nothing.
const STOP_CHARACTERS: &str =
    "的了是在和与及或也都就被把对从到为以于之其这那有个着地得而且并则则所将该由即但因此向等各";

/// A term and the token that it starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) text: String,
    pub(super) token: usize,
}

/// The terms of some tokens, in their order. `skipped` says which tokens are no content.
pub(super) fn terms(tokens: &[Token], skipped: impl Fn(usize) -> bool) -> Vec<Term> {
    let mut terms = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let text = match token.sort {
            Sort::Word if !is_stop_word(&token.lower) => stem(&token.lower),
            Sort::Digits | Sort::Code => token.lower.replace(',', ""),
            Sort::Han => match pair(tokens, at, &skipped) {
                Some(pair) => pair,
                None => continue,
            },
            Sort::Word | Sort::Mark => continue,
        };
        if !skipped(at) && !text.is_empty() {
            terms.push(Term { text, token: at });
        }
    }
    terms
}

/// The pair of Chinese characters at `at`; those around a skipped one make a pair too.
fn pair(tokens: &[Token], at: usize, skipped: &impl Fn(usize) -> bool) -> Option<String> {
    let content = |token: &Token| token.single().filter(|&c| !STOP_CHARACTERS.contains(c));
    let first = tokens.get(at).and_then(content)?;
    let behind = tokens.get(at + 1..).unwrap_or_default().iter().enumerate();
    let (_, next) = behind.into_iter().find(|(i, _)| !skipped(at + 1 + i))?;
    if next.sort != Sort::Han {
        return None;
    }
    content(next).map(|second| [first, second].iter().collect())
}

pub(super) fn is_stop_word(lower: &str) -> bool {
    lower.chars().count() < 2 || STOP_WORDS.contains(&format!(" {lower} "))
}

/// Cuts the commonest English endings; rough on purpose, as both sides are cut alike.
pub(crate) fn stem(word: &str) -> String {
    let word = word.strip_suffix("'s").unwrap_or(word).trim_end_matches('\'');
    let long_enough = |stem: &&str| stem.chars().count() >= 3;
    for (ending, replacement) in [
        ("ies", "y"),
        ("ied", "y"),
        ("sses", "ss"),
        ("ing", ""),
        ("edly", ""),
        ("ed", ""),
        ("ly", ""),
        ("es", ""),
        ("s", ""),
        ("e", ""),
    ] {
        if let Some(stem) = word.strip_suffix(ending).filter(long_enough)
            && !(ending == "s" && word.ends_with("ss"))
        {
            return format!("{stem}{replacement}");
        }
    }
    word.to_owned()
}
