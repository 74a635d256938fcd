//! The vector cache: what was embedded once is found again, by embedder and text.

use footnote_core::hash::ContentHash;
use footnote_core::ports::DocumentStore as _;

use super::bed::{Bed, at};

fn text(n: usize) -> ContentHash {
    ContentHash::of(format!("text {n}").as_bytes())
}

#[tokio::test]
async fn vectors_are_found_by_embedder_and_text() {
    let bed = Bed::new().await;
    let known: Vec<_> = (0..1_100).map(|n| (text(n), vec![n as f32, -0.5, f32::MIN_POSITIVE])).collect();
    bed.store.put_vectors("e5", &known).await.unwrap();
    bed.store.put_vectors("e5", &known).await.unwrap();
    let asked: Vec<_> = (0..1_200).map(text).collect();
    let found = bed.store.vectors("e5", &asked).await.unwrap();
    assert_eq!(found, known.into_iter().collect());
    assert!(bed.store.vectors("bge", &asked).await.unwrap().is_empty());
    assert!(bed.store.vectors("e5", &[]).await.unwrap().is_empty());
    assert!(bed.store.put_vectors("e5", &[(text(1), vec![f32::NAN])]).await.is_err());
}

#[tokio::test]
async fn vectors_that_no_living_chunk_uses_are_forgotten() {
    let bed = Bed::new().await;
    let of = |line: &str| (ContentHash::of(line.as_bytes()), vec![1.0, 2.0, 3.0]);
    bed.upload("a.md", "kept\nold line").await;
    bed.work().await;
    bed.upload("a.md", "kept\nnew line").await;
    bed.work().await;
    bed.store.put_vectors("e5", &[of("kept"), of("old line"), of("new line"), of("never")]).await.unwrap();
    bed.store.put_vectors("bge", &[of("kept")]).await.unwrap();
    assert_eq!(bed.store.prune_vectors().await.unwrap(), 3);
    let asked = ["kept", "old line", "new line", "never"].map(|l| of(l).0);
    let left = bed.store.vectors("e5", &asked).await.unwrap();
    assert_eq!(left.len(), 2);
    assert!(left.contains_key(&asked[0]) && left.contains_key(&asked[2]));
    let again = bed.upload("b.md", "kept").await;
    bed.store.delete_document(again.document.id, at(30)).await.unwrap();
    assert_eq!(bed.store.prune_vectors().await.unwrap(), 0);
}
