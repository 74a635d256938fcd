//! Rows that no code of ours would write are corrupt data: an error with the column's name, no
//! panic, no default.

use std::fmt::Debug;

use footnote_core::hash::ContentHash;
use footnote_core::ids::WorkspaceId;
use footnote_core::ports::{DocumentFilter, DocumentStore as _, JobQueue as _, KeyStore as _};
use footnote_core::principal::{ApiKey, KeyScope, Role};
use footnote_core::{ErrorKind, Result};

use super::bed::{Bed, all, at, scope};

fn assert_corrupt<T: Debug>(result: Result<T>, column: &str) {
    let error = result.expect_err("damaged data was accepted");
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.to_string().contains(column), "{error}");
}

/// A bed whose database accepts what the schema's checks would refuse.
async fn careless() -> Bed {
    let bed = Bed::new().await;
    bed.upload("a.md", "ten days").await;
    bed.work().await;
    sqlx::query("PRAGMA ignore_check_constraints = ON").execute(&bed.store.writer).await.unwrap();
    bed
}

#[tokio::test]
async fn damaged_rows_are_told() {
    let bed = careless().await;
    let document = bed.store.documents(bed.kb.id, DocumentFilter::default(), all()).await.unwrap().items;
    let (document, version) = (document[0].document.id, document[0].newest.id);

    bed.vandalise("UPDATE chunks SET span_end = -1").await;
    assert_corrupt(bed.store.confirm(scope(&bed.kb), &bed.chunk_ids(&[version])).await, "span_end");
    bed.vandalise("UPDATE chunks SET span_start = 2, span_end = 1").await;
    assert_corrupt(bed.store.chunks(version, bed.generation).await, "span_end");
    bed.vandalise("UPDATE chunks SET span_start = 0, span_end = 9000").await;
    assert_corrupt(bed.store.confirm(scope(&bed.kb), &bed.chunk_ids(&[version])).await, "0..9000");
    bed.vandalise("UPDATE chunks SET heading_path = '[1]'").await;
    assert_corrupt(bed.store.chunks(version, bed.generation).await, "heading_path");

    bed.vandalise("UPDATE versions SET created_at = 9223372036854775807").await;
    assert_corrupt(bed.store.versions(document).await, "v_created_at");
    bed.vandalise("UPDATE versions SET text = x'00'").await;
    assert_corrupt(bed.store.version(version).await, "v_text");
    bed.vandalise("UPDATE versions SET content_type = 'papyrus'").await;
    assert_corrupt(bed.store.version(version).await, "v_content_type");
    bed.vandalise("UPDATE documents SET metadata = '{'").await;
    assert_corrupt(bed.store.document(document).await, "d_metadata");
    bed.vandalise("UPDATE knowledge_bases SET settings = '{\"unknown\": 1}'").await;
    assert_corrupt(bed.store.knowledge_base(bed.kb.id).await, "settings");
    bed.vandalise("UPDATE jobs SET payload = '{\"kind\": \"dance\"}'").await;
    assert_corrupt(bed.store.jobs(None, None, all()).await, "payload");
    bed.vandalise("UPDATE generations SET dimension = -3").await;
    assert_corrupt(bed.store.generations().await, "dimension");
}

#[tokio::test]
async fn damaged_keys_let_nobody_in() {
    let bed = careless().await;
    let key = ApiKey {
        id: footnote_core::ids::ApiKeyId::new(),
        workspace: WorkspaceId::DEFAULT,
        name: "k".to_owned(),
        secret_hash: [1; 32],
        role: Role::Reader,
        scope: KeyScope::All,
        created_at: at(0),
        revoked_at: None,
    };
    bed.store.create_key(key).await.unwrap();
    bed.vandalise("UPDATE api_keys SET role = 'king'").await;
    assert_corrupt(bed.store.key_by_hash(&[1; 32]).await, "role");
    bed.vandalise("UPDATE api_keys SET role = 'reader', scope = '\"everything\"'").await;
    assert_corrupt(bed.store.keys(WorkspaceId::DEFAULT).await, "scope");
}

#[tokio::test]
async fn damaged_vectors_are_told() {
    let bed = careless().await;
    let text = ContentHash::of(b"x");
    bed.store.put_vectors("e5", &[(text, vec![1.0])]).await.unwrap();
    bed.vandalise("UPDATE vectors SET vector = x'000000'").await;
    assert_corrupt(bed.store.vectors("e5", &[text]).await, "vector");
}
