//! Splits RTF into groups, control words and bytes of text.

/// A piece of RTF.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// `{`
    Open,
    /// `}`
    Close,
    /// `\*`: what follows may be skipped by readers that do not know it.
    Ignorable,
    /// A control word with its number, or a control symbol that stands for a character.
    Word(&'t str, Option<i32>),
    /// A byte of text, as it is or as `\'hh`.
    Byte(u8),
}

/// The tokens of a file.
pub(super) struct Tokens<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Tokens<'t> {
    /// The tokens of `bytes`.
    pub(super) fn new(bytes: &'t [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn control(&mut self) -> Option<Token<'t>> {
        let first = *self.bytes.get(self.at)?;
        if first.is_ascii_alphabetic() {
            return Some(self.control_word());
        }
        self.at += 1;
        Some(match first {
            b'*' => Token::Ignorable,
            b'\'' => {
                let hex = self.bytes.get(self.at..self.at + 2).and_then(|hex| std::str::from_utf8(hex).ok());
                let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
                self.at += if byte.is_some() { 2 } else { 0 };
                byte.map_or(Token::Word("", None), Token::Byte)
            }
            b'~' => Token::Word("~", None),
            b'_' => Token::Word("_", None),
            b'\r' | b'\n' => Token::Word("par", None),
            b'\\' | b'{' | b'}' => Token::Byte(first),
            // An optional hyphen and what is unknown.
            _ => Token::Word("", None),
        })
    }

    fn control_word(&mut self) -> Token<'t> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let letters = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let (word, after) = rest.split_at(letters);
        let signs = usize::from(after.first() == Some(&b'-'));
        let digits = after.iter().skip(signs).take_while(|b| b.is_ascii_digit()).count();
        let number_length = if digits > 0 { signs + digits } else { 0 };
        let number = std::str::from_utf8(&after[..number_length]).ok().and_then(|n| n.parse::<i32>().ok());
        self.at += letters + number_length;
        self.at += usize::from(self.bytes.get(self.at) == Some(&b' '));
        let word = std::str::from_utf8(word).unwrap_or_default();
        if word == "bin" {
            self.at = self.at.saturating_add(number.and_then(|n| usize::try_from(n).ok()).unwrap_or(0));
        }
        Token::Word(word, number)
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            return match byte {
                b'{' => Some(Token::Open),
                b'}' => Some(Token::Close),
                b'\\' => self.control(),
                b'\r' | b'\n' | 0 => continue,
                byte => Some(Token::Byte(byte)),
            };
        }
    }
}
