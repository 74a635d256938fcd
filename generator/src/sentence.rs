//! Where sentences end, in English and Chinese, in answers and in documents.

use std::ops::Range;

use footnote_core::question::is_han;

use crate::markers::{self, Start};

/// A sentence of a document is cut once it is this long, in scalar values: tables and forms may
/// have no full stop for pages.
const LONGEST: usize = 400;

/// Words after whose full stop a sentence goes on.
const ABBREVIATIONS: [&str; 35] = [
    "mr", "mrs", "ms", "dr", "prof", "sr", "jr", "st", "mt", "ph.d", "vs", "etc", "e.g", "i.e", "inc", "ltd",
    "co", "corp", "al", "cf", "ca", "approx", "dept", "est", "jan", "feb", "mar", "apr", "jun", "jul", "aug",
    "sept", "oct", "nov", "dec",
];

/// Words after whose full stop a sentence goes on with a number; else they are words like others.
const BEFORE_NUMBERS: [&str; 16] =
    ["no", "nos", "vol", "fig", "figs", "sec", "art", "p", "pp", "ch", "eq", "para", "c", "b", "d", "fl"];

/// The length in bytes of the first whole sentence of an answer that is still being written, with
/// its markers and the blanks before it; `None` while its end is uncertain. With `finished`,
/// nothing more will come.
pub(crate) fn first_of_answer(text: &str, finished: bool) -> Option<usize> {
    let mut begun = false;
    let mut marker_ends = 0;
    for (at, c) in text.char_indices() {
        if at < marker_ends {
            continue;
        }
        if is_bracket(c) {
            // No sentence ends within a marker, whatever dots it has.
            match markers::at_start(text.get(at..).unwrap_or_default()) {
                Start::Marker(len, _) => marker_ends = at + len,
                Start::Unfinished if !finished => return None,
                Start::Unfinished | Start::Other => {}
            }
        }
        if c == '\n' && begun {
            return with_markers_below(text, at, finished);
        }
        begun |= !c.is_whitespace();
        match ends_here(text, at, c, finished) {
            End::No => {}
            End::Uncertain => return None,
            End::Yes => return after_end(text, at + c.len_utf8(), finished),
        }
    }
    (finished && !text.is_empty()).then_some(text.len())
}

/// The sentences of a text without surrounding blanks, as passages are cut.
pub fn sentences(text: &str) -> Vec<&str> {
    of_passage(text).into_iter().filter_map(|range| text.get(range)).collect()
}

/// The sentences of a passage as byte ranges without surrounding blanks. A single line break ends
/// a sentence only where the line does not look wrapped.
pub(crate) fn of_passage(text: &str) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut skip_to = 0;
    let mut length = 0;
    for (at, c) in text.char_indices() {
        if at < skip_to {
            continue;
        }
        length += 1;
        let end = if c == '\n' && (length > LONGEST || line_ends_sentence(text, start, at)) {
            Some(at)
        } else if length > 2 * LONGEST
            || (length > LONGEST && (c.is_whitespace() || matches!(c, '；' | '，' | ';' | ',' | '|')))
        {
            Some(at + c.len_utf8())
        } else if matches!(ends_here(text, at, c, true), End::Yes) {
            after_end(text, at + c.len_utf8(), true)
        } else {
            None
        };
        if let Some(end) = end {
            push_trimmed(text, start..end, &mut sentences);
            (start, skip_to, length) = (end, end, 0);
        }
    }
    push_trimmed(text, start..text.len(), &mut sentences);
    sentences
}

fn push_trimmed(text: &str, range: Range<usize>, sentences: &mut Vec<Range<usize>>) {
    let Some(part) = text.get(range.clone()) else { return };
    let start = range.start + (part.len() - part.trim_start().len());
    let trimmed = part.trim();
    if trimmed.chars().any(char::is_alphanumeric) {
        sentences.push(start..start + trimmed.len());
    }
}

enum End {
    Yes,
    No,
    /// What comes next decides.
    Uncertain,
}

/// Whether the character at byte `at` ends a sentence.
fn ends_here(text: &str, at: usize, c: char, finished: bool) -> End {
    let rest = text.get(at + c.len_utf8()..).unwrap_or_default();
    match c {
        '。' | '！' | '？' => End::Yes,
        '…' => ellipsis(rest, finished),
        // An image of Markdown, and no marker.
        '!' if rest.starts_with('[') && !rest.get(1..).is_some_and(begins_marker) => {
            if rest.len() > 1 || finished { End::No } else { End::Uncertain }
        }
        '!' | '?' => match rest.chars().next() {
            None if finished => End::Yes,
            None => End::Uncertain,
            Some(next) if next.is_whitespace() || is_closer(next) => goes_on_small(rest, finished),
            Some(next) if is_han(next) || is_bracket(next) => End::Yes,
            Some(_) => End::No,
        },
        '.' => full_stop(text.get(..at).unwrap_or_default(), rest, finished),
        _ => End::No,
    }
}

