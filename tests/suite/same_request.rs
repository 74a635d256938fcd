//! One request that comes several times at once.

use footnote_tests::support::{Form, TestApp};
use futures::future::join_all;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn of_the_same_uploads_at_once_under_one_idempotency_key_one_is_stored() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("idempotent").await;
    let path = kb.path("/documents");
    let upload =
        || kb.client.upload(&path, Form::new().file("a.txt", b"Ten days."), &[("Idempotency-Key", "k")]);
    let replies = join_all((0..6).map(|_| upload())).await;
    let accepted: Vec<Value> = replies.iter().filter(|r| r.status != 409).map(|r| r.expect(202)).collect();
    assert!(!accepted.is_empty(), "one of them is done");
    let stored =
        |reply: &Value| (reply["items"][0]["document"]["id"].clone(), reply["items"][0]["job"]["id"].clone());
    assert!(accepted.iter().all(|reply| stored(reply) == stored(&accepted[0])), "{accepted:#?}");
    app.wait_until_idle().await;
    let listed = kb.get("/documents").await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed:#}");
    assert_eq!(kb.document(&listed["items"][0]["id"]).await["versions"].as_array().unwrap().len(), 1);
    app.finish().await;
}
