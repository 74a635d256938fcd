//! What lies within a document comes and goes with it.

use footnote_core::document::{IndexedVersion, Lineage, NewMember, VersionState};
use footnote_core::hash::ContentHash;
use footnote_core::ids::DocumentId;
use footnote_core::job::JobState;
use footnote_core::ports::{DocumentFilter, ListedDocument, StoredVersion};
use footnote_core::{ErrorKind, Result};

use crate::conformance::bed::{Bed, Sql, all, at};

/// Runs these cases, each on an empty database.
pub(super) async fn run(open: impl AsyncFn() -> Sql) {
    let bed = async || Bed::new(open().await).await;
    members_become_documents_with_their_version(bed().await).await;
    a_new_version_keeps_adds_and_removes_members(bed().await).await;
    members_are_hidden_with_what_they_lie_in(bed().await).await;
    a_key_that_another_document_has_is_numbered(bed().await).await;
    members_follow_a_rename(bed().await).await;
    a_file_in_the_place_of_a_member_stands_by_itself(bed().await).await;
    nothing_comes_of_a_version_that_is_overtaken(bed().await).await;
    members_have_the_metadata_of_what_they_lie_in(bed().await).await;
    members_of_members_are_counted_together(bed().await).await;
}

async fn member(bed: &Bed, name: &str, content: &str) -> NewMember {
    let bytes = content.len() as u64;
    let content = bed.sql.blobs.put(content.as_bytes()).await.unwrap();
    NewMember { name: name.to_owned(), title: name.to_owned(), content, bytes }
}

/// Does the next job, which indexes `stored`, and finds these members.
async fn unpack(bed: &Bed, stored: &StoredVersion, members: &[(&str, &str)]) -> Result<()> {
    let (job, lease) = bed.take(at(5)).await;
    assert_eq!(job.id, stored.job.as_ref().unwrap().id, "{:?}", job.kind);
    let facts = bed.prepare(lease, stored.version.id).await;
    let mut found = Vec::new();
    for (name, content) in members {
        found.push(member(bed, name, content).await);
    }
    let indexed = IndexedVersion { members: &found, ..(&facts).into() };
    let documents = &bed.sql.documents;
    documents.activate_version(lease, stored.version.id, bed.generation, indexed, at(6)).await
}

async fn members(bed: &Bed, parent: DocumentId) -> Vec<ListedDocument> {
    let filter = DocumentFilter { parent: Some(parent), ..DocumentFilter::default() };
    let mut items = bed.sql.documents.documents(bed.kb.id, filter, all()).await.unwrap().items;
    items.sort_by(|a, b| a.document.key.cmp(&b.document.key));
    items
}

async fn keys(bed: &Bed, parent: DocumentId) -> Vec<String> {
    members(bed, parent).await.into_iter().map(|listed| listed.document.key).collect()
}

async fn members_become_documents_with_their_version(bed: Bed) {
    let pack = bed.upload("pack.zip", "1").await;
    unpack(&bed, &pack, &[("a.md", "ten days"), ("b/c.md", "travel")]).await.unwrap();
    assert_eq!(keys(&bed, pack.document.id).await, ["pack.zip/a.md", "pack.zip/b/c.md"]);
    let listed = members(&bed, pack.document.id).await;
    assert!(listed.iter().all(|m| m.newest.state == VersionState::Pending));
    assert!(listed.iter().all(|m| m.document.parent == Some(pack.document.id)));
    assert_eq!(bed.jobs(JobState::Queued).await.len(), 2, "each has its job");
    bed.work().await;
    let versions: Vec<_> = listed.iter().map(|m| m.newest.id).collect();
    assert_eq!(bed.visible(&bed.kb, &versions).await, ["ten days", "travel"]);
    let contents = bed.sql.documents.source_contents(bed.uploads.id).await.unwrap();
    assert_eq!(contents.len(), 1, "a refresh compares files, and not what lies within them");
}

async fn a_new_version_keeps_adds_and_removes_members(bed: Bed) {
    let first = bed.upload("pack.zip", "1").await;
    unpack(&bed, &first, &[("a.md", "ten days"), ("b.md", "travel"), ("c.md", "pay")]).await.unwrap();
    bed.work().await;
    let before = members(&bed, first.document.id).await;
    let second = bed.upload("pack.zip", "2").await;
    unpack(&bed, &second, &[("a.md", "ten days"), ("b.md", "travel by train"), ("d.md", "tea")])
        .await
        .unwrap();
    bed.work().await;
    let after = members(&bed, first.document.id).await;
    assert_eq!(keys(&bed, first.document.id).await, ["pack.zip/a.md", "pack.zip/b.md", "pack.zip/d.md"]);
    assert_eq!(after[0].newest, before[0].newest, "what did not change is left alone");
    assert_eq!(after[1].document.id, before[1].document.id, "what changed has another version");
    assert_ne!(after[1].newest.id, before[1].newest.id);
    assert_eq!(
        bed.sql.documents.document(before[2].document.id).await.unwrap(),
        None,
        "what is gone is gone"
    );
    assert_eq!(bed.sql.queue.unfinished().await.unwrap(), 0);
}