/// What comes after a mark that titles and quotes have, too: a small letter goes on with the sentence.
fn goes_on_small(rest: &str, finished: bool) -> End {
    match rest.trim_start_matches(|c: char| c == ' ' || is_closer(c)).chars().next() {
        None if finished => End::Yes,
        None => End::Uncertain,
        Some(c) if c.is_lowercase() => End::No,
        Some(_) => End::Yes,
    }
}

/// Whether what follows an opening bracket may be the number of a marker.
fn begins_marker(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_numeric())
}

/// An ellipsis ends a sentence where another begins, and not within one.
fn ellipsis(rest: &str, finished: bool) -> End {
    let after = rest.trim_start_matches('…');
    let visible = after.trim_start();
    match visible.chars().next() {
        None if finished => End::Yes,
        None => End::Uncertain,
        Some(c) if is_closer(c) || is_bracket(c) || after.starts_with('\n') => End::Yes,
        Some(c) if visible.len() == after.len() || c.is_lowercase() => End::No,
        Some(_) => End::Yes,
    }
}

fn full_stop(before: &str, rest: &str, finished: bool) -> End {
    let Some(next) = rest.chars().next() else {
        return if finished { End::Yes } else { End::Uncertain };
    };
    if !(next.is_whitespace() || is_closer(next) || is_han(next) || is_bracket(next)) {
        return End::No;
    }
    let word =
        before.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '“')).next().unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    if word.is_empty() {
        return apart(before, rest, finished);
    }
    if line.trim() == word && is_list_number(word) {
        return End::No;
    }
    let lower = word.to_lowercase();
    let is_initial = word.chars().count() == 1 && word.chars().all(|c| c.is_ascii_uppercase());
    let is_dotted = lower.contains('.') && lower.split('.').all(|part| part.chars().count() <= 1);
    if (ABBREVIATIONS.contains(&lower.as_str()) || is_initial || is_dotted) && next != '\n' {
        return match rest.trim_start_matches(' ').chars().next() {
            None if finished => End::Yes,
            _ => End::No,
        };
    }
    if BEFORE_NUMBERS.contains(&lower.as_str()) {
        match rest.trim_start_matches(' ').chars().next() {
            None if finished => return End::Yes,
            None => return End::Uncertain,
            Some(c) if c.is_ascii_digit() => return End::No,
            Some(_) => {}
        }
    }
    match rest.chars().find(|&c| !is_closer(c) && !c.is_whitespace()) {
        None if finished => End::Yes,
        None => End::Uncertain,
        Some(c) if c.is_lowercase() => End::No,
        Some(_) => End::Yes,
    }
}

/// A full stop with blanks before and after it, as texts have that were cut into tokens: it ends a sentence where
/// another begins with a capital, and the words before are no abbreviation.
fn apart(before: &str, rest: &str, finished: bool) -> End {
    let within = before.trim_end_matches(|c: char| c.is_whitespace() || is_closer(c));
    let word = within.rsplit(char::is_whitespace).next().unwrap_or_default();
    let is_word = word.chars().filter(|c| c.is_alphanumeric()).count() > 1;
    if !is_word
        || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
        || !rest.starts_with(char::is_whitespace)
    {
        return End::No;
    }
    match rest.chars().find(|&c| !is_closer(c) && !c.is_whitespace()) {
        None if finished => End::Yes,
        None => End::Uncertain,
        Some(c) if c.is_uppercase() => End::Yes,
        Some(_) => End::No,
    }
}

