//! What reading costs, for tests of files made to be slow: processor time, which a busy machine does not change.

use rustix::time::{ClockId, clock_gettime};

/// Most processor time of a reading whose cost grows with its length; one that grows with its square takes minutes.
const MOST_SECONDS: i64 = 20;

/// Runs `read`, which must not cost more than its length explains.
#[track_caller]
pub(crate) fn assert_cheap<T>(read: impl FnOnce() -> T) -> T {
    let start = clock_gettime(ClockId::ThreadCPUTime).tv_sec;
    let result = read();
    let seconds = clock_gettime(ClockId::ThreadCPUTime).tv_sec - start;
    assert!(seconds <= MOST_SECONDS, "{seconds} s of processor time");
    result
}
