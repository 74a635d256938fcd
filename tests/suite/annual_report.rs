//! A real annual report: uploaded, watched to the end of its job, asked about.

use footnote_tests::support::{Form, TestApp, check_citations, shared_data};

const REPORT: &str = "qa/enterprise-rag-challenge-mini/pdfs/b947c33b370d8a3251ef9c36ce7d71e8d16f4f8e.pdf";
/// The question of `qa.jsonl` about this report that asks for something in its text.
const QUESTION: &str = "According to the annual report, what is the Cash flow from operations (in USD) for Wheeler \
                        Real Estate Investment Trust, Inc.  (within the last period or at the end of the last \
                        period)? If data is not available, return 'N/A'.";

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_pages_are_read_and_cited_by_page() {
    let Some(report) = shared_data(REPORT) else { return };
    let app = TestApp::start().await;
    let kb = app.knowledge_base("reports").await;
    let accepted = kb.send(Form::new().file("wheeler-2022.pdf", &report)).await.expect(202);
    let job = &accepted["items"][0]["job"];
    let watched = kb.get(&format!("/jobs/{}/events", job["id"].as_str().unwrap())).await.events();
    let ended = watched.last().unwrap();
    assert_eq!(
        (ended.name.as_str(), &ended.data()["state"]),
        ("done", &"succeeded".into()),
        "{}",
        ended.text
    );
    let stages: Vec<_> = watched.iter().map(|event| event.data()["progress"]["stage"].clone()).collect();
    assert!(stages.contains(&"embedding".into()), "progress is told: {stages:?}");

    let document = kb.document(&accepted["items"][0]["document"]["id"]).await;
    let version = &document["versions"][0];
    assert!(version["pages"].as_u64().unwrap() > 80, "{version:#}");
    let (chunks, embedded) = (version["chunks"].as_u64().unwrap(), version["embedded"].as_u64().unwrap());
    assert!(chunks > 100, "{version:#}");
    // What a report says twice in the same words is embedded once.
    assert!(embedded <= chunks && embedded > chunks / 2, "nearly all of it is new: {version:#}");

    let response = kb.ask(QUESTION).await;
    let citations = check_citations(&kb, &response["answer"], &response["passages"]).await;
    assert_eq!(response["answer"]["refused"], false, "nothing of one report stands out: {response:#}");
    assert!(!citations.is_empty(), "{response:#}");
    for citation in &citations {
        assert_eq!(citation["document_key"], "wheeler-2022.pdf");
        let page = citation["page"].as_u64().expect("a PDF's citation names its page");
        assert!((1..=version["pages"].as_u64().unwrap()).contains(&page), "{citation:#}");
    }
    app.finish().await;
}
