//! The one [`App`]: every concrete type of the service is chosen here, once.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use footnote_core::document::Lineage;
use footnote_core::error::Context;
use footnote_core::knowledge_base::{ChunkerSettings, Generation, GenerationSpec, KnowledgeBase};
use footnote_core::parsed::ParsedDocument;
use footnote_core::password::Password;
use footnote_core::ports::{Clock, Embedder, Generator, Reranker, SystemClock};
use footnote_core::{Error, ErrorKind, Result};
use footnote_generator::{Answerer, Calibration, GeneratorConfig, GgufGenerator, SupportModels};
use footnote_ingest::context::Drift;
use footnote_ingest::ocr::OcrConfig;
use footnote_ingest::parse::worker::ParseHost;
use footnote_ingest::parse::{EngineConfig, ParseLimits};
use footnote_ingest::progress::Progress;
use footnote_ingest::runner::{Runner, RunnerSettings};
use footnote_ingest::scheduler::Scheduler;
use footnote_ingest::{Enrich, IngestContext, IngestLimits, MemberSink, ParseFile};
use footnote_retriever::embedder::{EmbedderConfig, OnnxEmbedder};
use footnote_retriever::evidence::EvidenceModel;
use footnote_retriever::hybrid::HybridRetriever;
use footnote_retriever::reranker::{OnnxReranker, RerankerConfig};
use footnote_store::keyword::ANALYZER_VERSION;
use footnote_store::open::{Store, StoreConfig, VectorBackend as StoreVectors, lock_data_folder};
use tokio::sync::{Mutex, Notify, Semaphore, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::answering::Answering;
use crate::build;
use crate::config::{Config, VectorBackend};
use crate::enriching::Enricher;
use crate::models::library_version;
use crate::telemetry;

/// How often the metrics recorder folds what was recorded, so that its memory stays bounded.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// How long an embedder that worked is taken to work: asking it costs a run of the model.
const EMBEDDER_TRUSTED: Duration = Duration::from_secs(30);

/// Longest time that an index may take to say that it works.
const CHECK_WITHIN: Duration = Duration::from_secs(5);

/// Previews at a time. Each takes a parser from the jobs.
const PREVIEWS: usize = 2;

/// What the binary knows and the configuration does not.
#[derive(Debug, Clone)]
pub struct AppOptions {
    /// Program and arguments of the child process that reads one file.
    pub worker_command: Vec<OsString>,
}

/// The service: configuration, store, models, retriever, answerer.
pub struct App {
    /// The effective configuration.
    pub config: Config,
    /// Everything that is on disk.
    pub store: Store,
    /// Makes vectors.
    pub embedder: Arc<dyn Embedder>,
    /// Reorders candidates, where one is configured.
    pub reranker: Option<Arc<dyn Reranker>>,
    /// Writes answers; without one, answers are extracts.
    pub generator: Option<Arc<dyn Generator>>,
    /// Finds passages.
    pub retriever: HybridRetriever,
    /// Makes answers of passages.
    pub answerer: Answerer,
    /// The index generation that new knowledge bases start with.
    pub generation: Generation,
    /// What jobs work with.
    pub ingest: Arc<IngestContext>,
    /// The answers that are being made.
    pub(crate) answering: Answering,
    /// Turns of previews, which somebody waits for: those above it are told to come again.
    pub(crate) previews: Semaphore,
    clock: Arc<dyn Clock>,
    /// When the embedder was last seen to work.
    embedder_worked: Mutex<Option<Instant>>,
    stopping: watch::Sender<bool>,
}

/// One part of the service, as `/readyz` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which part.
    pub name: &'static str,
    /// Whether it works.
    pub ok: bool,
    /// Whether the service can do without it.
    pub optional: bool,
    /// What it is, or what is wrong with it.
    pub detail: String,
}

impl App {
    /// Locks the data folder and opens everything. Nothing is downloaded; what is missing is named
    /// with the command that installs it.
    pub async fn open(config: Config, options: AppOptions) -> Result<Arc<Self>> {
        let models = open_models(&config).await?;
        Self::open_with_models(config, options, models).await
    }

