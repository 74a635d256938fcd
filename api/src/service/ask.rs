//! A question is asked: retrieve, answer, remember.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use footnote_core::answer::{
    Answer, AnswerEvent, AnswerMode, ChatMessage, Conversation, Failure, History, Message, MessageRole,
};
use footnote_core::ids::{ConversationId, MessageId};
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::passage::{Retrieved, Stretch};
use footnote_core::ports::Generator;
use footnote_core::principal::{Principal, Scope};
use footnote_core::question::{Filter, QuestionText, ScopedQuery};
use footnote_core::settings::{KnowledgeBaseSettings, SamplingSettings, UnsupportedPolicy};
use footnote_core::{Error, ErrorKind, Result};
use footnote_generator::counting::is_counting;
use footnote_generator::{AnswerRequest, Begun, rewrite, translate};
use tokio::sync::mpsc;
use tracing::Instrument;

use super::knowledge_bases::reach;
use super::search::{changed, past};
use super::{conversations, history, receipts};
use crate::answering::AnswerBegun;
use crate::app::App;
use crate::build;

/// Longest title of a conversation, in scalar values.
const TITLE_CHARS: usize = 80;
/// Events that may wait for a slow reader.
const EVENT_QUEUE: usize = 64;

/// Sampling settings of one question; what is `None` is as in the knowledge base.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SamplingOverrides {
    /// 0 is greedy.
    pub temperature: Option<f32>,
    /// Keeps the k likeliest tokens; 0 keeps all.
    pub top_k: Option<usize>,
    /// Keeps the likeliest tokens up to this mass.
    pub top_p: Option<f32>,
    /// Divides the logits of tokens seen lately.
    pub repetition_penalty: Option<f32>,
    /// Seed of the sampler.
    pub seed: Option<u64>,
    /// Most tokens generated.
    pub max_tokens: Option<usize>,
    /// Texts at which generation ends.
    pub stop: Option<Vec<String>>,
}

impl SamplingOverrides {
    /// `settings` with these on top, checked.
    pub fn over(self, settings: &SamplingSettings) -> Result<SamplingSettings> {
        let merged = SamplingSettings {
            temperature: self.temperature.unwrap_or(settings.temperature),
            top_k: self.top_k.unwrap_or(settings.top_k),
            top_p: self.top_p.unwrap_or(settings.top_p),
            repetition_penalty: self.repetition_penalty.unwrap_or(settings.repetition_penalty),
            seed: self.seed.unwrap_or(settings.seed),
            max_tokens: self.max_tokens.unwrap_or(settings.max_tokens),
            stop: self.stop.unwrap_or_else(|| settings.stop.clone()),
        };
        merged.validate()?;
        Ok(merged)
    }
}

/// What came before the question.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Earlier {
    /// Nothing, and no conversation begins: the answer has its receipt only.
    #[default]
    Nothing,
    /// Nothing; a conversation begins and is stored.
    StartConversation,
    /// A stored conversation, which goes on.
    Conversation(ConversationId),
    /// Turns that the caller keeps: they are stored in the receipt, and no conversation is.
    Turns(Vec<ChatMessage>),
    /// What a question was shown before, as it is asked once more to look into it: nothing is stored.
    Shown {
        /// What was said.
        history: History,
        /// What the answer before cited.
        cited: Vec<Stretch>,
    },
}

/// A question.
#[derive(Debug, Clone, Default)]
pub struct AskInput {
    /// Its text.
    pub question: String,
    /// What passages must match besides.
    pub filter: Filter,
    /// Answer from the versions that were current then, instead of those that are now.
    pub as_of: Option<DateTime<Utc>>,
    /// How to sample, where that differs from the knowledge base's settings.
    pub sampling: SamplingOverrides,
    /// What came before.
    pub earlier: Earlier,
    /// How to make the answer, where that differs from the knowledge base's settings.
    pub mode: Option<AnswerMode>,
    /// What becomes of unsupported sentences, where that differs from them.
    pub unsupported: Option<UnsupportedPolicy>,
}

