//! What lines of programs and commands have, and those of letters and forms have not.

/// Signs that hardly stand in other texts.
const SIGNS: [char; 14] = ['{', '}', '[', ']', ';', '=', '<', '>', '|', '\\', '~', '^', '`', '"'];
const PAIRS: [&str; 8] = ["::", "->", "//", "/*", "--", "&&", "$(", "${"];
/// What shells write before a command.
const PROMPTS: [&str; 4] = ["$ ", "# ", "> ", ">>> "];
/// Fewest words of a line of prose, and the least share of its words, in percent, that are none but words.
const PROSE_WORDS: usize = 5;
const PROSE_PERCENT: usize = 80;
/// Fewest such lines.
const PROSE_LINES: usize = 2;

/// Whether the line may be one of a program, or a command.
pub(super) fn looks_like_code(line: &str) -> bool {
    let is_option = |word: &str| {
        word.strip_prefix('-').is_some_and(|rest| rest.trim_start_matches('-').starts_with(is_letter))
    };
    line.contains(SIGNS)
        || line.ends_with(':')
        || PAIRS.iter().any(|pair| line.contains(pair))
        || line.split_whitespace().any(is_option)
        || has_names(line)
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic()
}

/// Whether it has names as `max_size`, `src/main`, `main.rs` or `main(`.
fn has_names(line: &str) -> bool {
    let chars: Vec<char> = line.chars().collect();
    let is_joined = |three: &[char]| match three {
        [one, '_', other] => one.is_alphanumeric() && other.is_alphanumeric(),
        [one, '.', other] => one.is_ascii_lowercase() && other.is_ascii_lowercase(),
        _ => false,
    };
    let is_path_or_call = |two: &[char]| match two {
        [one, '/'] => one.is_ascii_lowercase(),
        ['/', other] => other.is_ascii_lowercase(),
        [one, '('] => one.is_alphanumeric(),
        _ => false,
    };
    chars.windows(3).any(is_joined) || chars.windows(2).any(is_path_or_call)
}

/// Whether the line is a command behind the prompt of a shell, and no amount or number.
pub(super) fn has_prompt(line: &str) -> bool {
    let begins = |rest: &str| rest.starts_with(|c: char| is_letter(c) || matches!(c, '.' | '/' | '~'));
    PROMPTS.iter().any(|prompt| line.strip_prefix(prompt).is_some_and(begins))
}

/// An address of the web or of mail.
pub(super) fn is_address(word: &str) -> bool {
    word.contains("://") || word.starts_with("www.") || word.contains('@') && word.contains('.')
}

/// Whether most of the lines are sentences that go on from line to line.
pub(super) fn is_prose(lines: &[String]) -> bool {
    let (mut full, mut last) = (0, 0);
    let mut goes_on = false;
    for line in lines {
        let is_full = is_of_sentence(line);
        let is_last = !is_full && goes_on && line.split_whitespace().all(is_word);
        full += usize::from(is_full);
        last += usize::from(is_last);
        goes_on = is_full;
    }
    let ends = |word: &str| {
        word.strip_suffix(['.', '!', '?']).is_some_and(|word| word.ends_with(char::is_lowercase))
    };
    full >= PROSE_LINES
        && (full + last) * 3 >= lines.len() * 2
        && lines.iter().any(|line| line.split_whitespace().any(ends))
}

/// Whether it has nearly nothing but words, half of them small.
fn is_of_sentence(line: &str) -> bool {
    let words = || line.split_whitespace();
    let (count, plain) = (words().count(), words().filter(|word| is_word(word)).count());
    let small = words().filter(|word| word.starts_with(char::is_lowercase)).count();
    let begins = line.trim_start().starts_with(|c: char| c.is_alphanumeric() || matches!(c, '"' | '“' | '('));
    begins && count >= PROSE_WORDS && plain * 100 >= count * PROSE_PERCENT && small * 2 >= count
}

/// A word, with what sentences have around it.
fn is_word(word: &str) -> bool {
    let word = word.trim_start_matches(['"', '\'', '(', '“', '‘']);
    let word = word.trim_end_matches(['.', ',', ';', ':', '!', '?', '"', '\'', ')', '”', '’']);
    word.contains(char::is_alphabetic)
        && word.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_has_signs_and_names() {
        for line in [
            "let x = 1",
            "    return total;",
            "cargo run --release",
            "ls -l",
            "def main():",
            "src/main.rs",
            "max_size",
            "print(x)",
            "a && b",
            "echo $(pwd)",
        ] {
            assert!(looks_like_code(line), "{line}");
        }
        for line in [
            "ACME CORP",
            "123 MAIN ST #4, TX 75001",
            "01/02/2023  CHECK 12  $1,200.00",
            "Ten days",
            "",
            "U.S. - B",
        ] {
            assert!(!looks_like_code(line), "{line}");
        }
        assert!(["$ ls", "# make install", ">>> import os", "$ ./run"].into_iter().all(has_prompt));
        assert!(["$ 1,200.00", "# 5", "> 12", "$", ""].into_iter().all(|line| !has_prompt(line)));
        assert!(["https://example.org/a", "ann@example.org,", "www.example.org"].into_iter().all(is_address));
        assert!(!is_address("@decorator") && !is_address("main.rs"));
    }

    fn prose(text: &str) -> bool {
        is_prose(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn sentences_that_go_on_are_prose() {
        let letter = "Dear Alice,\nI write to you about the days of leave that you asked\nfor in the letter of last month, which \
                      I have before me.\nThey are granted.";
        assert!(prose(letter));
        let license = "Permission is hereby granted, free of charge, to any person\nwho obtains a copy of this software.";
        assert!(prose(license));
        // Within a listing they are of it.
        assert!(!prose(&format!("# The license:\n{license}\nfn main() {{\n}}")));
        for code in [
            "# Takes the first of those that are given to it.\n# Gives none where there is none of them.\ndef first(x):",
            "SELECT name FROM persons WHERE age\nORDER BY name",
            "Compiling footnote\nFinished release",
            "",
        ] {
            assert!(!prose(code), "{code}");
        }
    }
}