async fn members_are_hidden_with_what_they_lie_in(bed: Bed) {
    let pack = bed.upload("pack.zip", "1").await;
    unpack(&bed, &pack, &[("inner.zip", "2"), ("a.md", "ten days")]).await.unwrap();
    let inner = members(&bed, pack.document.id).await.remove(1);
    let (_, lease) = bed.take(at(7)).await;
    let facts = bed.prepare(lease, inner.newest.id).await;
    let deep = [member(&bed, "deep.md", "deep").await];
    let indexed = IndexedVersion { members: &deep, ..(&facts).into() };
    let documents = &bed.sql.documents;
    documents.activate_version(lease, inner.newest.id, bed.generation, indexed, at(8)).await.unwrap();
    bed.work().await;
    let deepest = members(&bed, inner.document.id).await.remove(0);
    assert_eq!(deepest.document.key, "pack.zip/inner.zip/deep.md");
    assert!(documents.delete_document(pack.document.id, at(11)).await.unwrap());
    assert!(bed.visible(&bed.kb, &[inner.newest.id, deepest.newest.id]).await.is_empty());
    assert_eq!(documents.document(deepest.document.id).await.unwrap(), None);
    assert_eq!(bed.work().await.len(), 4, "all of it is swept");
    assert!(documents.named_blobs().await.unwrap().is_empty());
}

async fn a_key_that_another_document_has_is_numbered(bed: Bed) {
    let other = bed.upload("pack.zip/a.md", "theirs").await;
    bed.work().await;
    for content in ["1", "2"] {
        let pack = bed.upload("pack.zip", content).await;
        unpack(&bed, &pack, &[("a.md", "ours")]).await.unwrap();
        bed.work().await;
        assert_eq!(keys(&bed, pack.document.id).await, ["pack.zip/a (2).md"], "the same one twice");
    }
    assert_eq!(bed.visible(&bed.kb, &[other.version.id]).await, ["theirs"]);
}

async fn members_follow_a_rename(bed: Bed) {
    let pack = bed.upload("pack.zip", "1").await;
    unpack(&bed, &pack, &[("a.md", "ten days")]).await.unwrap();
    bed.work().await;
    let documents = &bed.sql.documents;
    documents.rename_document(pack.document.id, "old/包.zip", "包.zip", at(20)).await.unwrap();
    assert_eq!(keys(&bed, pack.document.id).await, ["old/包.zip/a.md"]);
    bed.upload("x.zip/a.md", "theirs").await;
    let refused = documents.rename_document(pack.document.id, "x.zip", "x", at(21)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert_eq!(keys(&bed, pack.document.id).await, ["old/包.zip/a.md"], "all or nothing");
}

async fn a_file_in_the_place_of_a_member_stands_by_itself(bed: Bed) {
    let pack = bed.upload("pack.zip", "1").await;
    unpack(&bed, &pack, &[("a.md", "ten days")]).await.unwrap();
    bed.work().await;
    let own = bed.upload("pack.zip/a.md", "unpacked").await;
    bed.work().await;
    assert_eq!(own.document.parent, None);
    bed.sql.documents.delete_document(pack.document.id, at(20)).await.unwrap();
    assert_eq!(bed.visible(&bed.kb, &[own.version.id]).await, ["unpacked"]);
}

async fn nothing_comes_of_a_version_that_is_overtaken(bed: Bed) {
    let old = bed.upload("pack.zip", "1").await;
    let (_, lease) = bed.take(at(2)).await;
    let facts = bed.prepare(lease, old.version.id).await;
    let found = [member(&bed, "a.md", "ten days").await];
    bed.sql.documents.delete_document(old.document.id, at(3)).await.unwrap();
    let indexed = IndexedVersion { members: &found, ..(&facts).into() };
    let documents = &bed.sql.documents;
    documents.activate_version(lease, old.version.id, bed.generation, indexed, at(4)).await.unwrap();
    let all_of_it = documents.documents(bed.kb.id, DocumentFilter::default(), all()).await.unwrap();
    assert!(all_of_it.items.is_empty(), "a deleted archive is not unpacked");
}

async fn members_have_the_metadata_of_what_they_lie_in(bed: Bed) {
    let upload = async |department: &str| {
        let new = footnote_core::ports::NewVersion {
            knowledge_base: bed.kb.id,
            source: bed.uploads.id,
            key: "pack.zip".to_owned(),
            title: "pack.zip".to_owned(),
            metadata: Some([("department".to_owned(), department.to_owned())].into()),
            password: None,
            content: bed.sql.blobs.put(b"1").await.unwrap(),
            bytes: 1,
        };
        bed.sql.documents.store_version(new, at(1)).await.unwrap()
    };
    let pack = upload("people").await;
    unpack(&bed, &pack, &[("a.md", "ten days")]).await.unwrap();
    bed.work().await;
    assert_eq!(members(&bed, pack.document.id).await[0].document.metadata["department"], "people");
    upload("legal").await;
    assert_eq!(members(&bed, pack.document.id).await[0].document.metadata["department"], "legal");
    assert_eq!(bed.work().await.len(), 2, "the indexes are told of both");
}

async fn members_of_members_are_counted_together(bed: Bed) {
    let pack = bed.upload("pack.zip", "1").await;
    unpack(&bed, &pack, &[("inner.zip", "22"), ("a.md", "333")]).await.unwrap();
    let documents = &bed.sql.documents;
    assert_eq!(documents.lineage(pack.document.id).await.unwrap(), Lineage::default());
    let inner = members(&bed, pack.document.id).await.remove(1);
    let lineage = documents.lineage(inner.document.id).await.unwrap();
    assert_eq!(lineage, Lineage { depth: 1, members: 2, bytes: 5 });
    assert_eq!(inner.newest.content, ContentHash::of(b"22"));
}
