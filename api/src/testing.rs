//! For this crate's own tests: an app on a temporary data folder with real stores and indexes. Its
//! embedder hashes words instead of running a model, files are parsed in this process, and jobs run
//! when [`TestApp::work`] is called: `tests/` has the whole.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use footnote_core::Result;
use footnote_core::hash::ContentHash;
use footnote_core::parsed::ParsedDocument;
use footnote_core::ports::{Embedder, Generator, TokenCounter};
use footnote_core::principal::{KeySecret, Principal, Role};
use footnote_ingest::ParseFile;
use footnote_ingest::parse::{EngineConfig, ParseLimits, parse_file};
use footnote_ingest::progress::Progress;
use footnote_ingest::runner::RunnerSettings;
use footnote_store::open::{StoreConfig, lock_data_folder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::app::{App, Models};
use crate::config::Config;
use crate::{server, service};

const DIMENSION: usize = 32;

/// An app with an admin's key.
pub(crate) struct TestApp {
    pub(crate) app: Arc<App>,
    pub(crate) admin: String,
    router: Router,
    _folder: TempDir,
}

/// A response read to its end.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// Starts with a changed configuration.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::open(change, None).await
    }

    /// Starts with a language model.
    pub(crate) async fn with_generator(generator: Arc<dyn Generator>) -> Self {
        Self::open(|_| (), Some(generator)).await
    }

    async fn open(change: impl FnOnce(&mut Config), generator: Option<Arc<dyn Generator>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.data.folder = folder.path().to_owned();
        change(&mut config);
        let lock = lock_data_folder(folder.path()).unwrap();
        let store = footnote_store::open::open(StoreConfig::embedded(lock)).await.unwrap();
        let models = Models { embedder: Arc::new(HashEmbedder), reranker: None, generator };
        let app = App::assemble(config, store, models, Arc::new(InProcess)).await.unwrap();
        let operator = Principal::local_operator();
        let (_, secret) = service::keys::create(&app, &operator, "admin", Role::Admin, None).await.unwrap();
        let router = server::router(app.clone());
        Self { app, admin: secret.reveal().to_owned(), router, _folder: folder }
    }

    /// Runs all jobs that are due.
    pub(crate) async fn work(&self) {
        let settings = RunnerSettings::default();
        while footnote_ingest::runner::run_one(&self.app.ingest, settings).await.unwrap() {}
    }

    /// Creates a key and gives its secret.
    pub(crate) async fn key(&self, role: &str, knowledge_bases: Option<&[&str]>) -> String {
        let body = json!({"name": role, "role": role, "knowledge_bases": knowledge_bases});
        let reply = self.post("/api/v1/keys", &self.admin, body).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
        reply.json()["secret"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn knowledge_base(&self, name: &str) -> Value {
        let reply = self.post("/api/v1/knowledge-bases", &self.admin, json!({ "name": name })).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
        reply.json()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 10 << 20).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Reply { status: head.status, headers: head.headers, text }
    }

    pub(crate) async fn request(&self, method: &str, path: &str, key: &str) -> Reply {
        let request = Request::builder().method(method).uri(path);
        self.send(request.header(header::AUTHORIZATION, format!("Bearer {key}")).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn get(&self, path: &str, key: &str) -> Reply {
        self.request("GET", path, key).await
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: Value) -> Reply {
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Uploads files, each with a name; `headers` come besides.
    pub(crate) async fn upload(
        &self,
        path: &str,
        key: &str,
        files: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut body = String::new();
        for (name, content) in files {
            body.push_str(&format!(
                "--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n"
            ));
        }
        body.push_str("--frontier--\r\n");
        let mut request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=frontier");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }
}

/// A secret that no key has.
pub(crate) fn strange_key() -> String {
    KeySecret::from_random([7; 32]).reveal().to_owned()
}

struct InProcess;

#[async_trait]
impl ParseFile for InProcess {
    async fn parse(&self, path: &Path, file_name: &str, _progress: &Progress) -> Result<ParsedDocument> {
        parse_file(path, file_name, &ParseLimits::default(), &EngineConfig::default())
    }
}

struct HashEmbedder;

impl HashEmbedder {
    fn vector(text: &str) -> Vec<f32> {
        let mut vector = [0.01_f32; DIMENSION];
        for word in text.split_whitespace() {
            vector[usize::from(ContentHash::of(word.as_bytes()).0[0]) % DIMENSION] += 1.0;
        }
        let norm = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
        vector.iter().map(|v| v / norm).collect()
    }
}

#[async_trait]
impl Embedder for HashEmbedder {
    fn fingerprint(&self) -> &str {
        "hash-embedder"
    }

    fn dimension(&self) -> usize {
        DIMENSION
    }

    fn max_tokens(&self) -> usize {
        512
    }

    fn tokens(&self) -> Arc<dyn TokenCounter> {
        Arc::new(Bytes)
    }

    async fn embed_query(&self, text: &str) -> Result<Vec<f32>> {
        Ok(Self::vector(text))
    }

    async fn embed_passages(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        Ok(texts.iter().map(|text| Self::vector(text)).collect())
    }
}

/// A token per scalar value.
struct Bytes;

impl TokenCounter for Bytes {
    fn token_ends(&self, text: &str) -> Result<Vec<usize>> {
        Ok(text.char_indices().map(|(at, c)| at + c.len_utf8()).collect())
    }
}
