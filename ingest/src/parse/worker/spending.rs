//! What this process spends, told by itself: the parent could not tell one child's share from another's.

use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::wire::Spent;

/// Longest part of the status file that is read.
const STATUS_BYTES: u64 = 16 * 1024;

/// Opened before the process is confined, when it may still open files.
pub(super) struct Spending {
    status: Option<fs_err::File>,
}

impl Spending {
    pub(super) fn watch() -> Self {
        Self { status: fs_err::File::open("/proc/self/status").ok() }
    }

    /// Up to now.
    pub(super) fn so_far(mut self) -> Spent {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
        Spent { cpu: Duration::new(seconds, nanoseconds), peak_bytes: self.peak_bytes() }
    }

    fn peak_bytes(&mut self) -> Option<u64> {
        let status = self.status.as_mut()?;
        status.seek(SeekFrom::Start(0)).ok()?;
        let mut text = String::new();
        status.take(STATUS_BYTES).read_to_string(&mut text).ok()?;
        high_water(&text)
    }
}

/// The most memory that a process held, by its status file.
pub(super) fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_what_it_spent() {
        let spent = Spending::watch().so_far();
        assert!(spent.cpu > Duration::ZERO);
        #[cfg(target_os = "linux")]
        assert!(spent.peak_bytes.unwrap() > 1 << 20, "{spent:?}");
        assert_eq!(high_water("VmPeak:\t 9 kB\nVmHWM:\t    2 kB\n"), Some(2048));
        assert_eq!(high_water("VmHWM: x"), None);
    }
}
