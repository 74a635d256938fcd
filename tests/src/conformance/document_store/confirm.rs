//! Confirmation: only what is current and permitted, in the order asked, with its exact text.

use footnote_core::ErrorKind;
use footnote_core::ids::ChunkId;
use footnote_core::ports::NewKnowledgeBase;

use crate::conformance::bed::{Bed, Sql, at, spec};
use crate::conformance::scope;

/// Runs these cases, each on an empty database.
pub(super) async fn run(open: impl AsyncFn() -> Sql) {
    let bed = async || Bed::new(open().await).await;
    hits_come_back_in_their_order_with_the_text_under_their_span(bed().await).await;
    a_pending_or_retired_version_is_not_confirmed(bed().await).await;
    a_version_is_confirmed_as_of_the_time_it_was_current(bed().await).await;
    another_knowledge_base_or_generation_is_not_confirmed(bed().await).await;
    the_same_name_in_another_workspace_is_another_knowledge_base(bed().await).await;
    more_ids_than_one_statement_binds_are_confirmed_all(bed().await).await;
}

async fn hits_come_back_in_their_order_with_the_text_under_their_span(bed: Bed) {
    let a = bed.upload("a.md", "年假有十天。\nSick leave: 🙂 ten days").await.version.id;
    let b = bed.upload("b.md", "Travel").await.version.id;
    bed.work().await;
    let ids = bed.chunk_ids(&[a, b]);
    let (a0, a1, b0) = (ids[0], ids[1], ids[8]);
    let stranger = ChunkId::derive(a, bed.generation, 4_000);
    let found = bed.sql.documents.confirm(scope(&bed.kb), &[b0, stranger, a1, a0, b0]).await.unwrap();
    let texts: Vec<_> = found.iter().map(|c| c.text.as_str()).collect();
    assert_eq!(texts, ["Travel", "Sick leave: 🙂 ten days", "年假有十天。"]);
    let second = &found[1];
    assert_eq!((second.chunk, second.version, second.ordinal, second.pages), (a1, a, 1, Some((1, 2))));
    assert_eq!((second.document_key.as_str(), second.source), ("a.md", bed.uploads.id));
    assert_eq!(second.heading_path, ["Leave", "年假"]);
    let text = bed.sql.documents.canonical_text(a).await.unwrap().unwrap();
    assert_eq!(text.slice(second.span), Some(second.text.as_str()));
    assert_eq!(bed.sql.documents.parsed(a).await.unwrap().unwrap().text, text.as_str());
}

async fn a_pending_or_retired_version_is_not_confirmed(bed: Bed) {
    let old = bed.upload("a.md", "ten days").await.version.id;
    assert!(bed.visible(&bed.kb, &[old]).await.is_empty(), "pending");
    bed.work().await;
    let new = bed.upload("a.md", "twelve days").await.version.id;
    assert_eq!(bed.visible(&bed.kb, &[new, old]).await, ["ten days"], "the old one answers until then");
    bed.work().await;
    assert_eq!(bed.visible(&bed.kb, &[new, old]).await, ["twelve days"]);
    assert_eq!(bed.sql.documents.canonical_text(old).await.unwrap().unwrap().as_str(), "ten days");
}

async fn a_version_is_confirmed_as_of_the_time_it_was_current(bed: Bed) {
    let old = bed.upload("a.md", "ten days").await;
    let (old_since, new_since) = (at(20), at(30));
    bed.work_once_at(old_since).await.unwrap();
    let new = bed.upload("a.md", "twelve days").await.version.id;
    bed.work_once_at(new_since).await.unwrap();
    let ids = bed.chunk_ids(&[old.version.id, new]);
    let seen = async |time| {
        let scope = scope(&bed.kb).at(Some(time));
        let found = bed.sql.documents.confirm(scope, &ids).await.unwrap();
        let past = bed.sql.documents.past_versions(scope).await.unwrap();
        (found.into_iter().map(|chunk| chunk.text).collect::<Vec<_>>(), past)
    };
    let moment = chrono::TimeDelta::microseconds(1);
    let of_old = vec![(old.version.id, bed.generation)];
    assert_eq!(seen(old_since - moment).await, (vec![], vec![]), "it was not there yet");
    assert_eq!(seen(old_since).await, (vec!["ten days".to_owned()], of_old.clone()));
    assert_eq!(seen(new_since - moment).await, (vec!["ten days".to_owned()], of_old));
    assert_eq!(seen(new_since).await, (vec!["twelve days".to_owned()], vec![]));
    assert!(bed.sql.documents.past_versions(scope(&bed.kb)).await.unwrap().is_empty());

    let other = bed.kb_named("other").await;
    let elsewhere = scope(&other).at(Some(old_since));
    assert!(bed.sql.documents.confirm(elsewhere, &ids).await.unwrap().is_empty());
    assert!(bed.sql.documents.past_versions(elsewhere).await.unwrap().is_empty());
    bed.sql.documents.delete_document(old.document.id, at(1_000)).await.unwrap();
    assert_eq!(seen(old_since).await, (vec![], vec![]), "deleted is deleted at all times");
}

async fn another_knowledge_base_or_generation_is_not_confirmed(bed: Bed) {
    let version = bed.upload("a.md", "secret").await.version.id;
    bed.work().await;
    let other = bed.kb_named("other").await;
    assert!(bed.visible(&other, &[version]).await.is_empty());

    let next = bed.sql.documents.ensure_generation(&spec("bge"), at(0)).await.unwrap().id;
    let mut flipped = bed.kb.clone();
    flipped.generation = next;
    assert!(bed.visible(&flipped, &[version]).await.is_empty(), "the scope's generation is another");
}

async fn the_same_name_in_another_workspace_is_another_knowledge_base(bed: Bed) {
    let workspace = footnote_core::ids::WorkspaceId::new();
    let new = NewKnowledgeBase {
        workspace,
        name: bed.kb.name.clone(),
        description: String::new(),
        settings: bed.kb.settings.clone(),
        generation: bed.generation,
    };
    let theirs = bed.sql.documents.create_knowledge_base(new.clone(), at(0)).await.unwrap();
    let found = bed.sql.documents.knowledge_base_named(workspace, &bed.kb.name).await.unwrap().unwrap();
    assert_eq!(found.id, theirs.id);
    let error = bed.sql.documents.create_knowledge_base(new, at(0)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

async fn more_ids_than_one_statement_binds_are_confirmed_all(bed: Bed) {
    let lines: Vec<String> = (0..1_203).map(|n| format!("line {n}")).collect();
    let version = bed.upload("long.txt", &lines.join("\n")).await.version.id;
    bed.work().await;
    let ids: Vec<ChunkId> = (0..1_203).rev().map(|n| ChunkId::derive(version, bed.generation, n)).collect();
    let found = bed.sql.documents.confirm(scope(&bed.kb), &ids).await.unwrap();
    let texts: Vec<&str> = found.iter().map(|c| c.text.as_str()).collect();
    let expected: Vec<&str> = lines.iter().rev().map(String::as_str).collect();
    assert_eq!(texts, expected);
}
