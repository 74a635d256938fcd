//! `footnote eval …` as scripts use it, in this process and against a running service.

use std::path::Path;

use footnote_tests::support::{Server, pdf, repository};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::{footnote, footnote_on_network, json_of, keys, parsed, text};

/// A data set of four documents, two others that have no text, and three queries.
fn data_set(folder: &Path) {
    let set = folder.join("tiny");
    fs_err::create_dir_all(&set).unwrap();
    let lines = |items: &[Value]| items.iter().map(|item| format!("{item}\n")).collect::<String>();
    let corpus = [
        json!({"_id": "d1", "title": "Leave", "text": "Employees receive fifteen days of annual leave."}),
        json!({"_id": "d2", "title": "", "text": "The sensor is calibrated every ninety days."}),
        json!({"_id": "d3", "title": "差旅", "text": "一线城市的住宿标准是每晚600元。"}),
        json!({"_id": "d4", "title": "", "text": "Passwords are changed every 180 days."}),
        json!({"_id": "d5", "title": "Empty", "text": " "}),
        json!({"_id": "d6", "title": "Marks", "text": "--- *** ---"}),
    ];
    let queries = [
        json!({"_id": "q1", "text": "How often is the sensor calibrated?"}),
        json!({"_id": "q2", "text": "住宿标准"}),
        json!({"_id": "q3", "text": "annual leave"}),
    ];
    fs_err::write(set.join("corpus.jsonl"), lines(&corpus)).unwrap();
    fs_err::write(set.join("queries.jsonl"), lines(&queries)).unwrap();
    let qrels = "query-id\tcorpus-id\tscore\nq1\td2\t1\nq2\td3\t1\nq3\td1\t1\n";
    fs_err::write(set.join("qrels.tsv"), qrels).unwrap();
}

