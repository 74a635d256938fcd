//! What the kernel says of a process: CPU time and memory, from `/proc` (Linux).

use std::time::Duration;

use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};

/// Clock ticks per second of `/proc/PID/stat`: fixed at 100 in the kernel's interface to user space.
const TICKS_PER_SECOND: u64 = 100;

/// User and system CPU time this process has used, in steps of 10 ms.
pub(super) fn cpu_time() -> Result<Duration> {
    let stat = read("/proc/self/stat")?;
    // The command name, in parentheses, may hold blanks; the fields after it are plain.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|f| f.parse::<u64>().ok());
    let (user, system) =
        ticks(11).zip(ticks(12)).ok_or_else(|| Error::internal("/proc/self/stat is not as expected"))?;
    Ok(Duration::from_millis((user + system) * 1000 / TICKS_PER_SECOND))
}

/// Peak resident memory of a process, in bytes; `None` once it is gone.
pub(super) fn peak_memory(process: u32) -> Option<u64> {
    status_bytes(process, "VmHWM:")
}

/// Resident memory of a process now, in bytes; `None` once it is gone.
pub(super) fn memory(process: u32) -> Option<u64> {
    status_bytes(process, "VmRSS:")
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
}
