//! Knowledge bases and their settings.

use chrono::{DateTime, Utc};
use footnote_core::ids::GenerationId;
use footnote_core::knowledge_base::{Generation, KnowledgeBase};
use footnote_core::settings::KnowledgeBaseSettings;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AnswerModeView, ChunkingView, UnsupportedPolicyView};

/// A set of documents that is searched and asked as one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KnowledgeBaseView {
    /// Its id.
    pub id: Uuid,
    /// Unique; also the model name for OpenAI clients.
    pub name: String,
    /// Free text for people.
    pub description: String,
    /// Retrieval, prompt and sampling settings.
    #[schema(value_type = SettingsSchema)]
    pub settings: KnowledgeBaseSettings,
    /// How its documents are cut.
    pub chunking: Option<ChunkingView>,
    /// How they are about to be cut: a job does it, which the list of jobs shows, and the chunks of before answer until
    /// it is done. Null where nothing is to change, or where the job was cancelled.
    pub next_chunking: Option<ChunkingView>,
    /// Why the change to `next_chunking` stopped for good, where it did: the chunks of before go on answering. Asking for
    /// it again, or retrying its job, goes on where it stopped; asking for the present `chunking` gives it up.
    pub next_chunking_failure: Option<String>,
    /// The index generation that answers questions.
    pub generation: Uuid,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl KnowledgeBaseView {
    /// With how its documents are cut, which its generation tells, and why a change of that failed.
    pub(crate) fn of(
        knowledge_base: KnowledgeBase,
        generations: &[Generation],
        failure: Option<String>,
    ) -> Self {
        let chunking = |id: GenerationId| {
            let chunker = &generations.iter().find(|generation| generation.id == id)?.spec.chunker;
            let (max_tokens, overlap_tokens) = (chunker.max_tokens, chunker.overlap_tokens);
            Some(ChunkingView { max_tokens, overlap_tokens })
        };
        Self {
            chunking: chunking(knowledge_base.generation),
            next_chunking: knowledge_base.next_generation.and_then(chunking),
            next_chunking_failure: failure,
            id: knowledge_base.id.0,
            name: knowledge_base.name,
            description: knowledge_base.description,
            settings: knowledge_base.settings,
            generation: knowledge_base.generation.0,
            created_at: knowledge_base.created_at,
        }
    }
}

// Settings are stored and sent in the same JSON, so core's own types read and write them. These
// describe them in OpenAPI; a test holds both together.

/// Everything about a knowledge base that its owner may tune.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Settings)]
pub struct SettingsSchema {
    /// How passages are found.
    pub retrieval: RetrievalSettingsSchema,
    /// How the model is instructed.
    pub prompt: PromptSettingsSchema,
    /// How the model samples.
    pub sampling: SamplingSettingsSchema,
    /// How answers are made and proved.
    pub answer: AnswerSettingsSchema,
    /// What a model adds to documents.
    pub enrichment: EnrichmentSettingsSchema,
}

/// What a model adds to documents once they answer questions, while nobody waits for it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = EnrichmentSettings)]
pub struct EnrichmentSettingsSchema {
    /// Whether it does: title, summary, keywords and dates per document, questions per chunk. Once it is
    /// set, of versions that are current already, too.
    pub enabled: bool,
    /// Chunks of a document, from its first on, that get questions they answer, 0 to 10,000.
    pub max_chunks: usize,
}

/// How answers are made and proved.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AnswerSettings)]
pub struct AnswerSettingsSchema {
    /// Written by a model, or sentences of the sources.
    pub mode: AnswerModeView,
    /// What becomes of a sentence that its sources do not support.
    pub unsupported: UnsupportedPolicyView,
    /// Chance of being supported from which a sentence counts as supported, 0 to 1.
    pub supported_from: f32,
}

/// How the two ranked lists become one.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FusionMethod)]
pub enum FusionMethodSchema {
    /// Reciprocal rank fusion.
    ReciprocalRank,
    /// Convex combination of min-max normalised scores.
    ConvexCombination,
}

