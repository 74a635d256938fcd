//! Receipts of answers, and what people think of them.

use async_trait::async_trait;
use footnote_core::feedback::{Feedback, Rating};
use footnote_core::ids::{ApiKeyId, KnowledgeBaseId, MessageId};
use footnote_core::ports::{AnswerStore, ListRequest, Listing};
use footnote_core::receipt::{Receipt, ReceiptBody, ReceiptSummary};
use footnote_core::{Error, Result};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::{SqliteStore, commit, knowledge_bases, owned};
use crate::rows::{Doing as _, Fields, Page, micros, to_json};

fn receipt(row: &SqliteRow) -> Result<Receipt> {
    let fields = Fields::of(row, "receipt");
    Ok(Receipt {
        id: MessageId(fields.id("id")?),
        knowledge_base: KnowledgeBaseId(fields.id("knowledge_base")?),
        owner: fields.get::<Option<Uuid>>("owner")?.map(ApiKeyId),
        created_at: fields.time("created_at")?,
        body: fields.json("body")?,
    })
}

/// What [`summary`] reads.
const SUMMARY: &str = "t.id, t.created_at, json_extract(t.body, '$.question') AS question, \
     json_extract(t.body, '$.answer.refused') AS refused, json_extract(t.body, '$.answer.model') AS model";

fn summary(row: &SqliteRow) -> Result<ReceiptSummary> {
    let fields = Fields::of(row, "receipt");
    Ok(ReceiptSummary {
        id: MessageId(fields.id("id")?),
        question: fields.text("question")?,
        refused: fields.get("refused")?,
        created_at: fields.time("created_at")?,
        model: fields.get("model")?,
    })
}

fn feedback(row: &SqliteRow) -> Result<Feedback> {
    let fields = Fields::of(row, "feedback");
    let by = fields.id("by_key")?;
    Ok(Feedback {
        answer: MessageId(fields.id("answer")?),
        knowledge_base: KnowledgeBaseId(fields.id("knowledge_base")?),
        by: (by != Uuid::nil()).then_some(ApiKeyId(by)),
        rating: fields.get::<Option<String>>("rating")?.as_deref().and_then(rating_from_name),
        corrected: fields.get("corrected")?,
        preferred: fields.json("preferred")?,
        comment: fields.get("comment")?,
        updated_at: fields.time("updated_at")?,
    })
}

fn rating_name(rating: Rating) -> &'static str {
    match rating {
        Rating::Up => "up",
        Rating::Down => "down",
    }
}

fn rating_from_name(name: &str) -> Option<Rating> {
    [Rating::Up, Rating::Down].into_iter().find(|rating| rating_name(*rating) == name)
}

#[async_trait]
impl AnswerStore for SqliteStore {
    async fn put_receipt(&self, receipt: &Receipt) -> Result<()> {
        let body = body_json(&receipt.body)?;
        let mut tx = self.write().await?;
        if !knowledge_bases::is_live(&mut tx, receipt.knowledge_base).await? {
            return Err(Error::not_found("knowledge base"));
        }
        sqlx::query(
            "INSERT INTO receipts (id, knowledge_base, owner, body, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .bind(receipt.id.0)
        .bind(receipt.knowledge_base.0)
        .bind(receipt.owner.map(|key| key.0))
        .bind(body)
        .bind(micros(receipt.created_at))
        .execute(&mut *tx)
        .await
        .doing("store the receipt")?;
        commit(tx).await
    }

    async fn remove_receipt(&self, id: MessageId) -> Result<()> {
        let done = sqlx::query("DELETE FROM receipts WHERE id = ?1").bind(id.0).execute(&self.writer).await;
        done.map(|_| ()).doing("remove the receipt")
    }

    async fn receipt(&self, id: MessageId) -> Result<Option<Receipt>> {
        let row = sqlx::query(
            "SELECT r.* FROM receipts r JOIN knowledge_bases k ON k.id = r.knowledge_base \
             AND k.deleted_at IS NULL WHERE r.id = ?1",
        )
        .bind(id.0)
        .fetch_optional(&self.readers)
        .await
        .doing("read the receipt")?;
        row.as_ref().map(receipt).transpose()
    }

    async fn receipts(
        &self,
        knowledge_base: KnowledgeBaseId,
        owner: Option<ApiKeyId>,
        list: ListRequest,
    ) -> Result<Listing<ReceiptSummary>> {
        let page = Page::of(&list);
        let rows = owned::page_of(self, "receipts", SUMMARY, knowledge_base, owner, &page).await?;
        page.listing(&rows, summary, |r| r.id.0)
    }

    async fn put_feedback(&self, feedback: &Feedback) -> Result<()> {
        sqlx::query(
            "INSERT INTO feedback (answer, by_key, rating, corrected, preferred, comment, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (answer, by_key) DO UPDATE SET \
             rating = ?3, corrected = ?4, preferred = ?5, comment = ?6, updated_at = ?7",
        )
        .bind(feedback.answer.0)
        .bind(feedback.by.map_or(Uuid::nil(), |key| key.0))
        .bind(feedback.rating.map(rating_name))
        .bind(&feedback.corrected)
        .bind(to_json("preferred passages", &feedback.preferred)?)
        .bind(&feedback.comment)
        .bind(micros(feedback.updated_at))
        .execute(&self.writer)
        .await
        .doing("store the feedback")?;
        Ok(())
    }

    async fn feedback(&self, knowledge_base: KnowledgeBaseId) -> Result<Vec<Feedback>> {
        let rows = sqlx::query(
            "SELECT f.*, r.knowledge_base AS knowledge_base FROM receipts r \
             JOIN knowledge_bases k ON k.id = r.knowledge_base AND k.deleted_at IS NULL JOIN feedback f ON f.answer = r.id \
             WHERE r.knowledge_base = ?1 ORDER BY f.answer, f.updated_at",
        )
        .bind(knowledge_base.0)
        .fetch_all(&self.readers)
        .await
        .doing("read the feedback")?;
        rows.iter().map(feedback).collect()
    }

    async fn feedback_on(&self, answer: MessageId) -> Result<Vec<Feedback>> {
        let rows = sqlx::query(
            "SELECT f.*, r.knowledge_base AS knowledge_base FROM receipts r \
             JOIN knowledge_bases k ON k.id = r.knowledge_base AND k.deleted_at IS NULL JOIN feedback f ON f.answer = r.id \
             WHERE f.answer = ?1 ORDER BY f.updated_at",
        )
        .bind(answer.0)
        .fetch_all(&self.readers)
        .await
        .doing("read the feedback")?;
        rows.iter().map(feedback).collect()
    }
}

/// JSON has no NaN: a receipt that could not be read back is refused now, not found broken later.
fn body_json(body: &ReceiptBody) -> Result<String> {
    let json = to_json("receipt", body)?;
    match serde_json::from_str::<ReceiptBody>(&json) {
        Ok(_) => Ok(json),
        Err(cause) => Err(Error::internal("the receipt has a score that is not finite").with_source(cause)),
    }
}
