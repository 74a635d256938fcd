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
    let messages = app.store.conversations.messages(conversation.id).await?;
    let Some(at) = place_of(question, &messages) else {
        let (history, cited) = history::of_conversation(app, conversation.id).await?;
        return Ok(Earlier::Shown { history, cited });
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
