//! How many attributes may the tag have that is being read? The tokenizer compares each with all that came before, and
//! tells of a tag only when it is whole.

/// Where in a tag a byte may lie (HTML Standard, "Tokenization").
#[derive(Clone, Copy)]
enum State {
    TagName,
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    DoubleQuoted,
    SingleQuoted,
    Unquoted,
}

use State::{AfterName, BeforeName, BeforeValue, DoubleQuoted, Name, SingleQuoted, TagName, Unquoted};

const STATES: [State; 8] =
    [TagName, BeforeName, Name, AfterName, BeforeValue, DoubleQuoted, SingleQuoted, Unquoted];

/// Whether a `<` begins a tag depends on where it stands, so that each is taken for one: the most attributes so far of
/// a tag that is in each of the states.
#[derive(Default)]
pub(super) struct Attributes {
    most: [Option<usize>; STATES.len()],
    /// The two bytes before.
    before: [u8; 2],
}

impl Attributes {
    pub(super) fn of(piece: &str) -> Self {
        let mut attributes = Self::default();
        attributes.read(piece);
        attributes
    }

    /// Reads on; gives the most attributes that a tag may have which is not whole by now.
    pub(super) fn read(&mut self, piece: &str) -> usize {
        for byte in piece.bytes() {
            if self.most.iter().any(Option::is_some) {
                self.step(byte);
            }
            if matches!(self.before, [_, b'<'] | [b'<', b'/']) && byte.is_ascii_alphabetic() {
                self.reach(TagName, 0);
            }
            self.before = [self.before[1], byte];
        }
        self.most.iter().flatten().copied().max().unwrap_or(0)
    }

    fn step(&mut self, byte: u8) {
        let before = std::mem::take(&mut self.most);
        for (state, most) in STATES.into_iter().zip(before) {
            if let (Some(most), Some(next)) = (most, next(state, byte)) {
                let begins = matches!((state, next), (BeforeName | AfterName, Name));
                self.reach(next, most + usize::from(begins));
            }
        }
    }

    fn reach(&mut self, state: State, most: usize) {
        let known = &mut self.most[state as usize];
        *known = (*known).max(Some(most));
    }
}

/// Where a tag is after a byte; `None` behind its end.
fn next(state: State, byte: u8) -> Option<State> {
    Some(match (state, byte) {
        (DoubleQuoted, b'"') | (SingleQuoted, b'\'') => BeforeName,
        (DoubleQuoted | SingleQuoted, _) => state,
        (_, b'>') => return None,
        (BeforeValue, b'"') => DoubleQuoted,
        (BeforeValue, b'\'') => SingleQuoted,
        (Name, byte) if byte.is_ascii_whitespace() => AfterName,
        (AfterName | BeforeValue, byte) if byte.is_ascii_whitespace() => state,
        (_, byte) if byte.is_ascii_whitespace() => BeforeName,
        (BeforeValue | Unquoted, _) => Unquoted,
        (_, b'/') => BeforeName,
        (Name | AfterName, b'=') => BeforeValue,
        (TagName, _) => TagName,
        (BeforeName | Name | AfterName, _) => Name,
    })
}
