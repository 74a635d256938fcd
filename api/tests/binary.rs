//! The binary as scripts meet it. As the package's integration test this also makes Cargo build the
//! binary with every test build of the workspace, for the suite in `tests/`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::path::Path;
use std::process::{Command, Output};

fn footnote(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_footnote"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn it_says_its_version_and_what_it_can_do() {
    let folder = tempfile::tempdir().unwrap();
    let version = footnote(folder.path(), &["--version"]);
    assert_eq!(stdout(&version).trim(), format!("footnote {}", env!("CARGO_PKG_VERSION")));
    let help = stdout(&footnote(folder.path(), &["--help"]));
    for command in ["quickstart", "serve", "ingest", "ask", "search", "parse", "verify", "models", "keys"] {
        assert!(help.contains(command), "{command} is missing in:\n{help}");
    }
}

#[test]
fn wrong_usage_is_exit_code_2_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let unknown = footnote(folder.path(), &["frobnicate"]);
    assert_eq!(unknown.status.code(), Some(2));
    fs_err::write(folder.path().join("footnote.toml"), "[server]\nport = 1\n").unwrap();
    let output = footnote(folder.path(), &["config"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("server.port"), "{}", stderr(&output));
}

#[test]
fn the_effective_configuration_hides_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let settings =
        "[vector]\nbackend = \"server\"\nurl = \"http://user:hush@localhost:6334\"\napi_key = \"hush\"\n";
    fs_err::write(folder.path().join("footnote.toml"), settings).unwrap();
    let output = footnote(folder.path(), &["config", "--format", "json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let shown: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(shown["vector"]["backend"], "server");
    assert!(!stdout(&output).contains("hush"), "{}", stdout(&output));
}

#[test]
fn a_missing_model_is_exit_code_3_and_says_how_to_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = footnote(folder.path(), &["search", "anything"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("footnote models pull"), "{}", stderr(&output));
}

#[test]
fn a_parsed_file_is_text_pages_and_blocks() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("leave.md"), "# 年假\n\nTen days.\n").unwrap();
    let output = footnote(folder.path(), &["parse", "leave.md", "--format", "json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let parsed: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(parsed["text"], "年假\n\nTen days.");
    assert_eq!(parsed["blocks"][1]["heading_path"], serde_json::json!(["年假"]));
    assert_eq!((&parsed["blocks"][1]["start"], &parsed["blocks"][1]["end"]), (&4.into(), &13.into()));
}
