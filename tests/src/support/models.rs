//! The models that tests run on: small, real, fetched once.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use footnote_api::config::{Config, Environment};
use footnote_api::models::{PullOptions, Silent, TEST_SET, pull};

/// Names another folder of models than the user's.
const FOLDER: &str = "FOOTNOTE_TEST_MODELS";

/// The folder with the models of the test set, pulled where they are missing.
pub fn models_folder() -> &'static Path {
    static PULLED: OnceLock<PathBuf> = OnceLock::new();
    PULLED.get_or_init(|| {
        let folder = folder();
        let outcome = pull(&[TEST_SET.to_owned()], &PullOptions::new(&folder, &Silent));
        outcome
            .unwrap_or_else(|error| panic!("cannot pull the test models into {}: {error}", folder.display()));
        folder
    })
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
