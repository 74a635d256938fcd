//! Model folders: which files they hold, what their cards say, and their fingerprints.

use std::io::{ErrorKind as IoErrorKind, Read as _};
use std::path::{Path, PathBuf};

use fastembed::{OutputKey, Pooling, TokenizerFiles};
use footnote_core::error::Context as _;
use footnote_core::hash::ContentHash;
use footnote_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The model itself.
pub const MODEL_FILE: &str = "model.onnx";
/// The tokenizer.
pub const TOKENIZER_FILE: &str = "tokenizer.json";
/// What makes a folder an embedder.
pub const EMBEDDER_CARD: &str = "embedder.json";
/// What makes a folder a reranker.
pub const RERANKER_CARD: &str = "reranker.json";
/// The tokenizer's companions that fastembed reads.
pub const TOKENIZER_COMPANIONS: [&str; 3] =
    ["config.json", "special_tokens_map.json", "tokenizer_config.json"];

/// How token vectors become the vector of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PoolingKind {
    /// The first token's.
    Cls,
    /// Their mean.
    Mean,
}

impl PoolingKind {
    pub(crate) fn of(pooling: &Pooling) -> Self {
        match pooling {
            Pooling::Cls => Self::Cls,
            Pooling::Mean => Self::Mean,
        }
    }

    pub(crate) fn to_fastembed(self) -> Pooling {
        match self {
            Self::Cls => Pooling::Cls,
            Self::Mean => Pooling::Mean,
        }
    }
}

/// Which output of the graph is taken, where a model has several and its card must choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GraphOutput {
    /// One vector per token.
    LastHiddenState,
    /// One vector per text, pooled by the model.
    SentenceEmbedding,
    /// One vector per text, of CLIP-like models.
    TextEmbeds,
}

impl GraphOutput {
    /// The output's name in the graph.
    pub fn name(self) -> &'static str {
        match self {
            Self::LastHiddenState => "last_hidden_state",
            Self::SentenceEmbedding => "sentence_embedding",
            Self::TextEmbeds => "text_embeds",
        }
    }

    pub(crate) fn to_fastembed(self) -> OutputKey {
        OutputKey::ByName(self.name())
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let all = [Self::LastHiddenState, Self::SentenceEmbedding, Self::TextEmbeds];
        all.into_iter().find(|output| output.name() == name)
    }
}

/// `embedder.json`: what a model's own files do not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedderCard {
    /// What people call the model.
    pub name: String,
    /// How token vectors become one.
    pub pooling: PoolingKind,
    /// Put before questions.
    #[serde(default)]
    pub query_prefix: String,
    /// Put before passages.
    #[serde(default)]
    pub passage_prefix: String,
    /// Most tokens the model takes, prefix and special tokens included.
    pub max_tokens: usize,
    /// Length of its vectors.
    pub dimension: usize,
    /// Which output of the graph to take; `None` takes the only one or the first known name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<GraphOutput>,
    /// Files beside the model that hold its weights, by the names the model calls them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external_files: Vec<String>,
}

/// `reranker.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RerankerCard {
    /// What people call the model.
    pub name: String,
    /// Most tokens of question, passage and special tokens together.
    pub max_tokens: usize,
    /// Files beside the model that hold its weights, by the names the model calls them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external_files: Vec<String>,
}

/// Reads a whole file of a model; a missing one is named with the remedy.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs_err::read(path).map_err(|error| missing_or_unreadable(path, error))
}

/// Reads a model's card.
pub(crate) fn read_card<C: for<'de> Deserialize<'de>>(dir: &Path, name: &str) -> Result<C> {
    let path = dir.join(name);
    serde_json::from_slice(&read(&path)?)
        .context(ErrorKind::Corrupt, || format!("{} is not a model card", path.display()))
}

/// The files of the tokenizer as fastembed takes them.
pub(crate) fn read_tokenizer_files(dir: &Path) -> Result<TokenizerFiles> {
    let [config, special_tokens_map, tokenizer_config] = TOKENIZER_COMPANIONS;
    Ok(TokenizerFiles {
        tokenizer_file: read(&dir.join(TOKENIZER_FILE))?,
        config_file: read(&dir.join(config))?,
        special_tokens_map_file: read(&dir.join(special_tokens_map))?,
        tokenizer_config_file: read(&dir.join(tokenizer_config))?,
    })
}

