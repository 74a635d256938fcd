//! The effective configuration: defaults < `footnote.toml` < `FOOTNOTE__SECTION__KEY` < flags.
//!
//! This is the only module that reads the environment. Unknown keys are errors that name the key
//! and where it came from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use footnote_core::password::Password;
use footnote_core::{Error, Result};
use serde::{Deserialize, Serialize};

mod sections;

pub use sections::{
    DataConfig, GeneratorConfig, IngestConfig, LogConfig, LogFormat, ModelChoice, ModelRoute, ModelsConfig,
    Secret, ServerConfig, VectorBackend, VectorConfig,
};

/// The file that is read from the working folder where no other is named.
pub const FILE_NAME: &str = "footnote.toml";

/// What every environment variable that configures Footnote starts with.
const ENV_PREFIX: &str = "FOOTNOTE__";

/// Keys whose variables are taken letter by letter. Others are read like TOML, where `00123` is a
/// number.
const SECRET_KEYS: [&str; 1] = ["VECTOR__API_KEY"];

/// Everything an operator may set. Serialising it never shows a secret.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The HTTP server.
    pub server: ServerConfig,
    /// Where data lies.
    pub data: DataConfig,
    /// Which models are used and where their files come from.
    pub models: ModelsConfig,
    /// How documents are read and indexed.
    pub ingest: IngestConfig,
    /// The language model's thread.
    pub generator: GeneratorConfig,
    /// The vector index.
    pub vector: VectorConfig,
    /// Logging.
    pub log: LogConfig,
}

/// The process's environment, as far as configuration may depend on it.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Reads the environment of this process. Variables that are not UTF-8 are left out unless they
    /// would configure Footnote, which is an error.
    pub fn of_process() -> Result<Self> {
        let mut variables = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => drop(variables.insert(name, value)),
                Err(_) if name.starts_with(ENV_PREFIX) => {
                    return Err(Error::invalid(format!("environment variable {name} is not valid UTF-8")));
                }
                Err(_) => {}
            }
        }
        Ok(Self { variables })
    }

    /// An environment with exactly these variables.
    pub fn with(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { variables: variables.into_iter().collect() }
    }

    /// A variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// The user's cache folder, by the XDG base directory specification.
    fn cache_folder(&self) -> Option<PathBuf> {
        match self.get("XDG_CACHE_HOME").map(PathBuf::from) {
            Some(path) if path.is_absolute() => Some(path),
            _ => Some(Path::new(self.get("HOME")?).join(".cache")),
        }
    }
}

impl Config {
    /// Loads the configuration. A `file` that is named must exist; else `footnote.toml` in the
    /// working folder is read where there is one.
    pub fn load(file: Option<&Path>, environment: &Environment, flags: impl Provider) -> Result<Self> {
        let file = match file {
            Some(path) if !path.is_file() => {
                return Err(Error::invalid(format!("configuration file {} does not exist", path.display())));
            }
            Some(path) => path,
            None => Path::new(FILE_NAME),
        };
        let mut figment = Figment::from(Serialized::defaults(Self::defaults(environment)));
        if file.is_file() {
            figment = figment.merge(Toml::file_exact(file));
        }
        for (name, value) in &environment.variables {
            if let Some(key) = name.strip_prefix(ENV_PREFIX) {
                figment = figment.merge(EnvironmentVariable { name, key, value });
            }
        }
        let config: Self = figment.merge(flags).extract().map_err(explain)?;
        config.validate()?;
        Ok(config)
    }

    /// The built-in configuration, with the model folder in the user's cache.
    pub fn defaults(environment: &Environment) -> Self {
        let mut config = Self::default();
        if let Some(cache) = environment.cache_folder() {
            config.models.folder = cache.join("footnote").join("models");
        }
        config
    }

    /// The configuration as people may see it: secrets hidden, passwords in addresses too.
    pub fn redacted(&self) -> Self {
        let mut shown = self.clone();
        shown.vector.url = shown.vector.url.as_deref().map(without_password);
        shown.models.hub_endpoint = without_password(&shown.models.hub_endpoint);
        shown
    }

