//! `footnote ask QUESTION`: the answer as it is written, then where each sentence comes from.

use std::io::Write;

use footnote_core::answer::{Answer, AnswerEvent, AnswerMode};
use footnote_core::citation::Citation;
use footnote_core::error::Context;
use footnote_core::verdict::{AnswerSentence, SentenceFate};
use footnote_core::{Error, Result};
use serde::Serialize;
use uuid::Uuid;

use super::args::{AnswerModeArg, AskArgs, OutputFormat};
use super::output;
use super::session::Session;
use crate::config::Config;
use crate::service::ask::{self, AskInput, Asked};

/// Longest quote shown, in scalar values; the JSON has it whole.
const QUOTE_CHARS: usize = 160;

/// Asks and prints.
pub(crate) async fn run(config: Config, args: AskArgs, format: OutputFormat) -> Result<()> {
    let session = Session::open(config).await?;
    let input = AskInput {
        question: args.question,
        as_of: args.as_of,
        mode: args.mode.map(|mode| match mode {
            AnswerModeArg::Generative => AnswerMode::Generative,
            AnswerModeArg::Extractive => AnswerMode::Extractive,
        }),
        ..AskInput::default()
    };
    let kb = &args.knowledge_base.knowledge_base;
    let asked = ask::ask(&session.app, &session.principal, kb, input).await?;
    let id = asked.message;
    let result = match format {
        OutputFormat::Json => {
            let answer = asked.answer().await?;
            output::print(format, &Identified { id: id.0, answer: &answer }, |_| Ok(()))
        }
        OutputFormat::Text => match stream(asked).await {
            Ok(_) => say(&output::dim(&format!("  answer {id}\n"))),
            Err(error) => Err(error),
        },
    };
    session.close().await;
    result
}

/// An answer with the id of its receipt.
#[derive(Serialize)]
struct Identified<'a> {
    id: Uuid,
    #[serde(flatten)]
    answer: &'a Answer,
}

/// Starts the answer to a question of the operator.
pub(crate) async fn question(session: &Session, knowledge_base: &str, question: &str) -> Result<Asked> {
    let input = AskInput { question: question.to_owned(), ..AskInput::default() };
    ask::ask(&session.app, &session.principal, knowledge_base, input).await
}

/// Prints an answer while it is written, then its sources.
pub(crate) async fn stream(mut asked: Asked) -> Result<Answer> {
    while let Some(event) = asked.events.recv().await {
        match event {
            AnswerEvent::Token(text) => say(&text)?,
            AnswerEvent::Citation(_) | AnswerEvent::Sentence(_) => {}
            AnswerEvent::Failed(failure) => return Err(failure.into_error()),
            AnswerEvent::Done(answer) => {
                say("\n")?;
                for citation in &answer.citations {
                    say(&source_line(citation))?;
                }
                for sentence in &answer.sentences {
                    say(&fate_line(sentence))?;
                }
                return Ok(*answer);
            }
        }
    }
    Err(Error::internal("the answer ended before it was whole"))
}

/// Tells of a sentence that is not in the answer as the model wrote it; nothing for the others.
fn fate_line(sentence: &AnswerSentence) -> String {
    let fate = match sentence.fate {
        SentenceFate::Kept => return String::new(),
        SentenceFate::Flagged => "not supported",
        SentenceFate::Replaced => "replaced by its source",
        SentenceFate::Dropped => "left out",
    };
    output::dim(&format!("  {fate}: “{}” ({})\n", sentence.text, sentence.why))
}

fn source_line(citation: &Citation) -> String {
    let page = citation.place().map(|place| format!(", {place}")).unwrap_or_default();
    let place = format!("  [{}] {}{page}", citation.number, citation.document_key);
    let below: String = citation.heading_path.iter().map(|heading| format!(" › {heading}")).collect();
    let span = format!(", characters {}", citation.source_span);
    let mut quote: String = citation.quote.chars().take(QUOTE_CHARS).collect();
    if quote.len() < citation.quote.len() {
        quote.push('…');
    }
    let quote = quote.split_whitespace().collect::<Vec<_>>().join(" ");
    let place = format!("{}{below}{}", output::bold(&place), output::dim(&span));
    format!("{place}\n      {}\n", output::dim(&format!("“{quote}”")))
}

fn say(text: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    match write!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.internal("cannot write to standard output"),
    }
}
