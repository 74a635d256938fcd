//! An answer made again from its receipt.

use footnote_core::Result;
use footnote_core::answer::{Answer, AnswerEvent, History, Usage};
use footnote_core::ids::{DocumentId, MessageId};
use footnote_core::passage::Retrieved;
use footnote_core::principal::Principal;
use footnote_core::question::QuestionText;
use footnote_core::receipt::{Receipt, ReceiptBody};
use footnote_core::{Error, ErrorKind};
use footnote_generator::AnswerRequest;

use super::ask::translation_among;
use super::receipts;
use crate::app::App;
use crate::build;

/// What became of a replay.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The receipt.
    pub receipt: Receipt,
    /// The answer that the same passages, settings and seed give now.
    pub answer: Answer,
    /// Whether the answer is the same, byte for byte, and made from the same prompt.
    pub same: bool,
    /// What differs from then: the build, the models, the answer.
    pub differences: Vec<String>,
}

/// Answers again, from the passages, the settings and the seed of then.
pub async fn replay(app: &App, principal: &Principal, knowledge_base: &str, id: MessageId) -> Result<Replay> {
    let receipt = receipts::show(app, principal, knowledge_base, id).await?;
    let body = &receipt.body;
    require_whole(body)?;
    let retrieved = Retrieved {
        passages: body.passages.clone(),
        evidence: body.evidence.clone(),
        candidates: Vec::new(),
        tables: body.tables.clone(),
    };
    let question = QuestionText::parse(&body.standalone)?;
    let request = AnswerRequest {
        translation: translation_among(&question, &body.searched),
        question,
        retrieved,
        prompt: body.settings.prompt.clone(),
        sampling: body.settings.sampling.clone(),
        answer: body.settings.answer.clone(),
        history: History { summary: body.summary.clone(), turns: body.history.clone() },
    };
    let begun = app.answerer.answer(request).await?;
    let mut differences = of_the_build(app, build::name().await, body);
    let of_surroundings = differences.len();
    if begun.prompt != body.prompt {
        differences.push("the prompt is written otherwise by this build".to_owned());
    }
    let mut events = begun.events;
    let mut answer = None;
    while let Some(event) = events.recv().await {
        match event {
            AnswerEvent::Done(done) => answer = Some(*done),
            AnswerEvent::Failed(failure) => return Err(failure.into_error()),
            AnswerEvent::Token(_) | AnswerEvent::Citation(_) | AnswerEvent::Sentence(_) => {}
        }
    }
    let answer = answer.ok_or_else(|| Error::internal("the answer ended before it was whole"))?;
    differences.extend(of_the_answer(&body.answer, &answer));
    let same = differences.len() == of_surroundings;
    Ok(Replay { receipt, answer, same, differences })
}

/// An answer cannot be made again from what was deleted.
fn require_whole(body: &ReceiptBody) -> Result<()> {
    if body.forgotten.is_empty() {
        return Ok(());
    }
    let named = |id: &DocumentId| match body.passages.iter().find(|passage| passage.document == *id) {
        Some(passage) => format!("{:?} ({id})", passage.title),
        None => id.to_string(),
    };
    let documents: Vec<String> = body.forgotten.iter().map(named).collect();
    let reason = "the answer cannot be made again: it was made from documents that were deleted, and their texts with them";
    Err(Error::new(ErrorKind::Conflict, format!("{reason}: {}", documents.join(", "))))
}

/// What of the build and its models is not as it was.
fn of_the_build(app: &App, build: &str, body: &ReceiptBody) -> Vec<String> {
    let (then, now) = (&body.models, receipts::models(app));
    let or_none = |model: &Option<String>| model.clone().unwrap_or_else(|| "none".to_owned());
    let pairs = [
        ("build", body.build.clone(), build.to_owned()),
        ("embedder", then.embedder.clone(), now.embedder),
        ("reranker", or_none(&then.reranker), or_none(&now.reranker)),
        ("language model", or_none(&then.generator), or_none(&now.generator)),
    ];
    let differs = pairs.into_iter().filter(|(_, then, now)| then != now);
    differs.map(|(what, then, now)| format!("the {what} was {then} and is {now}")).collect()
}

fn of_the_answer(then: &Answer, now: &Answer) -> Vec<String> {
    let mut differences = Vec::new();
    if then.text != now.text {
        let same = then.text.chars().zip(now.text.chars()).take_while(|(a, b)| a == b).count();
        differences.push(format!("the text differs from character {same} on"));
    }
    if then.citations != now.citations {
        differences.push("the citations differ".to_owned());
    }
    if then.sentences != now.sentences {
        differences.push("the verdicts differ".to_owned());
    }
    // How much of a prompt was kept from others is no part of the answer.
    let counted = |usage: Usage| (usage.prompt_tokens, usage.completion_tokens);
    if counted(then.usage) != counted(now.usage) {
        differences.push("other numbers of tokens were used".to_owned());
    }
    differences
}

/// The error of a replay whose answer differs, for programs that only look at the exit code.
pub fn require_same(replay: &Replay) -> Result<()> {
    match replay.same {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::Conflict, "the answer is not the same")),
    }
}
