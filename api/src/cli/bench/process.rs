//! What the kernel says of a process: CPU time and memory, from `/proc` (Linux).

use std::time::Duration;

use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};

/// Clock ticks per second of `/proc/PID/stat`: fixed at 100 in the kernel's interface to user space.
const TICKS_PER_SECOND: u64 = 100;

/// User and system CPU time this process has used, in steps of 10 ms.
pub(super) fn cpu_time() -> Result<Duration> {
    stat_time(11)
}

/// User and system CPU time of the children that this process has waited for, in steps of 10 ms.
pub(super) fn children_cpu_time() -> Result<Duration> {
    stat_time(13)
}

/// The sum of two neighbouring fields of `/proc/self/stat`, counted after the command's name.
fn stat_time(first: usize) -> Result<Duration> {
    let stat = read("/proc/self/stat")?;
    // The command name, in parentheses, may hold blanks; the fields after it are plain.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|f| f.parse::<u64>().ok());
    let (user, system) = ticks(first)
        .zip(ticks(first + 1))
        .ok_or_else(|| Error::internal("/proc/self/stat is not as expected"))?;
    Ok(Duration::from_millis((user + system) * 1000 / TICKS_PER_SECOND))
}

/// Peak resident memory of a process, in bytes; `None` once it is gone.
pub(super) fn peak_memory(process: u32) -> Option<u64> {
    status_bytes(process, "VmHWM:")
}

/// Whether a process was started with this argument.
pub(super) fn runs(process: u32, argument: &str) -> bool {
    let arguments = fs_err::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    arguments.split(|&byte| byte == 0).any(|given| given == argument.as_bytes())
}

/// Resident memory of a process now, in bytes; `None` once it is gone.
pub(super) fn memory(process: u32) -> Option<u64> {
    status_bytes(process, "VmRSS:")
}

/// The children of a process, of all its threads.
pub(super) fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs_err::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let lists = threads.flatten().filter_map(|t| fs_err::read_to_string(t.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>())
        .collect()
}

fn status_bytes(process: u32, field: &str) -> Option<u64> {
    let status = fs_err::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn read(path: &str) -> Result<String> {
    fs_err::read_to_string(path)
        .context(ErrorKind::Unsupported, || "the bench reads /proc, which this system lacks".to_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn reads_this_process() {
        let me = std::process::id();
        assert!(peak_memory(me).unwrap() >= memory(me).unwrap() / 2);
        let before = cpu_time().unwrap();
        let mut x = 1_u64;
        while cpu_time().unwrap() < before + Duration::from_millis(20) {
            x = std::hint::black_box(x.wrapping_mul(31));
        }
        assert!(memory(u32::MAX).is_none());
    }

    #[test]
    fn sees_the_children_and_what_they_used() {
        let before = children_cpu_time().unwrap();
        let busy = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
        let mut child = std::process::Command::new("sh").args(["-c", busy]).spawn().unwrap();
        assert!(children(std::process::id()).contains(&child.id()));
        child.wait().unwrap();
        assert!(children_cpu_time().unwrap() > before);
        assert!(children(u32::MAX).is_empty());
    }
}
