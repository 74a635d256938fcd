//! Conversations and their messages.

use async_trait::async_trait;
use footnote_core::answer::{Answer, Conversation, ConversationSummary, Message, MessageRole};
use footnote_core::ids::{ApiKeyId, ConversationId, KnowledgeBaseId, MessageId};
use footnote_core::ports::{ConversationStore, ListRequest, Listing};
use footnote_core::{Error, Result};
use sqlx::sqlite::SqliteRow;

use super::{SqliteStore, Tx, commit, knowledge_bases, owned};
use crate::rows::{Doing as _, Fields, Page, integer, is_dangling, micros, to_json};

fn conversation(row: &SqliteRow) -> Result<Conversation> {
    let fields = Fields::of(row, "conversation");
    Ok(Conversation {
        id: ConversationId(fields.id("id")?),
        knowledge_base: KnowledgeBaseId(fields.id("knowledge_base")?),
        owner: fields.get::<Option<uuid::Uuid>>("owner")?.map(ApiKeyId),
        title: fields.text("title")?,
        created_at: fields.time("created_at")?,
    })
}

fn message(row: &SqliteRow) -> Result<Message> {
    let fields = Fields::of(row, "message");
    Ok(Message {
        id: MessageId(fields.id("id")?),
        conversation: ConversationId(fields.id("conversation")?),
        role: fields.named("role", role_from_name)?,
        content: fields.text("content")?,
        answer: fields.maybe_json("answer")?,
        created_at: fields.time("created_at")?,
    })
}

fn summary(row: &SqliteRow) -> Result<ConversationSummary> {
    let fields = Fields::of(row, "summary");
    Ok(ConversationSummary { text: fields.text("text")?, messages: fields.number("messages")? })
}

fn role_name(role: MessageRole) -> &'static str {
    match role {
        MessageRole::System => "system",
        MessageRole::User => "user",
        MessageRole::Assistant => "assistant",
    }
}

fn role_from_name(name: &str) -> Option<MessageRole> {
    [MessageRole::System, MessageRole::User, MessageRole::Assistant]
        .into_iter()
        .find(|r| role_name(*r) == name)
}

/// A conversation lives as long as its knowledge base.
const ONE: &str = "SELECT c.* FROM conversations c JOIN knowledge_bases k ON k.id = c.knowledge_base \
     AND k.deleted_at IS NULL WHERE c.id = ?1";

