//! Every index backend runs its seam's suite.

use std::path::Path;

use footnote_core::ErrorKind;
use footnote_core::chunk::{Hit, KeywordEntry, VectorEntry};
use footnote_core::ids::VersionId;
use footnote_core::ports::{KeywordIndex, VectorIndex};
use footnote_core::question::Filter;
use footnote_store::keyword::TantivyKeywordIndex;
use footnote_store::vector::edge::EdgeVectorIndex;
use footnote_store::vector::server::ServerVectorIndex;
use footnote_tests::conformance::{self, generation, key, knowledge_base, scope};

#[tokio::test(flavor = "multi_thread")]
async fn tantivy_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let open = async || {
        Box::new(TantivyKeywordIndex::open(folder.path().to_owned()).unwrap()) as Box<dyn KeywordIndex>
    };
    conformance::keyword_index::run(open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn qdrant_edge_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let open =
        async || Box::new(EdgeVectorIndex::open(folder.path().to_owned()).unwrap()) as Box<dyn VectorIndex>;
    conformance::vector_index::run(open).await;
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "a test has no configuration but the environment")]
async fn qdrant_server_conforms() {
    let Ok(url) = std::env::var("FOOTNOTE_TEST_QDRANT_URL") else {
        eprintln!(
            "skipped: set FOOTNOTE_TEST_QDRANT_URL to a Qdrant server's gRPC address to run this suite"
        );
        return;
    };
    let api_key = std::env::var("FOOTNOTE_TEST_QDRANT_API_KEY").ok();
    let open =
        async || Box::new(ServerVectorIndex::new(&url, api_key.as_deref()).unwrap()) as Box<dyn VectorIndex>;
    conformance::vector_index::run(open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_open_elsewhere_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let generation = generation(4);
    let base = knowledge_base(generation.id);

    let vectors = EdgeVectorIndex::open(folder.path().join("vectors")).unwrap();
    vectors.ensure(&generation).await.unwrap();
    let second = EdgeVectorIndex::open(folder.path().join("vectors")).map(drop).unwrap_err();
    assert_eq!(second.kind(), ErrorKind::Unavailable, "{second}");
    assert!(second.to_string().contains("another process"), "{second}");

    let keywords = TantivyKeywordIndex::open(folder.path().join("keywords")).unwrap();
    keywords.ensure(&generation).await.unwrap();
    let key = key(&base, VersionId::new(), 0, &[]);
    let entry = KeywordEntry { key, title: String::new(), headings: String::new(), body: "word".into() };
    keywords.upsert(generation.id, vec![entry.clone()]).await.unwrap();
    let second = TantivyKeywordIndex::open(folder.path().join("keywords")).unwrap();
    let error = second.upsert(generation.id, vec![entry]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("another process"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_named_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let generation = generation(4);
    for (name, file) in [("vectors", "edge_config.json"), ("keywords", "meta.json")] {
        let place = folder.path().join(name);
        open_both(&place, &generation).await;
        fs_err::write(place.join(generation.id.to_string()).join(file), "{\"not\": 1").unwrap();
        let error = if name == "vectors" {
            EdgeVectorIndex::open(place).map(drop).unwrap_err()
        } else {
            TantivyKeywordIndex::open(place).map(drop).unwrap_err()
        };
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains("delete that folder"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leftovers_of_a_kill_are_swept() {
    let folder = tempfile::tempdir().unwrap();
    let generation = generation(4);
    let base = knowledge_base(generation.id);
    {
        let index = EdgeVectorIndex::open(folder.path().to_owned()).unwrap();
        index.ensure(&generation).await.unwrap();
        let key = key(&base, VersionId::new(), 0, &[]);
        index
            .upsert(generation.id, vec![VectorEntry { key, vector: vec![1.0, 0.0, 0.0, 0.0] }])
            .await
            .unwrap();
        index.flush(generation.id).await.unwrap();
    }
    let shard = folder.path().join(generation.id.to_string());
    let half_built = [shard.join("temp_segments/half"), folder.path().join(".building-x/segments")];
    for leftover in &half_built {
        fs_err::create_dir_all(leftover).unwrap();
    }
    let index = EdgeVectorIndex::open(folder.path().to_owned()).unwrap();
    for leftover in &half_built {
        assert!(!leftover.exists(), "{} is swept", leftover.display());
    }
    let hits: Vec<Hit> =
        index.search(scope(&base), &Filter::default(), &[1.0, 0.0, 0.0, 0.0], 5).await.unwrap();
    assert_eq!(hits.len(), 1);
}

async fn open_both(place: &Path, generation: &footnote_core::knowledge_base::Generation) {
    if place.ends_with("vectors") {
        EdgeVectorIndex::open(place.to_owned()).unwrap().ensure(generation).await.unwrap();
    } else {
        TantivyKeywordIndex::open(place.to_owned()).unwrap().ensure(generation).await.unwrap();
    }
}
