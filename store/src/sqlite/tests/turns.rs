//! Knowledge bases take turns, and members of archives wait for what stands by itself.

use footnote_core::document::{IndexedVersion, NewMember};
use footnote_core::job::JobKind;
use footnote_core::ports::{DocumentStore as _, StoredVersion};
use sqlx::Row as _;

use super::bed::{Bed, at, create_kb};
use crate::sqlite::{claim, job_rows};

/// Does the next job, which unpacks an archive with these members. Their jobs are older than those of later uploads.
async fn unpacked(bed: &Bed, names: &[&str]) -> StoredVersion {
    let pack = bed.upload("pack.zip", "1").await;
    let (job, lease) = bed.take(at(2)).await;
    assert_eq!(Some(job.id), pack.job.as_ref().map(|job| job.id));
    let facts = bed.prepare(lease, pack.version.id).await;
    let mut members = Vec::new();
    for name in names {
        let content = bed.store.blobs.put(name.as_bytes()).await.unwrap();
        let (name, title) = ((*name).to_owned(), (*name).to_owned());
        members.push(NewMember { bytes: name.len() as u64, name, title, content });
    }
    let indexed = IndexedVersion { members: &members, ..(&facts).into() };
    bed.store.activate_version(lease, pack.version.id, bed.generation, indexed, at(0)).await.unwrap();
    pack
}

/// The keys of the documents that are claimed, one after the other; their jobs go on running.
async fn claimed(bed: &Bed) -> Vec<String> {
    let mut keys = Vec::new();
    while let Some((job, _)) = bed.claim(at(6)).await {
        let JobKind::IndexVersion { document, .. } = job.kind else { panic!("{:?}", job.kind) };
        keys.push(bed.store.document(document).await.unwrap().unwrap().key);
    }
    keys
}

#[tokio::test]
async fn an_archive_holds_up_neither_its_own_nor_another_knowledge_base() {
    let bed = Bed::new().await;
    unpacked(&bed, &["a.md", "b.md", "c.md"]).await;
    let other = create_kb(&bed.store, "reports", bed.generation).await;
    let uploads = bed.store.upload_source(other.id).await.unwrap();
    for key in ["own.md", "second.md"] {
        bed.upload(key, key).await;
    }
    for key in ["probe.md", "another.md"] {
        bed.upload_to(&uploads, key, key).await;
    }
    assert_eq!(
        claimed(&bed).await,
        ["probe.md", "own.md", "another.md", "second.md", "pack.zip/a.md", "pack.zip/b.md", "pack.zip/c.md"]
    );
}

#[tokio::test]
async fn members_and_uploads_of_two_knowledge_bases_take_turns() {
    let bed = Bed::new().await;
    unpacked(&bed, &["a.md", "b.md"]).await;
    let other = create_kb(&bed.store, "reports", bed.generation).await;
    let uploads = bed.store.upload_source(other.id).await.unwrap();
    for key in ["1.md", "2.md", "3.md"] {
        bed.upload_to(&uploads, key, key).await;
    }
    assert_eq!(claimed(&bed).await, ["1.md", "pack.zip/a.md", "2.md", "pack.zip/b.md", "3.md"]);
}

#[tokio::test]
async fn what_is_uploaded_in_a_member_s_place_waits_for_no_members() {
    let bed = Bed::new().await;
    unpacked(&bed, &["a.md", "b.md"]).await;
    let own = bed.upload("pack.zip/b.md", "b.md").await;
    assert_eq!(own.document.parent, None);
    assert_eq!(claimed(&bed).await, ["pack.zip/b.md", "pack.zip/a.md"]);
}

#[tokio::test]
async fn claiming_reads_no_whole_table() {
    let bed = Bed::new().await;
    let plan = format!("EXPLAIN QUERY PLAN {}", claim::BY_TURN);
    let rows = sqlx::query(sqlx::AssertSqlSafe(plan))
        .bind(0_i64)
        .bind(job_rows::UPKEEP)
        .fetch_all(&bed.store.readers)
        .await
        .unwrap();
    let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
    let searched = |of: &str| steps.iter().any(|step| step.starts_with(&format!("SEARCH {of} ")));
    assert!(searched("j") && searched("k") && searched("found") && searched("h"), "{steps:?}");
    let scanned: Vec<_> = steps.iter().filter(|step| step.starts_with("SCAN")).collect();
    assert!(scanned.iter().all(|step| *step == "SCAN w"), "{scanned:?}");
}
