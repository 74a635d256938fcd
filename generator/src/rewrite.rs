//! A follow-up question made to stand alone.
//!
//! Which questions need it, and what they are joined with where no model helps, is
//! [`QuestionText::with_what_it_follows`]. A language model writes better English and Chinese, but may also
//! invent: what it writes is taken only where each of its facts and most of its words come from the
//! conversation.

use footnote_core::Result;
use footnote_core::answer::{ChatMessage, History, MessageRole};
use footnote_core::ports::Generator;
use footnote_core::question::QuestionText;

use crate::facts::{self, EvidenceFacts};
use crate::summary;
use crate::support::Terms;
use crate::transcript::{self, speaker, transcript};

/// Most tokens of a rewritten question.
const MAX_TOKENS: usize = 64;
/// Longest part of an earlier turn that the model is shown, in scalar values.
const TURN_CHARS: usize = 300;
/// Turns that it is shown, besides the summary of the oldest.
const TURNS: usize = 4;
/// Share of the new question's words that the conversation must have.
const KNOWN_WORDS: f32 = 0.7;

/// The question made to stand alone, or `None` where the model wrote nothing that can be trusted.
pub async fn standalone(
    generator: &dyn Generator,
    history: &History,
    question: &QuestionText,
) -> Result<Option<QuestionText>> {
    let turns = &history.turns;
    let shown = turns.get(turns.len().saturating_sub(TURNS)..).unwrap_or_default();
    let summary = history.summary.as_deref().unwrap_or_default();
    let task = task(summary, shown, question);
    let written = transcript::written(generator, task, MAX_TOKENS, vec!["\n".to_owned()]).await?;
    let mut known: Vec<&str> = shown.iter().map(|turn| turn.content.as_str()).collect();
    known.push(summary);
    Ok(trusted(&written, &known, question))
}

fn task(summary: &str, turns: &[ChatMessage], question: &QuestionText) -> String {
    let chinese = question.is_chinese();
    let task = if chinese {
        "请把用户的最后一个问题改写成一个不依赖上文、意思完整的问题。只输出改写后的问题。"
    } else {
        "Rewrite the user's last question so that it can be understood without the conversation. Write only the \
         rewritten question."
    };
    let notes = if summary.is_empty() { String::new() } else { summary::shown(summary, chinese) };
    let (conversation, user) = (transcript(turns, TURN_CHARS, chinese), speaker(MessageRole::User, chinese));
    format!("{notes}{conversation}{user}: {}\n\n{task}", question.as_str())
}

/// What was written, where it is a question that brings nothing new and keeps what was asked.
fn trusted(written: &str, said: &[&str], question: &QuestionText) -> Option<QuestionText> {
    let line = written.trim().lines().next()?.trim();
    let line = line
        .split_once([':', '：'])
        .map_or(line, |(label, rest)| if label.chars().count() < 20 { rest } else { line });
    let new = QuestionText::parse(line.trim().trim_matches(['"', '“', '”'])).ok()?;
    if new.is_chinese() != question.is_chinese() || new.as_str().chars().count() > 300 {
        return None;
    }
    let known = [said, &[question.as_str()]].concat();
    let missing = facts::check(new.as_str(), &EvidenceFacts::of(&known), "").missing;
    let terms = Terms::of(new.as_str());
    let (of_conversation, of_question) = (Terms::of(&known.join("\n")), Terms::of(question.as_str()));
    let brings_nothing = terms.held_by(&[&of_conversation]) >= KNOWN_WORDS && missing.is_empty();
    let keeps_what_is_asked =
        of_question.held_by(&[&terms]) >= 0.6 || of_question.held_by(&[&of_question]) == 0.0;
    (brings_nothing && keeps_what_is_asked).then_some(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_writes_is_trusted_only_where_it_brings_nothing_new() {
        let said = [
            "How many days of annual leave do new employees get?",
            "New employees get 15 days of annual leave.",
        ];
        let question = QuestionText::parse("And how many for managers?").unwrap();
        let trust = |written: &str| trusted(written, &said, &question).map(|q| q.as_str().to_owned());
        let good = "How many days of annual leave do managers get?";
        assert_eq!(trust(good).as_deref(), Some(good));
        assert_eq!(trust(&format!("Rewritten question: \"{good}\"\nmore")).as_deref(), Some(good));
        assert_eq!(
            trust("How many days of annual leave do managers in Berlin get in 2023?"),
            None,
            "new facts"
        );
        assert_eq!(trust("What is the capital of France?"), None);
        assert_eq!(trust("How many days of annual leave do new employees get?"), None, "not what is asked");
        assert_eq!(trust("经理有几天年假？"), None, "another language");
        assert_eq!(trust(""), None);
    }

    #[test]
    fn the_model_is_shown_the_summary_as_notes_before_the_latest_turns() {
        let turn = ChatMessage { role: MessageRole::User, content: "How long is leave?".to_owned() };
        let question = QuestionText::parse("And its battery?").unwrap();
        let task = task("What is the LQ-200 [1]?\nSecond", &[turn], &question);
        let notes =
            "- What is the LQ-200 (1)?\n- Second\nUser: How long is leave?\nUser: And its battery?\n\n";
        assert!(task.contains(notes), "{task}");
    }
}
