//! Words, figures, codes and Chinese characters of a text, folded to one way of writing.

use std::ops::Range;

use footnote_core::question;

use super::unit;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Letters other than Chinese ones.
    Word,
    /// A plain number: `12`, `1,200`, `3.5`.
    Digits,
    /// What is only meaningful whole: `v1.2.3`, `LQ-200`, `a@b.org`.
    Code,
    /// One Chinese character.
    Han,
    /// Anything else but blanks, one character each.
    Mark,
}

/// A piece of a text.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) sort: Sort,
    /// Folded, the case kept.
    pub(super) text: String,
    /// Folded, in small letters.
    pub(super) lower: String,
    /// Where it stands.
    pub(super) bytes: Range<usize>,
    /// Whether a blank stands before it.
    pub(super) spaced: bool,
    /// Whether a line starts with it.
    pub(super) first_of_line: bool,
}

impl Token {
    /// The character, if it is one Chinese character or mark.
    pub(super) fn single(&self) -> Option<char> {
        match self.sort {
            Sort::Han | Sort::Mark => self.text.chars().next(),
            Sort::Word | Sort::Digits | Sort::Code => None,
        }
    }

    pub(super) fn is(&self, c: char) -> bool {
        self.single() == Some(c)
    }

    /// Whether it starts with a capital.
    pub(super) fn is_capitalised(&self) -> bool {
        self.sort == Sort::Word && self.text.chars().next().is_some_and(char::is_uppercase)
    }
}

/// Cuts a text into tokens.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let source = Source::of(text);
    let mut tokens = Vec::new();
    let (mut at, mut spaced, mut new_line) = (0, true, true);
    while let Some(c) = source.get(at) {
        if c.is_whitespace() {
            spaced = true;
            new_line |= c == '\n';
            at += 1;
            continue;
        }
        let before = tokens.len();
        let end = if is_letter(c) || c.is_ascii_digit() { source.run_end(at) } else { at + 1 };
        if end == at + 1 && !is_letter(c) && !c.is_ascii_digit() {
            let sort = if is_han(c) { Sort::Han } else { Sort::Mark };
            tokens.push(source.token(sort, at..end));
        } else {
            source.cut_run(at..end, &mut tokens);
        }
        if let Some(first) = tokens.get_mut(before) {
            (first.spaced, first.first_of_line) = (spaced, new_line);
        }
        (at, spaced, new_line) = (end, false, false);
    }
    tokens
}

/// One folded character for each character of a text, with where it starts.
struct Source {
    chars: Vec<char>,
    starts: Vec<usize>,
}

impl Source {
    fn of(text: &str) -> Self {
        let mut starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        starts.push(text.len());
        Self { chars: text.chars().map(fold).collect(), starts }
    }

    fn get(&self, at: usize) -> Option<char> {
        self.chars.get(at).copied()
    }

    fn text(&self, range: &Range<usize>) -> String {
        self.chars.get(range.clone()).unwrap_or_default().iter().collect()
    }

    fn token(&self, sort: Sort, range: Range<usize>) -> Token {
        let text = self.text(&range);
        let start = |at: usize| self.starts.get(at).copied().unwrap_or_default();
        let bytes = start(range.start)..start(range.end);
        Token { sort, lower: text.to_lowercase(), text, bytes, spaced: false, first_of_line: false }
    }

    /// The end of the letters and digits from `start`, with what joins them.
    fn run_end(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(c) = self.get(at) {
            if c == '.' && !self.joins(c, at) && is_abbreviation(&self.text(&(start..at))) {
                return at + 1;
            } else if is_letter(c) || c.is_ascii_digit() {
                at += 1;
            } else if self.is_address(start, at) {
                return self.address_end(at);
            } else if self.joins(c, at) {
                at += 2;
            } else {
                break;
            }
        }
        at
    }

