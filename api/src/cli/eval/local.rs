//! A service in this process over the data set's own index.

use std::collections::HashMap;
use std::time::Instant;

use async_trait::async_trait;
use footnote_core::answer::{AnswerEvent, AnswerMode, ChatMessage, MessageRole};
use footnote_core::chunk::Tag;
use footnote_core::citation::Citation;
use footnote_core::error::Context;
use footnote_core::ids::DocumentId;
use footnote_core::passage::{Candidate, Passage};
use footnote_core::question::{Filter, QuestionText, ScopedQuery};
use footnote_core::settings::RetrievalSettings;
use footnote_core::text::CanonicalText;
use footnote_core::{Error, Result};

use super::super::session::Session;
use super::answers::Answered;
use super::corpus::{self, CorpusDocument, IndexedCorpus};
use super::questions::Question;
use super::results::{self, RESULTS};
use super::system::{DEPTH, Gathered, GatheredPassage, Hit, Kept, Search, System};
use crate::config::Config;
use crate::service::ask::{self, AskInput, Earlier};

/// An open data folder with the data set's documents.
pub(crate) struct LocalSystem {
    /// The service.
    pub(crate) session: Session,
    /// The documents.
    pub(crate) indexed: IndexedCorpus,
}

impl LocalSystem {
    /// Opens the corpus's own data folder and indexes what is not indexed yet.
    pub(crate) async fn open(
        config: Config,
        name: &str,
        corpus: &[CorpusDocument],
        fresh: bool,
    ) -> Result<Self> {
        let (session, indexed) = corpus::open(config, name, corpus, fresh).await?;
        Ok(Self { session, indexed })
    }

    fn query(&self, question: QuestionText, settings: RetrievalSettings) -> Result<ScopedQuery> {
        let scope = self.session.principal.scope(&self.indexed.knowledge_base)?;
        Ok(ScopedQuery { scope, question, filter: Filter::default(), settings })
    }

    /// Matches the documents that answer; everything where none is known.
    fn own_documents(&self, question: &Question) -> Filter {
        let ids = question.documents.iter().filter_map(|id| self.indexed.documents.get(id));
        let tags: Vec<Tag> = ids.map(|document| Tag::document(document.id)).collect();
        if tags.is_empty() { Filter::default() } else { Filter { all_of: vec![tags] } }
    }
}

#[async_trait]
impl System for LocalSystem {
    fn documents(&self) -> HashMap<String, DocumentId> {
        self.indexed.documents.iter().map(|(id, document)| (id.clone(), document.id)).collect()
    }

    fn embedder(&self) -> Option<String> {
        Some(self.session.app.config.models.embedder.clone())
    }

    fn kept(&self) -> Result<Kept> {
        let app = &self.session.app;
        let made_by = (&self.indexed.knowledge_base.settings, results::made_by(app)?);
        let made_by = serde_json::to_value(made_by).internal("cannot write the settings as JSON")?;
        Ok(Kept { folder: app.config.data.folder.join(RESULTS), made_by })
    }

    async fn ask(&self, question: &Question, mode: AnswerMode, scoped: bool) -> Result<Answered> {
        let app = &self.session.app;
        if mode == AnswerMode::Generative && app.generator.is_none() {
            return Err(Error::not_installed(
                "no language model is installed; pull one with `footnote models pull`, or give --mode extractive",
            ));
        }
        let turn = |text: &String| ChatMessage { role: MessageRole::User, content: text.clone() };
        let input = AskInput {
            question: question.text.clone(),
            filter: if scoped { self.own_documents(question) } else { Filter::default() },
            earlier: Earlier::Turns(question.earlier.iter().map(turn).collect()),
            mode: Some(mode),
            ..AskInput::default()
        };
        let began = Instant::now();
        let name = &self.indexed.knowledge_base.name;
        let mut asked = ask::ask(app, &self.session.principal, name, input).await?;
        let mut first = None;
        while let Some(event) = asked.events.recv().await {
            match event {
                AnswerEvent::Token(_) => {
                    first.get_or_insert_with(|| began.elapsed().as_secs_f64());
                }
                AnswerEvent::Citation(_) | AnswerEvent::Sentence(_) => {}
                AnswerEvent::Failed(failure) => return Err(failure.into_error()),
                AnswerEvent::Done(answer) => {
                    let passages = asked.retrieved.passages;
                    return Ok(Answered::new(question, *answer, passages, first, began.elapsed()));
                }
            }
        }
        Err(Error::internal("the answer ended before it was whole"))
    }

    async fn gather(&self, question: &Question, hidden: &[DocumentId]) -> Result<Gathered> {
        let settings = self.indexed.knowledge_base.settings.retrieval.clone();
        let query = self.query(question.searched()?, settings)?;
        let retrieved = self.session.app.retriever.retrieve_without(&query, hidden).await?;
        let passages = retrieved.passages.into_iter();
        Ok(Gathered { evidence: retrieved.evidence, passages: passages.map(Into::into).collect() })
    }

    async fn search(&self, search: Search) -> Result<Vec<Hit>> {
        let query = self.query(search.text, search.settings)?;
        let candidates = self.session.app.retriever.search(&query, search.mode, DEPTH).await?;
        Ok(candidates.into_iter().map(Into::into).collect())
    }

    async fn cited_text(&self, citation: &Citation) -> Result<Option<CanonicalText>> {
        self.session.app.store.documents.canonical_text(citation.version).await
    }

    async fn close(self: Box<Self>) {
        self.session.close().await;
    }
}

impl From<Candidate> for Hit {
    fn from(candidate: Candidate) -> Self {
        let chunk = candidate.chunk;
        Self { document_key: chunk.document_key, title: chunk.title, pages: chunk.pages, text: chunk.text }
    }
}

impl From<Passage> for GatheredPassage {
    fn from(passage: Passage) -> Self {
        Self { title: passage.title, text: passage.text }
    }
}
