//! The child as a real process: this test binary serves as the worker.

use std::io::Write;
use std::time::{Duration, Instant};

use super::*;

mod attacks;
mod damage;

const ENTRY: &str = "parse::worker::tests::child_entry";

/// Not a test of its own: the child that the other tests start ends up here.
#[test]
#[expect(clippy::print_stdout, reason = "libraries print, and that must not reach the protocol")]
fn child_entry() {
    let stdin = std::io::stdin();
    let is_socket = rustix::fs::fstat(stdin.as_fd())
        .is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode).is_socket());
    if is_socket && std::env::args().any(|arg| arg == ENTRY) {
        println!("noise on standard output");
        run_worker().unwrap();
        std::process::exit(0);
    }
}

fn host(limits: ParseLimits) -> ParseHost {
    let program = std::env::current_exe().unwrap().into_os_string();
    let command = vec![program, "--exact".into(), ENTRY.into(), "--nocapture".into()];
    ParseHost::new(command, limits, EngineConfig::default(), 2)
}

fn shell(script: &str, limits: ParseLimits) -> ParseHost {
    ParseHost::new(vec!["/bin/sh".into(), "-c".into(), script.into()], limits, EngineConfig::default(), 1)
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[tokio::test]
async fn a_document_comes_back_whole() {
    let text = "# 年假\n\nTen days.\n".repeat(50_000);
    let file = file(text.as_bytes());
    let parsed = host(ParseLimits::default()).parse(file.path(), "leave.md").await.unwrap();
    assert_eq!(parsed.blocks.len(), 100_000);
    assert_eq!(
        parsed,
        crate::parse::parse_file(file.path(), "leave.md", &ParseLimits::default(), &EngineConfig::default())
            .unwrap()
    );
}

#[test]
fn a_record_each_makes_no_frame_long() {
    let long = "word ".repeat(100);
    let records: String = (0..5_000).map(|id| format!("{{\"id\":{id},\"text\":\"{long}\"}}\n")).collect();
    let file = file(records.as_bytes());
    let parsed =
        crate::parse::parse_file(file.path(), "a.jsonl", &ParseLimits::default(), &EngineConfig::default())
            .unwrap();
    assert_eq!(parsed.pages.len(), 5_000);
    let mut answer = Vec::new();
    wire::send_document(&mut answer, parsed.clone()).unwrap();
    let (mut assembly, mut rest, mut whole) = (Assembly::default(), answer.as_slice(), None);
    while let Some((length, frames)) = rest.split_first_chunk::<4>() {
        let (frame, after) = frames.split_at(u32::from_le_bytes(*length) as usize);
        assert!(frame.len() < 200_000, "{} bytes", frame.len());
        if let Step::Whole(document) = assembly.take(frame).unwrap() {
            whole = Some(*document);
        }
        rest = after;
    }
    assert_eq!(whole, Some(parsed));
}

#[tokio::test]
async fn warnings_come_back_with_their_kinds() {
    use footnote_core::parsed::WarningKind::{self, Doubtful, Lost, Note};
    let host = host(ParseLimits::default());
    let files: [(&str, &[u8], WarningKind); 3] = [
        ("a.md", b"---\nauthor: Ann\n---\nTen days.", Note),
        ("a.txt", b"caf\xc3\xa9 one \xff two \xe4\xb8\xad", Doubtful),
        ("a.adoc", b"= Leave\n\ninclude::days.adoc[]\n\nTen days.\n", Lost),
    ];
    for (name, content, kind) in files {
        let parsed = host.parse(file(content).path(), name).await.unwrap();
        assert_eq!(parsed.warnings.iter().map(|w| w.kind).collect::<Vec<_>>(), [kind], "{name}");
    }
}

#[tokio::test]
async fn the_pages_of_a_pdf_are_progress() {
    let pages = vec!["BT /F1 12 Tf 72 700 Td (Ten days.) Tj ET"; 7];
    let file = file(&crate::parse::pdf::tests::pdf(&pages));
    let progress = Progress::default();
    let parsed = host(ParseLimits::default()).parse_reporting(file.path(), "a.pdf", &progress).await.unwrap();
    assert_eq!(parsed.pages.len(), 7);
    let now = progress.now();
    assert_eq!((now.stage.as_str(), now.done, now.total), ("parsing", 7, 7));
}

#[tokio::test]
async fn a_garbled_answer_is_an_error_and_no_document() {
    // A length beyond all bounds; JSON that is none; a text without the end of the document.
    for (script, reason) in [
        (r"printf '\377\377\377\377' >&0", "a part of 4294967295 bytes"),
        (r"printf '\003\000\000\000xxx' >&0", "garbled"),
        (r#"printf '\014\000\000\000{"text":"a"}' >&0; echo cut >&2; exit 1"#, "cut"),
    ] {
        // A child that leaves its request unread resets the socket.
        let script = format!("timeout 0.5 cat > /dev/null; {script}");
        let error = shell(&script, ParseLimits::default()).parse(Path::new("/x"), "a.pdf").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[tokio::test]
async fn a_document_that_points_out_of_its_text_is_refused() {
    let read = |text: &[u8]| {
        let file = file(text);
        crate::parse::parse_file(file.path(), "a.txt", &ParseLimits::default(), &EngineConfig::default())
            .unwrap()
    };
    let damages: [fn(&mut ParsedDocument); 2] =
        [|document| document.blocks[1].span.end = 1_000, |document| document.blocks[0].span.end += 3];
    for damage in damages {
        let mut document = read(b"one\n\ntwo");
        damage(&mut document);
        let mut answer = Vec::new();
        wire::send_document(&mut answer, document).unwrap();
        let answer = file(&answer);
        let script = format!("timeout 0.5 cat > /dev/null; cat {} >&0", answer.path().display());
        let error = shell(&script, ParseLimits::default()).parse(Path::new("/x"), "a.txt").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.to_string().contains("\"a.txt\" is not sound"), "{error}");
    }
}

#[tokio::test]
async fn the_parsers_errors_keep_kind_and_name() {
    let host = host(ParseLimits::default());
    let error = host.parse(file(b"\x7fELF\x02\x01\x01").path(), "photo.pdf").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("photo.pdf") && error.message().contains("program"), "{error}");
    let error = host.parse(file(b"").path(), "../../empty.txt").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_pdf_that_panics_its_parser_costs_this_file_only() {
    use crate::parse::pdf::tests::{SONG, pdf, pdf_in_song};
    let host = host(ParseLimits::default());
    let error = host.parse(file(&pdf_in_song(&[SONG])).path(), "发票.pdf").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    for part in ["发票.pdf", "pdf-extract panicked", "models pull"] {
        assert!(error.message().contains(part), "{error}");
    }
    let good = pdf(&["BT /F1 12 Tf 72 700 Td (Annual leave is ten days.) Tj ET"]);
    let parsed = host.parse(file(&good).path(), "leave.pdf").await.unwrap();
    assert_eq!(parsed.text, "Annual leave is ten days.");
}

#[tokio::test]
async fn a_child_that_takes_too_long_is_killed() {
    let limits = ParseLimits { wall_seconds: 1, ..ParseLimits::default() };
    let start = Instant::now();
    let error = shell("sleep 30", limits).parse(Path::new("/x"), "report.pdf").await.unwrap_err();
    assert!(error.message().contains("\"report.pdf\" took longer than 1 s"), "{error}");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.is_retryable(), "the machine may be less busy the next time");
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_child_that_wants_too_much_memory_says_so() {
    let limits = ParseLimits { memory_bytes: 300 << 20, ..ParseLimits::default() };
    let big = file(&b"word and word again\n\n".repeat(10_000_000));
    let error = host(limits).parse(big.path(), "big.txt").await.unwrap_err();
    assert!(error.message().contains("MiB of memory") && error.message().contains("big.txt"), "{error}");
    assert!(!error.is_retryable());
}

/// It ends long before it has used up its addresses, and is told by what it holds.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_child_that_holds_too_much_memory_is_ended() {
    let limits = ParseLimits { memory_bytes: 150 << 20, ..ParseLimits::default() };
    // There is no line's end in it, for which `tail` waits with all it has read.
    let error = shell("exec tail -n 1 /dev/zero", limits).parse(Path::new("/x"), "a.pdf").await.unwrap_err();
    assert!(error.message().contains("\"a.pdf\" needs more than 100 MiB of memory"), "{error}");
    assert!(!error.is_retryable());
}

/// PDFium aborts without a word where it gets no memory.
#[test]
fn a_child_that_gives_up_with_much_memory_had_too_little() {
    let host = shell("", ParseLimits::default());
    let told = |signal, peak| {
        let status = ExitStatus::from_raw(signal);
        host.died("a.pdf", status, "", peak).message().to_owned()
    };
    for signal in [4, 5, 6] {
        assert!(told(signal, 1_000 << 20).contains("2048 MiB of memory"), "{signal}");
        assert!(told(signal, 100 << 20).contains("crashed on"), "{signal}");
    }
    assert!(told(11, 1_000 << 20).contains("crashed on"));
}

#[tokio::test]
async fn crashes_and_silence_are_told_apart() {
    let limits = ParseLimits::default;
    let crash = shell("kill -SEGV $$", limits()).parse(Path::new("/x"), "a.pdf").await.unwrap_err();
    assert!(crash.message().contains("crashed on \"a.pdf\" (signal 11)"), "{crash}");
    let thrown =
        "echo 'fatal runtime error: Rust cannot catch foreign exceptions, aborting' >&2; kill -ABRT $$";
    let memory = shell(thrown, limits()).parse(Path::new("/x"), "a.pdf").await.unwrap_err();
    assert!(memory.message().contains("MiB of memory"), "{memory}");
    let cpu = shell("kill -XCPU $$", limits()).parse(Path::new("/x"), "a.pdf").await.unwrap_err();
    assert!(cpu.message().contains("processor time"), "{cpu}");
    let silent =
        shell("echo broken >&2; exit 3", limits()).parse(Path::new("/x"), "a.pdf").await.unwrap_err();
    assert!(silent.is_retryable() && silent.message().contains("broken"), "{silent}");
    let none = ParseHost::new(vec!["/nowhere/footnote".into()], limits(), EngineConfig::default(), 1);
    assert_eq!(none.parse(Path::new("/x"), "a.pdf").await.unwrap_err().kind(), ErrorKind::Internal);
}

#[tokio::test]
async fn an_endless_answer_is_refused() {
    let limits = ParseLimits { max_response_bytes: 1_000, ..ParseLimits::default() };
    let error = host(limits).parse(file(&b"word ".repeat(1_000)).path(), "a.txt").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn dropping_the_future_ends_the_child() {
    let marker = tempfile::NamedTempFile::new().unwrap();
    let script = format!("sleep 2; echo alive > {}", marker.path().display());
    let host = shell(&script, ParseLimits::default());
    let parse = host.parse(Path::new("/x"), "a.pdf");
    assert!(tokio::time::timeout(Duration::from_millis(200), parse).await.is_err());
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(fs_err::read(marker.path()).unwrap().is_empty());
}
