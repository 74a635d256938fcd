//! Settings of a knowledge base, stored with it as JSON and validated at the edge.

use serde::{Deserialize, Serialize};

use crate::answer::AnswerMode;
use crate::{Error, Result};

/// Longest system prompt, and longest turn of an example, in scalar values.
const MAX_PROMPT_CHARS: usize = 4_000;
/// Most examples.
const MAX_EXAMPLES: usize = 8;
/// Longest sum of a prompt's own texts, in scalar values: passages and the question must have most of
/// a context of 8,192 tokens.
const MAX_PROMPT_SUM: usize = 8_000;
/// Longest stop text, in scalar values.
const MAX_STOP_CHARS: usize = 200;

/// Everything about a knowledge base that its owner may tune.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KnowledgeBaseSettings {
    /// How passages are found.
    pub retrieval: RetrievalSettings,
    /// How the model is instructed.
    pub prompt: PromptSettings,
    /// How the model samples.
    pub sampling: SamplingSettings,
    /// How answers are made and proved.
    pub answer: AnswerSettings,
    /// What a model adds to documents.
    pub enrichment: EnrichmentSettings,
}

/// What a model adds to documents once they answer questions, while nobody waits for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnrichmentSettings {
    /// Whether it does; once it is set, of versions that are current already, too.
    pub enabled: bool,
    /// Chunks of a document, from its first on, that get questions they answer: each costs a call of the model.
    pub max_chunks: usize,
}

impl Default for EnrichmentSettings {
    fn default() -> Self {
        Self { enabled: false, max_chunks: 50 }
    }
}

/// What becomes of a sentence that its sources do not support.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnsupportedPolicy {
    /// It is left out. Where they support a part of it, or it is a copy of theirs that is not exact, or only the
    /// language model or the embedder says that they do, their own sentences take its place, verbatim.
    #[default]
    Drop,
    /// The nearest sentence of the sources takes its place, verbatim. What `drop` gives in their words, this does as well.
    Quote,
    /// It stays, and its verdict says so.
    Flag,
}

/// How answers are made and proved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerSettings {
    /// Written by a model, or sentences of the sources.
    pub mode: AnswerMode,
    /// What becomes of a sentence that its sources do not support.
    pub unsupported: UnsupportedPolicy,
    /// Chance of being supported from which a sentence counts as supported, 0 to 1.
    pub supported_from: f32,
}

impl Default for AnswerSettings {
    fn default() -> Self {
        Self { mode: AnswerMode::Generative, unsupported: UnsupportedPolicy::Drop, supported_from: 0.9 }
    }
}

/// How the two ranked lists become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FusionMethod {
    /// Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009).
    ReciprocalRank,
    /// Convex combination of min-max normalised scores (Bruch, Gai and Ingber, TOIS 2023).
    ConvexCombination,
}

/// How passages are found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetrievalSettings {
    /// How dense and keyword lists are fused.
    pub fusion: FusionMethod,
    /// Weight of the dense list, 0 to 1; the keyword list has the rest.
    pub dense_weight: f32,
    /// Candidates taken from each index before fusion.
    pub candidates: usize,
    /// Chunks kept after fusion and reranking.
    pub top_k: usize,
    /// Whether to rerank when a reranker is installed.
    pub rerank: bool,
    /// Largest sum of passage lengths given to the model, in scalar values.
    pub passage_budget: usize,
    /// Tokens, about, up to which a passage is widened by what stands around it in its section; 0 leaves it as it
    /// was found. Larger chunks stay as they are.
    pub parent_tokens: usize,
    /// Evidence score below which the service says it does not know, 0 to 1.
    pub evidence_threshold: f32,
}

impl Default for RetrievalSettings {
    fn default() -> Self {
        Self {
            fusion: FusionMethod::ConvexCombination,
            dense_weight: 0.5,
            candidates: 100,
            top_k: 4,
            rerank: true,
            // What `top_k` full chunks have: a default chunk's 320 tokens are some 1,400 characters of
            // English, and 500 of Chinese. A smaller budget would be the true `top_k`. On a CPU reading
            // the prompt is most of an answer's time: two cores read these 1,300 tokens in about ten
            // seconds, in the worst case of four full chunks.
            passage_budget: 6_000,
            // A full default chunk: smaller chunks are found more exactly, and read with as much around them.
            parent_tokens: 320,
            evidence_threshold: 0.35,
        }
    }
}

/// A question and its model answer, shown to the model before the real one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FewShotExample {
    /// The user's turn, passages included if wanted.
    pub question: String,
    /// The assistant's turn.
    pub answer: String,
}

/// How the model is instructed. `None` takes the built-in prompt of the question's language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PromptSettings {
    /// Replaces the built-in system prompt.
    pub system: Option<String>,
    /// Turns shown before the question.
    pub examples: Vec<FewShotExample>,
}

/// How the model samples. Temperature 0 is greedy and reproducible.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingSettings {
    /// 0 is greedy; up to 2.
    pub temperature: f32,
    /// Keeps the k likeliest tokens; 0 keeps all.
    pub top_k: usize,
    /// Nucleus: keeps the likeliest tokens up to this mass, above 0 up to 1.
    pub top_p: f32,
    /// Divides the logits of tokens seen lately; 1 is off, up to 2.
    pub repetition_penalty: f32,
    /// Seed of the sampler.
    pub seed: u64,
    /// Most tokens generated.
    pub max_tokens: usize,
    /// Texts at which generation ends; they are not part of the answer.
    pub stop: Vec<String>,
}