#[test]
fn an_evaluation_has_the_shape_that_scripts_read() {
    let folder = tempfile::tempdir().unwrap();
    data_set(folder.path());
    let report = json_of(&folder, &["eval", "retrieval", "tiny"]);
    let all = ["dataset", "documents", "queries", "embedder", "keyword", "vector", "hybrid", "worst"];
    assert_eq!(keys(&report), all, "{report:#}");
    assert_eq!(
        (&report["documents"], &report["queries"]),
        (&json!(4), &json!(3)),
        "those without text are no documents"
    );
    for part in ["keyword", "vector", "hybrid"] {
        assert_eq!(keys(&report[part]), ["ndcg@10", "recall@5", "recall@10", "mrr@10"]);
        assert_eq!(report[part]["ndcg@10"], 1.0, "each query has one plain answer: {report:#}");
    }
    assert_eq!(report["worst"], json!([]));
    assert_eq!(json_of(&folder, &["eval", "retrieval", "tiny"]), report, "a second run finds it indexed");
    let kept = kept_lines(&folder, "retrieval");
    assert_eq!(kept, 9, "three queries in three modes, each searched once");
    let first = json_of(&folder, &["eval", "retrieval", "tiny", "--queries", "1"]);
    assert_eq!(first["queries"], 1);

    fs_err::write(folder.path().join("tiny/qrels.tsv"), "q1\td2\tone\n").unwrap();
    let output = footnote(&folder, &["eval", "retrieval", "tiny"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("line 1"), "{}", text(&output.stderr));
}

#[test]
fn answers_refusals_and_citations_are_measured_without_a_language_model() {
    let folder = tempfile::tempdir().unwrap();
    data_set(folder.path());
    let line = |id: &str, question: &str, document: &str, answer: &str, evidence: &str| {
        let line = json!({
            "id": id, "question": question, "doc_id": document, "answers": [answer], "evidences": [evidence],
        });
        format!("{line}\n")
    };
    let sensor = "The sensor is calibrated every ninety days.";
    let hotel = "一线城市的住宿标准是每晚600元。";
    let lines = [
        line("q1", "How often is the sensor calibrated?", "d2", "every ninety days", sensor),
        line("q2", "一线城市的住宿标准是多少？", "d3", "每晚600元", hotel),
    ];
    fs_err::write(folder.path().join("tiny/qa.jsonl"), lines.concat()).unwrap();

    let extractive = ["--mode", "extractive", "--scoped"];
    let saved = ["--save", "answers.jsonl", "--report", "answers.html", "--language", "zh"];
    let args = [&["eval", "answers", "tiny"][..], &extractive, &saved].concat();
    let report = json_of(&folder, &args);
    assert_eq!((&report["questions"], &report["documents"]), (&json!(2), &json!(4)), "{report:#}");
    assert_eq!(report["contains_gold"], 1.0, "{report:#}");
    assert_eq!((&report["citation_precision"], &report["citation_recall"]), (&json!(1.0), &json!(1.0)));
    let page = fs_err::read_to_string(folder.path().join("answers.html")).unwrap();
    assert!(page.contains("lang=\"zh-CN\"") && page.contains("contains_gold"));
    assert!(
        page.contains("包含参考答案") && page.contains("已回答") && !page.contains(">answered<"),
        "{page}"
    );
    assert!(report.get("judged").is_none() && report["refusal_precision"].is_null(), "{report:#}");
    let again = json_of(&folder, &args);
    assert_eq!(again["seconds"], report["seconds"], "a second run asks nothing");

    let gate = ["--fail-under", "contains_gold=1.01"];
    let output = footnote(&folder, &[&["eval", "answers", "tiny"][..], &extractive, &gate].concat());
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("contains_gold is 1"), "{}", text(&output.stderr));

    let judged = [&["eval", "citations", "tiny", "--method", "words"][..], &extractive].concat();
    let report = json_of(&folder, &judged);
    assert_eq!(report["quotes_hold"], 1.0, "{report:#}");
    assert_eq!(report["by_origin"]["evidence"]["true_kept"]["share"], 1.0, "{report:#}");
    assert_eq!(report["by_kind"]["number"]["share"], 1.0, "{report:#}");

    let report = json_of(&folder, &["eval", "refusal", "tiny", "--remove-gold"]);
    assert_eq!((&report["answerable"], &report["unanswerable"]), (&json!(2), &json!(2)), "{report:#}");
    assert_eq!(report["default"]["refusal_recall"], report["default"]["unanswerable_refused"], "{report:#}");
    assert!(report["default"]["refusal_precision"].is_number(), "{report:#}");
    let output = footnote(&folder, &["eval", "refusal", "tiny"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));

    let fit = ["eval", "calibrate", "tiny", "--method", "words", "--support-only", "--out", "fitted.json"];
    let report = json_of(&folder, &fit);
    assert_eq!(report["support"]["words"]["pairs"], 4, "{report:#}");
    let fitted = fs_err::read_to_string(folder.path().join("fitted.json")).unwrap();
    let fitted = serde_json::from_str::<Value>(&fitted).unwrap();
    assert_eq!(fitted["fitted_on"], report["calibration"]["fitted_on"]);
    assert_eq!(fitted["words"]["pairs"], 4, "{fitted:#}");

    fs_err::copy(folder.path().join("answers.jsonl"), folder.path().join("other.jsonl")).unwrap();
    let report = json_of(&folder, &["eval", "pairwise", "answers.jsonl", "other.jsonl"]);
    let rate = &report["win_rates"]["answers against other"];
    assert_eq!((&rate["ties"], &rate["rate"]), (&json!(2), &json!(0.5)), "{report:#}");
}

