//! Rules about the repository itself.

use std::path::{Path, PathBuf};

/// Longest source file, in lines: what outgrows one sitting is split.
const MOST_LINES: usize = 600;

#[test]
fn every_source_file_says_what_it_is_for_and_fits_one_sitting() {
    for (path, text) in sources() {
        assert!(text.starts_with("//!"), "{} has no //! line", path.display());
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines; split it", path.display());
    }
}

#[test]
fn only_config_reads_the_environment() {
    for (path, text) in sources() {
        let name = path.to_string_lossy().replace('\\', "/");
        if name.contains("/api/src/config") || name.contains("/../tests/") {
            continue;
        }
        assert!(!text.contains("env::var"), "{name} reads the environment; only api::config may");
    }
}

#[test]
fn only_the_command_line_acts_as_local_operator() {
    for (path, text) in sources() {
        let name = path.to_string_lossy().replace('\\', "/");
        let allowed = name.contains("/api/src/cli/")
            || name.contains("/tests/")
            || name.ends_with("core/src/principal.rs")
            || !production(&text).contains("local_operator(");
        assert!(allowed, "{name} forges a principal; authenticate a key instead");
    }
}

/// The text before the unit tests, which may do what production may not.
fn production(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let crates = ["core", "store", "ingest", "retriever", "generator", "api", "tests"];
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = crates.iter().map(|name| root.join(name)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(&folder).expect("the crate's folder is readable") {
            let path = entry.expect("the entry is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs_err::read_to_string(&path).expect("the source is UTF-8");
                found.push((path, text));
            }
        }
    }
    assert!(found.len() > 40, "found only {} source files: wrong folder?", found.len());
    found
}
