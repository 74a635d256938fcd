//! The service in this process, on a data folder of its own.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use footnote_api::app::{App, AppOptions, BackgroundTasks, Models, open_embedder, open_generator};
use footnote_api::config::{Config, ModelChoice};
use footnote_api::service::keys;
use footnote_core::ids::{ScheduleId, SourceId};
use footnote_core::ports::Embedder;
use footnote_core::principal::{Principal, Role};
use footnote_core::schedule::Schedule;
use footnote_ingest::scheduler;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tokio::task::JoinHandle;

use super::{Client, TestKnowledgeBase, footnote_binary, models_folder};

/// Apps at the same time: on a machine with many cores the tests would wait for the embedder, and
/// each other's deadlines pass.
static SLOTS: Semaphore = Semaphore::const_new(4);
/// Longest time until everything that was queued has been done.
const IDLE_WITHIN: Duration = Duration::from_secs(120);

/// A running service. End it with [`TestApp::finish`].
pub struct TestApp {
    /// A client with the admin's key.
    pub client: Client,
    app: Arc<App>,
    background: Option<BackgroundTasks>,
    serving: Option<JoinHandle<()>>,
    stop: Option<oneshot::Sender<()>>,
    folder: Option<TempDir>,
    _slot: SemaphorePermit<'static>,
}

impl TestApp {
    /// Starts a service that answers with extracts.
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// Starts a service that answers with the smallest language model.
    pub async fn with_language_model() -> Self {
        Self::with(|config| config.models.generator = ModelChoice::model("smollm2-135m-instruct")).await
    }

    /// Starts a service with a changed configuration.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::open(folder, change).await
    }

    /// Starts a service on a folder that [`Self::finish`] gave.
    pub async fn open(folder: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let slot = SLOTS.acquire().await.expect("the semaphore is never closed");
        let prepare = || (models_folder(), footnote_binary());
        let (models, binary) =
            tokio::task::spawn_blocking(prepare).await.expect("models and binary are there");
        let mut config = Config::default();
        config.data.folder = folder.path().to_owned();
        config.models.folder = models.to_owned();
        config.models.generator = ModelChoice::none();
        change(&mut config);
        let worker_command = vec![binary.into(), "parse-worker".into()];
        let models = open_models(config.clone()).await;
        let app = App::open_with_models(config, AppOptions { worker_command }, models);
        let app = app.await.expect("the app opens");
        let operator = Principal::local_operator();
        let (_, key) =
            keys::create(&app, &operator, "test admin", Role::Admin, None).await.expect("a key is made");

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the listener has an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = app.clone().serve(listener, async move { drop(stopped.await) });
        Self {
            client: Client::new(format!("http://{address}"), Some(key.reveal())),
            background: Some(app.start_background()),
            serving: Some(tokio::spawn(async move { serving.await.expect("the server ends in good order") })),
            stop: Some(stop),
            app,
            folder: Some(folder),
            _slot: slot,
        }
    }

    /// Creates a knowledge base.
    pub async fn knowledge_base(&self, name: &str) -> TestKnowledgeBase {
        self.knowledge_base_with(name, json!({})).await
    }

    /// Creates a knowledge base with settings that differ from the defaults.
    pub async fn knowledge_base_with(&self, name: &str, settings: Value) -> TestKnowledgeBase {
        self.knowledge_base_of(&json!({ "name": name, "settings": settings })).await
    }

    /// Creates a knowledge base as a request says.
    pub async fn knowledge_base_of(&self, body: &Value) -> TestKnowledgeBase {
        let created = self.client.post("/api/v1/knowledge-bases", body).await.expect(201);
        TestKnowledgeBase::new(self.client.clone(), &created)
    }

    /// Creates a key and gives a client that presents it.
    pub async fn key(&self, role: &str, knowledge_bases: Option<&[&TestKnowledgeBase]>) -> Client {
        let names = knowledge_bases.map(|all| all.iter().map(|kb| kb.id.clone()).collect::<Vec<_>>());
        let body = json!({ "name": role, "role": role, "knowledge_bases": names });
        let created = self.client.post("/api/v1/keys", &body).await.expect(201);
        self.client.with_key(created["secret"].as_str())
    }

    /// Stores a schedule that should have fired at `missed`, as a service finds it that was down.
    pub async fn missed_schedule(&self, source: &str, cron: &str, missed: DateTime<Utc>) {
        let schedule = Schedule {
            id: ScheduleId::new(),
            source: source.parse::<SourceId>().expect("the id of a source"),
            cron: cron.to_owned(),
            time_zone: "UTC".to_owned(),
            enabled: true,
            next_run_at: missed,
            created_at: missed,
        };
        self.app.store.schedules.create_schedule(schedule).await.expect("the schedule is stored");
    }

    /// Does what the scheduler does when its clock says `now`.
    pub async fn tick_scheduler(&self, now: DateTime<Utc>) {
        scheduler::tick(&self.app.ingest, now).await.expect("the scheduler reads its schedules");
    }

    /// Waits until no job is queued or running.
    pub async fn wait_until_idle(&self) {
        let began = Instant::now();
        loop {
            let mut left = Vec::new();
            for state in ["queued", "running"] {
                let jobs = self.client.get(&format!("/api/v1/jobs?state={state}")).await.ok();
                left.extend(jobs["items"].as_array().expect("a list has items").clone());
            }
            if left.is_empty() {
                return;
            }
            assert!(began.elapsed() < IDLE_WITHIN, "jobs are left over: {left:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Reconciles, and gives the number of versions in which SQL and the indexes differed.
    pub async fn reconcile(&self) -> u64 {
        let before = self.app.ingest.drift.read().runs;
        scheduler::upkeep(&self.app.ingest, self.app.now()).await.expect("the upkeep is queued");
        self.wait_until_idle().await;
        let drift = self.app.ingest.drift.read();
        assert!(drift.runs > before, "the reconciliation ran");
        drift.last
    }

    /// Ends the service in good order. Fails where jobs are left over or an index differs from SQL.
    /// Gives the data folder.
    pub async fn finish(mut self) -> TempDir {
        self.wait_until_idle().await;
        assert_eq!(self.reconcile().await, 0, "the indexes hold what SQL says");
        self.shut_down().await
    }

    /// Ends the service in good order, whatever is still to be done. Gives the data folder.
    pub async fn shut_down(&mut self) -> TempDir {
        drop(self.stop.take());
        if let Some(serving) = self.serving.take() {
            serving.await.expect("the server does not panic");
        }
        if let Some(background) = self.background.take() {
            background.shutdown().await;
        }
        self.folder.take().expect("the service was not ended before")
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let Some(folder) = self.folder.take() else { return };
        // Left for whoever wants to know why; the service still writes to it.
        let folder = folder.keep();
        assert!(
            std::thread::panicking(),
            "a test ends its app with finish(), which looks for work left over; its data is in {}",
            folder.display()
        );
    }
}

/// The models of the configuration. All apps share one embedder, as opening it takes seconds.
async fn open_models(config: Config) -> Models {
    static EMBEDDER: OnceLock<Arc<dyn Embedder>> = OnceLock::new();
    let open = move || Models {
        embedder: EMBEDDER.get_or_init(|| open_embedder(&config).expect("the embedder opens")).clone(),
        reranker: None,
        generator: open_generator(&config).expect("the language model opens"),
    };
    tokio::task::spawn_blocking(open).await.expect("the models open")
}