impl Default for SamplingSettings {
    fn default() -> Self {
        Self {
            temperature: 0.0,
            top_k: 40,
            top_p: 0.95,
            repetition_penalty: 1.05,
            seed: 42,
            max_tokens: 384,
            stop: Vec::new(),
        }
    }
}

impl KnowledgeBaseSettings {
    /// Refuses values outside their documented ranges, naming the setting.
    pub fn validate(&self) -> Result<()> {
        let r = &self.retrieval;
        within("retrieval.dense_weight", r.dense_weight, 0.0, 1.0)?;
        within("retrieval.evidence_threshold", r.evidence_threshold, 0.0, 1.0)?;
        within("retrieval.candidates", r.candidates as f32, 1.0, 1000.0)?;
        within("retrieval.top_k", r.top_k as f32, 1.0, 100.0)?;
        within("retrieval.passage_budget", r.passage_budget as f32, 200.0, 100_000.0)?;
        within("retrieval.parent_tokens", r.parent_tokens as f32, 0.0, 4_000.0)?;
        within("enrichment.max_chunks", self.enrichment.max_chunks as f32, 0.0, 10_000.0)?;
        within("answer.supported_from", self.answer.supported_from, 0.0, 1.0)?;
        self.prompt.validate()?;
        self.sampling.validate()
    }
}

impl PromptSettings {
    /// Refuses instructions that would leave passages no room, naming the setting.
    pub fn validate(&self) -> Result<()> {
        let mut sum = 0;
        let mut check = |name: &str, text: &str| {
            let chars = text.chars().count();
            sum += chars;
            if chars <= MAX_PROMPT_CHARS {
                return Ok(());
            }
            Err(Error::invalid(format!("{name} has {chars} characters; shorten it to {MAX_PROMPT_CHARS}")))
        };
        check("prompt.system", self.system.as_deref().unwrap_or_default())?;
        for (at, example) in self.examples.iter().enumerate() {
            for (name, text) in [("question", &example.question), ("answer", &example.answer)] {
                let name = format!("prompt.examples[{at}].{name}");
                check(&name, text)?;
                if text.trim().is_empty() {
                    return Err(Error::invalid(format!("{name} is empty; give both turns of an example")));
                }
            }
        }
        if self.examples.len() > MAX_EXAMPLES || sum > MAX_PROMPT_SUM {
            return Err(Error::invalid(format!(
                "prompt has {} examples and {sum} characters; give up to {MAX_EXAMPLES} and {MAX_PROMPT_SUM}",
                self.examples.len()
            )));
        }
        Ok(())
    }
}

impl SamplingSettings {
    /// Refuses values outside their documented ranges, naming the setting.
    pub fn validate(&self) -> Result<()> {
        within("sampling.temperature", self.temperature, 0.0, 2.0)?;
        within("sampling.top_p", self.top_p, f32::EPSILON, 1.0)?;
        within("sampling.repetition_penalty", self.repetition_penalty, 0.5, 2.0)?;
        within("sampling.max_tokens", self.max_tokens as f32, 1.0, 8192.0)?;
        let is_refused = |text: &String| text.is_empty() || text.chars().count() > MAX_STOP_CHARS;
        if self.stop.len() > 8 || self.stop.iter().any(is_refused) {
            return Err(Error::invalid(format!(
                "sampling.stop takes up to 8 texts of 1 to {MAX_STOP_CHARS} characters"
            )));
        }
        Ok(())
    }
}

fn within(name: &str, value: f32, low: f32, high: f32) -> Result<()> {
    if value.is_finite() && (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::invalid(format!("{name} is {value}; give a value from {low} to {high}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_bad_values_are_named() {
        let mut settings = KnowledgeBaseSettings::default();
        settings.validate().unwrap();
        settings.retrieval.dense_weight = f32::NAN;
        let error = settings.validate().unwrap_err().to_string();
        assert!(error.contains("retrieval.dense_weight"), "{error}");
    }

    #[test]
    fn the_default_budget_holds_as_many_chunks_as_are_kept() {
        let defaults = RetrievalSettings::default();
        assert!(defaults.passage_budget >= defaults.top_k * 1_400);
    }

    #[test]
    fn instructions_that_leave_no_room_are_refused_by_name() {
        let example =
            |chars: usize| FewShotExample { question: "q".repeat(chars), answer: "a".repeat(chars) };
        let refused = |prompt: PromptSettings| {
            let settings = KnowledgeBaseSettings { prompt, ..KnowledgeBaseSettings::default() };
            settings.validate().err().map(|error| error.to_string()).unwrap_or_default()
        };
        let with = |examples| PromptSettings { system: Some("长".repeat(1_000)), examples };
        assert_eq!(refused(with(vec![example(400); 8])), "");
        assert!(refused(with(vec![example(10); 9])).contains("9 examples"));
        assert!(refused(with(vec![example(2_000); 2])).contains("9000 characters"));
        assert!(refused(with(vec![example(1), example(4_001)])).starts_with("prompt.examples[1].question"));
        assert!(refused(with(vec![example(0)])).starts_with("prompt.examples[0].question"));
        let endless = PromptSettings { system: Some("x".repeat(4_001)), examples: Vec::new() };
        assert!(refused(endless).starts_with("prompt.system has 4001"));
    }
}
