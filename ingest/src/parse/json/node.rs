//! A JSON value with its members in their order, names that stand twice included.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Lists and objects may lie in each other so deep: one less than serde_json lets them, which tells no reason of ours.
const MAX_DEPTH: usize = 126;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    /// A string, a truth value, or a number with the digits that it is written with.
    Scalar(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Reads one value, which has at most `max_values` in all.
    pub(super) fn read(source: &str, max_values: usize) -> serde_json::Result<Self> {
        Self::read_counting(source, &mut { max_values })
    }

    /// Reads one value and takes the number of those in it from `left`.
    pub(super) fn read_counting(source: &str, left: &mut usize) -> serde_json::Result<Self> {
        let numbers = Numbers { source, at: Cell::new(0) };
        let reading = Reading { left: Cell::new(*left), max: *left, numbers };
        let mut deserializer = serde_json::Deserializer::from_str(source);
        let node = Seed { reading: &reading, depth: 0 }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        *left = reading.left.get();
        Ok(node)
    }

    /// The text of a value without others in it.
    pub(super) fn scalar(&self) -> Option<String> {
        match self {
            Self::Null => Some("null".to_owned()),
            Self::Scalar(text) => Some(text.clone()),
            Self::List(items) if items.is_empty() => Some("[]".to_owned()),
            Self::Object(members) if members.is_empty() => Some("{}".to_owned()),
            Self::List(_) | Self::Object(_) => None,
        }
    }

    /// Whether it is a list of values without others in them.
    pub(super) fn is_flat_list(&self) -> bool {
        matches!(self, Self::List(items) if items.iter().all(|item| item.scalar().is_some()))
    }

    /// What the value itself calls its title.
    pub(super) fn title(&self) -> Option<&str> {
        let Self::Object(members) = self else { return None };
        let title = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("title"));
        title.and_then(|(_, node)| if let Self::Scalar(text) = node { Some(text.as_str()) } else { None })
    }
}

/// What all values of a text share while they are read.
struct Reading<'s> {
    left: Cell<usize>,
    max: usize,
    numbers: Numbers<'s>,
}

/// The numbers of a JSON text as they are written. serde_json tells their values, in their order: it would round
/// long ones, and drop the zeros of `19.90`.
struct Numbers<'s> {
    source: &'s str,
    at: Cell<usize>,
}

impl Numbers<'_> {
    /// The next one. What stands before it has been read already, so that it is valid.
    fn take(&self) -> String {
        let bytes = self.source.as_bytes();
        let mut at = self.at.get();
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => at = after_string(bytes, at),
                b'-' | b'0'..=b'9' => break,
                _ => at += 1,
            }
        }
        let is_part = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let end = at + bytes.iter().skip(at).take_while(is_part).count();
        self.at.set(end);
        self.source.get(at..end).unwrap_or_default().to_owned()
    }
}

/// Where the string that begins at `start` has ended.
fn after_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

#[derive(Clone, Copy)]
struct Seed<'r> {
    reading: &'r Reading<'r>,
    /// How many lists and objects the value lies in.
    depth: usize,
}

impl Seed<'_> {
    /// For the values of a list or an object.
    fn inside<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.depth < MAX_DEPTH {
            true => Ok(Self { depth: self.depth + 1, ..self }),
            false => Err(E::custom(format!("it is nested deeper than {MAX_DEPTH} levels"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let Reading { left, max, .. } = self.reading;
        let rest = left.get().checked_sub(1);
        left.set(rest.ok_or_else(|| D::Error::custom(format!("it has more than {max} values")))?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Scalar(self.reading.numbers.take()))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Scalar(self.reading.numbers.take()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Scalar(self.reading.numbers.take()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let (inside, mut list) = (self.inside::<A::Error>()?, Vec::new());
        while let Some(item) = items.next_element_seed(inside)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let (inside, mut object) = (self.inside::<A::Error>()?, Vec::new());
        while let Some(name) = members.next_key::<String>()? {
            object.push((name, members.next_value_seed(inside)?));
        }
        Ok(Node::Object(object))
    }
}
