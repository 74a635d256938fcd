//! `footnote quickstart`: from nothing to two cited answers, and on to serving.

use std::path::Path;

use footnote_core::answer::Answer;
use footnote_core::error::Context;
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::ports::DocumentFilter;
use footnote_core::source::{Source, SourceKind};
use footnote_core::{Error, ErrorKind, Result};

use super::args::{OutputFormat, QuickstartArgs};
use super::session::{Session, first_failure};
use super::{ask, models, output, refresh, serve};
use crate::config::Config;
use crate::service::{schedules, sources};

const KNOWLEDGE_BASE: &str = "quickstart";
const SOURCE: &str = "samples";
/// Every night at three, and right now.
const REFRESH: (&str, &str) = ("0 3 * * *", "UTC");
/// Answered by the PDF and by the Word file.
const QUESTIONS: [&str; 2] = [
    "How many days of paid annual leave do full-time employees receive?",
    "一线城市的住宿标准是每晚多少元？",
];

/// Runs all the steps; each says what it does.
pub(crate) async fn run(config: Config, args: QuickstartArgs, format: OutputFormat) -> Result<()> {
    let samples = fs_err::canonicalize(&args.samples).context(ErrorKind::InvalidInput, || {
        "run the quick start in the repository, or name a folder with --samples".to_owned()
    })?;
    let address = config.server.bind;
    let listener = if args.once { None } else { Some(serve::listen(address).await?) };

    step("1/4", "models");
    let pulling = config.clone();
    tokio::task::spawn_blocking(move || models::pull_missing(&pulling))
        .await
        .internal("the thread that fetches models stopped")??;

    step("2/4", &format!("documents of {} into {}", args.samples.display(), config.data.folder.display()));
    let session = Session::open_with_workers(config).await?;
    let knowledge_base = session.knowledge_base_or_new(KNOWLEDGE_BASE).await?;
    let source = samples_source(&session, &knowledge_base, &samples).await?;
    refresh_now(&session, &knowledge_base, &source).await?;

    step("3/4", "two questions");
    let mut answers = Vec::new();
    for question in QUESTIONS {
        anstream::eprintln!("\n{}", output::bold(question));
        let asked = ask::question(&session, KNOWLEDGE_BASE, question).await?;
        answers.push(match format {
            OutputFormat::Text => ask::stream(asked).await?,
            OutputFormat::Json => asked.answer().await?,
        });
    }
    if format == OutputFormat::Json {
        output::print(format, &answers, |_| Ok(()))?;
    }
    require_citations(&answers)?;

    if let Some(listener) = listener {
        step("4/4", "serving");
        print_next_question(&session, listener.local_addr().internal("cannot tell the address")?).await?;
        serve::serve(&session.app, listener).await?;
    }
    session.close().await;
    Ok(())
}

/// The samples as a directory source with a refresh schedule; a second quick start finds it.
async fn samples_source(session: &Session, knowledge_base: &KnowledgeBase, folder: &Path) -> Result<Source> {
    let (app, principal) = (&session.app, &session.principal);
    let known = sources::list(app, principal, &knowledge_base.name).await?;
    let wanted = SourceKind::Directory { path: folder.to_path_buf() };
    if let Some(source) = known.iter().find(|s| s.name == SOURCE) {
        if source.kind == wanted {
            return Ok(source.clone());
        }
        return Err(Error::conflict(format!(
            "the data folder already has samples from another folder; choose another with --data, or remove {}",
            app.config.data.folder.display()
        )));
    }
    let source = sources::create_directory(app, principal, &knowledge_base.name, SOURCE, folder).await?;
    schedules::create(app, principal, &knowledge_base.name, source.id, REFRESH.0, REFRESH.1).await?;
    Ok(source)
}

/// The quick start shows cited answers: without citations it has not worked.
fn require_citations(answers: &[Answer]) -> Result<()> {
    match QUESTIONS.iter().zip(answers).find(|(_, answer)| answer.citations.is_empty()) {
        None => Ok(()),
        Some((question, _)) => Err(Error::unavailable(format!("the answer to {question:?} has no citation"))),
    }
}

async fn refresh_now(session: &Session, knowledge_base: &KnowledgeBase, source: &Source) -> Result<()> {
    let run = sources::refresh(&session.app, &session.principal, &knowledge_base.name, source.id).await?;
    first_failure(&session.watch(&[run.job], "comparing").await?)?;
    refresh::wait_until_idle(session).await?;
    let documents =
        refresh::all_documents(&session.app, knowledge_base.id, DocumentFilter::default()).await?;
    for listed in &documents {
        let newest = &listed.newest;
        let detail = match (&newest.failure, &newest.parsed) {
            (Some(reason), _) => reason.clone(),
            (None, Some(facts)) => format!("{} characters, {} chunks", facts.chars, facts.chunks),
            (None, None) => String::new(),
        };
        anstream::eprintln!("  {}: {} {}", listed.document.key, newest.state.name(), output::dim(&detail));
    }
    refresh::require_no_failures(&refresh::failed_documents(&session.app, source).await?)
}

async fn print_next_question(session: &Session, address: std::net::SocketAddr) -> Result<()> {
    let key = serve::first_key(session).await?;
    let shown = key.as_deref().unwrap_or("YOUR_KEY");
    anstream::eprintln!("\nserving http://{address} (API docs at http://{address}/docs)");
    match &key {
        Some(secret) => anstream::eprintln!("admin key, shown once: {secret}"),
        None => anstream::eprintln!("the key was shown before; `footnote keys create NAME` makes another"),
    }
    anstream::eprintln!(
        "\nask the next question:\n\n  curl -sN http://{address}/api/v1/knowledge-bases/{KNOWLEDGE_BASE}/ask \\\n    \
         -H 'authorization: Bearer {shown}' -H 'content-type: application/json' \\\n    \
         -d '{{\"question\": \"What does error ERR_0x34 mean?\", \"stream\": true}}'\n"
    );
    Ok(())
}

fn step(number: &str, what: &str) {
    anstream::eprintln!("{} {what}", output::bold(number));
}
