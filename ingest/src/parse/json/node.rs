//! A JSON value with its members in their order, names that stand twice included.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    /// A number, a string or a truth value, as it is written.
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
        let budget = Budget { left: Cell::new(*left), max: *left };
        let mut deserializer = serde_json::Deserializer::from_str(source);
        let node = Seed(&budget).deserialize(&mut deserializer)?;
        deserializer.end()?;
        *left = budget.left.get();
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

struct Budget {
    left: Cell<usize>,
    max: usize,
}

#[derive(Clone, Copy)]
struct Seed<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let left = self.0.left.get().checked_sub(1);
        let left = left.ok_or_else(|| D::Error::custom(format!("it has more than {} values", self.0.max)))?;
        self.0.left.set(left);
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

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        let is_long = value != 0.0 && !(1e-9..1e21).contains(&value.abs());
        Ok(Node::Scalar(if is_long { format!("{value:e}") } else { value.to_string() }))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut object = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            object.push((name, members.next_value_seed(self)?));
        }
        Ok(Node::Object(object))
    }
}
