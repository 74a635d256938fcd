//! Printing results: one JSON value for programs, plain lines for people, colour only on a terminal.

use std::io::Write;

use footnote_core::Result;
use footnote_core::error::Context;
use serde::Serialize;

use super::args::OutputFormat;

/// Prints `value` as JSON, or what `text` writes for people.
pub(crate) fn print<T: Serialize>(
    format: OutputFormat,
    value: &T,
    text: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<()> {
    let mut out = anstream::stdout().lock();
    let written = match format {
        OutputFormat::Json => serde_json::to_writer_pretty(&mut out, value)
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out)),
        OutputFormat::Text => text(&mut out),
    };
    match written.and_then(|()| out.flush()) {
        // The reader (`head`, a pager) has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.internal("cannot write to standard output"),
    }
}

/// `text` in bold; the stream drops the codes where it is no terminal.
pub(crate) fn bold(text: &str) -> String {
    let style = anstyle::Style::new().bold();
    format!("{style}{text}{style:#}")
}

/// `text` dimmed.
pub(crate) fn dim(text: &str) -> String {
    let style = anstyle::Style::new().dimmed();
    format!("{style}{text}{style:#}")
}