    /// Refuses values that parse but cannot work, naming the key.
    fn validate(&self) -> Result<()> {
        let positive: [(&str, u64); 12] = [
            ("server.max_upload_bytes", self.server.max_upload_bytes),
            ("server.request_timeout_seconds", self.server.request_timeout_seconds),
            ("server.idle_timeout_seconds", self.server.idle_timeout_seconds),
            ("server.max_connections", self.server.max_connections as u64),
            ("server.shutdown_seconds", self.server.shutdown_seconds),
            ("ingest.workers", self.ingest.workers as u64),
            ("ingest.parse_timeout_seconds", self.ingest.parse_timeout_seconds),
            ("ingest.parse_memory_bytes", self.ingest.parse_memory_bytes),
            ("ingest.ocr_threads", self.ingest.ocr_threads as u64),
            ("ingest.lease_seconds", self.ingest.lease_seconds),
            ("generator.context_tokens", self.generator.context_tokens as u64),
            ("generator.queue", self.generator.queue as u64),
        ];
        for (key, value) in positive {
            if value == 0 {
                return Err(Error::invalid(format!("{key} is 0; give a value above 0")));
            }
        }
        for password in &self.ingest.passwords {
            Password::parse(password.reveal())
                .map_err(|e| Error::invalid(format!("ingest.passwords: {}", e.message())))?;
        }
        if self.vector.backend == VectorBackend::Server && self.vector.url.is_none() {
            return Err(Error::invalid(
                "vector.backend is \"server\" but vector.url is not set; give the address of the Qdrant server",
            ));
        }
        if self.models.embedder.is_empty() {
            return Err(Error::invalid(
                "models.embedder is empty; name an embedder of `footnote models list`",
            ));
        }
        Ok(())
    }
}

/// One environment variable as a layer of its own, so that an error can name it.
struct EnvironmentVariable<'a> {
    name: &'a str,
    key: &'a str,
    value: &'a str,
}

impl Provider for EnvironmentVariable<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(format!("environment variable {}", self.name))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut keys: Vec<String> = self.key.split("__").map(str::to_lowercase).collect();
        let last = keys.pop().unwrap_or_default();
        let value: Value = match SECRET_KEYS.iter().any(|secret| self.key.eq_ignore_ascii_case(secret)) {
            true => self.value.into(),
            false => self.value.parse().unwrap_or_else(|never| match never {}),
        };
        let nested = keys
            .into_iter()
            .rfold(Dict::from([(last, value)]), |inner, key| Dict::from([(key, Value::from(inner))]));
        Ok(Map::from([(Profile::Default, nested)]))
    }
}

/// Says what is wrong with which key, and where it was set.
fn explain(error: figment::Error) -> Error {
    let key = error.path.join(".");
    let from = error.metadata.as_ref().map_or_else(String::new, |metadata| match &metadata.source {
        Some(source) => format!(" in {source}"),
        None => format!(" in {}", metadata.name),
    });
    let message = match &error.kind {
        Kind::UnknownField(_, expected) => {
            format!("unknown configuration key {key}{from}; known here: {}", expected.join(", "))
        }
        kind if key.is_empty() => format!("configuration{from}: {kind}"),
        kind => format!("configuration key {key}{from}: {kind}"),
    };
    Error::invalid(message)
}

/// An address without what may be secret in it: password, lone user name (a token), query.
fn without_password(url: &str) -> String {
    let (url, query) = match url.find(['?', '#']) {
        Some(at) => (&url[..at], "?(hidden)"),
        None => (url, ""),
    };
    let Some((scheme, rest)) = url.split_once("://") else { return format!("{url}{query}") };
    let authority_end = rest.find('/').unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:(hidden)@{host}"),
            None => format!("(hidden)@{host}"),
        },
        None => authority.to_owned(),
    };
    format!("{scheme}://{authority}{tail}{query}")
}

#[cfg(test)]
mod tests;