    /// [`Self::open`] with models that are open already.
    pub async fn open_with_models(config: Config, options: AppOptions, models: Models) -> Result<Arc<Self>> {
        let lock = lock_data_folder(&config.data.folder)?;
        let vectors = vector_backend(&config, lock.folder())?;
        let store = footnote_store::open::open(StoreConfig { folder: lock, vectors }).await?;
        let parser = Arc::new(ChildParser(parse_host(&config, options.worker_command).await));
        Self::assemble(config, store, models, parser).await
    }

    /// Joins what was opened.
    pub(crate) async fn assemble(
        config: Config,
        store: Store,
        models: Models,
        parser: Arc<dyn ParseFile>,
    ) -> Result<Arc<Self>> {
        telemetry::metrics()?;
        let Models { embedder, reranker, generator } = models;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let generation = ensure_generation(&store, embedder.as_ref(), clock.now()).await?;
        let answering = Answering::default();
        let ingest = Arc::new(IngestContext {
            documents: store.documents.clone(),
            jobs: store.jobs.clone(),
            schedules: store.schedules.clone(),
            blobs: store.blobs.clone(),
            vectors: store.vectors.clone(),
            keywords: store.keywords.clone(),
            embedders: vec![embedder.clone()],
            parser,
            enricher: generator.clone().map(|generator| {
                Arc::new(Enricher { generator, answering: answering.clone() }) as Arc<dyn Enrich>
            }),
            clock: clock.clone(),
            limits: IngestLimits {
                max_file_bytes: config.server.max_upload_bytes,
                ..IngestLimits::default()
            },
            private_folders: vec![config.data.folder.clone()],
            wake: Arc::new(Notify::new()),
            drift: Arc::new(Drift::default()),
        });
        let retriever = HybridRetriever {
            embedder: embedder.clone(),
            vectors: store.vectors.clone(),
            keywords: store.keywords.clone(),
            documents: store.documents.clone(),
            reranker: reranker.clone(),
            evidence: EvidenceModel::default(),
        };
        let support = SupportModels::new(reranker.clone(), generator.clone(), Some(embedder.clone()));
        Ok(Arc::new(Self {
            answerer: Answerer::new(
                generator.clone(),
                support,
                calibration(config.models.calibration.as_deref())?,
            ),
            config,
            store,
            embedder,
            reranker,
            generator,
            retriever,
            generation,
            ingest,
            answering,
            previews: Semaphore::new(PREVIEWS),
            clock,
            embedder_worked: Mutex::default(),
            stopping: watch::Sender::new(false),
        }))
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Tells idle workers that a job was queued.
    pub fn wake_workers(&self) {
        self.ingest.wake.notify_waiters();
    }

    /// Begins the end: the server takes no more connections, workers claim no more jobs, and whoever
    /// waits for something that may take long stops waiting.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits until [`Self::stop`] was called.
    pub async fn stopping(&self) {
        if self.stopping.subscribe().wait_for(|&stop| stop).await.is_err() {
            // The sender lives in `self`.
            std::future::pending::<()>().await;
        }
    }

    /// Fails where the knowledge base was indexed by another embedder or by other rules for words than
    /// those that would be used on the question.
    pub async fn require_embedder_of(&self, knowledge_base: &KnowledgeBase) -> Result<()> {
        if knowledge_base.generation == self.generation.id {
            return Ok(());
        }
        let generations = self.store.documents.generations().await?;
        let made_by = generations.iter().find(|g| g.id == knowledge_base.generation);
        match made_by.map(|g| (g.spec.embedder.as_str(), g.spec.analyzer)) {
            Some((embedder, _)) if embedder != self.embedder.fingerprint() => {
                Err(Error::not_installed(format!(
                    "knowledge base {:?} was indexed by the embedder {embedder}; configure that one again, or \
                     index its documents into a new knowledge base",
                    knowledge_base.name
                )))
            }
            Some((_, analyzer)) if analyzer != ANALYZER_VERSION => Err(Error::not_installed(format!(
                "knowledge base {:?} was indexed by version {analyzer} of the keyword analyzer and this \
                 program has version {ANALYZER_VERSION}; index its documents into a new knowledge base",
                knowledge_base.name
            ))),
            Some(_) => Ok(()),
            None => Err(Error::corrupt("the knowledge base's index generation has no row")),
        }
    }

    /// Starts workers and scheduler.
    pub fn start_background(self: &Arc<Self>) -> BackgroundTasks {
        let settings = RunnerSettings {
            workers: self.config.ingest.workers,
            lease_for: Duration::from_secs(self.config.ingest.lease_seconds),
            grace: Duration::from_secs(self.config.server.shutdown_seconds),
            ..RunnerSettings::default()
        };
        let runner = Runner::start(self.ingest.clone(), settings);
        let scheduler = Scheduler::start(self.ingest.clone());
        let metrics = AbortOnDropHandle::new(tokio::spawn(fold_metrics()));
        // The first answer need not wait for it.
        tokio::spawn(build::name());
        let app = self.clone();
        // The runner's time to end runs beside that of the requests, not after it.
        let running = tokio::spawn(async move {
            app.stopping().await;
            drop(metrics);
            scheduler.shutdown().await;
            runner.shutdown().await;
        });
        BackgroundTasks { app: self.clone(), running: AbortOnDropHandle::new(running) }
    }

    /// How every part of the service stands.
    pub async fn checks(&self) -> Vec<Check> {
        let store = self.store.jobs.unfinished().await;
        let models = &self.config.models;
        let generator = match (&self.generator, models.generator.id()) {
            (Some(generator), _) => optional("generator", true, generator.model().to_owned()),
            (None, None) => optional("generator", false, "none configured: answers are extracts".to_owned()),
            (None, Some(id)) => {
                let detail =
                    format!("{id} is not installed: answers are extracts; `footnote models pull {id}`");
                optional("generator", false, detail)
            }
        };
        let reranker = self.reranker.as_ref().map(|r| optional("reranker", true, r.fingerprint().to_owned()));
        let mut checks = vec![
            required("store", store.map(|unfinished| format!("{unfinished} jobs unfinished"))),
            required("vector index", promptly(self.store.vectors.check(self.generation.id)).await),
            required("keyword index", promptly(self.store.keywords.check(self.generation.id)).await),
            required("embedder", self.check_embedder().await.map(|()| models.embedder.clone())),
            generator,
        ];
        if *self.stopping.borrow() {
            checks.push(required("service", Err(Error::unavailable("stopping"))));
        }
        checks.extend(reranker);
        checks
    }

    /// Embeds a word, unless it did lately.
    async fn check_embedder(&self) -> Result<()> {
        let mut worked = self.embedder_worked.lock().await;
        if worked.is_some_and(|at| at.elapsed() < EMBEDDER_TRUSTED) {
            return Ok(());
        }
        match self.embedder.embed_query("ready").await {
            // Too much to do is no reason to send the work elsewhere for good.
            Err(error) if !matches!(error.kind(), ErrorKind::Busy { .. }) => Err(error),
            _ => {
                *worked = Some(Instant::now());
                Ok(())
            }
        }
    }

    /// The metrics, with what is read at the moment of asking.
    pub async fn render_metrics(&self) -> Result<String> {
        let handle = telemetry::metrics()?;
        let drift = self.ingest.drift.read();
        metrics::gauge!("footnote_jobs_unfinished").set(self.store.jobs.unfinished().await? as f64);
        metrics::gauge!("footnote_index_drift").set(drift.last as f64);
        metrics::counter!("footnote_reconciliations_total").absolute(drift.runs);
        metrics::counter!("footnote_versions_resent_total").absolute(drift.resent);
        metrics::counter!("footnote_versions_removed_total").absolute(drift.removed);
        handle.run_upkeep();
        Ok(handle.render())
    }
}

/// Workers, scheduler and upkeep, until they are shut down.
pub struct BackgroundTasks {
    app: Arc<App>,
    running: AbortOnDropHandle<()>,
}

impl BackgroundTasks {
    /// Claims nothing more, lets running jobs end within the configured time, hands back the rest.
    pub async fn shutdown(self) {
        self.app.stop();
        if let Err(error) = self.running.await {
            tracing::error!(%error, "the workers ended abnormally");
        }
    }
}

/// Jobs parse in child processes.
struct ChildParser(ParseHost);

#[async_trait]
impl ParseFile for ChildParser {
    async fn parse(&self, path: &Path, file_name: &str, progress: &Progress) -> Result<ParsedDocument> {
        self.0.parse_reporting(path, file_name, progress).await
    }

