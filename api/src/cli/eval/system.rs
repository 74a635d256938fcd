//! The system that is measured: a service in this process over an index of the data set, or one that runs
//! elsewhere and holds the documents already.

use std::collections::HashMap;
use std::path::PathBuf;

use async_trait::async_trait;
use footnote_core::Result;
use footnote_core::answer::AnswerMode;
use footnote_core::citation::Citation;
use footnote_core::ids::DocumentId;
use footnote_core::passage::Evidence;
use footnote_core::question::QuestionText;
use footnote_core::settings::RetrievalSettings;
use footnote_core::text::CanonicalText;
use footnote_retriever::hybrid::SearchMode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::args::ServiceArgs;
use super::answers::Answered;
use super::corpus::CorpusDocument;
use super::local::LocalSystem;
use super::questions::Question;
use super::remote::RemoteSystem;
use super::results::Results;
use crate::config::Config;

/// Chunks taken per query: several may belong to one document, and ten documents are judged. The API gives
/// no more.
pub(crate) const DEPTH: usize = 100;

/// What is measured.
#[async_trait]
pub(crate) trait System: Send + Sync {
    /// Its documents by the data set's ids.
    fn documents(&self) -> HashMap<String, DocumentId>;

    /// The model that makes its vectors; `None` where it does not tell.
    fn embedder(&self) -> Option<String>;

    /// Where results are kept.
    fn kept(&self) -> Result<Kept>;

    /// The answer to a question, or to one about its own documents alone.
    async fn ask(&self, question: &Question, mode: AnswerMode, scoped: bool) -> Result<Answered>;

    /// The evidence for a question, as if `hidden` were not there.
    async fn gather(&self, question: &Question, hidden: &[DocumentId]) -> Result<Gathered>;

    /// The best [`DEPTH`] chunks.
    async fn search(&self, search: Search) -> Result<Vec<Hit>>;

    /// The text that a citation counts into; `None` where its version is gone.
    async fn cited_text(&self, citation: &Citation) -> Result<Option<CanonicalText>>;

    /// Ends it in good order.
    async fn close(self: Box<Self>);
}

/// Where results are kept, and what they depend on besides a measurement's own settings.
pub(crate) struct Kept {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// Whoever made them.
    pub(crate) made_by: Value,
}

/// What is looked for.
pub(crate) struct Search {
    /// The query.
    pub(crate) text: QuestionText,
    /// Which indexes are searched.
    pub(crate) mode: SearchMode,
    /// How; a running service has its own.
    pub(crate) settings: RetrievalSettings,
}

/// A chunk that was found.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(crate) struct Hit {
    /// Key of its document.
    pub(crate) document_key: String,
    /// Title of its document.
    pub(crate) title: String,
    /// First and last page.
    pub(crate) pages: Option<(u32, u32)>,
    /// Its text.
    pub(crate) text: String,
}

/// What retrieval says about a question.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Gathered {
    /// Whether what was found suffices.
    pub(crate) evidence: Evidence,
    /// The passages, the best first.
    pub(crate) passages: Vec<GatheredPassage>,
}

/// A passage as far as cases show it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct GatheredPassage {
    /// Title of its document.
    pub(crate) title: String,
    /// Its text.
    pub(crate) text: String,
}

/// The running service that is named, else one in this process, which indexes what is not indexed yet.
pub(crate) async fn open(
    config: Config,
    name: &str,
    corpus: &[CorpusDocument],
    service: &ServiceArgs,
    fresh: bool,
) -> Result<Box<dyn System>> {
    match service.against {
        Some(_) => Ok(Box::new(RemoteSystem::connect(&config, name, corpus, service, fresh)?)),
        None => Ok(Box::new(LocalSystem::open(config, name, corpus, fresh).await?)),
    }
}

/// What is kept of `kind` that the system gave with these settings.
pub(crate) fn results<T: Serialize + DeserializeOwned>(
    system: &dyn System,
    kind: &str,
    settings: &impl Serialize,
) -> Result<Results<T>> {
    let Kept { folder, made_by } = system.kept()?;
    Results::open_in(&folder, kind, &(settings, made_by))
}