/// A question whose answer is on its way.
#[derive(Debug)]
pub struct Asked {
    /// The knowledge base that answers.
    pub knowledge_base: KnowledgeBase,
    /// The conversation it belongs to.
    pub conversation: Option<ConversationId>,
    /// The id under which the answer is stored, where it is.
    pub message: MessageId,
    /// What was found.
    pub retrieved: Retrieved,
    /// What was searched for: one text for each part of the question, made to stand alone, then translations of those
    /// whose nearest text is in another language.
    pub searched: Vec<String>,
    /// Tokens and citations, then the end. Dropping it cancels the work.
    pub events: mpsc::Receiver<AnswerEvent>,
}

impl Asked {
    /// Waits for the whole answer.
    pub async fn answer(mut self) -> Result<Answer> {
        while let Some(event) = self.events.recv().await {
            match event {
                AnswerEvent::Done(answer) => return Ok(*answer),
                AnswerEvent::Failed(failure) => return Err(failure.into_error()),
                AnswerEvent::Token(_) | AnswerEvent::Citation(_) | AnswerEvent::Sentence(_) => {}
            }
        }
        Err(Error::internal("the answer ended before it was whole"))
    }
}

/// Retrieves, and starts the answer.
pub async fn ask(
    app: &Arc<App>,
    principal: &Principal,
    knowledge_base: &str,
    input: AskInput,
) -> Result<Asked> {
    let searched = search(app, principal, knowledge_base, input).await?;
    answer(app, principal, searched).await
}

/// A question that was searched and is not answered yet.
pub(super) struct Searched {
    begun: AnswerBegun,
    knowledge_base: KnowledgeBase,
    question: QuestionText,
    /// The question as the model is given it.
    given: QuestionText,
    settings: KnowledgeBaseSettings,
    filter: Filter,
    as_of: Option<DateTime<Utc>>,
    thread: Thread,
    /// What was searched for: the parts of the question, then their translations.
    pub queries: Vec<ScopedQuery>,
    /// What was found.
    pub retrieved: Retrieved,
}

/// Searches what a question is answered from.
pub(super) async fn search(
    app: &Arc<App>,
    principal: &Principal,
    knowledge_base: &str,
    input: AskInput,
) -> Result<Searched> {
    let begun = app.answering.begin();
    let mut knowledge_base = reach(app, principal, knowledge_base).await?;
    let question = QuestionText::parse(&input.question)?;
    let settings = effective_settings(&knowledge_base.settings, &input)?;
    app.require_embedder_of(&knowledge_base).await?;
    let as_of = past(app, input.as_of)?;
    let thread = Thread::open(app, principal, &knowledge_base, &question, input.earlier).await?;
    let standalone = standalone(app, &question, &thread, settings.answer.mode).await?;
    let query = |scope: Scope, part: QuestionText| ScopedQuery {
        scope,
        question: part,
        filter: input.filter.clone(),
        settings: settings.retrieval.clone(),
    };
    // What was joined from several turns is one question.
    let is_joined = standalone != question && standalone.as_str().contains('\n');
    let parts = if is_joined { vec![standalone.clone()] } else { standalone.parts() };
    let mut scope = principal.scope(&knowledge_base)?.at(as_of);
    let mut queries: Vec<ScopedQuery> = parts.into_iter().map(|part| query(scope, part)).collect();
    let mut retrieved = app.retriever.retrieve_parts(&queries).await?;
    // Hits of versions that are past are confirmed after a flip, too.
    if (retrieved.passages.is_empty() || as_of.is_some())
        && let Some(now) = changed(app, principal, &knowledge_base).await?
    {
        knowledge_base = now;
        scope = principal.scope(&knowledge_base)?.at(as_of);
        queries.iter_mut().for_each(|query| query.scope = scope);
        retrieved = app.retriever.retrieve_parts(&queries).await?;
    }
    let translations = translations(app, &queries, &retrieved, settings.answer.mode).await?;
    if translations.iter().any(Option::is_some) {
        retrieved = app.retriever.retrieve_translated(&queries, &translations).await?;
        queries.extend(translations.into_iter().flatten().map(|part| query(scope, part)));
    }
    // A filter says where to look.
    if question.leans_on_another() && input.filter == Filter::default() {
        retrieved = app.retriever.carry(&queries[0], retrieved, &thread.cited).await?;
    }
    if is_counting(standalone.as_str()) {
        retrieved.tables = app.retriever.tables(scope, &retrieved.passages).await?;
    }
    let given = standalone_or(&question, &standalone);
    let filter = input.filter;
    Ok(Searched {
        begun,
        knowledge_base,
        question,
        given,
        settings,
        filter,
        as_of,
        thread,
        queries,
        retrieved,
    })
}