    async fn parse_with_members(
        &self,
        path: &Path,
        file_name: &str,
        password: Option<Password>,
        lineage: Lineage,
        members: &mut dyn MemberSink,
        progress: &Progress,
    ) -> Result<ParsedDocument> {
        self.0.parse_with_members(path, file_name, password, lineage, members, progress).await
    }
}

/// The curves that a file of `footnote eval calibrate --out` has, or the built-in ones.
pub(crate) fn calibration(path: Option<&Path>) -> Result<Calibration> {
    let Some(path) = path else { return Calibration::built_in() };
    let json = fs_err::read_to_string(path)
        .context(ErrorKind::InvalidInput, || "cannot read the calibration".to_owned())?;
    Calibration::parse(&json)
}

/// Starts child processes that read one file each, within the configured limits.
pub async fn parse_host(config: &Config, worker_command: Vec<OsString>) -> ParseHost {
    let ingest = &config.ingest;
    let limits = ParseLimits {
        max_input_bytes: config.server.max_upload_bytes,
        memory_bytes: ingest.parse_memory_bytes,
        cpu_seconds: ingest.parse_timeout_seconds,
        // A busy machine gives a child less than a core: only many times its share is a hang.
        wall_seconds: ingest.parse_timeout_seconds.saturating_mul(4),
        ..ParseLimits::default()
    };
    let pdfium = Some(config.models.pdfium_library()).filter(|library| library.is_file());
    let ocr = OcrConfig {
        models: config.models.ocr_models(),
        onnxruntime: config.models.onnxruntime_library(),
        threads: ingest.ocr_threads,
    };
    let ocr = Some(ocr).filter(|ocr| ocr.missing().is_none());
    let passwords = ingest.passwords.iter().flat_map(|secret| Password::parse(secret.reveal())).collect();
    let pdfium_version = version_of("pdfium", pdfium.clone()).await;
    let onnxruntime = ocr.as_ref().map(|ocr| ocr.onnxruntime.clone());
    let onnxruntime_version = version_of("onnxruntime", onnxruntime).await;
    let engines = EngineConfig { pdfium, ocr, pdfium_version, onnxruntime_version, passwords };
    ParseHost::new(worker_command, limits, engines, ingest.workers)
}

/// What documents will tell of the library that reads them; nothing where it cannot be read.
async fn version_of(id: &'static str, library: Option<PathBuf>) -> Option<String> {
    let library = library?;
    let version = tokio::task::spawn_blocking(move || library_version(id, &library)).await;
    let version = version.internal("the thread that reads a library stopped").and_then(|version| version);
    version.inspect_err(|error| tracing::warn!(library = id, %error, "cannot tell a library's version")).ok()
}

/// Opens the embedder of the configuration. Blocks for about a second.
pub fn open_embedder(config: &Config) -> Result<Arc<dyn Embedder>> {
    let models = &config.models;
    let folder = models.folder_of(&models.embedder);
    require_model(&folder, &models.embedder)?;
    Ok(Arc::new(OnnxEmbedder::open(EmbedderConfig::new(folder, models.onnxruntime_library()))?))
}

/// Opens the generator of the configuration; `None` where none is configured or installed. Its
/// weights load at the first question.
pub fn open_generator(config: &Config) -> Result<Option<Arc<dyn Generator>>> {
    let Some(id) = config.models.generator.id() else { return Ok(None) };
    let path = config.models.folder_of(id).join("model.gguf");
    if !path.is_file() {
        tracing::warn!(model = id, "the generator is not installed; answers are extracts");
        return Ok(None);
    }
    let generator = GgufGenerator::open(GeneratorConfig {
        queue: config.generator.queue,
        context_tokens: config.generator.context_tokens,
        ..GeneratorConfig::new(id, path)
    })?;
    Ok(Some(Arc::new(generator)))
}

/// Opens the reranker of the configuration, where there is one.
fn open_reranker(config: &Config) -> Result<Option<Arc<dyn Reranker>>> {
    let models = &config.models;
    let Some(id) = models.reranker.id() else { return Ok(None) };
    let folder = models.folder_of(id);
    require_model(&folder, id)?;
    let reranker = OnnxReranker::open(RerankerConfig::new(folder, models.onnxruntime_library()))?;
    Ok(Some(Arc::new(reranker)))
}

/// The models of the configuration.
#[derive(Clone)]
pub struct Models {
    /// Makes vectors.
    pub embedder: Arc<dyn Embedder>,
    /// Reorders candidates, where one is configured.
    pub reranker: Option<Arc<dyn Reranker>>,
    /// Writes answers, where one is configured and installed.
    pub generator: Option<Arc<dyn Generator>>,
}

/// Opening hashes files and so does not belong on an async thread.
async fn open_models(config: &Config) -> Result<Models> {
    let config = config.clone();
    let open = move || {
        Ok(Models {
            embedder: open_embedder(&config)?,
            reranker: open_reranker(&config)?,
            generator: open_generator(&config)?,
        })
    };
    tokio::task::spawn_blocking(open).await.internal("the thread that opens the models stopped")?
}

fn require_model(folder: &Path, id: &str) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let folder = folder.display();
    Err(Error::not_installed(format!("model {id} is not in {folder}; run `footnote models pull {id}`")))
}

