//! Receipts, what people think of answers, and what becomes of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use footnote_tests::support::{TestApp, TestKnowledgeBase, footnote_binary, models_folder};
use serde_json::{Value, json};

const MANUAL: &str = "# LQ-200 manual 🙂\n\n## Battery\n\nThe battery of the LQ-200 sensor lasts 18 months at one reading \
                      per hour.\n\n## Calibration\n\nCalibrate the pH electrode every 90 days with buffer solutions.\n";
const BATTERY: &str = "How long does the battery last?";
const CALIBRATION: &str = "How often is the pH electrode calibrated?";
const ELSEWHERE: &str = "Who won the football world cup in 1998?";

/// A stretch of a document that holds these words, as a body names it.
async fn passage(kb: &TestKnowledgeBase, document: &Value, words: &str) -> Value {
    let (id, version) = (&document["id"], &document["current_version"]);
    let text = kb.text_of(id, version).await;
    let start = text[..text.find(words).expect("the text has the words")].chars().count();
    json!({"document": id, "version": version, "span": {"start": start, "end": start + words.chars().count()}})
}

/// Asks; gives the id of the answer.
async fn ask(kb: &TestKnowledgeBase, question: &str) -> String {
    kb.ask(question).await["id"].as_str().expect("an answer has an id").to_owned()
}

fn feedback(answer: &str) -> String {
    format!("/answers/{answer}/feedback")
}

/// Says what one thinks of an answer.
async fn judge(kb: &TestKnowledgeBase, answer: &str, body: Value) {
    kb.put(&feedback(answer), &body).await.expect(200);
}

