//! What deleted documents said is forgotten by what was made of them; what becomes of it is told in
//! [`footnote_core::forgetting`].
//!
//! May break off anywhere: receipts are rewritten newest first, so that one whose turns repeat an older answer is
//! rewritten before that answer's text, by which it is recognised, is gone; the documents are marked last.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use footnote_core::Result;
use footnote_core::answer::{Answer, MessageRole};
use footnote_core::feedback::PreferredPassage;
use footnote_core::forgetting::{REMOVED, readable};
use footnote_core::hash::ContentHash;
use footnote_core::ids::{DocumentId, KnowledgeBaseId};
use footnote_core::question::is_han;
use footnote_core::receipt::ReceiptBody;
use sqlx::Row as _;
use uuid::Uuid;

use super::{SqliteStore, commit, garbage};
use crate::rows::{Doing as _, Fields, micros, to_json};

/// Rows that are rewritten in one transaction: others may write in between.
const AT_ONCE: usize = 20;
/// Sentences of fewer letters and digits, a Chinese character for two, are not looked for in summaries: "Yes." is
/// said of everything.
const TELLING_CHARS: usize = 16;

pub(super) async fn forget_deleted(
    store: &SqliteStore,
    settled: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64> {
    let mut changed = of_deleted_knowledge_bases(store).await?;
    for (knowledge_base, deleted) in to_forget(store).await? {
        changed += forget(store, knowledge_base, &deleted).await?;
    }
    sqlx::query("UPDATE documents SET forgotten_at = ?2 WHERE deleted_at <= ?1 AND forgotten_at IS NULL")
        .bind(micros(settled))
        .bind(micros(now))
        .execute(&store.writer)
        .await
        .doing("note which documents are forgotten")?;
    truncate_log(store).await?;
    Ok(changed)
}

/// Conversations and receipts of deleted knowledge bases, which nobody can see any more.
async fn of_deleted_knowledge_bases(store: &SqliteStore) -> Result<u64> {
    let receipts = garbage::remove(
        store,
        "SELECT r.id FROM receipts r JOIN knowledge_bases k ON k.id = r.knowledge_base WHERE k.deleted_at IS NOT NULL",
        "DELETE FROM receipts WHERE id IN (",
        "receipts of deleted knowledge bases",
    );
    let conversations = garbage::remove(
        store,
        "SELECT c.id FROM conversations c JOIN knowledge_bases k ON k.id = c.knowledge_base \
         WHERE k.deleted_at IS NOT NULL",
        "DELETE FROM conversations WHERE id IN (",
        "conversations of deleted knowledge bases",
    );
    Ok(receipts.await? + conversations.await?)
}

/// Deleted documents of living knowledge bases that are not forgotten yet.
async fn to_forget(store: &SqliteStore) -> Result<HashMap<KnowledgeBaseId, HashSet<DocumentId>>> {
    let rows = sqlx::query(
        "SELECT d.id, d.knowledge_base FROM documents d JOIN knowledge_bases k ON k.id = d.knowledge_base \
         AND k.deleted_at IS NULL WHERE d.deleted_at IS NOT NULL AND d.forgotten_at IS NULL",
    )
    .fetch_all(&store.readers)
    .await
    .doing("list the documents to forget")?;
    let mut found: HashMap<KnowledgeBaseId, HashSet<DocumentId>> = HashMap::new();
    for row in &rows {
        let fields = Fields::of(row, "document");
        let documents = found.entry(KnowledgeBaseId(fields.id("knowledge_base")?)).or_default();
        documents.insert(DocumentId(fields.id("id")?));
    }
    Ok(found)
}

/// What is known of the deleted documents before anything is rewritten.
#[derive(Default)]
struct Traces {
    /// Answers that were made from them.
    answers: HashSet<Uuid>,
    /// The texts of these, as later turns repeat them, with the documents.
    texts: HashMap<ContentHash, Vec<DocumentId>>,
    /// Their sentences, as summaries repeat them, with the documents.
    sentences: Vec<(String, Vec<DocumentId>)>,
    /// Answers of conversations in which any of these was given.
    beside: HashSet<Uuid>,
}

impl Traces {
    fn note(&mut self, id: Uuid, answer: &Answer, documents: &[DocumentId]) {
        self.answers.insert(id);
        // A later turn repeats it as far as it was left then.
        let repeated = readable(&answer.text);
        if repeated != REMOVED {
            self.texts.insert(ContentHash::of(repeated.as_bytes()), documents.to_vec());
        }
        let quotes =
            answer.citations.iter().filter(|it| documents.contains(&it.document)).map(|it| &it.quote);
        let said = answer.sentences.iter().map(|sentence| &sentence.text).chain(quotes).map(|it| telling(it));
        let long = said
            .filter(|it| it.chars().map(|c| if is_han(c) { 2 } else { 1 }).sum::<usize>() >= TELLING_CHARS);
        self.sentences.extend(long.map(|it| (it, documents.to_vec())));
    }

    /// The deleted documents that a receipt holds anything of: by its passages, or by the turns before it.
    fn reasons(&self, id: Uuid, body: &ReceiptBody, deleted: &HashSet<DocumentId>) -> Vec<DocumentId> {
        let mut reasons = body.made_from(deleted);
        let turns = body.history.iter().filter(|turn| turn.role == MessageRole::Assistant);
        for turn in turns {
            reasons.extend(self.texts.get(&ContentHash::of(turn.content.as_bytes())).into_iter().flatten());
        }
        if let Some(summary) = &body.summary {
            let summary = telling(summary);
            let repeated = self.sentences.iter().filter(|(sentence, _)| summary.contains(sentence.as_str()));
            reasons.extend(repeated.flat_map(|(_, documents)| documents));
            if self.beside.contains(&id) && reasons.is_empty() {
                reasons.extend(deleted);
            }
        }
        reasons
    }
}

/// The letters and digits of a text: a summary has other blanks, line ends and no markers.
fn telling(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

async fn forget(
    store: &SqliteStore,
    knowledge_base: KnowledgeBaseId,
    deleted: &HashSet<DocumentId>,
) -> Result<u64> {
    let receipts = ids(store, knowledge_base, RECEIPTS).await?;
    let messages = ids(store, knowledge_base, MESSAGES).await?;
    let mut traces = Traces::default();
    for &id in &receipts {
        let Some(body) = read::<ReceiptBody>(store, &RECEIPT, id).await? else {
            continue;
        };
        let documents = body.made_from(deleted);
        if !documents.is_empty() {
            traces.note(id, &body.answer, &documents);
        }
    }
    for &id in &messages {
        let Some(answer) = read::<Answer>(store, &MESSAGE, id).await? else {
            continue;
        };
        if answer.cites(deleted) {
            let cited = answer.citations.iter().map(|citation| citation.document);
            let cited: Vec<DocumentId> = cited.filter(|document| deleted.contains(document)).collect();
            traces.note(id, &answer, &cited);
        }
    }
    traces.beside = beside(store, &traces.answers).await?;

    let mut changed = 0;
    for batch in receipts.chunks(AT_ONCE) {
        changed += rewrite(store, &RECEIPT, batch, |id, body: &mut ReceiptBody| {
            let reasons = traces.reasons(id, body, deleted);
            if !reasons.is_empty() {
                body.forget(deleted, &reasons);
            }
        })
        .await?;
    }
    for batch in messages.chunks(AT_ONCE) {
        changed += rewrite(store, &MESSAGE, batch, |id, answer: &mut Answer| {
            if traces.answers.contains(&id) {
                answer.forget(deleted);
            }
        })
        .await?;
    }
    changed += feedback(store, knowledge_base, deleted).await?;
    changed += summaries(store, &traces.answers).await?;
    Ok(changed)
}

/// Newest first.
const RECEIPTS: &str = "SELECT id FROM receipts WHERE knowledge_base = ?1 ORDER BY id DESC";
const MESSAGES: &str = "SELECT m.id FROM messages m JOIN conversations c ON c.id = m.conversation \
     WHERE c.knowledge_base = ?1 AND m.answer IS NOT NULL";

async fn ids(store: &SqliteStore, knowledge_base: KnowledgeBaseId, sql: &'static str) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar(sql).bind(knowledge_base.0).fetch_all(&store.readers).await;
    ids.doing("list what was made of documents")
}

async fn read<T: serde::de::DeserializeOwned>(
    store: &SqliteStore,
    place: &Place,
    id: Uuid,
) -> Result<Option<T>> {
    let row = sqlx::query(place.read).bind(id).fetch_optional(&store.readers).await;
    row.doing(&format!("read a {}", place.noun))?
        .map(|row| Fields::of(&row, place.noun).json("json"))
        .transpose()
}

/// Where a structure is stored, and how it is read and put back.
struct Place {
    noun: &'static str,
    read: &'static str,
    write: &'static str,
}

const RECEIPT: Place = Place {
    noun: "receipt",
    read: "SELECT body AS json FROM receipts WHERE id = ?1",
    write: "UPDATE receipts SET body = ?2 WHERE id = ?1",
};
const MESSAGE: Place = Place {
    noun: "message",
    read: "SELECT answer AS json FROM messages WHERE id = ?1",
    write: "UPDATE messages SET answer = ?2, content = json_extract(?2, '$.text') WHERE id = ?1",
};

/// Changes structures in one transaction; returns how many are not as they were.
async fn rewrite<T>(
    store: &SqliteStore,
    place: &Place,
    batch: &[Uuid],
    mut change: impl FnMut(Uuid, &mut T),
) -> Result<u64>
where
    T: serde::de::DeserializeOwned + serde::Serialize + Clone + PartialEq,
{
    let doing = format!("rewrite a {}", place.noun);
    let mut changed = 0;
    let mut tx = store.write().await?;
    for id in batch {
        let row = sqlx::query(place.read).bind(id).fetch_optional(&mut *tx).await.doing(&doing)?;
        let Some(row) = row else { continue };
        let then: T = Fields::of(&row, place.noun).json("json")?;
        let mut now = then.clone();
        change(*id, &mut now);
        if now == then {
            continue;
        }
        let json = to_json(place.noun, &now)?;
        sqlx::query(place.write).bind(id).bind(json).execute(&mut *tx).await.doing(&doing)?;
        changed += 1;
    }
    commit(tx).await?;
    Ok(changed)
}

/// Answers of the conversations in which these were given.
async fn beside(store: &SqliteStore, answers: &HashSet<Uuid>) -> Result<HashSet<Uuid>> {
    let mut found = HashSet::new();
    for id in answers {
        let others: Vec<Uuid> = sqlx::query_scalar(
            "SELECT o.id FROM messages m JOIN messages o ON o.conversation = m.conversation WHERE m.id = ?1",
        )
        .bind(id)
        .fetch_all(&store.readers)
        .await
        .doing("list the answers of a conversation")?;
        found.extend(others);
    }
    Ok(found)
}

/// Preferred passages of deleted documents. Read and written at once: people may change them.
async fn feedback(
    store: &SqliteStore,
    knowledge_base: KnowledgeBaseId,
    deleted: &HashSet<DocumentId>,
) -> Result<u64> {
    let mut tx = store.write().await?;
    let rows = sqlx::query(
        "SELECT f.answer, f.by_key, f.preferred FROM feedback f JOIN receipts r ON r.id = f.answer \
         WHERE r.knowledge_base = ?1 AND f.preferred <> '[]'",
    )
    .bind(knowledge_base.0)
    .fetch_all(&mut *tx)
    .await
    .doing("read the feedback")?;
    let mut changed = 0;
    for row in &rows {
        let fields = Fields::of(row, "feedback");
        let then: Vec<PreferredPassage> = fields.json("preferred")?;
        let mut now = then.clone();
        now.iter_mut().for_each(|passage| passage.forget(deleted));
        if now == then {
            continue;
        }
        sqlx::query("UPDATE feedback SET preferred = ?3 WHERE answer = ?1 AND by_key = ?2")
            .bind(fields.id("answer")?)
            .bind(fields.id("by_key")?)
            .bind(to_json("preferred passages", &now)?)
            .execute(&mut *tx)
            .await
            .doing("rewrite the feedback")?;
        changed += 1;
    }
    commit(tx).await?;
    Ok(changed)
}

/// Summaries of conversations with such answers: the next question makes them again, of the turns as they are now.
async fn summaries(store: &SqliteStore, answers: &HashSet<Uuid>) -> Result<u64> {
    let mut removed = 0;
    for id in answers {
        let done = sqlx::query(
            "DELETE FROM conversation_summaries WHERE conversation IN \
             (SELECT m.conversation FROM messages m WHERE m.id = ?1)",
        )
        .bind(id)
        .execute(&store.writer)
        .await;
        removed += done.doing("remove a summary")?.rows_affected();
    }
    Ok(removed)
}

/// The write-ahead log still holds what was removed. Where somebody reads just then, the next upkeep does it.
async fn truncate_log(store: &SqliteStore) -> Result<()> {
    let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&store.writer).await;
    let is_busy: i64 =
        row.doing("truncate the write-ahead log")?.try_get(0).doing("truncate the write-ahead log")?;
    if is_busy != 0 {
        tracing::warn!("the write-ahead log is in use and is not truncated");
    }
    Ok(())
}
