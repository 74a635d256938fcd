//! The command line: `main` reads as the list of what the binary can do.

mod args;
mod ask;
mod bench;
mod doctor;
mod eval;
mod feedback;
mod ingest;
mod keys;
mod models;
mod output;
mod parse;
mod quickstart;
mod receipts;
mod refresh;
mod replay;
mod search;
mod serve;
mod session;
mod verify;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use figment::providers::Serialized;
use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};

use crate::config::{Config, Environment};
use args::{Arguments, Command, Global};

/// How long threads that cannot be stopped (a model at work, a file being read) may go on at the end.
const LAST_GRACE: Duration = Duration::from_secs(2);

/// Runs the binary. Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 something is not
/// installed, 4 not found.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("{} {error}", output::bold("error:"));
            exit_code(&error)
        }
    }
}

/// How the service starts the child process that reads one file.
pub fn worker_command() -> Result<Vec<OsString>> {
    let binary = std::env::current_exe().internal("cannot find this binary's own path")?;
    Ok(vec![binary.into_os_string(), OsString::from("parse-worker")])
}

fn run(arguments: Arguments) -> Result<()> {
    let Arguments { global, command } = arguments;
    // The child process has neither configuration nor log: its input comes over the pipe.
    if let Command::ParseWorker = command {
        return footnote_ingest::parse::worker::run_worker();
    }
    let config = configuration(&global, &command)?;
    let format = global.format;
    match &command {
        Command::Config => return print_config(&config, format),
        Command::Verify(args) => return verify::run(&config, args, format),
        Command::Models(models) => return models::run(&config, models, format),
        _ => {}
    }
    crate::telemetry::init(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .internal("cannot start the async runtime")?;
    let result = runtime.block_on(async {
        match command {
            Command::Quickstart(args) => quickstart::run(config, args, format).await,
            Command::Serve(_) => serve::run(config).await,
            Command::Ingest(args) => ingest::run(config, args, format).await,
            Command::Ask(args) => ask::run(config, args, format).await,
            Command::Search(args) => search::run(config, args, format).await,
            Command::Parse(args) => parse::run(config, args, format).await,
            Command::Eval(command) => eval::run(config, *command, format).await,
            Command::Bench(args) => bench::run(config, args, format).await,
            Command::Keys(command) => keys::run(config, command, format).await,
            Command::Replay(args) => replay::run(config, args, format).await,
            Command::Receipts(command) => receipts::run(config, command).await,
            Command::Feedback(command) => feedback::run(config, command, format).await,
            Command::Refresh(args) => refresh::run(config, args, format).await,
            Command::Doctor => doctor::run(config, format).await,
            Command::Config | Command::Verify(_) | Command::Models(_) | Command::ParseWorker => {
                Err(Error::internal("the command was already handled"))
            }
        }
    });
    runtime.shutdown_timeout(LAST_GRACE);
    result
}

/// The layers of the configuration, flags last.
fn configuration(global: &Global, command: &Command) -> Result<Config> {
    let mut flags = figment::value::Dict::new();
    if let Some(folder) = &global.data {
        set(&mut flags, "data", "folder", &folder.to_string_lossy());
    }
    let bind = match command {
        Command::Serve(args) => args.bind.as_deref(),
        Command::Quickstart(args) => args.bind.as_deref(),
        _ => None,
    };
    if let Some(bind) = bind {
        set(&mut flags, "server", "bind", bind);
    }
    // One-shot commands print results; the service's own log would drown them.
    let quiet = !matches!(command, Command::Serve(_));
    let environment = Environment::of_process()?;
    let mut config = Config::load(global.config.as_deref(), &environment, Serialized::globals(flags))?;
    if quiet && config.log == Config::default().log {
        "warn".clone_into(&mut config.log.level);
    }
    Ok(config)
}

fn set(flags: &mut figment::value::Dict, section: &str, key: &str, value: &str) {
    let entry = figment::value::Dict::from([(key.to_owned(), value.into())]);
    flags.insert(section.to_owned(), entry.into());
}

fn print_config(config: &Config, format: args::OutputFormat) -> Result<()> {
    let shown = config.redacted();
    let text = toml::to_string_pretty(&shown).internal("cannot write the configuration as TOML")?;
    output::print(format, &shown, |out| out.write_all(text.as_bytes()))
}

fn exit_code(error: &Error) -> ExitCode {
    ExitCode::from(match error.kind() {
        ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::TooLarge => 2,
        ErrorKind::NotInstalled => 3,
        ErrorKind::NotFound => 4,
        _ => 1,
    })
}
