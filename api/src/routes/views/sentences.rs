//! Sentences with their verdicts, and how answers are made.

use footnote_core::answer::AnswerMode;
use footnote_core::settings::UnsupportedPolicy;
use footnote_core::verdict::{AnswerSentence, FactKind, SentenceFate, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SpanView;

/// How an answer is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnswerMode)]
pub enum AnswerModeView {
    /// Written by a model from the passages.
    Generative,
    /// Verbatim sentences of the sources.
    Extractive,
}

impl From<AnswerMode> for AnswerModeView {
    fn from(mode: AnswerMode) -> Self {
        match mode {
            AnswerMode::Generative => Self::Generative,
            AnswerMode::Extractive => Self::Extractive,
        }
    }
}

impl From<AnswerModeView> for AnswerMode {
    fn from(mode: AnswerModeView) -> Self {
        match mode {
            AnswerModeView::Generative => Self::Generative,
            AnswerModeView::Extractive => Self::Extractive,
        }
    }
}

/// What becomes of a sentence that its sources do not support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UnsupportedPolicy)]
pub enum UnsupportedPolicyView {
    /// It is left out. Where they support a part of it, or it is a copy of theirs that is not exact, or only the
    /// language model or the embedder says that they do, their own sentences take its place, verbatim.
    Drop,
    /// The nearest sentence of the sources takes its place, verbatim. What `drop` gives in their words, this does as well.
    Quote,
    /// It stays, and its verdict says so.
    Flag,
}

impl From<UnsupportedPolicyView> for UnsupportedPolicy {
    fn from(policy: UnsupportedPolicyView) -> Self {
        match policy {
            UnsupportedPolicyView::Drop => Self::Drop,
            UnsupportedPolicyView::Quote => Self::Quote,
            UnsupportedPolicyView::Flag => Self::Flag,
        }
    }
}

/// Whether the sources say what a sentence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Verdict)]
pub enum VerdictView {
    /// They do.
    Supported,
    /// They say a part of it, or may say it: too little to let it stand.
    Partly,
    /// They do not, or say otherwise.
    Unsupported,
    /// It claims nothing.
    NotNeeded,
}

impl From<Verdict> for VerdictView {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Supported => Self::Supported,
            Verdict::Partly => Self::Partly,
            Verdict::Unsupported => Self::Unsupported,
            Verdict::NotNeeded => Self::NotNeeded,
        }
    }
}

/// What became of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SentenceFate)]
pub enum SentenceFateView {
    /// It is in the answer.
    Kept,
    /// It is in the answer, and is not wholly supported.
    Flagged,
    /// Sentences of the sources stand in its place, verbatim.
    Replaced,
    /// It is not in the answer.
    Dropped,
}

impl From<SentenceFate> for SentenceFateView {
    fn from(fate: SentenceFate) -> Self {
        match fate {
            SentenceFate::Kept => Self::Kept,
            SentenceFate::Flagged => Self::Flagged,
            SentenceFate::Replaced => Self::Replaced,
            SentenceFate::Dropped => Self::Dropped,
        }
    }
}

/// A fact that the sources do not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Fact)]
pub struct FactView {
    /// `number`, `percentage`, `date`, `name`, `identifier`, `negation` or `link`.
    pub kind: String,
    /// Its words in the sentence.
    pub text: String,
}

/// A sentence of an answer with its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = AnswerSentence)]
pub struct SentenceView {
    /// The sentence that was judged, without markers.
    pub text: String,
    /// Where it, or what replaced it, lies in the answer, in Unicode scalar values; null where it was
    /// dropped.
    pub span: Option<SpanView>,
    /// Positions of its citations in the answer's `citations`, from 0.
    pub citations: Vec<usize>,
    /// Whether its sources say what it says.
    pub verdict: VerdictView,
    /// The chance that they do, 0 to 1.
    pub score: f32,
    /// What told the score: `quote`, `words`, `facts`, `cross_encoder`, `generator`, `embeddings`; `none`
    /// where no support is needed.
    pub method: String,
    /// Its facts that the sources do not have.
    pub missing: Vec<FactView>,
    /// The reason for the verdict.
    pub why: String,
    /// What became of it.
    pub fate: SentenceFateView,
}

impl From<&AnswerSentence> for SentenceView {
    fn from(sentence: &AnswerSentence) -> Self {
        let fact = |fact: &footnote_core::verdict::Fact| FactView {
            kind: fact_kind(fact.kind).to_owned(),
            text: fact.text.clone(),
        };
        Self {
            text: sentence.text.clone(),
            span: sentence.span.map(Into::into),
            citations: sentence.citations.clone(),
            verdict: sentence.verdict.into(),
            score: sentence.score,
            method: sentence.method.clone(),
            missing: sentence.missing.iter().map(fact).collect(),
            why: sentence.why.clone(),
            fate: sentence.fate.into(),
        }
    }
}

fn fact_kind(kind: FactKind) -> &'static str {
    match kind {
        FactKind::Number => "number",
        FactKind::Percentage => "percentage",
        FactKind::Date => "date",
        FactKind::Name => "name",
        FactKind::Identifier => "identifier",
        FactKind::Negation => "negation",
        FactKind::Link => "link",
    }
}
