//! Documents that lie within others: members of archives, attachments of messages.
//!
//! They are documents like any other, but come and go with the document that they lie in, and in the
//! transactions that change it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use footnote_core::document::{Document, Lineage, Metadata, NewMember};
use footnote_core::ids::DocumentId;
use footnote_core::ports::NewVersion;
use footnote_core::{Error, Result};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{SqliteStore, Tx, documents, hide, job_rows, versions};
use crate::rows::{Doing as _, Fields, is_taken, to_json};

/// The ids of the document `?1`, its members, their members, and so on.
pub(super) const FAMILY: &str = "WITH RECURSIVE family(id) AS ( \
         SELECT o.id FROM documents o WHERE o.id = ?1 AND o.deleted_at IS NULL \
         UNION SELECT m.id FROM documents m JOIN family f ON m.parent = f.id WHERE m.deleted_at IS NULL) \
     SELECT id FROM family";

/// Numbers that are tried for a key that another document has.
const MOST_NAMESAKES: u32 = 1_000;

/// Makes `members` the members of the document: new ones are stored, known ones get their content as a
/// version where it differs, others are deleted.
pub(super) async fn settle(
    tx: &mut Tx,
    parent: &Document,
    members: &[NewMember],
    now: DateTime<Utc>,
) -> Result<()> {
    let known = known_members(tx, parent.id).await?;
    let mut kept = HashSet::new();
    for member in members {
        let version = NewVersion {
            knowledge_base: parent.knowledge_base,
            source: parent.source,
            key: free_key(tx, parent, &member.name, &kept).await?,
            title: member.title.clone(),
            metadata: Some(parent.metadata.clone()),
            password: None,
            content: member.content,
            bytes: member.bytes,
        };
        let stored = versions::store_under(tx, Some(parent.id), &version, now).await?;
        kept.insert(stored.document.id);
    }
    for gone in known.into_iter().filter(|id| !kept.contains(id)) {
        hide::document(tx, gone, now).await?;
    }
    Ok(())
}

async fn known_members(tx: &mut Tx, parent: DocumentId) -> Result<Vec<DocumentId>> {
    let ids: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM documents WHERE parent = ?1 AND deleted_at IS NULL ORDER BY id")
            .bind(parent.0)
            .fetch_all(&mut **tx)
            .await
            .doing("list the document's members")?;
    Ok(ids.into_iter().map(DocumentId).collect())
}

/// The key of the member `name`, with a number where another document than this member has it. The same
/// members find the same keys again.
async fn free_key(tx: &mut Tx, parent: &Document, name: &str, kept: &HashSet<DocumentId>) -> Result<String> {
    let wanted = format!("{}/{name}", parent.key);
    for number in 1..=MOST_NAMESAKES {
        let key = if number == 1 { wanted.clone() } else { numbered(&wanted, number) };
        match documents::live_by_key(tx, parent.source, &key).await? {
            Some(other) if other.parent != Some(parent.id) || kept.contains(&other.id) => {}
            _ => return Ok(key),
        }
    }
    Err(Error::conflict(format!("the source has too many documents with keys like {wanted:?}; rename some")))
}

/// `a/b.md` as `a/b (2).md`.
fn numbered(key: &str, number: u32) -> String {
    let name_at = key.rfind('/').map_or(0, |at| at + 1);
    match key[name_at..].rfind('.').filter(|&at| at > 0) {
        Some(dot) => {
            let (stem, extension) = key.split_at(name_at + dot);
            format!("{stem} ({number}){extension}")
        }
        None => format!("{key} ({number})"),
    }
}

/// Makes the document a member of another parent, or of none.
pub(super) async fn hand_over(tx: &mut Tx, id: DocumentId, parent: Option<DocumentId>) -> Result<()> {
    sqlx::query("UPDATE documents SET parent = ?2 WHERE id = ?1")
        .bind(id.0)
        .bind(parent.map(|p| p.0))
        .execute(&mut **tx)
        .await
        .doing("update the document")?;
    job_rows::follow_document(tx, id, parent.is_some()).await
}