/// The paths of a card's external files. A name that is more than a file name is refused.
pub(crate) fn external_paths(dir: &Path, names: &[String]) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::with_capacity(names.len());
    for name in names {
        if Path::new(name).file_name() != Some(name.as_ref()) {
            return Err(Error::corrupt(format!("{name:?} in the card of {} is no file name", dir.display())));
        }
        paths.push(dir.join(name));
    }
    Ok(paths)
}

/// `name@sha256` over the files that decide what the model computes, in this order. Reading a
/// 120 MB model takes a tenth of a second; a stored hash could lie.
pub(crate) fn fingerprint(dir: &Path, name: &str, files: &[PathBuf]) -> Result<String> {
    let mut digest = Sha256::new();
    for path in files {
        let mut file = fs_err::File::open(path).map_err(|error| missing_or_unreadable(path, error))?;
        let mut buffer = vec![0; 1 << 20];
        let mut length = 0_u64;
        loop {
            let read = file.read(&mut buffer).internal("cannot read a model file")?;
            if read == 0 {
                break;
            }
            length += read as u64;
            digest.update(&buffer[..read]);
        }
        if length == 0 {
            let (file, dir) = (path.display(), dir.display());
            return Err(Error::corrupt(format!("{file} is empty; remove {dir} and pull the model again")));
        }
        // The lengths keep two files from being mistaken for two others with the same bytes in all.
        digest.update(length.to_le_bytes());
    }
    Ok(format!("{name}@{}", ContentHash::from_digest(digest)))
}

fn missing_or_unreadable(path: &Path, error: std::io::Error) -> Error {
    if error.kind() == IoErrorKind::NotFound {
        return Error::not_installed(format!(
            "model file {} is missing; fetch it with `footnote models pull`",
            path.display()
        ));
    }
    Error::unavailable("cannot read a model file").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_may_leave_out_what_has_a_default() {
        let card: EmbedderCard =
            serde_json::from_str(r#"{"name":"m","pooling":"mean","max_tokens":256,"dimension":384}"#)
                .unwrap();
        assert_eq!((card.query_prefix.as_str(), card.output), ("", None));
        let bad = serde_json::from_str::<EmbedderCard>(
            r#"{"name":"m","pooling":"max","max_tokens":1,"dimension":1}"#,
        );
        assert!(bad.unwrap_err().to_string().contains("max"));
    }

    #[test]
    fn missing_and_broken_files_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let missing = read_card::<EmbedderCard>(dir.path(), EMBEDDER_CARD).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotInstalled);
        assert!(missing.to_string().contains("embedder.json"), "{missing}");
        fs_err::write(dir.path().join(EMBEDDER_CARD), b"\xff{").unwrap();
        let broken = read_card::<EmbedderCard>(dir.path(), EMBEDDER_CARD).unwrap_err();
        assert_eq!(broken.kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn a_card_cannot_reach_out_of_its_folder() {
        let dir = Path::new("models/m");
        for name in ["../secret", "/etc/passwd", "a/b", "", ".."] {
            assert!(external_paths(dir, &[name.to_owned()]).is_err(), "{name:?}");
        }
        assert_eq!(external_paths(dir, &["w.bin".to_owned()]).unwrap(), [dir.join("w.bin")]);
    }

    #[test]
    fn every_file_counts_towards_the_fingerprint() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        let of = |first: &str, second: &str| {
            fs_err::write(&a, first).unwrap();
            fs_err::write(&b, second).unwrap();
            fingerprint(dir.path(), "m", &[a.clone(), b.clone()]).unwrap()
        };
        let first = of("xy", "z");
        assert!(first.starts_with("m@") && first.len() == 66, "{first}");
        assert_eq!(first, of("xy", "z"));
        assert_ne!(first, of("x", "yz"));
        fs_err::write(&b, "").unwrap();
        assert_eq!(fingerprint(dir.path(), "m", &[a, b]).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
