//! Receipts: what answers were made from. Each is seen by the key that asked, and by admins.

use chrono::{DateTime, Utc};
use footnote_core::answer::{Answer, ChatMessage, History};
use footnote_core::chunk::Tag;
use footnote_core::ids::{ApiKeyId, KnowledgeBaseId, MessageId};
use footnote_core::passage::{Evidence, Passage};
use footnote_core::ports::{ListRequest, Listing};
use footnote_core::principal::Principal;
use footnote_core::receipt::{Receipt, ReceiptBody, ReceiptCandidate, ReceiptModels, ReceiptSummary};
use footnote_core::settings::KnowledgeBaseSettings;
use footnote_core::{Error, Result};

use super::knowledge_bases::{only_of, reach};
use crate::app::App;

/// A receipt whose answer is still being written.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub id: MessageId,
    pub knowledge_base: KnowledgeBaseId,
    pub owner: Option<ApiKeyId>,
    pub question: String,
    pub standalone: String,
    pub searched: Vec<String>,
    pub filter: Vec<Vec<Tag>>,
    pub as_of: Option<DateTime<Utc>>,
    pub settings: KnowledgeBaseSettings,
    pub history: History,
    pub candidates: Vec<ReceiptCandidate>,
    pub passages: Vec<Passage>,
    pub tables: Vec<Passage>,
    pub evidence: Evidence,
    pub prompt: Vec<ChatMessage>,
    pub max_tokens: usize,
}

impl Draft {
    pub(super) fn receipt(&self, app: &App, build: &str, answer: &Answer) -> Receipt {
        let draft = self.clone();
        let body = ReceiptBody {
            build: build.to_owned(),
            question: draft.question,
            standalone: draft.standalone,
            searched: draft.searched,
            filter: draft.filter,
            settings: draft.settings,
            history: draft.history.turns,
            summary: draft.history.summary,
            candidates: draft.candidates,
            passages: draft.passages,
            tables: draft.tables,
            evidence: draft.evidence,
            prompt: draft.prompt,
            max_tokens: draft.max_tokens,
            models: models(app),
            as_of: draft.as_of,
            forgotten: Vec::new(),
            answer: answer.clone(),
        };
        let Draft { id, knowledge_base, owner, .. } = *self;
        Receipt { id, knowledge_base, owner, created_at: app.now(), body }
    }

    #[cfg(test)]
    pub(super) fn empty() -> Self {
        Self {
            id: MessageId::new(),
            knowledge_base: KnowledgeBaseId::new(),
            owner: None,
            question: "why?".to_owned(),
            standalone: "why?".to_owned(),
            searched: Vec::new(),
            filter: Vec::new(),
            as_of: None,
            settings: KnowledgeBaseSettings::default(),
            history: History::default(),
            candidates: Vec::new(),
            passages: Vec::new(),
            tables: Vec::new(),
            evidence: Evidence { score: 0.0, threshold: 0.0, sufficient: false },
            prompt: Vec::new(),
            max_tokens: 0,
        }
    }
}

/// Fingerprints of the models that are open.
pub(crate) fn models(app: &App) -> ReceiptModels {
    ReceiptModels {
        embedder: app.embedder.fingerprint().to_owned(),
        reranker: app.reranker.as_ref().map(|reranker| reranker.fingerprint().to_owned()),
        generator: app.generator.as_ref().map(|generator| generator.fingerprint().to_owned()),
    }
}

/// The receipts of a knowledge base, newest first.
pub async fn list(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    list: ListRequest,
) -> Result<Listing<ReceiptSummary>> {
    let knowledge_base = reach(app, principal, knowledge_base).await?;
    app.store.answers.receipts(knowledge_base.id, only_of(principal), list).await
}

/// One receipt.
pub async fn show(app: &App, principal: &Principal, knowledge_base: &str, id: MessageId) -> Result<Receipt> {
    let knowledge_base = reach(app, principal, knowledge_base).await?;
    let receipt = app.store.answers.receipt(id).await?;
    receipt
        .filter(|receipt| receipt.knowledge_base == knowledge_base.id)
        .filter(|receipt| only_of(principal).is_none_or(|key| receipt.owner == Some(key)))
        .ok_or_else(|| Error::not_found("answer"))
}