/// The lines of an export.
async fn lines(kb: &TestKnowledgeBase, format: &str) -> Vec<Value> {
    let reply = kb.get(&format!("/feedback/export?format={format}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    reply.text().lines().map(parsed).collect()
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON, {error}: {line}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_a_receipt_of_all_that_it_was_made_from() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("manual").await;
    kb.add("manual.md", MANUAL).await;
    let response = kb.ask(BATTERY).await;
    ask(&kb, ELSEWHERE).await;

    let listed = kb.get("/answers").await.ok();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{listed:#}");
    assert_eq!((&items[0]["question"], &items[0]["refused"]), (&json!(ELSEWHERE), &json!(true)));
    assert_eq!((&items[1]["id"], &items[1]["refused"]), (&response["id"], &json!(false)));
    let part = kb.get("/answers?limit=1").await.ok();
    let rest = kb.get(&format!("/answers?limit=1&cursor={}", part["next"].as_str().unwrap())).await.ok();
    assert_eq!(rest["items"], json!([items[1]]));

    let receipt = kb.get(&format!("/answers/{}", response["id"].as_str().unwrap())).await.ok();
    assert_eq!(receipt["question"], BATTERY);
    for key in ["answer", "passages", "searched"] {
        assert_eq!(receipt[key], response[key], "the {key} that was given");
    }
    let candidates = receipt["candidates"].as_array().unwrap();
    assert!(!candidates.is_empty(), "{receipt:#}");
    assert!(candidates.iter().all(|c| c["text"].is_null() && c["trace"].is_object()), "{receipt:#}");
    assert_eq!(receipt["settings"]["sampling"]["seed"], 42);
    assert!(receipt["models"]["embedder"].is_string() && receipt["models"]["generator"].is_null());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_has_every_candidate_of_both_indexes() {
    let app = TestApp::start().await;
    let kb = app
        .knowledge_base_of(&json!({"name": "sensors", "chunking": {"max_tokens": 32, "overlap_tokens": 0}}))
        .await;
    let sensors = (1..=48).map(|number| {
        format!("The battery of sensor LQ-{number} lasts {number} months at one reading per hour in a cold room.\n\n")
    });
    kb.add("sensors.md", sensors.collect::<String>()).await;
    let question = "How long does the battery of sensor LQ-7 last?";
    let path = format!("/answers/{}", ask(&kb, question).await);
    let receipt = kb.get(&path).await.ok();
    let explained = kb.post("/search", &json!({"query": question, "explain": true})).await.ok();
    let places = |of: &Value| -> BTreeMap<String, Value> {
        let of = of["candidates"].as_array().unwrap().iter();
        let place = |it: &Value| json!([it["trace"]["dense"], it["trace"]["keyword"], it["trace"]["fused"]]);
        of.map(|it| (it["chunk"].as_str().unwrap().to_owned(), place(it))).collect()
    };
    let kept = places(&receipt);
    assert!(kept.len() > 40, "{} candidates", kept.len());
    assert_eq!(kept, places(&explained), "ranks and scores of all that was searched");
    let last = receipt["candidates"].as_array().unwrap().last().unwrap();
    assert_eq!(last["trace"]["dropped"], "beyond the 32 best");
    let replayed = kb.post(&format!("{path}/replay"), &json!({})).await.ok();
    assert_eq!(replayed["same"], true, "{:#}", replayed["differences"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opinion_is_replaced_by_its_own_person_only() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("manual").await;
    kb.add("manual.md", MANUAL).await;
    let path = feedback(&ask(&kb, BATTERY).await);
    let up = kb.put(&path, &json!({"rating": "up", "comment": "clear"})).await.expect(200);
    assert_eq!((&up["rating"], &up["preferred"]), (&json!("up"), &json!([])), "{up:#}");
    assert_eq!(kb.get(&path).await.ok(), json!([up]));

    let down = kb.put(&path, &json!({"rating": "down", "corrected": "十九个月。"})).await.expect(200);
    assert_eq!(kb.get(&path).await.ok(), json!([down]), "the earlier one is gone, comment included");
    let colleague = kb.seen_by(&app.key("admin", None).await);
    let comment = colleague.put(&path, &json!({"rating": null, "comment": "I agree"})).await.expect(200);
    assert_ne!(comment["by"], down["by"]);
    assert_eq!(kb.get(&path).await.ok(), json!([down, comment]));

    for (body, named) in [
        (json!({}), "at least one"),
        (json!({"rating": null, "preferred": []}), "at least one"),
        (json!({"rating": "sideways"}), "sideways"),
        (json!({"ratting": "up"}), "ratting"),
        (json!({"corrected": "长".repeat(20_001)}), "corrected has 20001"),
        (json!({"comment": "x".repeat(4_001)}), "comment has 4001"),
        (json!({"comment": " "}), "comment is empty"),
    ] {
        let problem = kb.put(&path, &body).await.problem(400);
        assert!(problem.contains(named), "{named}: {problem}");
    }
    assert_eq!(kb.get(&path).await.ok(), json!([down, comment]), "what was refused changed nothing");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preferred_passage_is_a_stretch_of_a_document_of_the_knowledge_base() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("manual").await;
    let document = kb.add("manual.md", MANUAL).await;
    let another = kb.add("other.md", "# LX-9\n\nThe LX-9 floats.\n").await;
    let elsewhere = app.knowledge_base("elsewhere").await;
    let foreign = elsewhere.add("foreign.md", "# LX-9\n\nThe LX-9 sinks.\n").await;
    let path = feedback(&ask(&kb, BATTERY).await);

    let words = "every 90 days with buffer";
    let good = passage(&kb, &document, words).await;
    let kept = kb.put(&path, &json!({"preferred": [good]})).await.expect(200);
    assert_eq!(kept["preferred"][0]["text"], words, "{kept:#}");
    assert_eq!(kept["preferred"][0]["span"], good["span"]);

    let with = |key: &str, value: Value| {
        let mut passage = good.clone();
        passage[key] = value;
        passage
    };
    let nowhere = json!("019f0000-0000-7000-8000-000000000000");
    for (bad, named) in [
        (with("span", json!({"start": 10, "end": 100_000})), "preferred[1].span 10..100000"),
        (with("span", json!({"start": 10, "end": 10})), "preferred[1].span 10..10"),
        (with("span", json!({"start": 10, "end": 3})), "preferred[1].span 10..3"),
        (with("version", another["current_version"].clone()), "preferred[1].version"),
        (with("version", nowhere.clone()), "preferred[1].version"),
        (with("document", nowhere), "preferred[1].document"),
        (passage(&elsewhere, &foreign, "sinks").await, "preferred[1].document"),
    ] {
        let problem = kb.put(&path, &json!({"preferred": [good, bad]})).await.problem(400);
        assert!(problem.contains(named), "{named}: {problem}");
    }
    let many = kb.put(&path, &json!({ "preferred": vec![good.clone(); 21] })).await.problem(400);
    assert!(many.contains("preferred has 21"), "{many}");
    assert_eq!(kb.get(&path).await.ok(), json!([kept]));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anothers_answer_is_not_found_and_exports_are_for_editors() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("manual").await;
    kb.add("manual.md", MANUAL).await;
    let reader = kb.seen_by(&app.key("reader", None).await);
    let stranger = kb.seen_by(&app.key("reader", None).await);
    let id = ask(&reader, BATTERY).await;
    let (receipt, path) = (format!("/answers/{id}"), feedback(&id));
    let thumbs = json!({"rating": "up"});
    reader.put(&path, &thumbs).await.expect(200);
    for refused in
        [stranger.get(&receipt).await, stranger.get(&path).await, stranger.put(&path, &thumbs).await]
    {
        assert_eq!(refused.problem(404), "answer not found");
    }
    assert_eq!(stranger.get("/answers").await.ok()["items"], json!([]));
    for own in [&reader, &kb] {
        assert_eq!(own.get("/answers").await.ok()["items"].as_array().unwrap().len(), 1);
        own.get(&receipt).await.expect(200);
        assert_eq!(own.get(&path).await.ok().as_array().unwrap().len(), 1);
    }
    let elsewhere = app.knowledge_base("elsewhere").await;
    elsewhere.get(&receipt).await.problem(404);

    assert!(reader.get("/feedback/export?format=sft").await.problem(403).contains("yours is reader"));
    // A prompt holds the turns before it: an editor's export is of the answers that this key was given.
    let editor = kb.seen_by(&app.key("editor", None).await);
    assert!(lines(&editor, "sft").await.is_empty());
    judge(&editor, &ask(&editor, CALIBRATION).await, json!({"rating": "up"})).await;
    assert_eq!((lines(&editor, "sft").await.len(), lines(&kb, "sft").await.len()), (1, 2));
    for (query, named) in [("", "format"), ("?format=csv", "csv")] {
        let problem = editor.get(&format!("/feedback/export{query}")).await.problem(400);
        assert!(problem.contains(named), "{problem}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_export_has_the_lines_of_its_format() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("manual").await;
    let document = kb.add("manual.md", MANUAL).await;
    let (good, corrected) = (ask(&kb, BATTERY).await, ask(&kb, CALIBRATION).await);
    let (refused, bad) = (ask(&kb, ELSEWHERE).await, ask(&kb, BATTERY).await);
    let words = "every 90 days with buffer solutions";
    let preferred = passage(&kb, &document, words).await;
    judge(&kb, &good, json!({"rating": "up"})).await;
    judge(&kb, &corrected, json!({"corrected": "Every week.", "preferred": [preferred]})).await;
    let colleague = kb.seen_by(&app.key("admin", None).await);
    judge(&colleague, &corrected, json!({"rating": "down", "corrected": "Every 90 days."})).await;
    judge(&kb, &refused, json!({"corrected": "France."})).await;
    judge(&kb, &bad, json!({"rating": "down"})).await;

    let mut prompts = Vec::new();
    let mut texts = Vec::new();
    for id in [&good, &corrected, &refused, &bad] {
        let shown = kb.get(&format!("/answers/{id}")).await.ok();
        let alone = json!([{"role": "user", "content": shown["question"]}]);
        prompts.push(if shown["prompt"] == json!([]) { alone } else { shown["prompt"].clone() });
        texts.push(shown["answer"]["text"].as_str().unwrap().to_owned());
    }
    let assistant = |content: &str| json!({"role": "assistant", "content": content});
    let turns = |prompt: &Value, content: &str| {
        Value::Array([prompt.as_array().unwrap().as_slice(), &[assistant(content)]].concat())
    };

    let expected = [
        json!({"messages": turns(&prompts[0], &texts[0])}),
        json!({"messages": turns(&prompts[1], "Every 90 days.")}),
        json!({"messages": turns(&prompts[2], "France.")}),
    ];
    assert_eq!(lines(&kb, "sft").await, expected, "the latest correction wins; thumbs down teach nothing");

    let preference = |at: usize, chosen: &str| json!({"prompt": prompts[at], "chosen": [assistant(chosen)], "rejected": [assistant(&texts[at])]});
    let expected = [preference(1, "Every 90 days."), preference(2, "France.")];
    assert_eq!(lines(&kb, "preference").await, expected);

    let swift = |at: usize, chosen: &str| json!({"messages": turns(&prompts[at], chosen), "rejected_response": texts[at]});
    let expected = [swift(1, "Every 90 days."), swift(2, "France.")];
    assert_eq!(lines(&kb, "preference-swift").await, expected);

    let rated = [(0, true), (1, false), (3, false)];
    let unpaired = |(at, label): (usize, bool)| json!({"prompt": prompts[at], "completion": [assistant(&texts[at])], "label": label});
    assert_eq!(lines(&kb, "unpaired-preference").await, rated.map(unpaired));
    let unpaired =
        |(at, label): (usize, bool)| json!({"messages": turns(&prompts[at], &texts[at]), "label": label});
    assert_eq!(lines(&kb, "unpaired-preference-swift").await, rated.map(unpaired));

    let evaluation = lines(&kb, "evaluation").await;
    assert_eq!(evaluation.len(), 3, "{evaluation:#?}");
    assert!(texts[0].contains(" [1]"), "{texts:#?}");
    let plain = texts[0].replace(" [1]", "");
    assert_eq!((&evaluation[0]["id"], &evaluation[0]["answers"]), (&json!(good), &json!([plain])));
    assert_eq!(evaluation[0]["doc_ids"], json!([document["id"]]));
    assert!(evaluation[0]["evidence_sentences"].to_string().contains("18 months"), "{evaluation:#?}");
    let expected = json!({
        "id": corrected,
        "question": CALIBRATION,
        "answers": ["Every 90 days."],
        "doc_ids": [document["id"]],
        "evidence_sentences": [[words]],
        "answerable": true,
    });
    assert_eq!(evaluation[1], expected);
    assert_eq!(evaluation[2]["doc_ids"], json!([]), "nobody said where France stands");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_exports_a_data_set_and_shows_a_receipt() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("manual").await;
    let document = kb.add("manual.md", MANUAL).await;
    let good = ask(&kb, BATTERY).await;
    let gone = kb.add("gone.md", "# LX-9\n\nThe LX-9 floats.\n").await;
    let floating = ask(&kb, "Does the LX-9 float?").await;
    kb.put(&feedback(&good), &json!({"rating": "up"})).await.expect(200);
    let floats = passage(&kb, &gone, "floats").await;
    kb.put(&feedback(&floating), &json!({"corrected": "Yes.", "preferred": [floats]})).await.expect(200);
    kb.delete(&format!("/documents/{}", gone["id"].as_str().unwrap())).await.expect(204);
    let folder = app.finish().await;

    let out = tempfile::tempdir().unwrap();
    let set = out.path().join("set");
    let export = ["feedback", "export", "--kb", "manual", "--format", "json", "--to"];
    let report = run(folder.path(), &[&export[..], &[path(&set), "--as", "evaluation"]].concat());
    assert_eq!(report["lines"], 2, "{report:#}");
    let read = |name: &str| fs_err::read_to_string(set.join(name)).unwrap();
    let jsonl = |name: &str| read(name).lines().map(parsed).collect::<Vec<Value>>();
    let corpus = jsonl("corpus.jsonl");
    assert_eq!(corpus.len(), 1, "a deleted document is left out: {corpus:#?}");
    assert_eq!(corpus[0]["_id"], document["id"]);
    assert!(corpus[0]["text"].as_str().unwrap().contains("18 months") && corpus[0]["title"].is_string());
    let queries = jsonl("queries.jsonl");
    assert_eq!(queries[0], json!({"_id": good, "text": BATTERY}));
    let judged = format!("query-id\tcorpus-id\tscore\n{good}\t{}\t1\n", document["id"].as_str().unwrap());
    assert_eq!(read("qrels.tsv"), judged);
    let questions = jsonl("qa.jsonl");
    assert_eq!((&questions[1]["answers"], &questions[1]["doc_ids"]), (&json!(["Yes."]), &json!([])));

    let file = out.path().join("sft.jsonl");
    let report = run(folder.path(), &[&export[..], &[path(&file), "--as", "sft"]].concat());
    assert_eq!(report["lines"], 1, "the prompt of the other went with the deleted document: {report:#}");
    let written = fs_err::read_to_string(&file).unwrap();
    assert!(written.lines().map(parsed).all(|line| line["messages"].is_array()), "{written}");

    let file = out.path().join("kto.jsonl");
    let report = run(folder.path(), &[&export[..], &[path(&file), "--as", "unpaired-preference"]].concat());
    assert_eq!(report["lines"], 1, "thumbs alone: {report:#}");
    let written = parsed(&fs_err::read_to_string(&file).unwrap());
    assert_eq!((&written["label"], &written["completion"][0]["role"]), (&json!(true), &json!("assistant")));

    let receipt = run(folder.path(), &["receipts", "show", &good, "--kb", "manual"]);
    assert_eq!((&receipt["id"], &receipt["question"]), (&json!(good), &json!(BATTERY)));
}

/// The JSON of a command on a data folder that no service holds.
fn run(data: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(footnote_binary())
        .args(arguments)
        .current_dir(data)
        .env("FOOTNOTE__DATA__FOLDER", data)
        .env("FOOTNOTE__MODELS__FOLDER", models_folder())
        .env("FOOTNOTE__MODELS__GENERATOR", "none")
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary runs");
    let (out, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {log}");
    parsed(&out)
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a temporary path is UTF-8")
}
