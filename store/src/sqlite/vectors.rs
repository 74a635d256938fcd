//! Vectors by embedder and text: what was embedded once is never embedded again.

use std::collections::HashMap;

use footnote_core::hash::ContentHash;
use footnote_core::{Error, Result};
use sqlx::QueryBuilder;

use super::{BATCH, SqliteStore, commit};
use crate::rows::{Doing as _, Fields, hash_bytes};

pub(super) async fn find(
    store: &SqliteStore,
    embedder: &str,
    texts: &[ContentHash],
) -> Result<HashMap<ContentHash, Vec<f32>>> {
    let mut found = HashMap::with_capacity(texts.len());
    let mut tx = store.read().await?;
    for batch in texts.chunks(BATCH) {
        let mut query = QueryBuilder::new(
            "SELECT x.text AS text, x.vector AS vector FROM vectors x JOIN embedders e ON e.id = x.embedder \
             WHERE e.fingerprint = ",
        );
        query.push_bind(embedder).push(" AND x.text IN (");
        let mut separated = query.separated(", ");
        for text in batch {
            separated.push_bind(hash_bytes(*text));
        }
        query.push(")");
        let rows = query.build().persistent(false).fetch_all(&mut *tx).await.doing("read the vectors")?;
        for row in &rows {
            let fields = Fields::of(row, "vector");
            let bytes: Vec<u8> = fields.get("vector")?;
            found.insert(fields.hash("text")?, from_bytes(&bytes).ok_or_else(|| fields.corrupt("vector"))?);
        }
    }
    Ok(found)
}

pub(super) async fn put(
    store: &SqliteStore,
    embedder: &str,
    vectors: &[(ContentHash, Vec<f32>)],
) -> Result<()> {
    if vectors.iter().any(|(_, vector)| vector.is_empty() || vector.iter().any(|x| !x.is_finite())) {
        return Err(Error::internal("an embedder gave an empty vector or one that is not finite"));
    }
    let mut tx = store.write().await?;
    sqlx::query("INSERT INTO embedders (fingerprint) VALUES (?1) ON CONFLICT (fingerprint) DO NOTHING")
        .bind(embedder)
        .execute(&mut *tx)
        .await
        .doing("store the embedder")?;
    let id: i64 = sqlx::query_scalar("SELECT id FROM embedders WHERE fingerprint = ?1")
        .bind(embedder)
        .fetch_one(&mut *tx)
        .await
        .doing("read the embedder")?;
    for batch in vectors.chunks(BATCH) {
        let mut query = QueryBuilder::new("INSERT INTO vectors (embedder, text, vector) ");
        query.push_values(batch, |mut row, (text, vector)| {
            row.push_bind(id).push_bind(hash_bytes(*text)).push_bind(to_bytes(vector));
        });
        // Equal fingerprints give equal vectors: the first one stays.
        query.push(" ON CONFLICT (embedder, text) DO NOTHING");
        query.build().persistent(false).execute(&mut *tx).await.doing("store the vectors")?;
    }
    commit(tx).await
}

fn to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// `None` where the bytes are not whole numbers of 4, or none at all.
fn from_bytes(bytes: &[u8]) -> Option<Vec<f32>> {
    let (numbers, rest) = bytes.as_chunks::<4>();
    if numbers.is_empty() || !rest.is_empty() {
        return None;
    }
    Some(numbers.iter().map(|b| f32::from_le_bytes(*b)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn vectors_come_back_bit_by_bit(vector in prop::collection::vec(prop::num::f32::NORMAL, 1..50)) {
            prop_assert_eq!(from_bytes(&to_bytes(&vector)), Some(vector));
        }

        #[test]
        fn odd_bytes_are_not_a_vector(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
            prop_assert_eq!(from_bytes(&bytes).is_some(), !bytes.is_empty() && bytes.len() % 4 == 0);
        }
    }
}
