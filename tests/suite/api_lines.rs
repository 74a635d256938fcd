//! Where citations stand on their pages, and how sure OCR is of them.

use footnote_tests::support::{TestApp, TestKnowledgeBase, check_citations, pdf};
use serde_json::Value;

/// Three lines at 200 dots per inch: two clear ones, and one in waves, of which OCR is sure to some 70%. It goes on with
/// the sentence of the second, about a zeppelin; the first is about a museum.
const SCAN: &[u8] = include_bytes!("files/wavy-scan.png");

/// The lines that a citation's quote lies on. They are on its page, within it, and hold the whole quote.
async fn lines_of(kb: &TestKnowledgeBase, citation: &Value) -> Vec<Value> {
    let text = |key: &str| citation[key].as_str().unwrap();
    let (start, end) = span(&citation["source_span"]);
    let path =
        format!("/documents/{}/lines?version={}&start={start}&end={end}", text("document"), text("version"));
    let lines = kb.get(&path).await.ok().as_array().unwrap().clone();
    for line in &lines {
        assert_eq!(line["page"], citation["page"], "{line:#}");
        let [left, top, right, bottom] = bounds(line);
        assert!(0.0 <= left && left < right && right <= 1.0, "{line:#}");
        assert!(0.0 <= top && top < bottom && bottom <= 1.0, "{line:#}");
    }
    let spans: Vec<(usize, usize)> = lines.iter().map(|line| span(&line["span"])).collect();
    for (at, c) in (start..end).zip(text("quote").chars()) {
        let is_on_a_line = spans.iter().any(|(from, to)| (*from..*to).contains(&at));
        assert!(
            c.is_whitespace() || is_on_a_line,
            "{c:?} of the quote is on no line: {citation:#} {lines:#?}"
        );
    }
    lines
}

/// The line's own text.
fn words(text: &str, line: &Value) -> String {
    let (start, end) = span(&line["span"]);
    text.chars().skip(start).take(end - start).collect()
}

fn span(value: &Value) -> (usize, usize) {
    let end = |key: &str| usize::try_from(value[key].as_u64().unwrap()).unwrap();
    (end("start"), end("end"))
}

/// Left, top, right and bottom.
fn bounds(line: &Value) -> [f64; 4] {
    [0_usize, 1, 2, 3].map(|side| line["box"][side].as_f64().unwrap())
}

/// The citations of the answer to `question` whose quote has this word; there is one at least.
async fn cited(kb: &TestKnowledgeBase, question: &str, word: &str) -> Vec<Value> {
    let response = kb.ask(question).await;
    let mut citations = check_citations(kb, &response["answer"], &response["passages"]).await;
    citations.retain(|citation| citation["quote"].as_str().unwrap().contains(word));
    assert!(!citations.is_empty(), "{response:#}");
    citations
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citation_of_a_pdf_is_drawn_where_its_words_stand() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("places").await;
    let pages = [
        "The north office opens at eight in the morning.\nVisitors sign in at the front desk.",
        "Visitors park behind the house.\nFull-time employees receive fifteen days\nof paid annual leave in each year.",
    ];
    let document = kb.add("handbook.pdf", pdf(&pages)).await;
    assert_eq!(document["newest_version"]["engine"], "pdfium 8149");
    let text = kb.text_of(&document["id"], &document["current_version"]).await;
    let question = "How many days of paid annual leave do full-time employees receive?";
    for citation in cited(&kb, question, "fifteen days").await {
        assert_eq!(citation["page"], 2, "{citation:#}");
        let lines = lines_of(&kb, &citation).await;
        // The third line of the page: 72 points from the left, its baseline 124 from the top, of 612 and 792.
        let last = lines.iter().find(|line| words(&text, line).starts_with("of paid annual leave")).unwrap();
        let [left, top, right, bottom] = bounds(last);
        assert!((left - 72.0 / 612.0).abs() < 0.01 && right < 0.5, "{last:#}");
        assert!(top < 124.0 / 792.0 && 124.0 / 792.0 < bottom && bottom - top < 20.0 / 792.0, "{last:#}");
        assert!(last["confidence"].is_null() && citation["ocr_confidence"].is_null(), "{citation:#}");
        assert_eq!(citation["low_confidence"], false, "{citation:#}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citation_tells_where_ocr_is_unsure_of_its_words() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("scans").await;
    let document = kb.add("scan.png", SCAN).await;
    let version = &document["newest_version"];
    assert_eq!(version["engine"], "PP-OCRv5 (onnxruntime 1.32.0)");
    assert_eq!(version["ocr_pages"], 1);
    for (question, word, is_low) in [
        ("When does the museum open in the morning?", "museum", false),
        ("When does the zeppelin leave the harbour?", "zeppelin", true),
    ] {
        for citation in cited(&kb, question, word).await {
            let lines = lines_of(&kb, &citation).await;
            let sure = lines.iter().map(|line| line["confidence"].as_f64().unwrap()).fold(1.0, f64::min);
            let told = citation["ocr_confidence"].as_f64().unwrap();
            assert!((told - sure).abs() < 1e-3, "that of its least sure line: {citation:#} {lines:#?}");
            assert_eq!(told < 0.8, is_low, "{citation:#}");
            assert_eq!(citation["low_confidence"], is_low, "{citation:#}");
        }
    }
    app.finish().await;
}
