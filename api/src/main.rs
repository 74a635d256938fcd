//! The one binary, `footnote`: reads the command line and hands over to [`footnote_api::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    footnote_api::cli::main()
}
