//! A number that its source gives as a bound (`more than 60%`, `不到3吨`) or as near (`about 40`, `约3吨`), given without:
//! the same number, but another statement.
//!
//! Only a word right beside the number counts, and where the same number stands bare as well, nothing is reported.

use super::number::Quantity;
use super::token::{self, Token};
use super::{Reading, readings};

/// What a number is given as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Above,
    Below,
    Near,
}

/// Words right before a number, the longer first; their blanks are left out.
const BEFORE: [(&str, Bound); 37] = [
    ("more than", Bound::Above),
    ("greater than", Bound::Above),
    ("at least", Bound::Above),
    ("over", Bound::Above),
    ("above", Bound::Above),
    ("exceeding", Bound::Above),
    ("exceeds", Bound::Above),
    ("exceeded", Bound::Above),
    ("less than", Bound::Below),
    ("fewer than", Bound::Below),
    ("at most", Bound::Below),
    ("up to", Bound::Below),
    ("under", Bound::Below),
    ("below", Bound::Below),
    ("about", Bound::Near),
    ("approximately", Bound::Near),
    ("around", Bound::Near),
    ("roughly", Bound::Near),
    ("circa", Bound::Near),
    ("estimated", Bound::Near),
    ("nearly", Bound::Near),
    ("almost", Bound::Near),
    ("some", Bound::Near),
    ("超过", Bound::Above),
    ("至少", Bound::Above),
    ("最少", Bound::Above),
    ("逾", Bound::Above),
    ("不到", Bound::Below),
    ("不足", Bound::Below),
    ("至多", Bound::Below),
    ("最多", Bound::Below),
    ("接近", Bound::Near),
    ("将近", Bound::Near),
    ("多达", Bound::Near),
    ("大约", Bound::Near),
    ("约", Bound::Near),
    ("近", Bound::Near),
];
/// What may stand between such a word and its number.
const BETWEEN: [&str; 7] = ["a", "an", "$", "€", "£", "有", "为"];
/// Signs behind a number by which it is rounded down.
const BEHIND: [char; 3] = ['多', '余', '+'];

/// Whether a number of `claim` stands in the texts as a bound, or as near, alone, and the claim gives it otherwise.
pub(crate) fn drops_bound(claim: &str, texts: &[&str]) -> bool {
    let held: Vec<(Quantity, Option<Bound>)> = texts.iter().flat_map(|text| bounded(text)).collect();
    bounded(claim).into_iter().filter(|(claimed, _)| !claimed.is_year()).any(|(claimed, own)| {
        let same = held.iter().filter(|(held, _)| held.value == claimed.value && held.unit == claimed.unit);
        let mut bounds = same.map(|(_, bound)| *bound).peekable();
        bounds.peek().is_some() && bounds.all(|bound| bound.is_some() && bound != own)
    })
}

fn bounded(text: &str) -> Vec<(Quantity, Option<Bound>)> {
    let tokens = token::tokens(text);
    let quantities = readings(&tokens).into_iter().filter_map(|reading| match reading {
        Reading::Quantity(quantity) => Some(quantity),
        Reading::Moment(_) => None,
    });
    quantities
        .map(|quantity| {
            let bound = bound_of(&tokens, &quantity);
            (quantity, bound)
        })
        .collect()
}

fn bound_of(tokens: &[Token], number: &Quantity) -> Option<Bound> {
    let own = tokens.get(number.tokens.clone()).unwrap_or_default();
    if own.iter().filter_map(Token::single).any(|c| BEHIND.contains(&c)) {
        return Some(Bound::Above);
    }
    let before = tokens.get(..number.tokens.start).unwrap_or_default();
    let mut before = before.iter().rev().skip_while(|token| BETWEEN.contains(&token.lower.as_str()));
    let (last, other) =
        (before.next()?.lower.as_str(), before.next().map_or("", |token| token.lower.as_str()));
    let is_it = |words: &str| match words.split_once(' ') {
        Some((first, second)) => (first, second) == (other, last),
        None if words.is_ascii() || words.chars().count() == 1 => words == last,
        None => words.strip_suffix(last) == Some(other),
    };
    BEFORE.iter().find(|(words, _)| is_it(words)).map(|(_, bound)| *bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_not_dropped_and_not_turned() {
        let source = "This comprises more than 60% of the state's total land surface.";
        assert!(drops_bound("This represents 60% of the land.", &[source]));
        assert!(drops_bound("This represents less than 60 percent of the land.", &[source]));
        assert!(!drops_bound("This represents over 60% of the land.", &[source]));
        assert!(!drops_bound("This represents 60% of the land.", &[source, "It is 60% exactly."]));
        assert!(drops_bound(
            "There are 32,463 farms.",
            &["As of 2004, an estimated 32,463 farms stood there."]
        ));
        assert!(drops_bound("该桥长300米。", &["该桥全长超过300米。"]));
        assert!(drops_bound("约有300人参加。", &["有300多人参加。"]));
        assert!(!drops_bound("约有300人参加。", &["有大约300人参加。"]));
        assert!(!drops_bound("该桥长300米。", &["该桥长300米，造价不到5亿元。"]));
    }

    #[test]
    fn a_word_that_bounds_another_number_or_none_is_left_alone() {
        assert!(!drops_bound("It has 30 shops.", &["In over 5 cities it has 30 shops."]));
        assert!(!drops_bound("Revenue rose 5%.", &["Revenue was up 5%."]));
        assert!(!drops_bound("He died in 1990.", &["He died around 1990."]), "dates have their own rule");
        assert!(!drops_bound("It has 30 shops.", &[]));
    }

    proptest::proptest! {
        #[test]
        fn a_text_drops_no_bound_of_its_own(text in "(about |over |more than |[0-9]{1,3}|%|多|约|超过|米| ){0,14}") {
            proptest::prop_assert!(!drops_bound(&text, &[&text]));
        }
    }
}
