//! What of a conversation the model's context holds: the oldest turns go first, of which the summary keeps what they
//! were about, then the summary, then the passages that matter least; and what is left bounds the answer.

use footnote_core::Result;
use footnote_core::answer::{ChatMessage, History, MessageRole};
use footnote_core::passage::Passage;
use footnote_core::ports::{Generator, PromptSize};

use crate::answerer::AnswerRequest;
use crate::{prompt, summary};

/// Tokens kept for the answer, where as many are asked for: the default of `sampling.max_tokens`.
const ANSWER_TOKENS: usize = 384;

/// A prompt that fits.
pub(crate) struct Fitted {
    /// The prompt.
    pub messages: Vec<ChatMessage>,
    /// The passages in it.
    pub passages: Vec<Passage>,
    /// Most tokens of the answer.
    pub max_tokens: usize,
}

/// The prompt with as much of history and passages as the generator's context holds. Where not even
/// the best passage alone fits, that is the prompt, and the generator says so.
pub(crate) async fn to_context(generator: &dyn Generator, request: &AnswerRequest) -> Result<Fitted> {
    let wanted = request.sampling.max_tokens;
    let room = wanted.min(ANSWER_TOKENS);
    // How many turns, summaries and passages go; nearly always none, which is tried first.
    let passages = request.retrieved.passages.len().saturating_sub(1);
    let (mut fewest, mut most) = (0, droppable(&request.history) + passages);
    let mut dropped = 0;
    loop {
        let (messages, passages) = without(request, dropped);
        let PromptSize { tokens, context } = generator.measure(&messages).await?;
        let fits = tokens + room <= context;
        if fits {
            most = dropped;
        }
        if fewest >= most && dropped == most {
            let left = context.saturating_sub(tokens);
            let max_tokens = if left == 0 { wanted } else { wanted.min(left) };
            return Ok(Fitted { messages, passages: passages.to_vec(), max_tokens });
        }
        if !fits {
            fewest = dropped + 1;
        }
        dropped = fewest + (most - fewest) / 2;
    }
}

/// Turns, and the summary that they leave or add to.
fn droppable(history: &History) -> usize {
    let turns = history.turns.len();
    turns + usize::from(turns > 0 || history.summary.is_some())
}

fn without(request: &AnswerRequest, dropped: usize) -> (Vec<ChatMessage>, &[Passage]) {
    let history = &request.history;
    let turns = dropped.min(history.turns.len());
    // A conversation begins with a question: templates insist on it.
    let first = history.turns.iter().skip(turns).position(|turn| turn.role == MessageRole::User);
    let (gone, left) = history.turns.split_at(first.map_or(history.turns.len(), |first| turns + first));
    let is_summarised = dropped <= history.turns.len();
    let summary = is_summarised.then(|| summary_with(history.summary.as_deref(), gone)).flatten();
    let passages = &request.retrieved.passages;
    let kept = passages.len().saturating_sub(dropped.saturating_sub(droppable(history))).max(1);
    let passages = passages.get(..kept).unwrap_or(passages);
    let history = History { summary, turns: left.to_vec() };
    (prompt::build(&request.question, passages, &request.prompt, &history), passages)
}

fn summary_with(summary: Option<&str>, gone: &[ChatMessage]) -> Option<String> {
    if gone.is_empty() {
        return summary.map(str::to_owned);
    }
    Some(summary::extend_briefly(summary.unwrap_or_default(), gone)).filter(|text| !text.is_empty())
}