/// Starts the answer to a question that was searched.
pub(super) async fn answer(app: &Arc<App>, principal: &Principal, searched: Searched) -> Result<Asked> {
    let Searched { begun, knowledge_base, question, given, settings, filter, as_of, thread, queries, .. } =
        searched;
    let mut retrieved = searched.retrieved;
    let searched: Vec<String> = queries.iter().map(|query| query.question.as_str().to_owned()).collect();
    let request = AnswerRequest {
        question: given.clone(),
        translation: translation_among(&given, &searched),
        retrieved: retrieved.clone(),
        history: thread.history.clone(),
        prompt: settings.prompt.clone(),
        sampling: settings.sampling.clone(),
        answer: settings.answer.clone(),
    };
    let Begun { passages, prompt, max_tokens, events } = app.answerer.answer(request).await?;
    // What the model's context does not hold is not offered.
    retrieved.passages = passages;
    let conversation = thread.conversation.as_ref().map(|c| c.id);
    let draft = receipts::Draft {
        id: MessageId::new(),
        knowledge_base: knowledge_base.id,
        owner: principal.key(),
        question: question.as_str().to_owned(),
        standalone: given.as_str().to_owned(),
        searched: searched.clone(),
        filter: filter.all_of,
        as_of,
        tables: retrieved.tables.clone(),
        settings,
        history: thread.history.clone(),
        candidates: retrieved.candidates.iter().map(Into::into).collect(),
        passages: retrieved.passages.clone(),
        evidence: retrieved.evidence.clone(),
        prompt,
        max_tokens,
    };
    let message = draft.id;
    let events = remember(app.clone(), begun, thread, draft, events);
    Ok(Asked { knowledge_base, conversation, message, retrieved, searched, events })
}

/// The language model, where one is installed and the mode lets it be asked.
fn generator_of(app: &App, mode: AnswerMode) -> Option<&dyn Generator> {
    app.generator.as_deref().filter(|_| mode == AnswerMode::Generative)
}

/// The parts of a question in the language of what each finds, where that is another one and a language model may be
/// asked: one for each part, or `None`. The parts in one language are one task of the model.
async fn translations(
    app: &App,
    parts: &[ScopedQuery],
    found: &Retrieved,
    mode: AnswerMode,
) -> Result<Vec<Option<QuestionText>>> {
    let mut translations = vec![None; parts.len()];
    let Some(generator) = generator_of(app, mode) else { return Ok(translations) };
    let foreign = app.retriever.foreign_parts(parts, found).await?;
    for chinese in [true, false] {
        let own = parts.iter().zip(&foreign).zip(&mut translations);
        let own = own.filter(|((part, is_foreign), _)| **is_foreign && part.question.is_chinese() == chinese);
        let (questions, places): (Vec<QuestionText>, Vec<&mut Option<QuestionText>>) =
            own.map(|((part, _), place)| (part.question.clone(), place)).unzip();
        if questions.is_empty() {
            continue;
        }
        let written = translate::translated(generator, &questions).await.map(Some);
        let written = unless_busy(written, "a question is not translated")?.unwrap_or_default();
        for (place, translation) in places.into_iter().zip(written) {
            *place = translation;
        }
    }
    Ok(translations)
}

/// The translation of a question among what was searched for it: behind its parts, where each was translated.
pub(super) fn translation_among(question: &QuestionText, searched: &[String]) -> Option<QuestionText> {
    let parts = question.parts().len();
    let translations = searched.get(parts..).filter(|translations| translations.len() == parts)?;
    let translation = QuestionText::parse(&translations.join(" ")).ok()?;
    (translation.is_chinese() != question.is_chinese()).then_some(translation)
}