    fn is_address(&self, start: usize, at: usize) -> bool {
        let ahead = self.chars.get(at..at + 3) == Some(&[':', '/', '/']);
        ahead && self.text(&(start..at)).to_lowercase().starts_with("http")
    }

    fn address_end(&self, mut at: usize) -> usize {
        while self.get(at).is_some_and(|c| c.is_ascii_graphic() && !matches!(c, ')' | '"' | '\'' | ']' | '>'))
        {
            at += 1;
        }
        while at > 0 && self.get(at - 1).is_some_and(|c| matches!(c, '.' | ',' | ';' | ':')) {
            at -= 1;
        }
        at
    }

    /// Whether `c` at `at` joins the letters or digits around it.
    fn joins(&self, c: char, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.get(before));
        let (Some(before), Some(after)) = (before, self.get(at + 1)) else {
            return false;
        };
        let digit_after = |n: usize| self.get(at + n).is_some_and(|c| c.is_ascii_digit());
        match c {
            ',' => before.is_ascii_digit() && (1..=3).all(digit_after) && !digit_after(4),
            '\'' | '&' => is_letter(before) && is_letter(after),
            '-' | '.' | '/' | ':' | '@' | '_' => {
                (is_letter(before) || before.is_ascii_digit()) && (is_letter(after) || after.is_ascii_digit())
            }
            _ => false,
        }
    }

    /// Adds the tokens of a run: the whole where it is a code, else its parts.
    fn cut_run(&self, range: Range<usize>, tokens: &mut Vec<Token>) {
        let run = self.text(&range);
        if is_abbreviation(&run) {
            let mut token = self.token(Sort::Word, range);
            token.text = token.text.replace('.', "");
            token.lower = token.lower.replace('.', "");
            return tokens.push(token);
        }
        if is_code(&run) {
            return tokens.push(self.token(Sort::Code, range));
        }
        let mut at = range.start;
        while at < range.end {
            let end = self.part_end(at, range.end);
            let first = self.get(at).unwrap_or(' ');
            let sort = if first.is_ascii_digit() {
                Sort::Digits
            } else if is_letter(first) {
                Sort::Word
            } else {
                Sort::Mark
            };
            tokens.push(self.token(sort, at..end));
            at = end;
        }
    }

    /// The end of the number, word or mark at `at`.
    fn part_end(&self, at: usize, limit: usize) -> usize {
        let part: &[char] = self.chars.get(at..limit).unwrap_or_default();
        let Some(first) = part.first() else { return limit };
        let len = if first.is_ascii_digit() {
            number_len(part)
        } else if is_letter(*first) {
            part.iter().take_while(|&&c| is_letter(c) || matches!(c, '\'' | '&')).count()
        } else {
            1
        };
        at + len.max(1)
    }
}

/// How many characters of `part` are one number: at most one decimal point, commas between thousands.
fn number_len(part: &[char]) -> usize {
    let digit = |at: usize| part.get(at).is_some_and(char::is_ascii_digit);
    let (mut at, mut point) = (0, false);
    loop {
        match part.get(at) {
            Some(c) if c.is_ascii_digit() => at += 1,
            Some(',') if digit(at + 1) && !point => at += 1,
            Some('.') if digit(at + 1) && !point => {
                point = true;
                at += 1;
            }
            _ => return at,
        }
    }
}

/// Whether `c` is a Chinese character; the zero of `二〇二四` is one too.
fn is_han(c: char) -> bool {
    question::is_han(c) || c == '〇'
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !is_han(c)
}

/// `U.S`, `a.m`: single letters with dots between.
fn is_abbreviation(run: &str) -> bool {
    let single = |part: &str| part.chars().count() == 1 && part.chars().all(is_letter);
    run.contains('.') && run.strip_suffix('.').unwrap_or(run).split('.').all(single)
}

