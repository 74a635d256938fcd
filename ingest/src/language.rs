//! Which language is a text in? By its script and its trigrams (crate `whatlang`).

use isolang::Language;

/// Scalar values that are looked at, and fewer than which tell nothing.
const MOST: usize = 20_000;
const FEWEST: usize = 20;

/// The language that most of `text` is in: its ISO 639-1 code, or its 639-3 code where it has no other; `None` where
/// that is not clear.
pub(crate) fn language_of(text: &str) -> Option<String> {
    let sample: String = text.chars().take(MOST).collect();
    if sample.chars().filter(|c| c.is_alphabetic()).count() < FEWEST {
        return None;
    }
    let told = whatlang::detect(&sample).filter(|told| told.is_reliable())?;
    if told.lang() == whatlang::Lang::Cmn {
        // 639-1 has the macrolanguage only.
        return Some("zh".to_owned());
    }
    let code = told.lang().code();
    let short = Language::from_639_3(code).and_then(|language| language.to_639_1());
    Some(short.unwrap_or(code).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(language_of(text).as_deref(), expected);
    }

    #[test]
    fn languages_are_told_by_their_short_codes() {
        check(
            "Employees receive fifteen days of annual leave, which they may carry over to the next year.",
            Some("en"),
        );
        check("员工每年享有十五天年假，未休完的年假可以结转到下一年，但不得超过五天。", Some("zh"));
        check(
            "Die Angestellten erhalten fünfzehn Tage Urlaub, die sie ins nächste Jahr übertragen können.",
            Some("de"),
        );
        check("12 345 | 67 %", None);
        check("", None);
    }
}
