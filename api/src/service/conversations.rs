//! Conversations: list, show, delete. Each is seen by the key that began it, and by admins.

use footnote_core::answer::{Conversation, ConversationSummary, Message};
use footnote_core::ids::{ConversationId, KnowledgeBaseId};
use footnote_core::ports::{ListRequest, Listing};
use footnote_core::principal::{Principal, Role};
use footnote_core::{Error, Result};

use super::knowledge_bases::{only_of, reach, reach_as};
use crate::app::App;

/// The conversations of a knowledge base, newest first.
pub async fn list(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    list: ListRequest,
) -> Result<Listing<Conversation>> {
    let knowledge_base = reach(app, principal, knowledge_base).await?;
    app.store.conversations.conversations(knowledge_base.id, only_of(principal), list).await
}

/// A conversation as it is shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The conversation.
    pub conversation: Conversation,
    /// Its messages in order.
    pub messages: Vec<Message>,
    /// What the older of them were about, where they are too many to be shown to a model.
    pub summary: Option<ConversationSummary>,
}

/// A conversation with its messages.
pub async fn show(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    id: ConversationId,
) -> Result<Shown> {
    let knowledge_base = reach(app, principal, knowledge_base).await?;
    let conversation = find(app, principal, knowledge_base.id, id).await?;
    let summary = app.store.conversations.summary(conversation.id).await?;
    let messages = app.store.conversations.messages(conversation.id).await?;
    Ok(Shown { conversation, messages, summary })
}

/// Removes a conversation with its messages and the receipts of its answers.
pub async fn delete(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    id: ConversationId,
) -> Result<()> {
    let knowledge_base = reach_as(app, principal, knowledge_base, Role::Editor).await?;
    let conversation = find(app, principal, knowledge_base.id, id).await?;
    if app.store.conversations.delete_conversation(conversation.id).await? {
        return Ok(());
    }
    Err(Error::not_found("conversation"))
}

/// A conversation of this knowledge base that the principal may see.
pub(super) async fn find(
    app: &App,
    principal: &Principal,
    knowledge_base: KnowledgeBaseId,
    id: ConversationId,
) -> Result<Conversation> {
    let conversation = app.store.conversations.conversation(id).await?;
    conversation
        .filter(|c| c.knowledge_base == knowledge_base)
        .filter(|c| only_of(principal).is_none_or(|key| c.owner == Some(key)))
        .ok_or_else(|| Error::not_found("conversation"))
}
