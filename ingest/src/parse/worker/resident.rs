//! How much memory a child holds, as its parent sees it.
//!
//! The child's own bound counts addresses, of which its engines reserve many that they never fill: where it holds, the
//! child may hold far more memory than any sound file needs.

use std::path::PathBuf;
use std::time::Duration;

use super::spending::high_water;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(50);

/// Watches one process.
pub(super) struct Resident {
    /// Where the system tells; `None` where the process has ended.
    status: Option<PathBuf>,
    peak: u64,
}

impl Resident {
    pub(super) fn of(process: Option<u32>) -> Self {
        Self { status: process.map(|id| PathBuf::from(format!("/proc/{id}/status"))), peak: 0 }
    }

    /// Most memory that the process was seen to hold, in bytes; 0 where the system does not tell.
    pub(super) fn peak(&self) -> u64 {
        self.peak
    }

    /// Ends once the process holds more than `bytes`: never, where the system does not tell.
    pub(super) async fn exceeds(&mut self, bytes: u64) {
        while let Some(held) = self.look() {
            self.peak = self.peak.max(held);
            if held > bytes {
                return;
            }
            tokio::time::sleep(EVERY).await;
        }
        std::future::pending().await
    }

    fn look(&self) -> Option<u64> {
        high_water(&fs_err::read_to_string(self.status.as_ref()?).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_that_holds_too_much_is_noticed() {
        let mut own = Resident::of(Some(std::process::id()));
        let noticed = tokio::time::timeout(Duration::from_millis(200), own.exceeds(1 << 10)).await.is_ok();
        assert_eq!(noticed, cfg!(target_os = "linux"));
        assert_eq!(own.peak() > 1 << 20, cfg!(target_os = "linux"));
        for mut other in [Resident::of(Some(std::process::id())), Resident::of(None)] {
            assert!(tokio::time::timeout(Duration::from_millis(200), other.exceeds(u64::MAX)).await.is_err());
        }
    }
}
