//! Damage for tests of binary formats: a real file with bytes changed by a seed.

use std::path::Path;

/// Reads the file `sample` with 20 bytes changed, `times` times, each time in other places. Where the file is absent
/// nothing is tested.
pub(crate) fn assert_never_panics(sample: &str, times: usize, read: impl Fn(&Path)) {
    let Ok(good) = fs_err::read(sample) else {
        eprintln!("skipped: {sample} is absent");
        return;
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    for seed in 0..times {
        let mut bytes = good.clone();
        for step in 0..20 {
            let at = (seed * 7919 + step * 104_729) % bytes.len();
            bytes[at] = u8::try_from((seed + step * 37) % 256).unwrap();
        }
        fs_err::write(file.path(), &bytes).unwrap();
        read(file.path());
    }
}