#[test]
fn parsing_is_measured_against_what_lies_beside_the_files() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["set/sources", "set/groundtruth"] {
        fs_err::create_dir_all(folder.path().join(name)).unwrap();
    }
    let page =
        "<h1>Leave</h1><table><tr><td>Year</td><td>Days</td></tr><tr><td>2023</td><td>15</td></tr></table>";
    fs_err::write(folder.path().join("set/sources/leave.html"), page).unwrap();
    let reference = "# Leave\n\n| Year | Days |\n| - | - |\n| 2023 | 15 |\n\nand more";
    fs_err::write(folder.path().join("set/groundtruth/leave.html.md"), reference).unwrap();
    fs_err::write(folder.path().join("set/sources/broken.pdf"), "%PDF-1.7 and nothing else").unwrap();
    let report = json_of(&folder, &["eval", "parsing", "set", "--texts", "texts"]);
    assert_eq!((&report["files"], &report["ready"], &report["failed"]), (&json!(2), &json!(1), &json!(1)));
    let html = &report["formats"]["html"];
    assert_eq!((&html["cells_f1"], &html["references"]), (&json!(1.0), &json!(1)), "{report:#}");
    assert!((html["words"].as_f64().unwrap() - 5.0 / 7.0).abs() < 1e-9, "{report:#}");
    assert!(report["results"][0]["reason"].as_str().unwrap().contains("broken.pdf"), "{report:#}");
    assert!(report["results"][1]["cpu_seconds"].as_f64().unwrap() > 0.0, "{report:#}");
    assert_eq!(fs_err::read_dir(folder.path().join("texts")).unwrap().count(), 1);
    let output = footnote(&folder, &["eval", "parsing", "set", "--fail-under", "formats.html.words=.9"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
}

/// Lines of what was kept of a kind, in all data folders of evaluations.
fn kept_lines(folder: &TempDir, kind: &str) -> usize {
    let mut lines = 0;
    for corpus in fs_err::read_dir(folder.path().join("data/eval")).unwrap() {
        let Ok(results) = fs_err::read_dir(corpus.unwrap().path().join("results")) else { continue };
        for file in results {
            let path = file.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with(kind) {
                lines += fs_err::read_to_string(path).unwrap().lines().count();
            }
        }
    }
    lines
}

#[test]
fn a_page_is_found_where_the_questions_name_pages() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("paged");
    fs_err::create_dir_all(set.join("pdfs")).unwrap();
    let pages = [
        "Annual report. Letter to the shareholders of Lantern Shipping.",
        "Revenue of Lantern Shipping rose to 82 million euros.",
        "The board has seven members. Its chair is Ada Brandt.",
    ];
    fs_err::write(set.join("pdfs/report.pdf"), pdf(&pages)).unwrap();
    fs_err::write(set.join("pdfs/other.pdf"), pdf(&["A manual for lawn mowers.", "Sharpen the blade."]))
        .unwrap();
    let question = |id: &str, text: &str, page: u32| {
        let place = json!({ "doc": "report.pdf", "page_raw": page });
        json!({ "id": id, "question": text, "docs": ["report.pdf"], "reference_pools": [[place]] })
    };
    let questions = [
        question("revenue", "What was the revenue of Lantern Shipping?", 1),
        question("no such page", "Who chairs the board of Lantern Shipping?", 40),
        json!({ "id": "no page", "question": "How is the blade of a lawn mower kept?", "docs": ["other.pdf"] }),
        json!({ "id": "none", "question": "Who is the mayor of Bergen?", "unanswerable": true }),
        json!({ "id": "unjudged", "question": "What is in the letter?" }),
    ];
    let lines: String = questions.iter().map(|line| format!("{line}\n")).collect();
    fs_err::write(set.join("qa.jsonl"), lines).unwrap();

    let report = json_of(&folder, &["eval", "retrieval", "paged", "--report", "page.html"]);
    assert_eq!((&report["queries"], &report["queries_with_pages"]), (&json!(3), &json!(2)), "{report:#}");
    for mode in ["keyword", "vector", "hybrid"] {
        assert_eq!(report[mode]["page_hit@10"], 0.5, "{report:#}");
        assert!(report[mode]["page_hit@5_interval"]["low"].is_number(), "{report:#}");
    }
    assert_eq!(report["hybrid"]["recall@5"], 1.0, "{report:#}");
    let worst = &report["worst"][0];
    assert_eq!((&worst["id"], &worst["score"]), (&json!("no such page"), &json!(0.0)), "{report:#}");
    assert_eq!(worst["expected"], "report.pdf p. 41");
    let page = fs_err::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.contains("page_hit@5") && page.contains("<svg") && page.contains("no such page"));

    let refusal = json_of(&folder, &["eval", "refusal", "paged"]);
    assert_eq!(refusal["unanswerable"], 1, "{refusal:#}");
    let indexes = fs_err::read_dir(folder.path().join("data/eval")).unwrap().count();
    assert_eq!(indexes, 1, "both measure the same index");
}

