//! A confined process tells what it may do.

use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::*;
use crate::parse::limits::ParseLimits;

const ENTRY: &str = "parse::worker::sandbox::tests::confined_entry";
const MARK: &str = "confined-entry-for-tests";

/// With arguments of zero each does something harmless or fails otherwise, were it let through.
const DANGEROUS: &[(&str, i64)] = &[
    ("ptrace", libc::SYS_ptrace),
    ("process_vm_readv", libc::SYS_process_vm_readv),
    ("process_vm_writev", libc::SYS_process_vm_writev),
    ("process_madvise", libc::SYS_process_madvise),
    ("kcmp", libc::SYS_kcmp),
    ("bpf", libc::SYS_bpf),
    ("perf_event_open", libc::SYS_perf_event_open),
    ("kexec_load", libc::SYS_kexec_load),
    ("kexec_file_load", libc::SYS_kexec_file_load),
    ("mount", libc::SYS_mount),
    ("move_mount", libc::SYS_move_mount),
    ("fsopen", libc::SYS_fsopen),
    ("unshare", libc::SYS_unshare),
    ("setns", libc::SYS_setns),
    ("keyctl", libc::SYS_keyctl),
    ("userfaultfd", libc::SYS_userfaultfd),
    ("io_uring_setup", libc::SYS_io_uring_setup),
    ("io_uring_enter", libc::SYS_io_uring_enter),
    ("io_uring_register", libc::SYS_io_uring_register),
    ("shmget", libc::SYS_shmget),
];

#[expect(unsafe_code, reason = "no safe function makes the calls that must be refused")]
fn is_refused(number: i64, [a, b, c, d]: [i64; 4]) -> bool {
    // SAFETY: no argument is an address but null.
    let returned = unsafe { libc::syscall(number, a, b, c, d, 0_i64, 0_i64) };
    returned == -1 && std::io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}

/// `getpid` as i386 asks for it.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "no safe function makes the calls that must be refused")]
fn process_by_i386() -> i32 {
    let mut eax = 20;
    // SAFETY: getpid touches no memory; the kernel keeps all registers but the answer's (and clears r8 to r11).
    unsafe {
        std::arch::asm!("int 0x80", inout("eax") eax, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    eax
}

/// Not a test of its own: the process that the test below starts ends up here.
#[test]
#[expect(clippy::print_stdout, reason = "that is how the process tells what it may do")]
fn confined_entry() {
    let mut arguments = std::env::args().skip_while(|argument| argument != MARK);
    let (Some(_), Some(file)) = (arguments.next(), arguments.next()) else { return };
    let file = PathBuf::from(file);
    super::super::limit_self(&ParseLimits::default()).unwrap();
    let holds = confine(&file, &EngineConfig::default()).unwrap();
    let refused =
        |result: std::io::Result<()>| result.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
    let thread = std::thread::spawn(|| 7).join().is_ok_and(|seven| seven == 7);
    println!("files={}", holds.files);
    println!("calls={}", holds.calls);
    println!("own_file={}", fs_err::read(&file).is_ok());
    println!("other_file_refused={}", refused(fs_err::read("/etc/hostname").map(drop)));
    // Without Landlock it would be ended by its limit on file sizes.
    let write = || fs_err::write(file.with_extension("new"), "x");
    println!("writing_refused={}", holds.files && refused(write()));
    println!("process_refused={}", refused(Command::new("/bin/true").status().map(drop)));
    println!("network_refused={}", refused(std::net::TcpStream::connect("127.0.0.1:9").map(drop)));
    println!("unix_socket_refused={}", refused(std::os::unix::net::UnixStream::pair().map(drop)));
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    println!("mode_refused={}", refused(std::fs::set_permissions(&file, mode)));
    println!("thread={thread}");
    for (name, number) in DANGEROUS {
        println!("{name}_refused={}", is_refused(*number, [0; 4]));
    }
    let own = i64::from(std::process::id());
    let parent = i64::from(std::os::unix::process::parent_id());
    let core = i64::from(libc::RLIMIT_CORE);
    for (name, process) in [("nobody", 0), ("own", own), ("parent", parent)] {
        println!("limits_of_{name}_told={}", !is_refused(libc::SYS_prlimit64, [process, core, 0, 0]));
    }
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    println!("own_limit_refused={}", setrlimit(Resource::Core, none) == Err(Errno::PERM));
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, 256),
        (Resource::Nproc, 16_384),
        (Resource::As, ParseLimits::default().memory_bytes),
    ] {
        let holds = getrlimit(resource).maximum.is_some_and(|maximum| maximum <= most);
        println!("limit_of_{resource:?}={holds}");
    }
    #[cfg(target_arch = "x86_64")]
    {
        let x32 = i64::from(super::calls::X32);
        println!("x32_refused={}", is_refused(x32 | libc::SYS_getpid, [0; 4]));
        if arguments.next().is_some_and(|more| more == "i386") {
            println!("i386={}", process_by_i386());
        }
    }
    std::process::exit(0);
}

/// What a confined process says, and how it ended.
fn confined(more: &[&str]) -> (String, ExitStatus) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", ENTRY, "--nocapture", "--", MARK])
        .arg(file.path())
        .args(more)
        .stderr(Stdio::null())
        .output()
        .unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status)
}

fn told(said: &str, name: &str) -> bool {
    said.lines().any(|line| line.split_whitespace().any(|word| word == format!("{name}=true")))
}

#[test]
fn a_confined_process_reads_its_file_and_nothing_else() {
    let (said, _) = confined(&[]);
    let told = |name: &str| told(&said, name);
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

#[test]
fn a_confined_process_makes_no_dangerous_call() {
    let (said, _) = confined(&[]);
    for (name, _) in DANGEROUS {
        assert!(told(&said, &format!("{name}_refused")), "{name}: {said}");
    }
}

#[test]
fn a_confined_process_sees_its_own_limits_and_sets_none() {
    let (said, _) = confined(&[]);
    assert!(told(&said, "limits_of_nobody_told") && told(&said, "limits_of_own_told"), "{said}");
    assert!(!told(&said, "limits_of_parent_told") && told(&said, "own_limit_refused"), "{said}");
    for resource in ["Core", "Fsize", "Nofile", "Nproc", "As"] {
        assert!(told(&said, &format!("limit_of_{resource}")), "{resource}: {said}");
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_confined_process_has_no_other_interface_to_the_kernel() {
    let (said, status) = confined(&["i386"]);
    assert!(told(&said, "x32_refused") && !said.contains("i386="), "{said}");
    // A kernel without that interface ends the process, too.
    assert!(matches!(status.signal(), Some(libc::SIGSYS | libc::SIGSEGV)), "{status}");
}
