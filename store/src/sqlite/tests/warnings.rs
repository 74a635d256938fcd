//! The list of documents by what their warnings say, also where these were stored before they had kinds.

use footnote_core::parsed::WarningKind;
use footnote_core::ports::{DocumentFilter, DocumentStore as _, WarningFilter};

use super::bed::{Bed, all};

#[tokio::test]
async fn documents_are_listed_by_the_kinds_of_their_warnings() {
    let bed = Bed::new().await;
    for key in ["sound.md", "lost.md", "doubtful.md", "note.md", "old.md", "both.md"] {
        bed.upload(key, key).await;
    }
    bed.work().await;
    bed.upload("waiting.md", "not read yet").await;
    for (key, warnings) in [
        ("lost.md", r#"[{"kind": "lost", "message": "m"}]"#),
        ("doubtful.md", r#"[{"kind": "doubtful", "message": "m"}]"#),
        ("note.md", r#"[{"kind": "note", "message": "m"}]"#),
        ("old.md", r#"[{"page": 2, "message": "m"}]"#),
        ("both.md", r#"[{"kind": "note", "message": "m"}, {"kind": "lost", "message": "m"}]"#),
    ] {
        let set =
            "UPDATE versions SET warnings = ?2 WHERE document = (SELECT id FROM documents WHERE key = ?1)";
        let done = sqlx::query(set).bind(key).bind(warnings).execute(&bed.store.writer).await.unwrap();
        assert_eq!(done.rows_affected(), 1, "{key}");
    }
    let keys = async |warnings| {
        let filter = DocumentFilter { warnings, ..DocumentFilter::default() };
        let listed = bed.store.documents(bed.kb.id, filter, all()).await.unwrap().items;
        listed.into_iter().rev().map(|listed| listed.document.key).collect::<Vec<_>>()
    };
    let of = |kind| Some(WarningFilter::OfKind(kind));
    assert_eq!(keys(None).await.len(), 7);
    assert_eq!(
        keys(Some(WarningFilter::LostOrDoubtful)).await,
        ["lost.md", "doubtful.md", "old.md", "both.md"]
    );
    assert_eq!(
        keys(Some(WarningFilter::NeitherLostNorDoubtful)).await,
        ["sound.md", "note.md", "waiting.md"]
    );
    assert_eq!(keys(of(WarningKind::Lost)).await, ["lost.md", "both.md"]);
    assert_eq!(keys(of(WarningKind::Doubtful)).await, ["doubtful.md", "old.md"]);
    assert_eq!(keys(of(WarningKind::Note)).await, ["note.md", "both.md"]);

    let document = bed.store.documents(bed.kb.id, DocumentFilter::default(), all()).await.unwrap().items;
    let old = document.into_iter().find(|listed| listed.document.key == "old.md").unwrap();
    let warnings = old.newest.parsed.unwrap().warnings;
    assert_eq!((warnings[0].kind, warnings[0].page), (WarningKind::Doubtful, Some(2)));
}
