//! A conversation as a model reads it in a task about it, and what it writes to such a task.

use footnote_core::Result;
use footnote_core::answer::{ChatMessage, MessageRole};
use footnote_core::ports::{GenerationEvent, GenerationRequest, Generator};
use footnote_core::settings::SamplingSettings;

/// The turns, a line each: who speaks, and the first `chars` scalar values of what they say.
pub(crate) fn transcript(turns: &[ChatMessage], chars: usize, chinese: bool) -> String {
    let mut lines = String::new();
    for turn in turns {
        let who = speaker(turn.role, chinese);
        let said: String = turn.content.chars().take(chars).collect();
        lines.push_str(&format!("{who}: {}\n", said.replace('\n', " ")));
    }
    lines
}

/// What a transcript calls whoever speaks.
pub(crate) fn speaker(role: MessageRole, chinese: bool) -> &'static str {
    match (role, chinese) {
        (MessageRole::User, true) => "用户",
        (MessageRole::User, false) => "User",
        (MessageRole::Assistant | MessageRole::System, true) => "助手",
        (MessageRole::Assistant | MessageRole::System, false) => "Assistant",
    }
}

/// All that a model writes to a task, greedily.
pub(crate) async fn written(
    generator: &dyn Generator,
    task: String,
    max_tokens: usize,
    stop: Vec<String>,
) -> Result<String> {
    let messages = vec![ChatMessage { role: MessageRole::User, content: task }];
    let sampling = SamplingSettings { max_tokens, stop, ..SamplingSettings::default() };
    let mut events = generator.generate(GenerationRequest { messages, sampling }).await?;
    let mut written = String::new();
    while let Some(event) = events.recv().await {
        match event {
            GenerationEvent::Text(text) => written.push_str(&text),
            GenerationEvent::Done { .. } => break,
            GenerationEvent::Failed(failure) => return Err(failure.into_error()),
        }
    }
    Ok(written)
}
