//! What deleted documents leave behind goes; what living ones name stays.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use footnote_core::chunk::{EditAuthor, NewChunkEdit};
use footnote_core::document::Enrichment;
use footnote_core::hash::ContentHash;
use footnote_core::ids::ChunkId;
use footnote_core::ports::DocumentStore as _;

use super::bed::{Bed, at};

#[tokio::test]
async fn blobs_are_named_by_living_documents_old_versions_included() {
    let bed = Bed::new().await;
    bed.upload("a.md", "# Leave\nten days").await;
    bed.work().await;
    bed.upload("a.md", "# Leave\ntwelve days").await;
    let doomed = bed.upload("b.md", "# Travel\neconomy").await;
    bed.work().await;
    let before = bed.store.named_blobs().await.unwrap();
    let facts = bed.store.version(doomed.version.id).await.unwrap().unwrap().parsed.unwrap();
    let theirs = HashSet::from([doomed.version.content, facts.parsed, facts.text]);
    assert!(theirs.is_subset(&before));
    assert!(before.contains(&ContentHash::of("# Leave\nten days".as_bytes())), "a citation may need it");

    bed.store.delete_document(doomed.document.id, at(20)).await.unwrap();
    let named = bed.store.named_blobs().await.unwrap();
    assert_eq!(named, before.difference(&theirs).copied().collect());

    // All files are old: what nobody names leaves the disk, and only that.
    let later: DateTime<Utc> = Utc::now() + TimeDelta::hours(1);
    assert_eq!(bed.store.blobs.collect(named.clone(), later).await.unwrap(), theirs.len() as u64);
    for hash in theirs {
        assert_eq!(bed.store.blobs.read(hash).await.unwrap(), None);
    }
    for hash in named {
        assert!(bed.store.blobs.read(hash).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn the_oldest_pending_version_is_told() {
    let bed = Bed::new().await;
    assert_eq!(bed.store.oldest_pending().await.unwrap(), None);
    bed.upload("a.md", "ten days").await;
    assert_eq!(bed.store.oldest_pending().await.unwrap(), Some(at(1)));
    bed.work().await;
    assert_eq!(bed.store.oldest_pending().await.unwrap(), None);
}

#[tokio::test]
async fn chunk_rows_of_deleted_documents_go_and_those_of_old_versions_stay() {
    let bed = Bed::new().await;
    let old = bed.upload("a.md", "ten\ndays").await;
    bed.work().await;
    bed.upload("a.md", "twelve days").await;
    let doomed = bed.upload("b.md", "by\nrail").await;
    bed.work().await;
    bed.store.delete_document(doomed.document.id, at(20)).await.unwrap();
    assert_eq!(bed.store.prune_chunks().await.unwrap(), 2);
    assert!(bed.store.chunks(doomed.version.id, bed.generation).await.unwrap().is_empty());
    assert_eq!(bed.store.chunks(old.version.id, bed.generation).await.unwrap().len(), 2);
    assert_eq!(bed.store.prune_chunks().await.unwrap(), 0);
}

#[tokio::test]
async fn what_was_added_to_deleted_documents_goes_with_them() {
    let bed = Bed::new().await;
    let mut stored = Vec::new();
    for key in ["kept.md", "doomed.md"] {
        let document = bed.upload(key, "ten\ndays").await;
        bed.work().await;
        let told = Enrichment { summary: format!("what {key} says"), ..Enrichment::default() };
        bed.store.put_enrichment(document.version.id, &told).await.unwrap();
        let chunk = ChunkId::derive(document.version.id, bed.generation, 0);
        let (text, embedded_text) = ("ten".to_owned(), ContentHash::of(b"ten"));
        let (note, author) = (Some(format!("note on {key}")), EditAuthor::Person);
        let edit = NewChunkEdit { chunk, text, note, hidden: true, author, embedded_text };
        bed.store.put_chunk_edit(document.document.id, edit, at(13)).await.unwrap().unwrap();
        stored.push(document);
    }
    let [kept, doomed] = stored.as_slice() else { unreachable!() };
    let left = async |sql: &'static str| {
        let told: Vec<String> = sqlx::query_scalar(sql).fetch_all(&bed.store.readers).await.unwrap();
        (told.concat().contains("kept.md"), told.concat().contains("doomed.md"))
    };
    let (notes, enrichments) = ("SELECT note FROM chunk_edits", "SELECT enrichment FROM enrichments");
    bed.store.delete_document(doomed.document.id, at(20)).await.unwrap();
    assert_eq!((left(notes).await, left(enrichments).await), ((true, true), (true, true)));
    assert_eq!(bed.store.prune_chunks().await.unwrap(), 2);
    assert_eq!((left(notes).await, left(enrichments).await), ((true, false), (true, false)));
    assert_eq!(bed.store.chunk_edits(kept.document.id).await.unwrap().len(), 1);
}
