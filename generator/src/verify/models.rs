//! The models that tell whether a text supports a sentence, best first: a cross-encoder where one is
//! installed, else the language model's own yes or no, else embeddings.

use std::collections::HashMap;
use std::sync::Arc;

use footnote_core::answer::{ChatMessage, MessageRole};
use footnote_core::ports::{Embedder, Generator, Reranker};
use footnote_core::question::is_chinese;
use footnote_core::{ErrorKind, Result};
use tokio::sync::Mutex;

/// Vectors kept: more than the sentences of one answer's passages.
const KEPT_VECTORS: usize = 512;
/// Longest text that is embedded or asked about, in scalar values: a sentence, or a few.
const LONGEST: usize = 1_200;

/// How a support score was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SupportMethod {
    /// A cross-encoder read both together.
    CrossEncoder,
    /// The language model was asked.
    Generator,
    /// Their embeddings were compared.
    Embeddings,
}

impl SupportMethod {
    /// All, best first.
    pub const ALL: [Self; 3] = [Self::CrossEncoder, Self::Generator, Self::Embeddings];

    /// Its name in answers and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::CrossEncoder => "cross_encoder",
            Self::Generator => "generator",
            Self::Embeddings => "embeddings",
        }
    }
}

/// The models at hand; any may be missing.
#[derive(Clone, Default)]
pub struct SupportModels {
    /// A cross-encoder.
    pub reranker: Option<Arc<dyn Reranker>>,
    /// A language model; leave it out to spare its time.
    pub generator: Option<Arc<dyn Generator>>,
    /// An embedder.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// Vectors of sentences that were compared lately.
    vectors: Arc<Mutex<HashMap<String, Vec<f32>>>>,
}

impl SupportModels {
    /// These models.
    pub fn new(
        reranker: Option<Arc<dyn Reranker>>,
        generator: Option<Arc<dyn Generator>>,
        embedder: Option<Arc<dyn Embedder>>,
    ) -> Self {
        Self { reranker, generator, embedder, vectors: Arc::default() }
    }

    /// How well `premise` supports `claim` on the scale of the best model at hand; `None` without models.
    pub async fn score(&self, premise: &str, claim: &str) -> Result<Option<(SupportMethod, f32)>> {
        for method in SupportMethod::ALL {
            match self.score_by(method, premise, claim).await {
                Ok(Some(score)) => return Ok(Some((method, score))),
                Ok(None) => {}
                // An answer that is half written does not wait in line again: the next best model tells.
                Err(error) if matches!(error.kind(), ErrorKind::Busy { .. }) => {
                    tracing::debug!(%error, method = method.name(), "support is told by another method");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// The same on the scale of one method; `None` where its model is missing.
    pub async fn score_by(&self, method: SupportMethod, premise: &str, claim: &str) -> Result<Option<f32>> {
        match (method, &self.reranker, &self.generator) {
            (SupportMethod::CrossEncoder, Some(reranker), _) => {
                let scores = reranker.rerank(claim, vec![cut(premise).to_owned()]).await?;
                Ok(scores.first().copied())
            }
            (SupportMethod::Generator, _, Some(generator)) => {
                let (messages, yes, no) = prompt(cut(premise), cut(claim));
                generator.log_odds(&messages, yes, no).await.map(Some)
            }
            (SupportMethod::Embeddings, ..) => {
                let cosines = self.cosines(claim, vec![premise.to_owned()]).await?;
                Ok(cosines.and_then(|cosines| cosines.first().copied()))
            }
            _ => Ok(None),
        }
    }

    /// The cosine of each text and the claim; `None` without an embedder.
    pub async fn cosines(&self, claim: &str, texts: Vec<String>) -> Result<Option<Vec<f32>>> {
        let Some(embedder) = &self.embedder else { return Ok(None) };
        let all: Vec<String> = std::iter::once(claim)
            .chain(texts.iter().map(String::as_str))
            .map(|t| cut(t).to_owned())
            .collect();
        let vectors = self.vectors_of(embedder.as_ref(), &all).await?;
        let Some((of_claim, others)) = vectors.split_first() else { return Ok(None) };
        Ok(Some(others.iter().map(|other| dot(of_claim, other)).collect()))
    }

    /// The cosine of each text and a question; `None` without an embedder.
    pub async fn cosines_with_question(
        &self,
        question: &str,
        texts: Vec<String>,
    ) -> Result<Option<Vec<f32>>> {
        let Some(embedder) = &self.embedder else { return Ok(None) };
        let texts: Vec<String> = texts.iter().map(|text| cut(text).to_owned()).collect();
        let (question, vectors) =
            futures::try_join!(embedder.embed_query(question), self.vectors_of(embedder.as_ref(), &texts))?;
        Ok(Some(vectors.iter().map(|vector| dot(&question, vector)).collect()))
    }

    async fn vectors_of(&self, embedder: &dyn Embedder, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let unknown: Vec<String> = {
            let known = self.vectors.lock().await;
            texts.iter().filter(|text| !known.contains_key(*text)).cloned().collect()
        };
        let fresh = embedder.embed_passages(unknown.clone()).await?;
        let mut known = self.vectors.lock().await;
        if known.len() + fresh.len() > KEPT_VECTORS {
            // Of other answers: what this one needs of it is embedded once more.
            known.retain(|text, _| texts.contains(text));
        }
        known.extend(unknown.into_iter().zip(fresh));
        Ok(texts.iter().map(|text| known.get(text).cloned().unwrap_or_default()).collect())
    }
}

/// The cosine of vectors of length 1.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}

/// The question whether a text supports a statement, with the words for yes and no.
fn prompt(premise: &str, claim: &str) -> (Vec<ChatMessage>, &'static str, &'static str) {
    let (content, yes, no) = if is_chinese(claim) {
        (
            format!("资料：{premise}\n陈述：{claim}\n上面的资料是否支持这一陈述？只回答“是”或“否”。"),
            "是",
            "否",
        )
    } else {
        let ask = "Does the text support the statement? Answer only Yes or No.";
        (format!("Text: {premise}\nStatement: {claim}\n{ask}"), "Yes", "No")
    };
    (vec![ChatMessage { role: MessageRole::User, content }], yes, no)
}