/// Whether a run means something only as a whole.
fn is_code(run: &str) -> bool {
    if run.contains(['@', '_']) || run.contains("://") {
        return true;
    }
    let has_digit = run.chars().any(|c| c.is_ascii_digit());
    let has_letter = run.chars().any(is_letter);
    match (has_digit, has_letter) {
        (true, false) => {
            let count = |mark| run.matches(mark).count();
            (count('.') > 1 || count('-') > 1) && !is_numeric_date(run)
        }
        (true, true) => !run.split(['-', '/', ':']).all(|part| is_measure(part) || is_plain_word(part)),
        (false, true) => is_file_or_host(run),
        (false, false) => false,
    }
}

/// `2024-03-05`, `2024.3.5`, `5/3/2024`.
fn is_numeric_date(run: &str) -> bool {
    let parts: Vec<usize> = run.split(['-', '.', '/']).map(str::len).collect();
    matches!(parts.as_slice(), [4, 1..=2, 1..=2] | [1..=2, 1..=2, 4])
}

/// `15`, `15km`, `3rd`, `1990s`, `10am`.
fn is_measure(part: &str) -> bool {
    let chars: Vec<char> = part.chars().collect();
    let len = number_len(&chars);
    let suffix: String = chars.iter().skip(len).collect();
    let plain = ["", "st", "nd", "rd", "th", "s", "am", "pm", "k", "K", "m", "M", "b", "B", "bn", "mn"];
    len > 0 && (plain.contains(&suffix.as_str()) || unit::is_attached(&suffix))
}

/// A word, and no part of a code: `mid` in `mid-2019` but not `LQ` in `LQ-200`.
fn is_plain_word(part: &str) -> bool {
    let small = part.chars().skip(1).all(|c| c.is_lowercase() || c == '\'');
    small && part.chars().count() >= 3 && part.chars().all(|c| is_letter(c) || c == '\'')
}

/// `README.md`, `gitlab.com`: dots between longer pieces, the last in small letters.
fn is_file_or_host(run: &str) -> bool {
    let long = |part: &str| part.chars().count() > 1;
    let last_is_small = run.rsplit('.').next().is_some_and(|last| last.chars().all(char::is_lowercase));
    run.contains('.') && last_is_small && run.split('.').all(long)
}

/// Full width to half width, accents off, one kind of hyphen, quote and blank.
fn fold(c: char) -> char {
    match c {
        // The Chinese comma stays: it never groups digits.
        '，' => c,
        '～' => '-',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
        '‘' | '’' | 'ʼ' | '`' => '\'',
        '\u{2010}'..='\u{2015}' | '−' | '~' => '-',
        'À'..='Å' | 'Ā' | 'Ă' | 'Ą' => 'A',
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' => 'a',
        'Ç' | 'Ć' | 'Č' => 'C',
        'ç' | 'ć' | 'č' => 'c',
        'È'..='Ë' | 'Ē' | 'Ę' | 'Ě' => 'E',
        'è'..='ë' | 'ē' | 'ę' | 'ě' => 'e',
        'Ì'..='Ï' | 'Ī' | 'İ' => 'I',
        'ì'..='ï' | 'ī' | 'ı' | 'ǐ' => 'i',
        'Ñ' | 'Ń' | 'Ň' => 'N',
        'ñ' | 'ń' | 'ň' => 'n',
        'Ò'..='Ö' | 'Ø' | 'Ō' | 'Ő' => 'O',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' | 'ǒ' => 'o',
        'Š' | 'Ś' | 'Ş' => 'S',
        'š' | 'ś' | 'ş' => 's',
        'Ù'..='Ü' | 'Ū' | 'Ů' | 'Ű' => 'U',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'ǔ' => 'u',
        'Ý' | 'ý' | 'ÿ' => 'y',
        'Ž' | 'Ź' | 'Ż' => 'Z',
        'ž' | 'ź' | 'ż' => 'z',
        'Ł' => 'L',
        'ł' => 'l',
        'ř' => 'r',
        'ğ' => 'g',
        _ => c,
    }
}
