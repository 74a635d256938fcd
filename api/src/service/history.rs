//! What a question is shown of its conversation: the latest turns, and a summary of those before them.
//!
//! At most [`TURNS`] turns are shown in full. Where there would be more, all but [`KEPT_TURNS`] become part of the
//! summary: it is made once in several questions, and the prompts between begin alike. That of a stored
//! conversation is made after an answer, by the language model unless a question comes, and stored with how far it
//! reaches. Where that was not done, and for turns that the caller keeps, it is made of the turns' own sentences
//! when they are needed.

use footnote_core::Result;
use footnote_core::answer::{ChatMessage, ConversationSummary, History, MessageRole};
use footnote_core::error::Context as _;
use footnote_core::forgetting::readable;
use footnote_core::ids::ConversationId;
use footnote_core::passage::Stretch;
use footnote_core::question::QuestionText;
use footnote_generator::summary;

use crate::app::App;

/// Most turns that are shown in full.
const TURNS: usize = 8;
/// Longest sum of these, in scalar values: no model's context holds more, and every one of them costs
/// time to tokenize.
const CHARS: usize = 32_000;
/// Turns that stay where there would be more, and their longest sum.
const KEPT_TURNS: usize = 4;
const KEPT_CHARS: usize = CHARS / 2;

/// Of turns that the caller keeps.
pub(super) async fn of_turns(mut turns: Vec<ChatMessage>) -> Result<History> {
    let older: Vec<ChatMessage> = turns.drain(..outgrown(&turns)).collect();
    let summary = if older.is_empty() { None } else { Some(extended(String::new(), older).await?) };
    Ok(History { summary: summary.filter(|text| !text.is_empty()), turns })
}

/// Of a stored conversation, with what its last answer cites.
pub(super) async fn of_conversation(
    app: &App,
    conversation: ConversationId,
) -> Result<(History, Vec<Stretch>)> {
    let Stored { mut summary, mut turns, cited } = Stored::read(app, conversation).await?;
    let older: Vec<ChatMessage> = turns.drain(..outgrown(&turns)).collect();
    if !older.is_empty() {
        summary.messages += older.len();
        summary.text = extended(summary.text, older).await?;
        app.store.conversations.put_summary(conversation, &summary).await?;
    }
    Ok((History { summary: Some(summary.text).filter(|text| !text.is_empty()), turns }, cited))
}

/// After an answer: sees to it that the next question finds the summary made. `turns` are those that the answer
/// was shown, and its own two.
pub(super) async fn keep_up(app: &App, conversation: ConversationId, turns: &[ChatMessage]) {
    if outgrown(turns) == 0 {
        return;
    }
    if let Err(error) = summarise(app, conversation).await {
        tracing::warn!(%error, conversation.id = %conversation, "cannot summarise a conversation");
    }
}

/// What to search for where a question follows others: it with those before it, and with the line of the summary
/// that it means.
pub(super) fn joined(history: &History, question: &QuestionText) -> QuestionText {
    if !question.leans_on_another() {
        return question.clone();
    }
    let asked = history.turns.iter().rev().filter(|turn| turn.role == MessageRole::User);
    let asked: Vec<&str> = asked.map(|turn| turn.content.as_str()).collect();
    let joined = question.with_what_it_follows(&asked);
    let Some(line) = summary::line_meant(history, question) else { return joined };
    // The joined text may be too long.
    QuestionText::parse(&format!("{line}\n{}", joined.as_str())).unwrap_or(joined)
}

/// A conversation as it is stored: what is summarised, and the turns since.
struct Stored {
    summary: ConversationSummary,
    turns: Vec<ChatMessage>,
    /// What the last answer cites.
    cited: Vec<Stretch>,
}

impl Stored {
    async fn read(app: &App, conversation: ConversationId) -> Result<Self> {
        // The summary first: what is appended meanwhile only makes more turns.
        let summary = app.store.conversations.summary(conversation).await?;
        let summary = summary.unwrap_or(ConversationSummary { text: String::new(), messages: 0 });
        let messages = app.store.conversations.messages(conversation).await?;
        let last = messages.iter().rev().find_map(|message| message.answer.as_ref());
        let cited = last.into_iter().flat_map(|answer| &answer.citations);
        let cited = cited.map(|it| Stretch { version: it.version, span: it.source_span }).collect();
        let since = messages.into_iter().skip(summary.messages);
        let turns = since.map(|m| ChatMessage { role: m.role, content: readable(&m.content) }).collect();
        Ok(Self { summary, turns, cited })
    }
}

async fn summarise(app: &App, conversation: ConversationId) -> Result<()> {
    let Stored { summary, mut turns, .. } = Stored::read(app, conversation).await?;
    turns.truncate(outgrown(&turns));
    if turns.is_empty() {
        return Ok(());
    }
    let messages = summary.messages + turns.len();
    let text = match written(app, &summary.text, &turns).await {
        Some(text) => text,
        None => extended(summary.text, turns).await?,
    };
    app.store.conversations.put_summary(conversation, &ConversationSummary { text, messages }).await
}

/// In the language model's words; `None` where there is none, where it fails, and as soon as somebody waits for an
/// answer.
async fn written(app: &App, so_far: &str, turns: &[ChatMessage]) -> Option<String> {
    let generator = app.generator.as_ref()?;
    let written = tokio::select! {
        biased;
        () = app.answering.any() => return None,
        () = app.stopping() => return None,
        written = summary::write(generator.as_ref(), so_far, turns) => written,
    };
    written.inspect_err(|error| tracing::warn!(%error, "a conversation is summarised without the model")).ok()
}

/// In the turns' own words, off the async threads: they may be long.
async fn extended(so_far: String, turns: Vec<ChatMessage>) -> Result<String> {
    let extended = tokio::task::spawn_blocking(move || summary::extend(&so_far, &turns)).await;
    extended.internal("summarising panicked")
}

/// How many of the turns, from the oldest on, are no longer shown in full. What stays begins with a question.
fn outgrown(turns: &[ChatMessage]) -> usize {
    let fitting = |most: usize, most_chars: usize| {
        let mut chars = 0;
        let fits = |turn: &&ChatMessage| {
            chars += turn.content.chars().count();
            chars <= most_chars
        };
        turns.iter().rev().take(most).take_while(fits).count()
    };
    if fitting(TURNS, CHARS) == turns.len() {
        return 0;
    }
    let kept = turns.len() - fitting(KEPT_TURNS, KEPT_CHARS);
    let first = turns.iter().skip(kept).position(|turn| turn.role == MessageRole::User);
    first.map_or(turns.len(), |first| kept + first)
}

#[cfg(test)]
mod tests;
