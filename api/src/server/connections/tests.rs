//! Clients that say little, say nothing, or stay until the end.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::testing::TestApp;

const DOCUMENTS: &str = "/api/v1/knowledge-bases/kb/documents";
/// Far less than the grace of a shutdown, far more than anything here should take.
const SOON: Duration = Duration::from_secs(8);

struct Serving {
    app: TestApp,
    address: std::net::SocketAddr,
    server: JoinHandle<()>,
}

impl Serving {
    async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let app = TestApp::with(change).await;
        app.knowledge_base("kb").await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = app.app.clone().serve(listener, std::future::pending());
        Self { app, address, server: tokio::spawn(async move { serving.await.unwrap() }) }
    }

    /// Sends the beginning of a request and no more.
    async fn begin(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// The head of a POST with an admin's key.
    fn post(&self, path: &str, content_type: &str) -> String {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: {content_type}\r\n\
             Content-Length: 1000\r\n\r\n",
            self.app.admin
        )
    }

    async fn stop(self) {
        self.app.app.stop();
        tokio::time::timeout(SOON, self.server).await.expect("the server ends soon").unwrap();
    }
}

/// All that comes until the server closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    tokio::time::timeout(SOON, stream.read_to_string(&mut text)).await.expect("the server closes").unwrap();
    text
}

#[tokio::test]
async fn a_client_that_does_not_finish_its_header_is_dropped() {
    let serving = Serving::start(|config| config.server.idle_timeout_seconds = 1).await;
    for beginning in ["", "GET /livez HT", "GET /livez HTTP/1.1\r\nHost: x\r\n"] {
        let silent = serving.begin(beginning).await;
        assert!(!rest(silent).await.contains("200 OK"), "{beginning:?}");
    }
    serving.stop().await;
}

#[tokio::test]
async fn a_body_that_stalls_is_a_timeout() {
    let serving = Serving::start(|config| config.server.idle_timeout_seconds = 1).await;
    let json = "application/json";
    let form = "multipart/form-data; boundary=x";
    let file = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.md\"\r\n\r\n# A";
    let metadata = "--x\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\"a\"";
    for (path, content_type, beginning) in [
        ("/api/v1/knowledge-bases/kb/ask", json, "{\"question\": "),
        ("/api/v1/knowledge-bases/kb/search", json, ""),
        ("/v1/chat/completions", json, "{"),
        ("/v1/embeddings", json, "{"),
        (DOCUMENTS, form, ""),
        (DOCUMENTS, form, file),
        (DOCUMENTS, form, metadata),
    ] {
        let request = format!("{}{beginning}", serving.post(path, content_type));
        let answer = rest(serving.begin(&request).await).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{path} {beginning:?}: {answer}");
    }
    serving.stop().await;
}

#[tokio::test]
async fn further_connections_wait_for_a_slot() {
    let limits = |config: &mut Config| {
        config.server.max_connections = 1;
        config.server.idle_timeout_seconds = 1;
    };
    let serving = Serving::start(limits).await;
    let began = Instant::now();
    let silent = serving.begin("GET /livez HT").await;
    let request = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert!(rest(serving.begin(request).await).await.starts_with("HTTP/1.1 200 "));
    assert!(began.elapsed() >= Duration::from_secs(1), "the silent one had the only slot");
    drop(silent);
    serving.stop().await;
}

#[tokio::test]
async fn whoever_watches_or_waits_for_a_job_does_not_hold_up_the_end() {
    let serving = Serving::start(|_| ()).await;
    let stored = serving.app.upload(DOCUMENTS, &serving.app.admin, &[("a.md", "# A")], &[]).await.json();
    let job = stored["items"][0]["job"]["id"].as_str().unwrap();
    let watch = format!(
        "GET /api/v1/knowledge-bases/kb/jobs/{job}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        serving.app.admin
    );
    let watching = serving.begin(&watch).await;
    let file =
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.md\"\r\n\r\n# B\r\n--x--\r\n";
    let waiting = format!(
        "POST {DOCUMENTS}?wait=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: \
         multipart/form-data; boundary=x\r\nContent-Length: {}\r\n\r\n{file}",
        serving.app.admin,
        file.len()
    );
    let waiting = serving.begin(&waiting).await;
    // Both are under way when the end begins.
    tokio::time::sleep(Duration::from_millis(500)).await;
    serving.stop().await;
    let watched = rest(watching).await;
    assert!(watched.contains("event: error") && watched.contains("stopping"), "{watched}");
    let waited = rest(waiting).await;
    assert!(waited.starts_with("HTTP/1.1 202 "), "{waited}");
}

#[tokio::test]
async fn a_revoked_key_watches_no_longer() {
    let app = TestApp::start().await;
    app.knowledge_base("kb").await;
    let stored = app.upload(DOCUMENTS, &app.admin, &[("a.md", "# A")], &[]).await.json();
    let events = format!(
        "/api/v1/knowledge-bases/kb/jobs/{}/events",
        stored["items"][0]["job"]["id"].as_str().unwrap()
    );
    let reader = app.key("reader", None).await;
    let revoke = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let keys = app.get("/api/v1/keys?limit=1", &app.admin).await.json();
        let id = keys["items"][0]["id"].as_str().unwrap();
        app.request("DELETE", &format!("/api/v1/keys/{id}"), &app.admin).await
    };
    let watch = tokio::time::timeout(SOON, app.get(&events, &reader));
    let (watched, revoked) = tokio::join!(watch, revoke);
    assert_eq!(revoked.status.as_u16(), 204, "{}", revoked.text);
    let watched = watched.expect("the stream ends").text;
    assert!(watched.contains("event: error") && watched.contains("\"status\":401"), "{watched}");
}

#[tokio::test]
async fn no_connection_outlives_the_server() {
    let serving = Serving::start(|config| config.server.shutdown_seconds = 1).await;
    let request = serving.post("/api/v1/knowledge-bases/kb/search", "application/json");
    let stuck = serving.begin(&format!("{request}{{")).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let app = serving.app.app.clone();
    serving.stop().await;
    assert_eq!(rest(stuck).await, "", "it was cut off");
    assert_eq!(std::sync::Arc::strong_count(&app), 1, "nobody works on the app any more");
}