/// What a model wrote, or nothing where it failed. Where it is busy, that is told: it is asked for the answer
/// next.
fn unless_busy<T>(written: Result<Option<T>>, otherwise: &str) -> Result<Option<T>> {
    match written {
        Ok(written) => Ok(written),
        Err(error) if matches!(error.kind(), ErrorKind::Busy { .. }) => Err(error),
        Err(error) => {
            tracing::warn!(%error, "{otherwise}");
            Ok(None)
        }
    }
}

/// The question made to stand alone, where it follows others: by the language model where one is installed and may be
/// asked, else by putting what it follows before it.
async fn standalone(
    app: &App,
    question: &QuestionText,
    thread: &Thread,
    mode: AnswerMode,
) -> Result<QuestionText> {
    let joined = history::joined(&thread.history, question);
    if joined == *question {
        return Ok(joined);
    }
    let Some(generator) = generator_of(app, mode) else { return Ok(joined) };
    let written = rewrite::standalone(generator, &thread.history, question).await;
    Ok(unless_busy(written, "a follow-up is searched as it was asked")?.unwrap_or(joined))
}

/// What the model is asked: the rewritten question where that is one line, else the question itself, whose
/// history it is shown.
fn standalone_or(question: &QuestionText, standalone: &QuestionText) -> QuestionText {
    if standalone.as_str().contains('\n') { question.clone() } else { standalone.clone() }
}

/// The knowledge base's settings with what this question wants otherwise.
fn effective_settings(settings: &KnowledgeBaseSettings, input: &AskInput) -> Result<KnowledgeBaseSettings> {
    let mut settings = settings.clone();
    settings.sampling = input.sampling.clone().over(&settings.sampling)?;
    settings.answer.mode = input.mode.unwrap_or(settings.answer.mode);
    settings.answer.unsupported = input.unsupported.unwrap_or(settings.answer.unsupported);
    Ok(settings)
}

/// The conversation a question belongs to.
#[derive(Default)]
struct Thread {
    conversation: Option<Conversation>,
    /// Whether its row is still to be written, with the first answer.
    is_new: bool,
    /// Whether nothing of the answer is stored: a receipt would outlive the conversation whose turns it holds.
    leaves_nothing: bool,
    history: History,
    /// What the answer before cites.
    cited: Vec<Stretch>,
}

impl Thread {
    /// Adds the turns of an answer that is whole.
    fn add_turns(&mut self, question: &str, answer: &str) {
        for (role, content) in [(MessageRole::User, question), (MessageRole::Assistant, answer)] {
            self.history.turns.push(ChatMessage { role, content: content.to_owned() });
        }
    }

    async fn open(
        app: &App,
        principal: &Principal,
        knowledge_base: &KnowledgeBase,
        question: &QuestionText,
        earlier: Earlier,
    ) -> Result<Self> {
        match earlier {
            Earlier::Nothing => Ok(Self::default()),
            Earlier::Turns(turns) => Ok(Self { history: history::of_turns(turns).await?, ..Self::default() }),
            Earlier::StartConversation => {
                let conversation = Conversation {
                    id: ConversationId::new(),
                    knowledge_base: knowledge_base.id,
                    owner: principal.key(),
                    title: title_of(question.as_str()),
                    created_at: app.now(),
                };
                Ok(Self { conversation: Some(conversation), is_new: true, ..Self::default() })
            }
            Earlier::Shown { history, cited } => {
                Ok(Self { history, cited, leaves_nothing: true, ..Self::default() })
            }
            Earlier::Conversation(id) => {
                let conversation = conversations::find(app, principal, knowledge_base.id, id).await?;
                let (history, cited) = history::of_conversation(app, id).await?;
                Ok(Self { conversation: Some(conversation), history, cited, ..Self::default() })
            }
        }
    }
}

