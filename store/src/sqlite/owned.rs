//! Rows that belong to a knowledge base, and within it to the key that made them: conversations and receipts.

use footnote_core::Result;
use footnote_core::ids::{ApiKeyId, KnowledgeBaseId};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteRow;

use super::SqliteStore;
use crate::rows::{Doing as _, Page};

/// These columns, named by `t`, of a page of a knowledge base's rows in `table`, of one owner or of all. They live as long
/// as the knowledge base.
pub(super) async fn page_of(
    store: &SqliteStore,
    table: &'static str,
    columns: &'static str,
    knowledge_base: KnowledgeBaseId,
    owner: Option<ApiKeyId>,
    page: &Page,
) -> Result<Vec<SqliteRow>> {
    let statement = format!(
        "SELECT {columns} FROM {table} t JOIN knowledge_bases k ON k.id = t.knowledge_base AND k.deleted_at IS NULL \
         WHERE t.knowledge_base = ?1 AND t.id < ?2 AND (?4 IS NULL OR t.owner = ?4) ORDER BY t.id DESC LIMIT ?3"
    );
    // Safe: table and columns are named by the code.
    sqlx::query(AssertSqlSafe(statement))
        .bind(knowledge_base.0)
        .bind(page.before)
        .bind(page.fetch)
        .bind(owner.map(|key| key.0))
        .fetch_all(&store.readers)
        .await
        .doing(&format!("list the {table}"))
}
