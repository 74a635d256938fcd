//! What the parser's process may still do once it knows its file: read that file, its engines and the system's
//! libraries; write nothing, start nothing, and reach no network.
//!
//! Landlock (Linux 5.13, <https://landlock.io>) guards the file system and TCP, seccomp-bpf (Linux 3.17) the system
//! calls. A kernel without one of them goes without: the host is told and says so once. Limits on memory, time
//! and file size hold everywhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use footnote_core::Result;
use footnote_core::error::Context;
use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
    path_beneath_rules,
};
use rustix::io::Errno;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
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

/// System calls that no parser needs, refused with `EPERM`. `tgkill` stays for the process itself, which aborts
/// by it. Landlock lets a file's mode, owner, times and attributes be changed, and before Linux 6.12 knows no
/// signals: both are refused here.
const REFUSED: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_kill,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_send_signal,
    libc::SYS_open_by_handle_at,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    FCHMODAT2,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utime,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utimes,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_futimesat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
];

/// The same number on every architecture; the `libc` crate does not name it on all.
const FCHMODAT2: i64 = 452;

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
    let calls = guard_calls()?;
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

fn guard_calls() -> Result<bool> {
    let Ok(architecture) = TargetArch::try_from(std::env::consts::ARCH) else { return Ok(false) };
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().map(|&call| (call, Vec::new())).collect();
    refused.insert(libc::SYS_clone, vec![new_process()?]);
    refused.insert(libc::SYS_tgkill, vec![other_process()?]);
    // Its flags lie in memory, where no filter sees them. The C library starts threads by `clone` where this call
    // is not known.
    let unknown = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    for (calls, errno) in [(unknown, Errno::NOSYS), (refused, Errno::PERM)] {
        let action = SeccompAction::Errno(errno.raw_os_error().unsigned_abs());
        let filter = SeccompFilter::new(calls, SeccompAction::Allow, action, architecture)
            .and_then(BpfProgram::try_from)
            .internal("cannot build the filter of system calls")?;
        if let Err(error) = seccompiler::apply_filter(&filter) {
            tracing::debug!(error = &error as &dyn std::error::Error, "no filter of system calls");
            return Ok(false);
        }
    }
    Ok(true)
}

/// `clone` without `CLONE_THREAD`.
fn new_process() -> Result<SeccompRule> {
    let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
    let is_none = SeccompCmpOp::MaskedEq(thread);
    let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, is_none, 0);
    condition.and_then(|condition| SeccompRule::new(vec![condition])).internal("cannot build a rule on clone")
}

/// `tgkill` of any process but the calling one.
fn other_process() -> Result<SeccompRule> {
    let own = u64::from(std::process::id());
    let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, own);
    condition
        .and_then(|condition| SeccompRule::new(vec![condition]))
        .internal("cannot build a rule on tgkill")
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::process::{Command, Stdio};

    use super::*;

    const ENTRY: &str = "parse::worker::sandbox::tests::confined_entry";
    const MARK: &str = "confined-entry-for-tests";

    /// Not a test of its own: the process that the test below starts ends up here.
    #[test]
    #[expect(clippy::print_stdout, reason = "that is how the process tells what it may do")]
    fn confined_entry() {
        let mut arguments = std::env::args().skip_while(|argument| argument != MARK);
        let (Some(_), Some(file)) = (arguments.next(), arguments.next()) else { return };
        let file = PathBuf::from(file);
        let holds = confine(&file, &EngineConfig::default()).unwrap();
        let refused = |result: std::io::Result<()>| {
            result.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
        };
        let thread = std::thread::spawn(|| 7).join().is_ok_and(|seven| seven == 7);
        println!("files={}", holds.files);
        println!("calls={}", holds.calls);
        println!("own_file={}", fs_err::read(&file).is_ok());
        println!("other_file_refused={}", refused(fs_err::read("/etc/hostname").map(drop)));
        println!("writing_refused={}", refused(fs_err::write(file.with_extension("new"), "x")));
        println!("process_refused={}", refused(Command::new("/bin/true").status().map(drop)));
        println!("network_refused={}", refused(std::net::TcpStream::connect("127.0.0.1:9").map(drop)));
        println!("unix_socket_refused={}", refused(std::os::unix::net::UnixStream::pair().map(drop)));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        println!("mode_refused={}", refused(std::fs::set_permissions(&file, mode)));
        println!("thread={thread}");
        std::process::exit(0);
    }

    #[test]
    fn a_confined_process_reads_its_file_and_nothing_else() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", ENTRY, "--nocapture", "--", MARK])
            .arg(file.path())
            .stderr(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = |name: &str| said.lines().any(|line| line.ends_with(&format!("{name}=true")));
        assert!(told("own_file") && told("thread"), "{said}");
        // What the kernel offers must hold.
        if told("files") {
            assert!(told("other_file_refused") && told("writing_refused"), "{said}");
        }
        assert!(told("calls"), "seccomp is in every kernel that runs this: {said}");
        for refused in ["process_refused", "network_refused", "unix_socket_refused", "mode_refused"] {
            assert!(told(refused), "{refused}: {said}");
        }
    }
}