/// Members have the metadata of what they lie in; the indexes are told.
pub(super) async fn describe(
    tx: &mut Tx,
    parent: DocumentId,
    metadata: &Metadata,
    now: DateTime<Utc>,
) -> Result<()> {
    let metadata = to_json("metadata", metadata)?;
    for member in family(tx, parent).await?.into_iter().filter(|id| *id != parent) {
        sqlx::query("UPDATE documents SET metadata = ?2 WHERE id = ?1")
            .bind(member.0)
            .bind(&metadata)
            .execute(&mut **tx)
            .await
            .doing("update the document")?;
        if let Some(document) = documents::live(tx, member).await? {
            versions::resend(tx, member, document.knowledge_base, now).await?;
        }
    }
    Ok(())
}

async fn family(tx: &mut Tx, id: DocumentId) -> Result<Vec<DocumentId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(FAMILY)
        .bind(id.0)
        .fetch_all(&mut **tx)
        .await
        .doing("list the document's members")?;
    Ok(ids.into_iter().map(DocumentId).collect())
}

/// Members' keys go on beginning with their parent's, which is `key` from now on.
pub(super) async fn follow_rename(tx: &mut Tx, parent: &Document, key: &str) -> Result<()> {
    // FAMILY is this file's own constant: no input reaches the statement.
    let sql = format!(
        "UPDATE documents SET key = ?2 || substr(key, length(?3) + 1) \
         WHERE id IN ({FAMILY}) AND id <> ?1 AND substr(key, 1, length(?3) + 1) = ?3 || '/'"
    );
    let renamed = sqlx::query(AssertSqlSafe(sql))
        .bind(parent.id.0)
        .bind(key)
        .bind(&parent.key)
        .execute(&mut **tx)
        .await;
    if let Err(error) = &renamed
        && is_taken(error)
    {
        return Err(Error::conflict(format!("the source already has a document with a key below {key:?}")));
    }
    renamed.doing("rename the document's members")?;
    Ok(())
}

pub(super) async fn lineage(store: &SqliteStore, id: DocumentId) -> Result<Lineage> {
    let row = sqlx::query(
        "WITH RECURSIVE above(id, parent, depth) AS ( \
             SELECT id, parent, 0 FROM documents WHERE id = ?1 \
             UNION ALL SELECT d.id, d.parent, a.depth + 1 FROM documents d JOIN above a ON d.id = a.parent), \
         family(id) AS ( \
             SELECT id FROM above WHERE parent IS NULL \
             UNION SELECT d.id FROM documents d JOIN family f ON d.parent = f.id \
                 WHERE f.id <> ?1 AND d.deleted_at IS NULL) \
         SELECT (SELECT coalesce(max(depth), 0) FROM above) AS depth, count(*) AS members, \
             coalesce(sum(v.bytes), 0) AS bytes \
         FROM family f JOIN documents d ON d.id = f.id AND d.parent IS NOT NULL \
         JOIN versions v ON v.document = d.id AND v.number = \
             (SELECT max(n.number) FROM versions n WHERE n.document = d.id AND n.state <> 'retired')",
    )
    .bind(id.0)
    .fetch_one(&store.readers)
    .await
    .doing("count what lies around the document")?;
    let fields = Fields::of(&row, "document");
    Ok(Lineage {
        depth: fields.number("depth")?,
        members: fields.number("members")?,
        bytes: fields.number("bytes")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_goes_before_the_extension() {
        assert_eq!(numbered("a.zip/b.tar.gz", 2), "a.zip/b.tar (2).gz");
        assert_eq!(numbered("a.zip/README", 3), "a.zip/README (3)");
        assert_eq!(numbered("a.zip/.env", 2), "a.zip/.env (2)");
    }
}
