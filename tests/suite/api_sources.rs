//! Directories as sources: compared by content, by hand and by schedule.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use footnote_tests::support::{TestApp, TestKnowledgeBase};
use serde_json::{Value, json};

async fn directory_source(kb: &TestKnowledgeBase, path: &Path) -> String {
    let created = kb.post("/sources", &json!({"name": "policies", "path": path})).await.expect(201);
    created["id"].as_str().unwrap().to_owned()
}

/// Refreshes, waits for everything it queued, and gives its report.
async fn refresh(app: &TestApp, kb: &TestKnowledgeBase, source: &str) -> Value {
    let run = kb.client.call("POST", &kb.path(&format!("/sources/{source}/refresh"))).await.expect(202);
    assert_eq!(kb.wait_for(&run["job"]).await["state"], "succeeded");
    app.wait_until_idle().await;
    let runs = kb.get(&format!("/sources/{source}/runs")).await.ok();
    let newest = &runs["items"][0];
    assert_eq!(newest["id"], run["id"]);
    assert!(!newest["finished_at"].is_null());
    newest["report"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_tells_added_changed_renamed_and_removed_apart() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("policies").await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    };
    write("leave.md", "# Leave\n\nTen days.\n");
    write("旅行/travel.md", "# Travel\n\nThe zeppelin is allowed.\n");
    write("old.md", "# Old\n\nThe abacus is allowed.\n");
    write("same.md", "# Same\n\nNothing changes here.\n");
    let source = directory_source(&kb, folder.path()).await;
    let first = refresh(&app, &kb, &source).await;
    assert_eq!(first["added"], json!(["leave.md", "old.md", "same.md", "旅行/travel.md"]));
    assert_eq!(kb.keys_with_words("zeppelin").await, ["旅行/travel.md"]);

    write("leave.md", "# Leave\n\nTwelve days.\n");
    write("new.md", "# New\n\nThe submarine is allowed.\n");
    fs_err::rename(folder.path().join("旅行/travel.md"), folder.path().join("travel.md")).unwrap();
    fs_err::remove_file(folder.path().join("old.md")).unwrap();
    let second = refresh(&app, &kb, &source).await;
    assert_eq!(
        second,
        json!({
            "added": ["new.md"], "changed": ["leave.md"], "renamed": [{"from": "旅行/travel.md", "to": "travel.md"}],
            "removed": ["old.md"], "unchanged": 1, "failed": [],
        })
    );
    assert_eq!(kb.keys_with_words("zeppelin").await, ["travel.md"], "it moved");
    assert_eq!(kb.keys_with_words("abacus").await, [""; 0], "it is gone");
    assert_eq!(kb.keys_with_words("twelve").await, ["leave.md"], "it changed");
    assert_eq!(kb.keys_with_words("submarine").await, ["new.md"], "it is new");

    let third = refresh(&app, &kb, &source).await;
    assert_eq!(
        (&third["unchanged"], &third["added"], &third["changed"]),
        (&4.into(), &json!([]), &json!([]))
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_refreshes_of_one_source_never_overlap() {
    let app = TestApp::with(|config| config.ingest.workers = 4).await;
    let kb = app.knowledge_base("policies").await;
    let folder = tempfile::tempdir().unwrap();
    for n in 0..300 {
        fs_err::write(folder.path().join(format!("{n}.png")), b"\x89PNG\r\n\x1a\n").unwrap();
    }
    fs_err::write(folder.path().join("a.txt"), "One.").unwrap();
    let source = directory_source(&kb, folder.path()).await;
    let path = kb.path(&format!("/sources/{source}/refresh"));
    let runs = futures::future::join_all((0..6).map(|_| kb.client.call("POST", &path))).await;
    let runs: Vec<Value> = runs.iter().map(|reply| reply.expect(202)).collect();
    app.wait_until_idle().await;
    // Whoever asked while a run was under way was given that run.
    let history = kb.get(&format!("/sources/{source}/runs")).await.ok()["items"].as_array().unwrap().clone();
    let mut spans: Vec<(DateTime<Utc>, DateTime<Utc>)> = history
        .iter()
        .map(|run| {
            (
                run["created_at"].as_str().unwrap().parse().unwrap(),
                run["finished_at"].as_str().unwrap().parse().unwrap(),
            )
        })
        .collect();
    spans.sort();
    assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{spans:?}");
    assert!(runs.iter().all(|run| history.iter().any(|known| known["id"] == run["id"])));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_missed_many_times_runs_once() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("policies").await;
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("a.txt"), "The zeppelin leaves at noon.").unwrap();
    let source = directory_source(&kb, folder.path()).await;
    let schedules = format!("/sources/{source}/schedules");
    let body = json!({"cron": "30 6 * * *", "time_zone": "Asia/Shanghai"});
    let created = kb.post(&schedules, &body).await.expect(201);
    let next: DateTime<Utc> = created["next_run_at"].as_str().unwrap().parse().unwrap();
    assert!(next > Utc::now() && next < Utc::now() + TimeDelta::days(1));
    assert_eq!(next.format("%H:%M").to_string(), "22:30", "06:30 in Shanghai");

    app.tick_scheduler(next - TimeDelta::seconds(1)).await;
    let runs =
        async || kb.get(&format!("/sources/{source}/runs")).await.ok()["items"].as_array().unwrap().clone();
    assert!(runs().await.is_empty(), "not before its time");
    let path = format!("{schedules}/{}", created["id"].as_str().unwrap());
    kb.delete(&path).await.expect(204);
    kb.get(&path).await.problem(404);

    let now = Utc::now();
    app.missed_schedule(&source, "0 * * * *", now - TimeDelta::days(10)).await;
    app.tick_scheduler(now).await;
    app.tick_scheduler(now).await;
    app.wait_until_idle().await;
    let ran = runs().await;
    assert_eq!(ran.len(), 1, "240 missed times are made up for once");
    assert_eq!((&ran[0]["trigger"], &ran[0]["report"]["added"]), (&"schedule".into(), &json!(["a.txt"])));
    let listed = kb.get(&schedules).await.ok();
    let moved: DateTime<Utc> = listed["items"][0]["next_run_at"].as_str().unwrap().parse().unwrap();
    assert!(now < moved && moved <= now + TimeDelta::hours(1), "and then at the next one: {moved}");
    assert_eq!(kb.keys_with_words("zeppelin").await, ["a.txt"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_sources_and_schedules_are_named() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("policies").await;
    let refused =
        async |path: &str| kb.post("/sources", &json!({"name": "s", "path": path})).await.problem(400);
    assert!(refused("policies").await.contains("not absolute"));
    assert!(refused("/no/such/folder").await.contains("/no/such/folder"));
    let folder = tempfile::tempdir().unwrap();
    let source = directory_source(&kb, folder.path()).await;
    let schedules = format!("/sources/{source}/schedules");
    for (body, named) in [
        (json!({"cron": "every day"}), "every day"),
        (json!({"cron": "0 25 * * *"}), "0 25 * * *"),
        (json!({"cron": "0 6 * * *", "time_zone": "Mars/Olympus"}), "Mars/Olympus"),
    ] {
        let problem = kb.post(&schedules, &body).await.problem(400);
        assert!(problem.contains(named), "{problem}");
    }
    let sources = kb.get("/sources").await.ok();
    let upload = sources["items"].as_array().unwrap().iter().find(|s| s["kind"] == "upload").unwrap().clone();
    let upload = upload["id"].as_str().unwrap();
    let refresh = kb.client.call("POST", &kb.path(&format!("/sources/{upload}/refresh"))).await;
    assert!(refresh.problem(409).contains("uploads"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_source_takes_its_documents_along() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("policies").await;
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("a.txt"), "The zeppelin leaves at noon.").unwrap();
    let source = directory_source(&kb, folder.path()).await;
    refresh(&app, &kb, &source).await;
    kb.add("b.txt", "The submarine stays.").await;
    kb.delete(&format!("/sources/{source}")).await.expect(204);
    assert_eq!(kb.keys_with_words("zeppelin").await, [""; 0]);
    assert_eq!(kb.keys_with_words("submarine").await, ["b.txt"]);
    app.finish().await;
}
