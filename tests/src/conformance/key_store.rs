//! The suite of [`KeyStore`](footnote_core::ports::KeyStore): API keys and idempotency records.

use chrono::TimeDelta;
use footnote_core::ErrorKind;
use footnote_core::hash::ContentHash;
use footnote_core::ids::{ApiKeyId, KnowledgeBaseId, WorkspaceId};
use footnote_core::principal::{ApiKey, KeyScope, Role};

use crate::conformance::bed::{Bed, Sql, at};

/// Runs the suite, each case on an empty database.
pub async fn run(open: impl AsyncFn() -> Sql) {
    let bed = async || Bed::new(open().await).await;
    keys_are_found_by_hash_listed_and_revoked_once(bed().await).await;
    a_response_is_given_again_to_the_same_request_only(bed().await).await;
}

fn key(secret: u8, scope: KeyScope) -> ApiKey {
    ApiKey {
        id: ApiKeyId::new(),
        workspace: WorkspaceId::DEFAULT,
        name: format!("key {secret}"),
        secret_hash: [secret; 32],
        role: Role::Editor,
        scope,
        created_at: at(0),
        revoked_at: None,
    }
}

async fn keys_are_found_by_hash_listed_and_revoked_once(bed: Bed) {
    let narrow = key(1, KeyScope::KnowledgeBases(vec![KnowledgeBaseId::new()]));
    let wide = key(2, KeyScope::All);
    bed.sql.keys.create_key(narrow.clone()).await.unwrap();
    bed.sql.keys.create_key(wide.clone()).await.unwrap();
    assert_eq!(bed.sql.keys.key_by_hash(&[1; 32]).await.unwrap(), Some(narrow.clone()));
    assert_eq!(bed.sql.keys.key_by_hash(&[9; 32]).await.unwrap(), None);
    assert_eq!(bed.sql.keys.keys(WorkspaceId::DEFAULT).await.unwrap(), [wide.clone(), narrow.clone()]);
    assert!(bed.sql.keys.keys(WorkspaceId::new()).await.unwrap().is_empty());
    let mut twin = wide.clone();
    twin.id = ApiKeyId::new();
    assert_eq!(bed.sql.keys.create_key(twin).await.unwrap_err().kind(), ErrorKind::Conflict);

    assert!(bed.sql.keys.revoke_key(narrow.id, at(5)).await.unwrap());
    assert!(bed.sql.keys.revoke_key(narrow.id, at(9)).await.unwrap());
    let revoked = bed.sql.keys.key_by_hash(&[1; 32]).await.unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(at(5)));
    assert!(!bed.sql.keys.revoke_key(ApiKeyId::new(), at(5)).await.unwrap());
}

async fn a_response_is_given_again_to_the_same_request_only(bed: Bed) {
    let (mine, theirs) = (key(1, KeyScope::All), key(2, KeyScope::All));
    bed.sql.keys.create_key(mine.clone()).await.unwrap();
    bed.sql.keys.create_key(theirs.clone()).await.unwrap();
    let (request, other) = (ContentHash::of(b"request"), ContentHash::of(b"other"));
    assert_eq!(bed.sql.keys.idempotent_response(mine.id, "k", request).await.unwrap(), None);
    bed.sql.keys.remember_response(mine.id, "k", request, "202", at(0)).await.unwrap();
    bed.sql.keys.remember_response(mine.id, "k", request, "a racing twin", at(0)).await.unwrap();
    let again = bed.sql.keys.idempotent_response(mine.id, "k", request).await.unwrap();
    assert_eq!(again.as_deref(), Some("202"), "the first response stands");
    assert_eq!(bed.sql.keys.idempotent_response(theirs.id, "k", request).await.unwrap(), None);
    let conflict = bed.sql.keys.idempotent_response(mine.id, "k", other).await.unwrap_err();
    assert_eq!(conflict.kind(), ErrorKind::Conflict);
    let conflict = bed.sql.keys.remember_response(mine.id, "k", other, "x", at(1)).await.unwrap_err();
    assert_eq!(conflict.kind(), ErrorKind::Conflict);

    let tomorrow = at(0) + TimeDelta::hours(24);
    bed.sql.keys.remember_response(theirs.id, "k", request, "201", tomorrow).await.unwrap();
    assert_eq!(bed.sql.keys.idempotent_response(mine.id, "k", other).await.unwrap(), None, "forgotten");
}
