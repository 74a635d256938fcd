//! The real `footnote` binary, as it is built now.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use cargo_metadata::Message;

/// The path of the binary. Cargo tells an integration test the binaries of its own package only, so
/// it is asked again here; the `binary` test of footnote-api makes it a part of every workspace test
/// build, with the same features, and so there is nothing left to build then.
pub fn footnote_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["test", "--workspace", "--no-run", "--test", "binary", "--offline"])
            .args(["--message-format", "json-render-diagnostics"])
            .current_dir(super::repository());
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        for name in told_by_cargo() {
            cargo.env_remove(name);
        }
        let built = cargo.output().expect("cargo runs");
        let errors = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "cargo cannot build the binary:\n{errors}");
        let executables =
            Message::parse_stream(built.stdout.as_slice()).filter_map(|message| match message {
                Ok(Message::CompilerArtifact(artifact))
                    if artifact.target.is_bin() && !artifact.profile.test =>
                {
                    artifact.executable
                }
                _ => None,
            });
        let mut footnote = executables.filter(|path| path.file_stem() == Some("footnote"));
        footnote.next().expect("the package footnote-api has the binary footnote").into_std_path_buf()
    })
}

/// What Cargo tells a test about its package. A Cargo below would take it for a changed environment
/// and build ring, and all that depends on it, again.
fn told_by_cargo() -> impl Iterator<Item = OsString> {
    const PREFIXES: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"];
    const NAMES: [&str; 4] = ["CARGO", "CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_TMPDIR", "LD_LIBRARY_PATH"];
    std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        NAMES.contains(&name.as_ref()) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    })
}