/// `1`, `12`, `a`, `iv`: what stands before the full stop of a list item.
fn is_list_number(word: &str) -> bool {
    let word = word.trim_start_matches('(');
    let short = word.chars().count() <= 3;
    short && (word.bytes().all(|b| b.is_ascii_digit()) || word.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// Where the sentence that ends at `end` ends with its quotation marks and markers; `None` where that
/// is uncertain.
fn after_end(text: &str, end: usize, finished: bool) -> Option<usize> {
    let mut end = end;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        let Some(next) = rest.chars().next() else { return finished.then_some(end) };
        if is_closer(next) || matches!(next, '.' | '!' | '?' | '。' | '！' | '？' | '…') {
            end += next.len_utf8();
            continue;
        }
        let blanks = leading_blanks(rest);
        let after = rest.get(blanks..).unwrap_or_default();
        if after.is_empty() || !finished && matches!(after, "'" | "''") {
            return finished.then_some(end);
        }
        if let Some(beyond) = after.strip_prefix("''").filter(|_| blanks > 0)
            && (beyond.is_empty() || beyond.starts_with(char::is_whitespace))
        {
            end += blanks + 2; // a closing quotation mark that stands apart, as in texts that were cut into tokens
            continue;
        }
        match markers::at_start(after) {
            Start::Marker(len, _) => end += blanks + len,
            Start::Unfinished if !finished => return None,
            Start::Unfinished | Start::Other => return with_markers_below(text, end, finished),
        }
    }
}

/// `end`, or the end of the markers below it that have a line to themselves: they belong to the
/// sentence above. `None` where that is uncertain.
fn with_markers_below(text: &str, end: usize, finished: bool) -> Option<usize> {
    let rest = text.get(end..).unwrap_or_default();
    let line = rest.trim_start();
    let mut at = end + (rest.len() - line.len());
    if !text.get(end..at).unwrap_or_default().contains('\n') {
        return Some(end);
    }
    let mut below = end;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let blanks = leading_blanks(rest);
        let visible = rest.get(blanks..).unwrap_or_default();
        match visible.chars().next() {
            None => return finished.then_some(below),
            Some('\n') => return Some(below),
            Some(c) if below > end && matches!(c, '.' | '。') => at += blanks + c.len_utf8(),
            Some(_) => match markers::at_start(visible) {
                Start::Marker(len, _) => at += blanks + len,
                Start::Unfinished if !finished => return None,
                Start::Unfinished | Start::Other => return Some(end),
            },
        }
        below = at;
    }
}

fn leading_blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\u{a0}', '\u{3000}']).len()
}

/// Whether a sentence asks, and so claims nothing.
pub(crate) fn is_question(sentence: &str) -> bool {
    sentence.trim_end_matches(|c: char| c.is_whitespace() || is_closer(c)).ends_with(['?', '？'])
}

/// Whether the line break at byte `at` ends the sentence that began at `start`.
fn line_ends_sentence(text: &str, start: usize, at: usize) -> bool {
    let before = text.get(start..at).unwrap_or_default();
    let after = text.get(at + 1..).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default().trim_end();
    let next = after.split('\n').next().unwrap_or_default().trim_start();
    let Some(first) = next.chars().next() else { return true };
    if line.trim_start().starts_with(['#', '|']) || begins_item(next, first) {
        return true;
    }
    let width: usize = line.chars().map(|c| if is_han(c) { 2 } else { 1 }).sum();
    let wrapped = width >= 40 || first.is_lowercase();
    !wrapped
}

fn begins_item(line: &str, first: char) -> bool {
    if matches!(first, '#' | '|' | '>' | '•' | '·' | '●' | '○' | '■' | '◆') {
        return true;
    }
    if matches!(first, '-' | '*' | '+' | '–' | '—') {
        return line.chars().nth(1).is_some_and(char::is_whitespace);
    }
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    (1..=3).contains(&digits)
        && line.chars().nth(digits).is_some_and(|c| matches!(c, '.' | ')' | '、' | '．'))
        && !line.chars().nth(digits + 1).is_some_and(|c| c.is_ascii_digit())
}

/// What stands before the words of a sentence: blanks, and the bullet or number of a list item.
pub(crate) fn lead(text: &str) -> &str {
    let line = text.trim_start();
    let blanks = text.len() - line.len();
    let marker = match line.chars().next() {
        Some(first) if !matches!(first, '#' | '|' | '>') && begins_item(line, first) => {
            let signs = line.chars().take_while(|c| !c.is_whitespace() && !c.is_alphabetic());
            let signs: usize = signs.map(char::len_utf8).sum();
            let rest = line.get(signs..).unwrap_or_default();
            signs + leading_blanks(rest)
        }
        _ => 0,
    };
    text.get(..blanks + marker).unwrap_or_default()
}

fn is_closer(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | '”' | '’' | '」' | '』' | '）' | '》' | '*' | '_' | '`')
}

/// Whether a text ends as a sentence does.
pub(crate) fn is_ended(text: &str) -> bool {
    let text = text.trim_end_matches(|c: char| c.is_whitespace() || is_closer(c));
    text.ends_with(['.', '!', '?', '…', '。', '！', '？'])
}