fn vector_backend(config: &Config, data: &Path) -> Result<StoreVectors> {
    let vector = &config.vector;
    match vector.backend {
        VectorBackend::Edge => Ok(StoreVectors::Edge { path: StoreConfig::vector_folder(data) }),
        VectorBackend::Server => Ok(StoreVectors::Server {
            url: vector.url.clone().ok_or_else(|| Error::invalid("vector.url is not set"))?,
            api_key: vector.api_key.as_ref().map(|key| key.reveal().to_owned()),
        }),
    }
}

/// The generation of the configured embedder and analyzer, with its indexes.
async fn ensure_generation(store: &Store, embedder: &dyn Embedder, now: DateTime<Utc>) -> Result<Generation> {
    let spec = GenerationSpec {
        embedder: embedder.fingerprint().to_owned(),
        dimension: embedder.dimension(),
        analyzer: ANALYZER_VERSION,
        chunker: ChunkerSettings::default(),
    };
    let generation = store.documents.ensure_generation(&spec, now).await?;
    store.vectors.ensure(&generation).await?;
    store.keywords.ensure(&generation).await?;
    Ok(generation)
}

async fn fold_metrics() {
    let mut ticks = tokio::time::interval(METRICS_UPKEEP);
    loop {
        ticks.tick().await;
        if let Ok(handle) = telemetry::metrics() {
            handle.run_upkeep();
        }
    }
}

/// Whether an index answers before whoever asks about readiness gives up.
async fn promptly(check: impl Future<Output = Result<()>>) -> Result<String> {
    match tokio::time::timeout(CHECK_WITHIN, check).await {
        Ok(checked) => checked.map(|()| "answers".to_owned()),
        Err(_) => Err(Error::unavailable(format!("no answer within {} seconds", CHECK_WITHIN.as_secs()))),
    }
}

/// What is wrong goes to whoever asks, without a key; why goes into the log.
fn required(name: &'static str, state: Result<String>) -> Check {
    let ok = state.is_ok();
    let detail = state.unwrap_or_else(|error| {
        tracing::warn!(check = name, %error, "a part of the service does not work");
        error.message().to_owned()
    });
    Check { name, ok, optional: false, detail }
}

fn optional(name: &'static str, ok: bool, detail: String) -> Check {
    Check { name, ok, optional: true, detail }
}
