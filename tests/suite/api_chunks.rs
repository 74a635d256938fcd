//! Chunks: shown before anything is indexed, listed, and edited so that the edit outlives its version.

use footnote_tests::support::{Form, TestApp, TestKnowledgeBase, pdf};
use serde_json::{Value, json};

const HANDBOOK: &str = "# Handbook\n\n## Leave\n\nEveryone who works here has fifteen days of annual leave, and those who \
                        have been with us for more than five years have twenty.\n\n## Travel\n\nWe travel by train \
                        whenever that is possible, and in the second class.\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_what_indexing_then_does_and_stores_nothing() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("previews").await;
    let text = format!("# Rules\n\n{}", "Every rule is explained in a sentence of its own. ".repeat(80));
    let preview = async |query: &str| {
        let path = kb.path(&format!("/chunks/preview{query}"));
        let form = Form::new().file("rules.md", text.as_bytes());
        kb.client.upload(&path, form, &[]).await
    };
    let shown = preview("").await.ok();
    assert_eq!((&shown["content_type"], &shown["language"]), (&json!("markdown"), &json!("en")));
    let smaller = preview("?max_tokens=64&limit=2").await.ok();
    assert!(smaller["total"].as_u64() > shown["total"].as_u64(), "{smaller:#}");
    let chunks = smaller["chunks"].as_array().unwrap();
    assert_eq!(chunks.len(), 2);
    assert!(chunks.iter().all(|chunk| chunk["tokens"].as_u64().unwrap() <= 64), "{smaller:#}");
    assert!(chunks[1]["embedded_text"].as_str().unwrap().starts_with("Rules\n"), "{smaller:#}");
    assert!(kb.get("/documents").await.ok()["items"].as_array().unwrap().is_empty());
    assert!(preview("?max_tokens=7").await.problem(400).contains("max_tokens"));

    let document = kb.add("rules.md", &text).await;
    let listed =
        kb.get(&format!("/documents/{}/chunks?limit=500", document["id"].as_str().unwrap())).await.ok();
    let spans = |chunks: &Value| {
        chunks.as_array().unwrap().iter().map(|chunk| chunk["span"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(spans(&listed["items"]), spans(&shown["chunks"]), "as the preview said");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_knowledge_base_cuts_as_it_was_told_to() {
    let app = TestApp::start().await;
    let text = "Every rule is explained in a sentence of its own. ".repeat(80);
    let mut totals = Vec::new();
    for (name, chunking) in
        [("usual", json!(null)), ("small", json!({"max_tokens": 48, "overlap_tokens": 12}))]
    {
        let body = json!({"name": name, "chunking": chunking});
        let created = app.client.post("/api/v1/knowledge-bases", &body).await.expect(201);
        assert_eq!(created["chunking"]["max_tokens"], if name == "small" { 48 } else { 320 });
        let kb = TestKnowledgeBase::new(app.client.clone(), &created);
        kb.add("rules.txt", &text).await;
        let found = kb.search("which rule is explained?").await;
        assert!(!found.is_empty(), "{name}");
        totals
            .push(kb.get("/documents").await.ok()["items"][0]["newest_version"]["chunks"].as_u64().unwrap());
    }
    assert!(totals[1] > 4 * totals[0], "{totals:?}");
    let bad = json!({"name": "bad", "chunking": {"max_tokens": 100, "overlap_tokens": 90}});
    assert!(app.client.post("/api/v1/knowledge-bases", &bad).await.problem(400).contains("overlap_tokens"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_chunk_is_found_and_its_section_is_read() {
    let app = TestApp::start().await;
    let settings = json!({"retrieval": {"top_k": 1, "parent_tokens": 0, "evidence_threshold": 0.0}});
    let body =
        json!({"name": "zoo", "chunking": {"max_tokens": 32, "overlap_tokens": 0}, "settings": settings});
    let kb = app.knowledge_base_of(&body).await;
    let text = "# Zoo\n\n## Lions\n\nThe lions are fed with horse meat by their keeper at half past seven in the evening. \
                Nobody else may enter the den while they eat, not even the director of the zoo himself. Their water \
                is changed at noon.\n\n## Bears\n\nThe bears are fed with apples and with honey before the zoo opens.\n";
    let document = kb.add("zoo.md", text).await;
    let read = async || {
        let body = json!({"question": "With what are the lions fed by their keeper?", "mode": "extractive"});
        let asked = kb.post("/ask", &body).await.ok();
        let receipt = kb.get(&format!("/answers/{}", asked["id"].as_str().unwrap())).await.ok();
        let passages = receipt["passages"].as_array().unwrap();
        assert_eq!(passages.len(), 1, "{receipt:#}");
        passages[0]["text"].as_str().unwrap().to_owned()
    };
    let small = read().await;
    assert!(small.contains("horse meat") && !small.contains("water"), "{small}");

    let patch = json!({"settings": {"retrieval": {"parent_tokens": 320}}});
    app.client.patch(&kb.path(""), &patch).await.ok();
    let parent = read().await;
    assert!(
        parent.contains(&small) && parent.contains("changed at noon") && !parent.contains("honey"),
        "{parent}"
    );
    let why = json!({"question": "With what are the lions fed by their keeper?", "quote": "Their water is changed at noon.",
        "document": document["id"]});
    let why = kb.post("/why", &why).await.ok();
    assert_eq!(why["lost_at"], "not_used", "it was read: {why:#}");

    // What somebody hid is not read either.
    let listed = kb.get(&format!("/documents/{}/chunks", document["id"].as_str().unwrap())).await.ok();
    let of_water =
        listed["items"].as_array().unwrap().iter().find(|c| c["text"].as_str().unwrap().contains("noon"));
    let path =
        format!("/documents/{}/chunks/{}", document["id"].as_str().unwrap(), of_water.unwrap()["ordinal"]);
    kb.put(&path, &json!({"hidden": true})).await.ok();
    let without = read().await;
    assert!(!without.contains("noon"), "{without}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn however_small_its_chunks_a_section_is_read_as_far_as_the_settings_say() {
    let app = TestApp::start().await;
    let settings = json!({"retrieval":
        {"top_k": 1, "parent_tokens": 4_000, "passage_budget": 50_000, "evidence_threshold": 0.0}});
    let body =
        json!({"name": "rules", "chunking": {"max_tokens": 32, "overlap_tokens": 0}, "settings": settings});
    let kb = app.knowledge_base_of(&body).await;
    let rules = |from: usize| {
        (from..from + 60)
            .map(|n| format!("Rule {n} is explained in a sentence of its own. "))
            .collect::<String>()
    };
    let text = format!("# Rules\n\n{}The safe is behind the clock. {}\n", rules(0), rules(60));
    kb.add("rules.md", text).await;
    let body = json!({"question": "Where is the safe?", "mode": "extractive"});
    let asked = kb.post("/ask", &body).await.ok();
    let receipt = kb.get(&format!("/answers/{}", asked["id"].as_str().unwrap())).await.ok();
    let passages = receipt["passages"].as_array().unwrap();
    assert_eq!(passages.len(), 1, "{receipt:#}");
    let read = passages[0]["text"].as_str().unwrap();
    assert!(read.contains("Rule 1 is") && read.contains("Rule 118 is"), "{read}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_outlives_its_version() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base_with("edits", json!({"retrieval": {"candidates": 10}})).await;
    let long = |leave: &str| {
        let filler = "The office has many rooms and each of them has a number and a key. ".repeat(40);
        format!(
            "# Handbook\n\n## Leave\n\n{leave} {filler}\n\n## Travel\n\nTrains are second class. {filler}\n"
        )
    };
    let document = kb.add("handbook.md", long("Annual leave is fifteen days.")).await;
    let id = document["id"].as_str().unwrap().to_owned();
    let chunk_with = async |words: &str| {
        let listed = kb.get(&format!("/documents/{id}/chunks?limit=500")).await.ok();
        let chunks = listed["items"].as_array().unwrap().clone();
        chunks.into_iter().find(|chunk| chunk["text"].as_str().unwrap().contains(words)).unwrap()
    };
    let edit = async |chunk: &Value, body: Value| {
        let path = format!("/documents/{id}/chunks/{}", chunk["ordinal"]);
        let edited = kb.put(&path, &body).await.expect(202);
        kb.wait_for(&edited["job"]).await
    };

    // Found by a word that the document does not have; the quote stays the document's.
    let leave = chunk_with("fifteen days").await;
    assert!(kb.keys_with_words("sabbatical").await.is_empty());
    assert_eq!(edit(&leave, json!({"note": "sabbatical"})).await["state"], "succeeded");
    assert_eq!(kb.keys_with_words("sabbatical").await, ["handbook.md"]);
    assert!(!kb.text_of(&document["id"], &document["current_version"]).await.contains("sabbatical"));

    // A hidden chunk is not found at once.
    let travel = chunk_with("second class").await;
    edit(&travel, json!({"hidden": true})).await;
    let found = kb.search("Are trains second class?").await;
    assert!(found.iter().all(|hit| hit["chunk"] != travel["id"]), "{found:#?}");
    assert!(!serde_json::to_string(&found).unwrap().contains("second class"), "{found:#?}");

    // Both stay where their text is in the next version, one of them on a changed text.
    kb.add("handbook.md", long("Annual leave is twenty days.")).await;
    assert_eq!(kb.keys_with_words("sabbatical").await, ["handbook.md"]);
    assert_eq!(chunk_with("twenty days").await["note"], "sabbatical");
    assert_eq!(chunk_with("second class").await["hidden"], true);

    // An edit without a place is told, and kept.
    let replaced =
        kb.add("handbook.md", "Nothing of it is left in this file, but for a word on parking.").await;
    let warnings = replaced["newest_version"]["warnings"].to_string();
    assert!(warnings.contains("an edit is on no chunk"), "{warnings}");
    let doubtful = kb.get("/documents?warnings=true").await.ok();
    assert_eq!(doubtful["items"].as_array().unwrap().len(), 1);
    assert!(kb.get("/documents?warnings=false").await.ok()["items"].as_array().unwrap().is_empty());

    // One that says nothing takes the old one away.
    kb.add("handbook.md", long("Annual leave is twenty days.")).await;
    edit(&chunk_with("twenty days").await, json!({})).await;
    assert!(kb.keys_with_words("sabbatical").await.is_empty());
    assert_eq!(chunk_with("twenty days").await["note"], Value::Null);
    // The ordinal of a version that is no longer current may mean another chunk.
    let before = kb.get(&format!("/documents/{id}")).await.ok()["current_version"].clone();
    let path = format!("/documents/{id}/chunks/0");
    let fits = kb.put(&path, &json!({"version": before, "hidden": true})).await.expect(202);
    kb.wait_for(&fits["job"]).await;
    kb.add("handbook.md", long("Annual leave is thirty days.")).await;
    let stale = kb.put(&path, &json!({"version": before, "hidden": true})).await;
    assert!(stale.problem(409).contains("read its chunks again"));
    let missing = kb.put(&format!("/documents/{id}/chunks/999"), &json!({"hidden": true})).await;
    assert!(missing.problem(404).contains("chunk"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_tells_what_reading_found() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("status").await;
    let table = format!("{HANDBOOK}\n| Grade | Days |\n| --- | --- |\n| A | 15 |\n| B | 20 |\n");
    let version = kb.add("handbook.md", table).await["newest_version"].clone();
    assert_eq!(
        (&version["tables"], &version["language"], &version["ocr_pages"]),
        (&json!(1), &json!("en"), &json!(0))
    );
    let partly = kb.add("partly.pdf", pdf(&["The first page has text on it.", ""])).await;
    assert!(partly["newest_version"]["warnings"][0]["message"].as_str().unwrap().contains("page 2"));
    // There is nothing on the second page that could be lost.
    let noted = kb.get("/documents?warnings=note").await.ok();
    assert_eq!(noted["items"][0]["key"], "partly.pdf");
    assert_eq!(noted["items"].as_array().unwrap().len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_cited_by_its_row() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("records").await;
    let rows =
        "Name,Department,Days of annual leave\nAnn Baker,Sales,15\nBo Carter,Research,23\nCy Dent,Sales,19\n";
    kb.add("leave.csv", rows).await;
    let question = "Which department is Bo Carter in?";
    let answer = kb.post("/ask", &json!({"question": question, "mode": "extractive"})).await.ok();
    let citation = &answer["answer"]["citations"][0];
    assert!(citation["quote"].as_str().unwrap().contains("Bo Carter"), "{answer:#}");
    assert_eq!(citation["page_kind"], "sheet", "{answer:#}");
    let (first, last) =
        (citation["rows"]["first"].as_u64().unwrap(), citation["rows"]["last"].as_u64().unwrap());
    assert!(first <= 3 && 3 <= last, "{answer:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_longer_than_the_embedder_takes_is_told_and_found_by_its_words() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base_with("notes", json!({"retrieval": {"candidates": 10}})).await;
    let document = kb.add("handbook.md", HANDBOOK).await;
    let path = format!("/documents/{}/chunks/0", document["id"].as_str().unwrap());
    let note = format!("entitlement\n{}sabbatical", "年假天数规定".repeat(300));
    let edited = kb.put(&path, &json!({"note": note})).await.expect(202);
    assert!(edited["by_words_only"].as_str().unwrap().ends_with("sabbatical"), "{edited:#}");
    assert_eq!(kb.wait_for(&edited["job"]).await["state"], "succeeded");
    assert_eq!(kb.keys_with_words("sabbatical").await, ["handbook.md"]);
    // The document's next version has it as well.
    let next = kb.add("handbook.md", HANDBOOK.replace("fifteen days", "sixteen days")).await;
    assert_eq!(next["newest_version"]["state"], "current", "{next:#}");
    assert_eq!(kb.keys_with_words("sabbatical").await, ["handbook.md"]);
    let edited = kb.put(&path, &json!({"note": "entitlement"})).await.expect(202);
    assert_eq!(edited["by_words_only"], Value::Null);
    kb.wait_for(&edited["job"]).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_knowledge_base_is_cut_anew_and_keeps_its_edits_and_its_answers() {
    let app = TestApp::start().await;
    let kb = app
        .knowledge_base_with("recut", json!({"retrieval": {"candidates": 10, "evidence_threshold": 0.0}}))
        .await;
    let rules = |from: usize| {
        (from..from + 60)
            .map(|n| format!("Rule {n} is explained in a sentence of its own. "))
            .collect::<String>()
    };
    let text = format!(
        "# Rules\n\n## Leave\n\nAnnual leave is fifteen days. {}\n\n## Keys\n\nThe safe is behind the clock. {}\n",
        rules(0),
        rules(60)
    );
    let document = kb.add("rules.md", &text).await;
    let path = format!("/documents/{}/chunks", document["id"].as_str().unwrap());
    let chunks =
        async || kb.get(&format!("{path}?limit=500")).await.ok()["items"].as_array().unwrap().clone();
    let edit_with = async |words: &str, body: Value| {
        let chunks = chunks().await;
        let chunk = chunks.iter().find(|chunk| chunk["text"].as_str().unwrap().contains(words)).unwrap();
        let edited = kb.put(&format!("{path}/{}", chunk["ordinal"]), &body).await.expect(202);
        kb.wait_for(&edited["job"]).await;
    };
    edit_with("fifteen days", json!({"note": "sabbatical"})).await;
    edit_with("the clock", json!({"hidden": true})).await;
    let is_hidden =
        async || kb.search("Where is the safe?").await.iter().all(|hit| !hit.to_string().contains("clock"));
    assert!(is_hidden().await);
    let question = json!({"question": "How many days is annual leave?", "mode": "extractive"});
    let asked = kb.post("/ask", &question).await.ok();
    let answer = format!("/answers/{}", asked["id"].as_str().unwrap());
    let receipt = kb.get(&answer).await.ok();
    let before = chunks().await;

    let cut_by = async |chunking: Value| {
        let changed = kb.client.patch(&kb.path(""), &json!({"chunking": chunking})).await.ok();
        let mut idle = std::pin::pin!(app.wait_until_idle());
        loop {
            tokio::select! {
                () = &mut idle => break,
                hits = kb.search("How many days is annual leave?") => assert!(!hits.is_empty(), "while it changes"),
            }
        }
        let shown = kb.get("").await.ok();
        assert_eq!(shown["chunking"], changed["next_chunking"], "{shown:#}");
        assert_eq!(shown["next_chunking"], Value::Null, "{shown:#}");
        chunks().await
    };
    let small = cut_by(json!({"max_tokens": 48})).await;
    assert!(small.len() > 3 * before.len(), "{} and {}", small.len(), before.len());
    let shown = kb.document(&document["id"]).await;
    assert_eq!(shown["versions"][0]["chunks"], small.len());
    assert_eq!(shown["current_version"], document["current_version"], "its text is what it was");
    assert_eq!(kb.keys_with_words("sabbatical").await, ["rules.md"]);
    assert!(is_hidden().await, "what was hidden is hidden in every chunk that has any of it");
    assert!(small.iter().filter(|chunk| chunk["hidden"] == true).count() > 1);
    let again = kb.post("/ask", &question).await.ok();
    assert!(again["answer"].to_string().contains("fifteen days"), "{again:#}");
    assert_eq!(kb.get(&answer).await.ok(), receipt);

    // The edits go on with the document, and back to what was.
    kb.add("rules.md", text.replace("Rule 31 is explained", "Rule 31 is described")).await;
    assert_eq!(kb.keys_with_words("sabbatical").await, ["rules.md"]);
    assert!(is_hidden().await);
    assert!(cut_by(json!({"max_tokens": 320})).await.len() < small.len() / 3);
    assert_eq!(kb.keys_with_words("sabbatical").await, ["rules.md"]);
    assert!(is_hidden().await);
    // The retired version is listed as it was cut then.
    let version = document["current_version"].as_str().unwrap();
    let of_then = kb.get(&format!("{path}?limit=500&version={version}")).await.ok();
    assert!(!of_then["items"].as_array().unwrap().is_empty());
    let stale = kb.put(&format!("{path}/0"), &json!({"chunk": small[0]["id"], "hidden": true})).await;
    assert!(stale.problem(409).contains("read the document's chunks again"));
    let bad = json!({"chunking": {"max_tokens": 7}});
    assert!(kb.client.patch(&kb.path(""), &bad).await.problem(400).contains("max_tokens"));
    app.finish().await;
}
