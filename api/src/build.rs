//! Which program this is, as receipts and kept results of evaluations name it.

use std::io::Read as _;

use footnote_core::Result;
use footnote_core::error::Context as _;
use footnote_core::hash::ContentHash;
use fs_err::File;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

/// Digits of the hash that a name has: enough to tell builds apart.
const DIGITS: usize = 16;

/// Version and hash of this program, `0.1.0+5f0c…`: two builds of one version may answer otherwise. Worked out once,
/// which takes as long as reading the program does.
pub(crate) async fn name() -> &'static str {
    static NAME: OnceCell<String> = OnceCell::const_new();
    NAME.get_or_init(async || {
        let hash = tokio::task::spawn_blocking(hash).await;
        let hash = hash.internal("reading this binary panicked").and_then(|hash| hash);
        let hash = hash.unwrap_or_else(|error| {
            tracing::warn!(%error, "receipts do not tell this build from others");
            "unknown".to_owned()
        });
        let short = hash.get(..DIGITS).unwrap_or(&hash);
        format!("{}+{short}", env!("CARGO_PKG_VERSION"))
    })
    .await
}

/// The hash of this program: any other may answer otherwise.
pub(crate) fn hash() -> Result<String> {
    let mut file = File::open(this_program()?).internal("cannot read this binary")?;
    let mut digest = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut piece).internal("cannot read this binary")?;
        if read == 0 {
            return Ok(ContentHash::from_digest(digest).to_string());
        }
        digest.update(piece.get(..read).unwrap_or_default());
    }
}

/// On Linux the program that runs, also where another lies at its path by now.
fn this_program() -> Result<std::path::PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok("/proc/self/exe".into());
    }
    std::env::current_exe().internal("cannot find this binary's own path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_build_is_named_by_version_and_hash() {
        let (version, short) = name().await.split_once('+').unwrap();
        assert_eq!(version, env!("CARGO_PKG_VERSION"));
        assert_eq!(short.len(), DIGITS);
        assert!(hash().unwrap().starts_with(short));
    }
}