/// How passages are found.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RetrievalSettings)]
pub struct RetrievalSettingsSchema {
    /// How dense and keyword lists are fused.
    pub fusion: FusionMethodSchema,
    /// Weight of the dense list, 0 to 1; the keyword list has the rest.
    pub dense_weight: f32,
    /// Candidates taken from each index before fusion, 1 to 1000.
    pub candidates: usize,
    /// Chunks kept after fusion and reranking, 1 to 100.
    pub top_k: usize,
    /// Whether to rerank when a reranker is installed.
    pub rerank: bool,
    /// Largest sum of passage lengths given to the model, in Unicode scalar values, 200 to 100,000.
    pub passage_budget: usize,
    /// Tokens, about, up to which a passage is widened by what stands around it in its section, 0 to 4,000; 0 leaves
    /// it as it was found.
    pub parent_tokens: usize,
    /// Evidence score below which the service says it does not know, 0 to 1.
    pub evidence_threshold: f32,
}

/// A question and its model answer, shown to the model before the real one.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = FewShotExample)]
pub struct FewShotExampleSchema {
    /// The user's turn.
    pub question: String,
    /// The assistant's turn.
    pub answer: String,
}

/// How the model is instructed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PromptSettings)]
pub struct PromptSettingsSchema {
    /// Replaces the built-in system prompt of the question's language; null keeps it. Up to 4,000
    /// characters; with the examples up to 8,000.
    pub system: Option<String>,
    /// Turns shown before the question, up to 8.
    pub examples: Vec<FewShotExampleSchema>,
}

/// How the model samples. Temperature 0 is greedy and reproducible.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SamplingSettings)]
pub struct SamplingSettingsSchema {
    /// 0 is greedy; up to 2.
    pub temperature: f32,
    /// Keeps the k likeliest tokens; 0 keeps all.
    pub top_k: usize,
    /// Keeps the likeliest tokens up to this mass, above 0 up to 1.
    pub top_p: f32,
    /// Divides the logits of tokens seen lately; 1 is off, up to 2.
    pub repetition_penalty: f32,
    /// Seed of the sampler.
    pub seed: u64,
    /// Most tokens generated, 1 to 8192.
    pub max_tokens: usize,
    /// Texts at which generation ends; up to 8.
    pub stop: Vec<String>,
}

#[cfg(test)]
mod tests {
    use footnote_core::settings::{FewShotExample, FusionMethod};
    use serde_json::{Value, json};

    use super::*;

    fn keys(value: &Value, at: &str, into: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    into.push(format!("{at}.{key}"));
                    keys(value, &format!("{at}.{key}"), into);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| keys(item, at, into)),
            _ => {}
        }
    }

    #[test]
    fn the_schema_has_the_keys_of_the_settings() {
        let schema = SettingsSchema {
            retrieval: RetrievalSettingsSchema {
                fusion: FusionMethodSchema::ConvexCombination,
                dense_weight: 0.5,
                candidates: 1,
                top_k: 1,
                rerank: true,
                passage_budget: 1,
                parent_tokens: 1,
                evidence_threshold: 0.5,
            },
            prompt: PromptSettingsSchema {
                system: None,
                examples: vec![FewShotExampleSchema { question: "q".into(), answer: "a".into() }],
            },
            sampling: SamplingSettingsSchema {
                temperature: 0.0,
                top_k: 0,
                top_p: 1.0,
                repetition_penalty: 1.0,
                seed: 1,
                max_tokens: 1,
                stop: Vec::new(),
            },
            answer: AnswerSettingsSchema {
                mode: AnswerModeView::Generative,
                unsupported: UnsupportedPolicyView::Drop,
                supported_from: 0.9,
            },
            enrichment: EnrichmentSettingsSchema { enabled: false, max_chunks: 1 },
        };
        let mut settings = KnowledgeBaseSettings::default();
        settings.prompt.examples = vec![FewShotExample { question: "q".into(), answer: "a".into() }];
        let (mut described, mut real) = (Vec::new(), Vec::new());
        keys(&serde_json::to_value(&schema).unwrap(), "", &mut described);
        keys(&serde_json::to_value(&settings).unwrap(), "", &mut real);
        assert_eq!(described, real);
        for (schema, method) in [
            (FusionMethodSchema::ReciprocalRank, FusionMethod::ReciprocalRank),
            (FusionMethodSchema::ConvexCombination, FusionMethod::ConvexCombination),
        ] {
            assert_eq!(json!(schema), json!(method));
        }
    }
}
