//! API keys and idempotency records.

use chrono::TimeDelta;
use footnote_core::ErrorKind;
use footnote_core::hash::ContentHash;
use footnote_core::ids::{ApiKeyId, KnowledgeBaseId, WorkspaceId};
use footnote_core::ports::{KeyStore as _, Reservation};
use footnote_core::principal::{ApiKey, KeyScope, Role};

use super::bed::{Bed, at};

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

#[tokio::test]
async fn keys_are_found_by_hash_listed_and_revoked_once() {
    let bed = Bed::new().await;
    let narrow = key(1, KeyScope::KnowledgeBases(vec![KnowledgeBaseId::new()]));
    let wide = key(2, KeyScope::All);
    bed.store.create_key(narrow.clone()).await.unwrap();
    bed.store.create_key(wide.clone()).await.unwrap();
    assert_eq!(bed.store.key_by_hash(&[1; 32]).await.unwrap(), Some(narrow.clone()));
    assert_eq!(bed.store.key_by_hash(&[9; 32]).await.unwrap(), None);
    assert_eq!(bed.store.key(wide.id).await.unwrap(), Some(wide.clone()));
    assert_eq!(bed.store.key(ApiKeyId::new()).await.unwrap(), None);
    assert_eq!(bed.store.keys(WorkspaceId::DEFAULT).await.unwrap(), [wide.clone(), narrow.clone()]);
    assert!(bed.store.keys(WorkspaceId::new()).await.unwrap().is_empty());
    let mut twin = wide.clone();
    twin.id = ApiKeyId::new();
    assert_eq!(bed.store.create_key(twin).await.unwrap_err().kind(), ErrorKind::Conflict);

    assert!(bed.store.revoke_key(narrow.id, at(5)).await.unwrap());
    assert!(bed.store.revoke_key(narrow.id, at(9)).await.unwrap());
    let revoked = bed.store.key_by_hash(&[1; 32]).await.unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(at(5)));
    assert!(!bed.store.revoke_key(ApiKeyId::new(), at(5)).await.unwrap());
}

#[tokio::test]
async fn a_response_is_given_again_to_the_same_request_only() {
    let bed = Bed::new().await;
    let (mine, theirs) = (key(1, KeyScope::All), key(2, KeyScope::All));
    bed.store.create_key(mine.clone()).await.unwrap();
    bed.store.create_key(theirs.clone()).await.unwrap();
    let (request, other) = (ContentHash::of(b"request"), ContentHash::of(b"other"));
    let reserve =
        async |key: &ApiKey, request, now| bed.store.reserve_response(key.id, "k", request, now).await;
    assert_eq!(reserve(&mine, request, at(0)).await.unwrap(), Reservation::Taken);
    for racing in [request, other] {
        let refused = reserve(&mine, racing, at(1)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Conflict, "the first is under way");
    }
    bed.store.remember_response(mine.id, "k", "202").await.unwrap();
    bed.store.release_response(mine.id, "k").await.unwrap();
    let again = reserve(&mine, request, at(1)).await.unwrap();
    assert_eq!(again, Reservation::Answered("202".to_owned()), "an answer is not given free");
    bed.store.remember_response(mine.id, "k", "200").await.unwrap();
    let again = reserve(&mine, request, at(1)).await.unwrap();
    assert_eq!(again, Reservation::Answered("200".to_owned()));
    assert_eq!(reserve(&mine, other, at(1)).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(reserve(&theirs, other, at(1)).await.unwrap(), Reservation::Taken);

    let tomorrow = at(0) + TimeDelta::hours(24);
    assert_eq!(reserve(&mine, other, tomorrow).await.unwrap(), Reservation::Taken, "forgotten");
}

#[tokio::test]
async fn a_failed_or_interrupted_request_gives_its_idempotency_key_free() {
    let bed = Bed::new().await;
    let mine = key(1, KeyScope::All);
    bed.store.create_key(mine.clone()).await.unwrap();
    let request = ContentHash::of(b"request");
    let reserve = async |now| bed.store.reserve_response(mine.id, "k", request, now).await;
    assert_eq!(reserve(at(0)).await.unwrap(), Reservation::Taken);
    bed.store.release_response(mine.id, "k").await.unwrap();
    assert_eq!(reserve(at(0)).await.unwrap(), Reservation::Taken);
    // Nobody ends it: its process was killed.
    assert_eq!(reserve(at(0) + TimeDelta::seconds(29)).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(reserve(at(0) + TimeDelta::seconds(30)).await.unwrap(), Reservation::Taken);
    bed.store.release_response(mine.id, "k").await.unwrap();
    let late = bed.store.remember_response(mine.id, "k", "202").await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Conflict);
}
