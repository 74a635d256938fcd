//! The suite of [`KeyStore`](footnote_core::ports::KeyStore): API keys and idempotency records.

use chrono::TimeDelta;
use footnote_core::ErrorKind;
use footnote_core::hash::ContentHash;
use footnote_core::ids::{ApiKeyId, KnowledgeBaseId, WorkspaceId};
use footnote_core::ports::Reservation;
use footnote_core::principal::{ApiKey, KeyScope, Role};

use crate::conformance::bed::{Bed, Sql, at};

/// Runs the suite, each case on an empty database.
pub async fn run(open: impl AsyncFn() -> Sql) {
    let bed = async || Bed::new(open().await).await;
    keys_are_found_by_hash_listed_and_revoked_once(bed().await).await;
    a_response_is_given_again_to_the_same_request_only(bed().await).await;
    a_failed_or_interrupted_request_gives_its_idempotency_key_free(bed().await).await;
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
    assert_eq!(bed.sql.keys.key(wide.id).await.unwrap(), Some(wide.clone()));
    assert_eq!(bed.sql.keys.key(ApiKeyId::new()).await.unwrap(), None);
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
    let reserve =
        async |key: &ApiKey, request, now| bed.sql.keys.reserve_response(key.id, "k", request, now).await;
    assert_eq!(reserve(&mine, request, at(0)).await.unwrap(), Reservation::Taken);
    for racing in [request, other] {
        let refused = reserve(&mine, racing, at(1)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Conflict, "the first is under way");
    }
    bed.sql.keys.remember_response(mine.id, "k", "202").await.unwrap();
    bed.sql.keys.release_response(mine.id, "k").await.unwrap();
    let again = reserve(&mine, request, at(1)).await.unwrap();
    assert_eq!(again, Reservation::Answered("202".to_owned()), "an answer is not given free");
    bed.sql.keys.remember_response(mine.id, "k", "200").await.unwrap();
    let again = reserve(&mine, request, at(1)).await.unwrap();
    assert_eq!(again, Reservation::Answered("200".to_owned()));
    assert_eq!(reserve(&mine, other, at(1)).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(reserve(&theirs, other, at(1)).await.unwrap(), Reservation::Taken);

    let tomorrow = at(0) + TimeDelta::hours(24);
    assert_eq!(reserve(&mine, other, tomorrow).await.unwrap(), Reservation::Taken, "forgotten");
}

async fn a_failed_or_interrupted_request_gives_its_idempotency_key_free(bed: Bed) {
    let mine = key(1, KeyScope::All);
    bed.sql.keys.create_key(mine.clone()).await.unwrap();
    let request = ContentHash::of(b"request");
    let reserve = async |now| bed.sql.keys.reserve_response(mine.id, "k", request, now).await;
    assert_eq!(reserve(at(0)).await.unwrap(), Reservation::Taken);
    bed.sql.keys.release_response(mine.id, "k").await.unwrap();
    assert_eq!(reserve(at(0)).await.unwrap(), Reservation::Taken);
    // Nobody ends it: its process was killed.
    assert_eq!(reserve(at(0) + TimeDelta::seconds(29)).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(reserve(at(0) + TimeDelta::seconds(30)).await.unwrap(), Reservation::Taken);
    bed.sql.keys.release_response(mine.id, "k").await.unwrap();
    let late = bed.sql.keys.remember_response(mine.id, "k", "202").await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Conflict);
}
