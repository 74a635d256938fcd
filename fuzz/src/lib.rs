//! What the fuzz targets share.

/// libFuzzer's hook ends the process at every panic. Some of others' readers panic on damaged files and are caught
/// where they are called: that is a reason to fail one file, no finding. What nobody catches still ends the process.
pub fn keep_panics_catchable() {
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}
