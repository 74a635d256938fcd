//! Jobs: watched, cancelled, retried, listed.

use footnote_tests::support::{Form, TestApp, encrypted_pdf};

/// Enough text to keep the one worker busy for a while.
fn long_text(topic: &str) -> Vec<u8> {
    (0..400)
        .map(|n| format!("Rule {n} on {topic} applies to department {n} alone.\n\n"))
        .collect::<String>()
        .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_streamed_until_it_ends() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("watched").await;
    let accepted = kb.send(Form::new().file("long.txt", &long_text("travel"))).await.expect(202);
    let id = accepted["items"][0]["job"]["id"].as_str().unwrap().to_owned();
    let events = kb.get(&format!("/jobs/{id}/events")).await.events();
    let (last, before) = events.split_last().unwrap();
    assert_eq!((last.name.as_str(), &last.data()["state"]), ("done", &"succeeded".into()));
    assert!(!before.is_empty() && before.iter().all(|event| event.name == "job"), "{events:?}");
    assert!(events.iter().all(|event| event.data()["id"] == *id));
    let ended = kb.get(&format!("/jobs/{id}/events")).await.events();
    assert_eq!(ended.len(), 1, "of an ended job only the end is told");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_job_says_why_and_is_tried_again_by_hand() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("failing").await;
    let item = kb.upload("secret.pdf", encrypted_pdf()).await;
    let job = kb.wait_for(&item["job"]["id"]).await;
    assert_eq!(job["state"], "failed");
    assert!(job["error"].as_str().unwrap().contains("password"), "{job:#}");
    assert_eq!(job["attempts"], 1, "another try would not help, so there was none");
    let path = format!("/jobs/{}", job["id"].as_str().unwrap());
    let queued = kb.client.call("POST", &kb.path(&format!("{path}/retry"))).await.expect(202);
    assert_eq!((&queued["state"], &queued["error"]), (&"queued".into(), &serde_json::Value::Null));
    assert_eq!(kb.wait_for(&job["id"]).await["state"], "failed");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_job_leaves_its_document_out_until_it_is_retried() {
    let app = TestApp::with(|config| config.ingest.workers = 1).await;
    let kb = app.knowledge_base("cancelled").await;
    kb.send(Form::new().file("first.txt", &long_text("travel"))).await.expect(202);
    let second = kb.send(Form::new().file("second.txt", b"The zeppelin leaves at noon.")).await.expect(202);
    let job = second["items"][0]["job"]["id"].clone();
    let path = kb.path(&format!("/jobs/{}", job.as_str().unwrap()));
    kb.client.call("POST", &format!("{path}/cancel")).await.expect(202);
    assert_eq!(kb.wait_for(&job).await["state"], "cancelled");
    assert_eq!(kb.keys_with_words("zeppelin").await, [""; 0]);
    kb.client.call("POST", &format!("{path}/retry")).await.expect(202);
    assert_eq!(kb.wait_for(&job).await["state"], "succeeded");
    assert_eq!(kb.keys_with_words("zeppelin").await, ["second.txt"]);
    let done = kb.client.call("POST", &format!("{path}/retry")).await;
    assert!(done.problem(409).contains("succeeded"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_is_cancelled_soon() {
    let app = TestApp::with(|config| config.ingest.lease_seconds = 3).await;
    let kb = app.knowledge_base("cancelled").await;
    // Chunks that differ, or most would be known after a few: on a busy machine it would end before it is cancelled.
    let text: Vec<u8> = (0..40).flat_map(|n| long_text(&format!("journey {n}"))).collect();
    let accepted = kb.send(Form::new().file("long.txt", &text)).await.expect(202);
    let job = accepted["items"][0]["job"]["id"].clone();
    let path = kb.path(&format!("/jobs/{}", job.as_str().unwrap()));
    while kb.client.get(&path).await.ok()["progress"]["stage"] != "embedding" {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    kb.client.call("POST", &format!("{path}/cancel")).await.expect(202);
    assert_eq!(kb.wait_for(&job).await["state"], "cancelled");
    let document = kb.document(&accepted["items"][0]["document"]["id"]).await;
    assert!(document["current_version"].is_null());
    kb.delete(&format!("/documents/{}", document["id"].as_str().unwrap())).await.expect(204);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_per_knowledge_base_and_by_state() {
    let app = TestApp::start().await;
    let (one, two) = (app.knowledge_base("one").await, app.knowledge_base("two").await);
    one.add("a.txt", "One.").await;
    two.add("a.txt", "Two.").await;
    two.add_bad("b.pdf", encrypted_pdf()).await;
    let count = async |path: String| app.client.get(&path).await.ok()["items"].as_array().unwrap().len();
    assert_eq!(count(one.path("/jobs")).await, 1);
    assert_eq!(count(two.path("/jobs")).await, 2);
    assert_eq!(count(two.path("/jobs?state=failed")).await, 1);
    assert!(count("/api/v1/jobs".to_owned()).await >= 3, "the admin sees the upkeep as well");
    app.finish().await;
}