/// Passes events on and stores receipt, question and answer when the answer is whole; then sees to the
/// conversation's summary. The answerer is dropped, and so cancelled, as soon as the reader has left.
fn remember(
    app: Arc<App>,
    begun: AnswerBegun,
    mut thread: Thread,
    draft: receipts::Draft,
    mut events: mpsc::Receiver<AnswerEvent>,
) -> mpsc::Receiver<AnswerEvent> {
    let (forward, reader) = mpsc::channel(EVENT_QUEUE);
    let pass_on = async move {
        loop {
            let event = tokio::select! {
                () = forward.closed() => return count("cancelled"),
                event = events.recv() => event,
            };
            let event = event.unwrap_or_else(|| {
                tracing::error!("the answer ended before it was whole");
                failed("the answer ended before it was whole; ask again")
            });
            let event = match event {
                AnswerEvent::Done(answer) => match store(&app, &thread, &draft, &answer).await {
                    Ok(()) => {
                        thread.add_turns(&draft.question, &answer.text);
                        AnswerEvent::Done(answer)
                    }
                    Err(error) => {
                        tracing::error!(%error, "cannot store the conversation");
                        failed("the answer could not be stored; ask again")
                    }
                },
                other => other,
            };
            let is_last = matches!(event, AnswerEvent::Done(_) | AnswerEvent::Failed(_));
            observe(&event);
            // A reader that leaves after the end has missed nothing.
            if forward.send(event).await.is_err() && !is_last {
                return count("cancelled");
            }
            if is_last {
                break;
            }
        }
        // The reader sees the end now.
        drop((forward, begun));
        if let Some(conversation) = &thread.conversation {
            history::keep_up(&app, conversation.id, &thread.history.turns).await;
        }
    };
    tokio::spawn(pass_on.in_current_span());
    reader
}

fn failed(message: &str) -> AnswerEvent {
    AnswerEvent::Failed(Failure { kind: ErrorKind::Internal, message: message.to_owned() })
}

async fn store(app: &App, thread: &Thread, draft: &receipts::Draft, answer: &Answer) -> Result<()> {
    if thread.leaves_nothing {
        return Ok(());
    }
    // First the receipt: a message without one could not be explained.
    app.store.answers.put_receipt(&draft.receipt(app, build::name().await, answer)).await?;
    let Some(conversation) = &thread.conversation else { return Ok(()) };
    let now = app.now();
    let asked = Message {
        id: MessageId::new(),
        conversation: conversation.id,
        role: MessageRole::User,
        content: draft.question.clone(),
        answer: None,
        created_at: now,
    };
    let answered = Message {
        id: draft.id,
        conversation: conversation.id,
        role: MessageRole::Assistant,
        content: answer.text.clone(),
        answer: Some(answer.clone()),
        // After the question, whatever the clock's resolution.
        created_at: now + TimeDelta::milliseconds(1),
    };
    let stored = match thread.is_new {
        true => app.store.conversations.create_conversation(conversation.clone(), &[asked, answered]).await,
        false => app.store.conversations.append_messages(&[asked, answered]).await,
    };
    if stored.is_err()
        && let Err(error) = app.store.answers.remove_receipt(draft.id).await
    {
        // A receipt without its turn: a conversation that was deleted meanwhile would have taken it along.
        tracing::error!(%error, answer = %draft.id, "a receipt without its turn stays");
    }
    stored
}

fn observe(event: &AnswerEvent) {
    match event {
        AnswerEvent::Done(answer) => {
            count(if answer.refused { "refused" } else { "answered" });
            let tokens = |kind: &'static str, number: usize| {
                metrics::counter!("footnote_tokens_total", "kind" => kind).increment(number as u64);
            };
            tokens("prompt", answer.usage.prompt_tokens);
            tokens("cached", answer.usage.cached_tokens);
            tokens("completion", answer.usage.completion_tokens);
        }
        AnswerEvent::Failed(_) => count("failed"),
        AnswerEvent::Token(_) | AnswerEvent::Citation(_) | AnswerEvent::Sentence(_) => {}
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("footnote_answers_total", "outcome" => outcome).increment(1);
}

fn title_of(question: &str) -> String {
    let line = question.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(TITLE_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests;
