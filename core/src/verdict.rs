//! What was found out about each sentence of an answer: whether its sources say what it says.

use serde::{Deserialize, Serialize};

use crate::text::Span;

/// Whether the sources say what a sentence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// They do.
    Supported,
    /// They say a part of it, or may say it: too little to let it stand.
    Partly,
    /// They do not, or say otherwise.
    Unsupported,
    /// It claims nothing: a greeting, a question, a line that introduces a list.
    NotNeeded,
}

/// A fact that can be compared exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// A number, with its unit where it has one.
    Number,
    /// A percentage.
    Percentage,
    /// A date, a time or a period.
    Date,
    /// A name of a person, place, organisation or work.
    Name,
    /// A code, a version, an article number.
    Identifier,
    /// That something is not so, or the opposite of what the source says.
    Negation,
    /// An address of a page or an image that the sources do not have.
    Link,
}

/// A fact of a sentence, as it stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Its kind.
    pub kind: FactKind,
    /// Its words.
    pub text: String,
}

/// What became of a sentence after its verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentenceFate {
    /// It is in the answer.
    Kept,
    /// It is in the answer, and its verdict says that it is not wholly supported.
    Flagged,
    /// Sentences of the sources stand in its place, verbatim.
    Replaced,
    /// It is not in the answer.
    Dropped,
}

/// A sentence of an answer with its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnswerSentence {
    /// The sentence that was judged, without markers. Where it was replaced or dropped, this is the only
    /// place where it stands.
    pub text: String,
    /// Where it, or what replaced it, lies in the answer, in scalar values; `None` where it was dropped.
    pub span: Option<Span>,
    /// Positions of its citations among the answer's.
    pub citations: Vec<usize>,
    /// Whether its sources say what it says.
    pub verdict: Verdict,
    /// How likely they do, 0 to 1: calibrated by `method`.
    pub score: f32,
    /// What told the score: `quote`, `words`, or the kind of the model that was asked.
    pub method: String,
    /// Its facts that the sources do not have.
    pub missing: Vec<Fact>,
    /// The reason for the verdict, for people.
    pub why: String,
    /// What became of it.
    pub fate: SentenceFate,
}
