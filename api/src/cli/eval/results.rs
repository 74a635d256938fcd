//! What was found out about each question, kept in a file so that a broken run goes on where it broke.
//!
//! A file holds results of one data set, one configuration and one build: its name is their hash.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::Path;

use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::{ErrorKind, Result};
use fs_err::{File, OpenOptions};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::build;

/// Name of the folder, within a data folder, that holds them.
pub(crate) const RESULTS: &str = "results";

/// Results by question.
pub(crate) struct Results<T> {
    known: HashMap<String, T>,
    file: File,
}

#[derive(Serialize, Deserialize)]
struct Line<T> {
    key: String,
    result: T,
}

impl<T: Serialize + DeserializeOwned> Results<T> {
    /// Opens those of `kind` that were made with `settings`, the models at hand and this build.
    pub(crate) fn open(app: &App, kind: &str, settings: &impl Serialize) -> Result<Self> {
        Self::open_in(&app.config.data.folder.join(RESULTS), kind, &(settings, made_by(app)?))
    }

    /// Opens those of `kind` in a folder that were made with the same as now.
    pub(crate) fn open_in(folder: &Path, kind: &str, made_with: &impl Serialize) -> Result<Self> {
        let made_with =
            serde_json::to_vec(made_with).internal("cannot write the evaluation's settings as JSON")?;
        let hash = ContentHash::of(&made_with).to_string();
        fs_err::create_dir_all(folder).internal("cannot keep results")?;
        Self::open_file(&folder.join(format!("{kind}-{}.jsonl", &hash[..12])))
    }

    fn open_file(path: &Path) -> Result<Self> {
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(path)
            .internal("cannot open the kept results")?;
        let mut text = String::new();
        file.read_to_string(&mut text).internal("cannot read the kept results")?;
        // A run that was killed may have left a half line at the end.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            file.set_len(whole as u64).internal("cannot mend the kept results")?;
        }
        let mut known = HashMap::new();
        for line in text[..whole].lines() {
            let Line { key, result } = serde_json::from_str(line).context(ErrorKind::Corrupt, || {
                format!("{} cannot be read; remove it, or start anew with --fresh", path.display())
            })?;
            known.insert(key, result);
        }
        Ok(Self { known, file })
    }

    /// What is known under `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&T> {
        self.known.get(key)
    }

    /// Keeps a result.
    pub(crate) fn add(&mut self, key: &str, result: T) -> Result<()> {
        let mut line = serde_json::to_vec(&Line { key: key.to_owned(), result: &result })
            .internal("cannot write a result as JSON")?;
        line.push(b'\n');
        self.file.write_all(&line).internal("cannot keep a result")?;
        self.known.insert(key.to_owned(), result);
        Ok(())
    }
}

/// What made them: how the index was made, the models at hand, and this build.
pub(crate) fn made_by(app: &App) -> Result<[Option<String>; 4]> {
    Ok([
        Some(app.generation.spec.fingerprint().to_string()),
        app.reranker.as_ref().map(|reranker| reranker.fingerprint().to_owned()),
        app.generator.as_ref().map(|generator| generator.fingerprint().to_owned()),
        Some(build::hash()?),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_found_again_and_a_half_line_is_not_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kept.jsonl");
        let mut results: Results<f64> = Results::open_file(&path).unwrap();
        results.add("a", 0.5).unwrap();
        results.add("b", 0.25).unwrap();
        drop(results);
        let text = fs_err::read_to_string(&path).unwrap();
        fs_err::write(&path, &text[..text.len() - 3]).unwrap();
        let mut results: Results<f64> = Results::open_file(&path).unwrap();
        assert_eq!((results.get("a"), results.get("b")), (Some(&0.5), None));
        results.add("c", 1.0).unwrap();
        drop(results);
        let results: Results<f64> = Results::open_file(&path).unwrap();
        assert_eq!((results.get("a"), results.get("c")), (Some(&0.5), Some(&1.0)));
        fs_err::write(&path, "nonsense\n").unwrap();
        assert!(Results::<f64>::open_file(&path).is_err_and(|e| e.to_string().contains("--fresh")));
    }
}
