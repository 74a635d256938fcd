//! What the parser's process may still do once it knows its file: read that file, its engines and the system's
//! libraries; write nothing, start nothing, and reach no network.
//!
//! Landlock (Linux 5.13, <https://landlock.io>) guards the file system and TCP, seccomp-bpf (Linux 3.17) the system
//! calls. A kernel without one of them goes without: the host is told and says so once. Limits on memory, time
//! and file size hold everywhere.

mod calls;

use std::path::{Path, PathBuf};

use footnote_core::Result;
use footnote_core::error::Context;
use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
    path_beneath_rules,
};
use serde::{Deserialize, Serialize};

use crate::parse::limits::EngineConfig;

/// Where engines find the libraries and fonts that they need, and the runtime what it asks of the kernel.
const SYSTEM: [&str; 12] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/fonts",
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/dev/null",
    "/dev/urandom",
    "/proc/self",
    "/sys",
];

/// What holds in the parser's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Whether Landlock guards files.
    pub files: bool,
    /// Whether seccomp guards system calls.
    pub calls: bool,
}

impl Confinement {
    /// Whether everything holds.
    pub fn is_whole(self) -> bool {
        self.files && self.calls
    }
}

/// Confines the calling thread, and all that it starts, to reading `file` and the engines.
pub(super) fn confine(file: &Path, engines: &EngineConfig) -> Result<Confinement> {
    let files = guard_files(file, engines)?;
    let calls = calls::guard()?;
    Ok(Confinement { files, calls })
}

fn guard_files(file: &Path, engines: &EngineConfig) -> Result<bool> {
    let own = std::env::current_exe().ok();
    let readable =
        SYSTEM.iter().map(PathBuf::from).chain(own).chain(engines.paths()).chain([file.to_owned()]);
    let abi = ABI::V6;
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.add_rules(path_beneath_rules(readable, AccessFs::from_read(abi))))
        .and_then(|rules| rules.restrict_self())
        .internal("cannot confine the parser's process to its file")?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

#[cfg(test)]
mod tests;
