//! The suite of [`BlobStore`].

use footnote_core::hash::ContentHash;
use footnote_core::ports::BlobStore;

/// Runs the suite over what `reopen` gives; it is called again to see what a new process would see.
/// The store given before has been dropped by then.
pub async fn run<F>(mut reopen: F)
where
    F: AsyncFnMut() -> Box<dyn BlobStore>,
{
    let store = reopen().await;
    what_is_put_is_read_under_its_hash(&*store).await;
    nothing_and_much_are_blobs_too(&*store).await;
    parts_of_any_length_are_one_blob(&*store).await;
    nothing_is_visible_before_the_end(&*store).await;
    many_may_write_the_same(&*store).await;
    let kept = store.put(b"kept").await.unwrap();
    let abandoned = b"abandoned by the process";
    let mut writer = store.writer().await.unwrap();
    writer.write(abandoned).await.unwrap();
    drop((writer, store));
    let store = reopen().await;
    assert_eq!(store.read(kept).await.unwrap().as_deref(), Some(&b"kept"[..]), "blobs are durable");
    assert_eq!(store.read(ContentHash::of(abandoned)).await.unwrap(), None);
}

async fn what_is_put_is_read_under_its_hash(store: &dyn BlobStore) {
    let text = "年假有十天。".as_bytes();
    let hash = store.put(text).await.unwrap();
    assert_eq!(hash, ContentHash::of(text));
    assert_eq!(store.put(text).await.unwrap(), hash, "putting twice is putting once");
    assert_eq!(store.read(hash).await.unwrap().as_deref(), Some(text));
    let file = store.path(hash).await.unwrap().expect("a blob has a local file");
    assert_eq!(fs_err::read(file).unwrap(), text);
    let other = ContentHash::of(b"never put");
    assert_eq!(store.read(other).await.unwrap(), None);
    assert_eq!(store.path(other).await.unwrap(), None);
}

async fn nothing_and_much_are_blobs_too(store: &dyn BlobStore) {
    for bytes in [Vec::new(), b"\0\xff\0".to_vec(), vec![7; 3 << 20]] {
        let hash = store.put(&bytes).await.unwrap();
        assert!(store.read(hash).await.unwrap().is_some_and(|read| read == bytes), "{} bytes", bytes.len());
    }
}

async fn parts_of_any_length_are_one_blob(store: &dyn BlobStore) {
    let lengths = [0, 1, 65_536, 262_143, 262_144, 262_145, 0, 700_001];
    let mut writer = store.writer().await.unwrap();
    let mut whole = Vec::new();
    for (fill, length) in (1..).zip(lengths) {
        let part = vec![fill; length];
        writer.write(&part).await.unwrap();
        whole.extend(part);
    }
    let (hash, bytes) = writer.finish().await.unwrap();
    assert_eq!((hash, bytes), (ContentHash::of(&whole), whole.len() as u64));
    assert!(store.read(hash).await.unwrap().is_some_and(|read| read == whole));
}

async fn nothing_is_visible_before_the_end(store: &dyn BlobStore) {
    let bytes = vec![9; 1 << 20];
    let hash = ContentHash::of(&bytes);
    let mut writer = store.writer().await.unwrap();
    writer.write(&bytes).await.unwrap();
    assert_eq!(store.read(hash).await.unwrap(), None);
    assert_eq!(store.path(hash).await.unwrap(), None);
    drop(writer);
    assert_eq!(store.read(hash).await.unwrap(), None, "an abandoned write leaves nothing");
}

async fn many_may_write_the_same(store: &dyn BlobStore) {
    let bytes = vec![3; 300_000];
    let hashes = futures::future::try_join_all((0..6).map(|_| store.put(&bytes))).await.unwrap();
    assert_eq!(hashes, [ContentHash::of(&bytes); 6]);
    assert!(store.read(hashes[0]).await.unwrap().is_some_and(|read| read == bytes));
}
