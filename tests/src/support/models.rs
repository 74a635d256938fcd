//! The models that tests run on: small, real, fetched once.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use footnote_api::config::{Config, Environment};
use footnote_api::models::{ProgressSink, PullEvent, PullOptions, TEST_SET, pull};

/// Names another folder of models than the user's.
const FOLDER: &str = "FOOTNOTE_TEST_MODELS";

/// The folder with the models of the test set, pulled where they are missing.
pub fn models_folder() -> &'static Path {
    static PULLED: OnceLock<PathBuf> = OnceLock::new();
    PULLED.get_or_init(|| {
        let folder = folder();
        let outcome = pull(&[TEST_SET.to_owned()], &PullOptions::new(&folder, &Lines));
        outcome
            .unwrap_or_else(|error| panic!("cannot pull the test models into {}: {error}", folder.display()));
        folder
    })
}

/// A line per file, past the test harness, which would keep it until the test ends: the first run of
/// the tests fetches for minutes.
struct Lines;

impl ProgressSink for Lines {
    fn report(&self, event: &PullEvent<'_>) {
        let line = match event {
            PullEvent::Started { model, step, .. } => format!("test models: {model}: {step}"),
            PullEvent::Note { model, message } => format!("test models: {model}: {message}"),
            PullEvent::Total(_) | PullEvent::Advanced(_) | PullEvent::Finished => return,
        };
        // Nobody may be listening, which is no reason for a test to fail.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no configuration but the environment")]
fn folder() -> PathBuf {
    match std::env::var_os(FOLDER) {
        Some(folder) => PathBuf::from(folder),
        None => {
            let environment = Environment::of_process().expect("the environment is readable");
            Config::defaults(&environment).models.folder
        }
    }
}
