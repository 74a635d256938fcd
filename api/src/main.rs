//! The one binary, `footnote`: reads the command line and hands over to [`footnote_api::cli`].

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Of PDFium and ONNX Runtime too (its feature `override`): the pages of a PDF are many small allocations, which glibc's
/// allocator spends a fifth of the time on. Its line 2 is faster there than its line 3 (docs/parsing.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// ONNX Runtime of the package registries keeps a telemetry database in the user's cache folder and has an upload
/// address built in (1.32; its own switch, `with_telemetry(false)`, does not keep it from that). This does.
const NO_TELEMETRY: (&str, &str) = ("ORT_DISABLE_TELEMETRY", "1");

#[expect(
    unsafe_code,
    reason = "the only way to tell a library by the environment, before there is a second thread"
)]
fn main() -> ExitCode {
    let (name, value) = NO_TELEMETRY;
    // SAFETY: nothing else runs in this process yet, so that nobody reads the environment meanwhile.
    unsafe { std::env::set_var(name, value) };
    footnote_api::cli::main()
}
