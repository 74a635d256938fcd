//! What a question was shown of its conversation, so that it is searched and answered as it was.

use footnote_core::Result;
use footnote_core::answer::{ChatMessage, History, Message, MessageRole};
use footnote_core::forgetting::readable;
use footnote_core::ids::{ConversationId, KnowledgeBaseId};
use footnote_core::passage::Stretch;
use footnote_core::principal::Principal;

use super::super::ask::Earlier;
use super::super::{conversations, history};
use crate::app::App;

/// The turns before the latest one that asks `question`, as its receipt has them; the conversation as it is now, which
/// the question would continue, where none asks it.
pub(super) async fn before(
    app: &App,
    principal: &Principal,
    knowledge_base: KnowledgeBaseId,
    id: ConversationId,
    question: &str,
) -> Result<Earlier> {
    let conversation = conversations::find(app, principal, knowledge_base, id).await?;
    // The summary first: what is appended meanwhile only makes more turns.
    let summary = app.store.conversations.summary(conversation.id).await?;
    let messages = app.store.conversations.messages(conversation.id).await?;
    let Some(at) = place_of(question, &messages) else {
        let (so_far, reach) = summary.map_or_else(Default::default, |it| (it.text, it.messages));
        let since = history::of_turns(messages.iter().skip(reach).map(turn).collect()).await?;
        let summary = joined([Some(so_far), since.summary]);
        return Ok(Earlier::Shown { history: History { summary, ..since }, cited: cited_last(&messages) });
    };
    let (earlier, asked) = messages.split_at(at);
    let receipt = match asked.get(1) {
        Some(answer) => app.store.answers.receipt(answer.id).await?,
        None => None,
    };
    let history = match receipt {
        Some(receipt) => History { summary: receipt.body.summary, turns: receipt.body.history },
        None => history::of_turns(earlier.iter().map(turn).collect()).await?,
    };
    Ok(Earlier::Shown { history, cited: cited_last(earlier) })
}

/// The stored summary with that of turns that outgrew it and wait to become part of it.
fn joined(parts: [Option<String>; 2]) -> Option<String> {
    let lines: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn place_of(question: &str, messages: &[Message]) -> Option<usize> {
    let asks = |message: &Message| message.role == MessageRole::User && message.content == question.trim();
    messages.iter().rposition(asks)
}

fn turn(message: &Message) -> ChatMessage {
    ChatMessage { role: message.role, content: readable(&message.content) }
}

/// What the last answer cites.
fn cited_last(messages: &[Message]) -> Vec<Stretch> {
    let last = messages.iter().rev().find_map(|message| message.answer.as_ref());
    let citations = last.into_iter().flat_map(|answer| &answer.citations);
    citations.map(|it| Stretch { version: it.version, span: it.source_span }).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use footnote_core::ids::MessageId;

    use super::*;

    #[test]
    fn what_is_summarised_already_comes_first() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(joined([some("a"), some("b")]), some("a\nb"));
        assert_eq!(joined([some(""), some("b")]), some("b"));
        assert_eq!(joined([some(""), None]), None);
    }

    #[test]
    fn the_latest_turn_that_asks_it_is_meant() {
        let message = |role, content: &str| Message {
            id: MessageId::new(),
            conversation: ConversationId::new(),
            role,
            content: content.to_owned(),
            answer: None,
            created_at: DateTime::UNIX_EPOCH,
        };
        let messages = [
            message(MessageRole::User, "And then?"),
            message(MessageRole::Assistant, "And so on."),
            message(MessageRole::User, "And then?"),
            message(MessageRole::Assistant, "And then?"),
        ];
        assert_eq!(place_of(" And then?\n", &messages), Some(2));
        assert_eq!(place_of("And when?", &messages), None);
        assert!(cited_last(&messages).is_empty());
    }
}