#[async_trait]
impl ConversationStore for SqliteStore {
    async fn create_conversation(&self, conversation: Conversation, messages: &[Message]) -> Result<()> {
        let mut tx = self.write().await?;
        if !knowledge_bases::is_live(&mut tx, conversation.knowledge_base).await? {
            return Err(Error::not_found("knowledge base"));
        }
        sqlx::query(
            "INSERT INTO conversations (id, knowledge_base, owner, title, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .bind(conversation.id.0)
        .bind(conversation.knowledge_base.0)
        .bind(conversation.owner.map(|key| key.0))
        .bind(&conversation.title)
        .bind(micros(conversation.created_at))
        .execute(&mut *tx)
        .await
        .doing("store the conversation")?;
        append(&mut tx, messages).await?;
        commit(tx).await
    }

    async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>> {
        let row =
            sqlx::query(ONE).bind(id.0).fetch_optional(&self.readers).await.doing("read the conversation")?;
        row.as_ref().map(conversation).transpose()
    }

    async fn conversations(
        &self,
        knowledge_base: KnowledgeBaseId,
        owner: Option<ApiKeyId>,
        list: ListRequest,
    ) -> Result<Listing<Conversation>> {
        let page = Page::of(&list);
        let rows = owned::page_of(self, "conversations", "t.*", knowledge_base, owner, &page).await?;
        page.listing(&rows, conversation, |c| c.id.0)
    }

    async fn append_messages(&self, messages: &[Message]) -> Result<()> {
        let mut tx = self.write().await?;
        append(&mut tx, messages).await?;
        commit(tx).await
    }

    async fn messages(&self, conversation: ConversationId) -> Result<Vec<Message>> {
        let rows = sqlx::query(
            "SELECT m.* FROM messages m JOIN conversations c ON c.id = m.conversation \
             JOIN knowledge_bases k ON k.id = c.knowledge_base AND k.deleted_at IS NULL \
             WHERE m.conversation = ?1 ORDER BY m.position",
        )
        .bind(conversation.0)
        .fetch_all(&self.readers)
        .await
        .doing("read the messages")?;
        rows.iter().map(message).collect()
    }

    async fn summary(&self, conversation: ConversationId) -> Result<Option<ConversationSummary>> {
        let row = sqlx::query(
            "SELECT s.* FROM conversation_summaries s JOIN conversations c ON c.id = s.conversation \
             JOIN knowledge_bases k ON k.id = c.knowledge_base AND k.deleted_at IS NULL \
             WHERE s.conversation = ?1",
        )
        .bind(conversation.0)
        .fetch_optional(&self.readers)
        .await
        .doing("read the conversation's summary")?;
        row.as_ref().map(summary).transpose()
    }

    async fn put_summary(&self, conversation: ConversationId, summary: &ConversationSummary) -> Result<()> {
        let done = sqlx::query(
            "INSERT INTO conversation_summaries (conversation, messages, text) VALUES (?1, ?2, ?3) \
             ON CONFLICT (conversation) DO UPDATE SET messages = ?2, text = ?3 WHERE messages < ?2",
        )
        .bind(conversation.0)
        .bind(integer(summary.messages)?)
        .bind(&summary.text)
        .execute(&self.writer)
        .await;
        match done {
            Err(error) if is_dangling(&error) => Err(Error::not_found("conversation")),
            done => done.map(|_| ()).doing("store the conversation's summary"),
        }
    }

    async fn delete_conversation(&self, id: ConversationId) -> Result<bool> {
        let mut tx = self.write().await?;
        // A receipt has the id of its answer's message; the feedback on it goes with it.
        sqlx::query(
            "DELETE FROM receipts WHERE id IN (SELECT m.id FROM messages m WHERE m.conversation = ?1)",
        )
        .bind(id.0)
        .execute(&mut *tx)
        .await
        .doing("remove the conversation's receipts")?;
        let done = sqlx::query("DELETE FROM conversations WHERE id = ?1")
            .bind(id.0)
            .execute(&mut *tx)
            .await
            .doing("remove the conversation")?;
        commit(tx).await?;
        Ok(done.rows_affected() > 0)
    }
}

async fn append(tx: &mut Tx, messages: &[Message]) -> Result<()> {
    for message in messages {
        let known = sqlx::query(ONE)
            .bind(message.conversation.0)
            .fetch_optional(&mut **tx)
            .await
            .doing("read the conversation")?;
        if known.is_none() {
            return Err(Error::not_found("conversation"));
        }
        insert(tx, message).await?;
    }
    Ok(())
}

async fn insert(tx: &mut Tx, message: &Message) -> Result<()> {
    let answer = message.answer.as_ref().map(answer_json).transpose()?;
    sqlx::query(
        "INSERT INTO messages (id, conversation, role, content, answer, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(message.id.0)
    .bind(message.conversation.0)
    .bind(role_name(message.role))
    .bind(&message.content)
    .bind(answer)
    .bind(micros(message.created_at))
    .execute(&mut **tx)
    .await
    .doing("store the message")?;
    Ok(())
}

/// JSON has no NaN: an answer that could not be read back is refused now, not found broken later.
fn answer_json(answer: &Answer) -> Result<String> {
    let json = to_json("answer", answer)?;
    match serde_json::from_str::<Answer>(&json) {
        Ok(_) => Ok(json),
        Err(cause) => Err(Error::internal("the answer has a score that is not finite").with_source(cause)),
    }
}