fn is_bracket(c: char) -> bool {
    matches!(c, '[' | '【' | '［')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(text: &str) -> Vec<&str> {
        let mut rest = text;
        let mut sentences = Vec::new();
        while let Some(len) = first_of_answer(rest, true) {
            sentences.push(rest[..len].trim());
            rest = &rest[len..];
        }
        sentences
    }

    fn passage(text: &str) -> Vec<&str> {
        of_passage(text).into_iter().map(|r| &text[r]).collect()
    }

    #[test]
    fn a_title_with_a_mark_goes_on() {
        assert_eq!(
            answer(
                "The women in O Brother, Where Art Thou? are the Sirens. Really? Agreed. \"Who?\" he asked."
            ),
            [
                "The women in O Brother, Where Art Thou? are the Sirens.",
                "Really?",
                "Agreed.",
                "\"Who?\" he asked."
            ]
        );
    }

    #[test]
    fn english_sentences() {
        assert_eq!(
            answer(
                "Growth was 3.5 percent in the U.S. market, e.g. for Acme Inc. and others. [1] Dr. Li agreed! See No. 4. \"Done.\" OK?"
            ),
            [
                "Growth was 3.5 percent in the U.S. market, e.g. for Acme Inc. and others. [1]",
                "Dr. Li agreed!",
                "See No. 4.",
                "\"Done.\"",
                "OK?"
            ]
        );
        assert_eq!(
            answer("It rose in 2023. Then it fell.[1][2] v1.2.3 works."),
            ["It rose in 2023.", "Then it fell.[1][2]", "v1.2.3 works."]
        );
    }

    #[test]
    fn years_of_a_life_stay_in_their_sentence() {
        let whole = "The origin of Jonas Bronck (c. 1600 – 43) is contested.";
        assert_eq!((answer(whole), passage(whole)), (vec![whole], vec![whole]));
        let apart = "The origin of Jonas Bronck ( c. 1600 -- 43 ) is contested .";
        assert_eq!(
            passage(&format!("{apart} Ada Li (b. 1950) agrees.")),
            [apart, "Ada Li (b. 1950) agrees."]
        );
        assert_eq!(answer("It is option c. Then it ends."), ["It is option c.", "Then it ends."]);
    }

    #[test]
    fn a_full_stop_that_stands_apart_ends_a_sentence() {
        assert_eq!(
            passage(
                "It was worked off , the latitude became known . The ritual is old . In 1952 , Dr . Li agreed ."
            ),
            [
                "It was worked off , the latitude became known .",
                "The ritual is old .",
                "In 1952 , Dr . Li agreed ."
            ]
        );
        let quoted = ["He wrote : `` No dog ran after the Reichsbank . ''", "Germany went on ."];
        assert_eq!(passage(&quoted.join(" ")), quoted);
        assert_eq!(
            answer("\"It is done.\" he said. \"Go.\" Then"),
            ["\"It is done.\" he said.", "\"Go.\"", "Then"]
        );
        let printed = ["Printed by Bi Sheng ( 990 -- 1051 ) .", "Around 1450 came Gutenberg ."];
        assert_eq!(passage(&printed.join(" ")), printed);
        assert_eq!(passage("Type . then 3 . 5 and J . Smith"), ["Type . then 3 . 5 and J . Smith"]);
    }

    #[test]
    fn chinese_sentences() {
        assert_eq!(
            answer("年假为15天[1]。病假另计！【2】“可以吗？”他问。费用3.5万元。"),
            ["年假为15天[1]。", "病假另计！【2】", "“可以吗？”", "他问。", "费用3.5万元。"]
        );
    }

    #[test]
    fn list_items_keep_their_numbers() {
        assert_eq!(
            answer("Steps:\n1. Open it.\n2. Close it.\n- a point\n"),
            ["Steps:", "1. Open it.", "2. Close it.", "- a point", ""]
        );
    }

    #[test]
    fn a_stream_gives_a_sentence_once_it_is_certain() {
        assert_eq!(first_of_answer("It costs 3.", false), None);
        assert_eq!(first_of_answer("It costs 3. ", false), None);
        assert_eq!(first_of_answer("It costs 3. [1", false), None);
        assert_eq!(first_of_answer("It costs 3. [1] T", false), Some("It costs 3. [1]".len()));
        assert_eq!(first_of_answer("天。", false), None);
        assert_eq!(first_of_answer("天。好", false), Some("天。".len()));
        assert_eq!(first_of_answer("a line\n", false), None, "a marker may stand below it");
        assert_eq!(first_of_answer("a line\nx", false), Some(6));
        assert_eq!(first_of_answer("It costs 3.\n[1", false), None);
    }

    #[test]
    fn markers_below_a_sentence_belong_to_it() {
        assert_eq!(answer("年假15天。\n[2]\n病假10天\n[3][1]"), ["年假15天。\n[2]", "病假10天\n[3][1]"]);
        assert_eq!(answer("One.\n\n[1] [2].\nTwo."), ["One.\n\n[1] [2].", "Two."]);
        assert_eq!(answer("Steps.\n[1] Open it."), ["Steps.", "[1] Open it."]);
    }

    #[test]
    fn abbreviations_are_told_from_words() {
        assert_eq!(
            answer(
                "See p. 12 and pp. 3 of vol. 2. Ph.D. Smith climbed Mt. Everest. The answer is no. Staff must go."
            ),
            [
                "See p. 12 and pp. 3 of vol. 2.",
                "Ph.D. Smith climbed Mt. Everest.",
                "The answer is no.",
                "Staff must go."
            ]
        );
        assert_eq!(answer("As said in [p. 3]. It is"), ["As said in [p. 3].", "It is"]);
        assert_eq!(answer("It is modern art. Go there."), ["It is modern art.", "Go there."]);
    }

    #[test]
    fn an_ellipsis_within_a_sentence_ends_nothing() {
        assert_eq!(
            answer("He … left. Well… That is it… [1] 他说……不行。好吧……\n再见"),
            ["He … left.", "Well…", "That is it… [1]", "他说……不行。", "好吧……", "再见"]
        );
    }

    #[test]
    fn a_quoted_question_is_a_question() {
        assert!(
            is_question("“可以吗？”") && is_question("Is it?\n") && !is_question("It is. \"Why?\" he said.")
        );
    }

    #[test]
    fn the_lead_of_an_item_is_its_blanks_and_its_marker() {
        for (text, lead) in [
            ("\n- Leave is paid.", "\n- "),
            ("\n\n12. Leave is paid.", "\n\n12. "),
            ("1、年假有十五天。", "1、"),
            ("\n• Leave", "\n• "),
            (" Leave is paid.", " "),
            ("2024 was wet.", ""),
            ("3.5 days", ""),
            ("-5 degrees", ""),
            ("\n", "\n"),
            ("", ""),
        ] {
            assert_eq!(super::lead(text), lead, "{text}");
        }
    }

    #[test]
    fn wrapped_lines_stay_together_and_items_apart() {
        assert_eq!(
            passage(
                "Annual leave\nEmployees get twenty days of annual leave in each\ncalendar year. Unused days lapse.\n\n- Sick leave: ten days\n- Other"
            ),
            [
                "Annual leave",
                "Employees get twenty days of annual leave in each\ncalendar year.",
                "Unused days lapse.",
                "- Sick leave: ten days",
                "- Other"
            ]
        );
        assert_eq!(passage("| a | b |\n| 1 | 2 |"), ["| a | b |", "| 1 | 2 |"]);
        let endless = "word ".repeat(500);
        assert!(of_passage(&endless).iter().all(|r| r.len() <= 2 * LONGEST));
    }

    proptest! {
        #[test]
        fn cutting_a_stream_anywhere_gives_the_same_sentences(text in "([a-cA-C年。！.?…\\[\\]0-2 \n\"]|[.] '{0,2}|no[.] |\n\\[1\\]|\\[p[.] 1\\]){0,60}", cuts in prop::collection::vec(0_usize..6, 0..30)) {
            let chars: Vec<char> = text.chars().collect();
            let mut buffer = String::new();
            let mut at = 0;
            let mut streamed = Vec::new();
            for cut in cuts.into_iter().chain([chars.len()]) {
                let end = (at + cut).min(chars.len());
                buffer.extend(&chars[at..end]);
                at = end;
                while let Some(len) = first_of_answer(&buffer, false) {
                    streamed.push(buffer.drain(..len).collect::<String>());
                }
            }
            while let Some(len) = first_of_answer(&buffer, true) {
                streamed.push(buffer.drain(..len).collect::<String>());
            }
            prop_assert_eq!(streamed.concat(), text.clone());
            let mut whole = Vec::new();
            let mut rest = text.as_str();
            while let Some(len) = first_of_answer(rest, true) {
                whole.push(rest[..len].to_owned());
                rest = &rest[len..];
            }
            prop_assert_eq!(streamed, whole);
        }

        #[test]
        fn sentences_of_a_passage_lie_in_order_and_lose_no_word(text in "[a-cA年。.|\\-\n 0-2]{0,900}") {
            let sentences = of_passage(&text);
            let mut at = 0;
            for range in &sentences {
                prop_assert!(range.start >= at && !text[range.clone()].is_empty());
                prop_assert!(!text[at..range.start].chars().any(char::is_alphanumeric));
                at = range.end;
            }
            prop_assert!(!text[at..].chars().any(char::is_alphanumeric));
        }
    }
}