#[test]
fn a_running_service_is_measured_through_its_api() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let ready = server.wait_until_ready();
    let key = ready.first_key.clone().expect("a new data folder makes a key");
    let set = repository().join("tests/evaluation");
    tokio::runtime::Runtime::new().unwrap().block_on(upload(&ready.client(&key), &set));

    let here = tempfile::tempdir().unwrap();
    let set = set.to_string_lossy();
    let against = ["--against", &ready.address, "--key", &key, "--kb", "measured", "--format", "json"];
    let run = |what: &[&str]| footnote_on_network(&here, &[what, &[&*set][..], &against[..]].concat());
    let measured = |what: &[&str]| {
        let output = run(what);
        assert_eq!(output.status.code(), Some(0), "{what:?}: {}", text(&output.stderr));
        parsed(&output)
    };

    let retrieval = measured(&["eval", "retrieval"]);
    assert_eq!((&retrieval["queries"], &retrieval["documents"]), (&json!(10), &json!(5)), "{retrieval:#}");
    for mode in ["keyword", "vector", "hybrid"] {
        assert!(retrieval[mode]["recall@5"].as_f64().unwrap() > 0.8, "{mode} of {retrieval:#}");
    }

    let refusal = measured(&["eval", "refusal"]);
    assert_eq!((&refusal["answerable"], &refusal["unanswerable"]), (&json!(10), &json!(7)), "{refusal:#}");
    assert!(refusal["auroc"].as_f64().unwrap() > 0.8, "{refusal:#}");

    let fitted = measured(&["eval", "calibrate"]);
    let of = &fitted["refusal"];
    assert_eq!((&of["questions"], &of["auroc"]), (&json!(17), &refusal["auroc"]), "{fitted:#}");
    assert_eq!(of["default"], refusal["default"], "the threshold of the service");
    assert_eq!(fitted["support"], json!({}), "the models here are not those of the service");
    let both = run(&["eval", "calibrate", "--method", "words"]);
    let said = text(&both.stderr);
    assert!(said.contains("of the models here"), "{said}");
    let both = parsed(&both);
    assert_eq!(both["refusal"], *of, "{both:#}");
    assert!(both["support"]["words"]["pairs"].as_u64().unwrap() > 0, "{both:#}");
    let refused = run(&["eval", "calibrate", "--support-only"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));

    let answers = measured(&["eval", "answers", "--mode", "extractive"]);
    assert!(answers["contains_gold"].as_f64().unwrap() > 0.5, "{answers:#}");
    let citations = measured(&["eval", "citations", "--mode", "extractive"]);
    assert_eq!(citations["quotes_hold"], 1.0, "{citations:#}");
    assert!(citations["citations"].as_u64().unwrap() > 0 && citations.get("true_kept").is_none());

    assert_eq!(measured(&["eval", "retrieval"]), retrieval);
    assert_eq!(kept_lines(&here, "retrieval"), 30, "ten queries in three modes, each searched once");
    let refused = run(&["eval", "refusal", "--remove-gold"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
    server.kill();
    let gone = run(&["eval", "answers", "--mode", "extractive"]);
    assert_eq!(gone.status.code(), Some(1), "{}", text(&gone.stderr));
}

/// Makes the knowledge base `measured` of the set's documents.
async fn upload(client: &footnote_tests::support::Client, set: &Path) {
    let created = client.post("/api/v1/knowledge-bases", &json!({ "name": "measured" })).await.expect(201);
    let kb = footnote_tests::support::TestKnowledgeBase::new(client.clone(), &created);
    for file in fs_err::read_dir(set.join("docs")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        kb.add(&name, fs_err::read(&path).unwrap()).await;
    }
}
