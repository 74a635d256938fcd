//! Which language is a text in? By its scripts and its trigrams (crate `whatlang`).

use footnote_core::question::is_han;
use isolang::Language;

/// Scalar values that are looked at, and fewer letters than which tell nothing.
const MOST: usize = 20_000;
const FEWEST: usize = 20;
/// How many letters of a word a Chinese or Japanese character stands for.
const LETTERS_OF_A_CHARACTER: usize = 2;

/// The language that most of `text` is in: its ISO 639-1 code, or its 639-3 code where it has no other; `None` where
/// that is not clear.
pub(crate) fn language_of(text: &str) -> Option<String> {
    let sample: String = text.chars().take(MOST).collect();
    let told = whatlang::detect(&Letters::of(&sample).of_most()?).filter(|told| told.is_reliable())?;
    if told.lang() == whatlang::Lang::Cmn {
        // 639-1 has the macrolanguage only.
        return Some("zh".to_owned());
    }
    let code = told.lang().code();
    let short = Language::from_639_3(code).and_then(|language| language.to_639_1());
    Some(short.unwrap_or(code).to_owned())
}

/// What of a text is in a language: no addresses, names of files, codes or numbers.
#[derive(Default)]
struct Letters {
    /// Han characters and Kana, each of which is about a word.
    characters: String,
    /// Words of other scripts, a blank after each.
    words: String,
    word_count: usize,
}

impl Letters {
    fn of(text: &str) -> Self {
        let mut letters =
            Self { characters: text.chars().filter(|&c| is_character(c)).collect(), ..Self::default() };
        for word in text.split(|c: char| c.is_whitespace() || is_character(c)) {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            if word.contains(char::is_alphabetic) && !is_address_or_code(word) {
                letters.words.push_str(word);
                letters.words.push(' ');
                letters.word_count += 1;
            }
        }
        letters
    }

    /// Those of the scripts that have more words; `None` where they are too few.
    fn of_most(self) -> Option<String> {
        let characters = self.characters.chars().count();
        let (most, letters) = match characters >= self.word_count {
            true => (self.characters, characters * LETTERS_OF_A_CHARACTER),
            false => {
                let letters = self.words.chars().filter(|c| c.is_alphabetic()).count();
                (self.words, letters)
            }
        };
        (letters >= FEWEST).then_some(most)
    }
}

fn is_character(c: char) -> bool {
    is_han(c) || matches!(c, '\u{3041}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9f}')
}

/// Whether a word that begins and ends with a letter or digit is an address, the name of a file, or a code. Scripts
/// without blanks have a number within what looks like a word.
fn is_address_or_code(word: &str) -> bool {
    word.contains(['@', '_', '\\'])
        || word.contains("://")
        || word.is_ascii() && word.contains(|c: char| c.is_ascii_digit())
        || has_inner_dot(word)
}

fn has_inner_dot(word: &str) -> bool {
    word.split_once('.').is_some_and(|(_, after)| after.starts_with(char::is_alphanumeric))
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
        check("これは日本語の文章です。年次有給休暇は十日間与えられます。", Some("ja"));
        check("12 345 | 67 %", None);
        check("", None);
    }

    #[test]
    fn a_chinese_character_counts_as_much_as_a_word() {
        let letter = "关于季度报告的通知\n\nFrom: 王小明 <wang.xiaoming@finance.example.cn>\nTo: 李四 <li.si@example.cn>, Bob Miller \
                      <bob.miller@example.com>\nDate: 2024-03-15 10:00:00 +08:00\n\n各位同事：请于周五前提交所有部门的材料。\n\n\
                      | Name | Size |\n| --- | --- |\n| quarterly_report_template.xlsx | 7.7 KB |\n| scan.png | 31.9 KB |";
        check(letter, Some("zh"));
        check(
            "Please send the signed contract to 张三 and 李四 before Friday, so that the invoice can be paid in time.",
            Some("en"),
        );
    }

    #[test]
    fn addresses_names_of_files_and_numbers_have_no_language() {
        check(
            "https://example.com/handbook wang@example.cn report_final.docx quarterly.report.xlsx A4 2024Q1",
            None,
        );
        check(
            "请见 https://intranet.example.com/departments/finance/handbook 中的年假制度说明。",
            Some("zh"),
        );
    }
}
