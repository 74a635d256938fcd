//! Which system calls the parser's process may still make.

use std::collections::BTreeMap;

use footnote_core::Result;
use footnote_core::error::Context;
use rustix::io::Errno;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};

/// System calls that no parser needs, refused with `EPERM`. `tgkill` stays for the process itself, which aborts
/// by it. Landlock lets a file's mode, owner, times and attributes be changed, and before Linux 6.12 knows no
/// signals: both are refused here. Calls by another architecture's interface (i386 on x86-64) kill the process: every
/// filter of `seccompiler` begins so.
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
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_kexec_file_load,
    libc::SYS_delete_module,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_kcmp,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_name_to_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_personality,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_capset,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    // What other processes of the user share by number or name, without the file system.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_semctl,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    SETRLIMIT,
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
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
];

/// The same number on every architecture; the `libc` crate does not name it on all.
const FCHMODAT2: i64 = 452;
#[cfg(target_arch = "x86_64")]
const SETRLIMIT: i64 = libc::SYS_setrlimit;
/// The generic number; the `libc` crate does not name it there.
#[cfg(not(target_arch = "x86_64"))]
const SETRLIMIT: i64 = 164;
/// On x86-64, calls by the x32 interface have this bit in their number and the same architecture, so that no
/// number of [`REFUSED`] is theirs.
#[cfg(target_arch = "x86_64")]
pub(super) const X32: u32 = 0x4000_0000;

/// Refuses what no parser needs, for the calling thread and all that it starts. `false` where the kernel cannot.
pub(super) fn guard() -> Result<bool> {
    let Ok(architecture) = TargetArch::try_from(std::env::consts::ARCH) else { return Ok(false) };
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().map(|&call| (call, Vec::new())).collect();
    refused.insert(libc::SYS_clone, vec![new_process()?]);
    refused.insert(libc::SYS_tgkill, vec![other_process()?]);
    // A process may ask what its own limits are. As root it could else raise them.
    let own = other_process_than_self()?;
    refused.insert(libc::SYS_prlimit64, vec![own, new_limit()?]);
    // Its flags lie in memory, where no filter sees them. The C library starts threads by `clone` where this call
    // is not known.
    let unknown = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let mut programs = vec![];
    for (calls, errno) in [(unknown, Errno::NOSYS), (refused, Errno::PERM)] {
        let filter = SeccompFilter::new(calls, SeccompAction::Allow, refuse(errno), architecture);
        programs
            .push(filter.and_then(BpfProgram::try_from).internal("cannot build the filter of system calls")?);
    }
    #[cfg(target_arch = "x86_64")]
    programs.push(without_x32());
    for program in programs {
        if let Err(error) = seccompiler::apply_filter(&program) {
            tracing::debug!(error = &error as &dyn std::error::Error, "no filter of system calls");
            return Ok(false);
        }
    }
    Ok(true)
}

fn refuse(errno: Errno) -> SeccompAction {
    SeccompAction::Errno(errno.raw_os_error().unsigned_abs())
}

/// Refuses every call whose number has the bit [`X32`] or is larger; `seccompiler` compares numbers for equality only.
#[cfg(target_arch = "x86_64")]
fn without_x32() -> BpfProgram {
    let statement = |code: u32, k: u32| sock_filter { code: code as u16, jt: 0, jf: 0, k };
    // The number is the first field of `struct seccomp_data` (seccomp(2)).
    vec![
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        sock_filter { jf: 1, ..statement(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, X32) },
        statement(libc::BPF_RET | libc::BPF_K, u32::from(refuse(Errno::PERM))),
        statement(libc::BPF_RET | libc::BPF_K, u32::from(SeccompAction::Allow)),
    ]
}

/// `clone` without `CLONE_THREAD`.
fn new_process() -> Result<SeccompRule> {
    let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
    let is_none = SeccompCmpOp::MaskedEq(thread);
    rule(vec![SeccompCondition::new(0, SeccompCmpArgLen::Dword, is_none, 0)])
}

/// `tgkill` of any process but the calling one.
fn other_process() -> Result<SeccompRule> {
    let own = u64::from(std::process::id());
    rule(vec![SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, own)])
}

/// `prlimit64` of any process but the calling one, which is 0 or its number.
fn other_process_than_self() -> Result<SeccompRule> {
    let own = u64::from(std::process::id());
    let is_not = |id| SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, id);
    rule(vec![is_not(0), is_not(own)])
}

/// `prlimit64` that sets a limit: its third argument is where the new one lies.
fn new_limit() -> Result<SeccompRule> {
    rule(vec![SeccompCondition::new(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0)])
}

/// Holds where all conditions do.
fn rule(
    conditions: Vec<std::result::Result<SeccompCondition, seccompiler::BackendError>>,
) -> Result<SeccompRule> {
    let conditions = conditions.into_iter().collect::<std::result::Result<Vec<_>, _>>();
    conditions.and_then(SeccompRule::new).internal("cannot build a rule on a system call")
}
