//! Every blob store runs its seam's suite.

use footnote_core::ports::BlobStore;
use footnote_store::blobs::FsBlobStore;
use footnote_tests::conformance;

#[tokio::test]
async fn files_conform_as_a_blob_store() {
    let folder = tempfile::tempdir().unwrap();
    let open = async || Box::new(FsBlobStore::open(folder.path()).unwrap()) as Box<dyn BlobStore>;
    conformance::blob_store::run(open).await;
}
