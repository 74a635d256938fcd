//! From a question and what was retrieved to a cited answer, streamed.
//!
//! 1. Retrieval decided that the documents do not answer: say so, without asking a model.
//! 2. A model writes from the passages; its sentences are cited as they end.
//! 3. No model, or one that wrote nothing: the best sentences of the passages themselves.

use std::collections::HashSet;
use std::sync::Arc;

use footnote_core::answer::{Answer, AnswerEvent, ChatMessage, Failure, FinishReason, Usage};
use footnote_core::citation::Citation;
use footnote_core::passage::{Evidence, Passage, Retrieved};
use footnote_core::ports::{GenerationEvent, GenerationRequest, Generator};
use footnote_core::question::{QuestionText, is_han};
use footnote_core::settings::{PromptSettings, SamplingSettings};
use footnote_core::{Error, ErrorKind, Result};
use tokio::sync::mpsc;
use tracing::Instrument;

use crate::cite::{CitedSentence, Citer};
use crate::fit::{self, Fitted};
use crate::markers::neutralise;
use crate::{cite, sentence, support};

/// Events that may wait for a slow reader.
const EVENT_QUEUE: usize = 64;
/// Most sentences of an extractive answer.
const EXTRACTED: usize = 3;
/// Nearest documents that a refusal names.
const NEAREST: usize = 3;

/// Everything an answer rests on.
#[derive(Debug, Clone)]
pub struct AnswerRequest {
    /// What is asked.
    pub question: QuestionText,
    /// What was found, and whether it suffices.
    pub retrieved: Retrieved,
    /// How the model is instructed.
    pub prompt: PromptSettings,
    /// How the model samples.
    pub sampling: SamplingSettings,
    /// Earlier turns of the conversation, oldest first; may be empty.
    pub history: Vec<ChatMessage>,
}

/// An answer that has begun.
#[derive(Debug)]
pub struct Begun {
    /// The passages that it may rest on: those that were found, without the last of them where the
    /// model's context does not hold them all.
    pub passages: Vec<Passage>,
    /// What is told while it is written. Dropping it cancels.
    pub events: mpsc::Receiver<AnswerEvent>,
}

/// Answers questions from passages.
#[derive(Clone)]
pub struct Answerer {
    generator: Option<Arc<dyn Generator>>,
}

impl Answerer {
    /// Without a generator, answers are sentences of the documents.
    pub fn new(generator: Option<Arc<dyn Generator>>) -> Self {
        Self { generator }
    }

    /// The model that writes, if there is one.
    pub fn model(&self) -> Option<&str> {
        self.generator.as_deref().map(Generator::model)
    }

    /// Begins an answer. The errors of [`Generator::generate`] come at once; what fails later is an
    /// event.
    pub async fn answer(&self, mut request: AnswerRequest) -> Result<Begun> {
        let (events, receiver) = mpsc::channel(EVENT_QUEUE);
        let writer = Writer::new(&request.retrieved, events.clone());
        let passages = request.retrieved.passages.clone();
        if !request.retrieved.evidence.sufficient || passages.is_empty() {
            let text = refusal(&request.question, &passages);
            spawn(events, writer.refuse(text));
            return Ok(Begun { passages, events: receiver });
        }
        let Some(generator) = &self.generator else {
            spawn(events, writer.extract(request));
            return Ok(Begun { passages, events: receiver });
        };
        let Fitted { messages, passages, max_tokens } = fit::to_context(generator.as_ref(), &request).await?;
        request.retrieved.passages.clone_from(&passages);
        let sampling = SamplingSettings { max_tokens, ..request.sampling.clone() };
        let generation = generator.generate(GenerationRequest { messages, sampling }).await?;
        spawn(events, writer.generate(request, generator.model().to_owned(), generation));
        Ok(Begun { passages, events: receiver })
    }
}

/// Lets an answer be written, and tells its failure.
fn spawn(events: mpsc::Sender<AnswerEvent>, work: impl Future<Output = Result<()>> + Send + 'static) {
    let told = async move {
        let Err(error) = work.await else { return };
        // The reader left: nobody is there to tell.
        if error.kind() == ErrorKind::Cancelled {
            return;
        }
        tracing::error!(%error, "cannot write the answer");
        let _ = events.send(AnswerEvent::Failed(Failure::from(&error))).await;
    };
    tokio::spawn(told.in_current_span());
}

/// Sends an answer while keeping it.
struct Writer {
    events: mpsc::Sender<AnswerEvent>,
    text: String,
    citations: Vec<Citation>,
    evidence: Evidence,
}

impl Writer {
    fn new(retrieved: &Retrieved, events: mpsc::Sender<AnswerEvent>) -> Self {
        Self { events, text: String::new(), citations: Vec::new(), evidence: retrieved.evidence.clone() }
    }

    async fn refuse(mut self, text: String) -> Result<()> {
        self.write(CitedSentence { text, citations: Vec::new() }).await?;
        self.finish(FinishReason::InsufficientEvidence, Usage::default(), None).await
    }

    async fn extract(mut self, request: AnswerRequest) -> Result<()> {
        self.write_extract(request).await?;
        self.finish(FinishReason::Stop, Usage::default(), None).await
    }

    async fn generate(
        mut self,
        request: AnswerRequest,
        model: String,
        mut generation: mpsc::Receiver<GenerationEvent>,
    ) -> Result<()> {
        let mut citer = Citer::new(&request.retrieved.passages);
        loop {
            let event = tokio::select! {
                event = generation.recv() => event,
                // Dropping the generation's receiver cancels it.
                () = self.events.closed() => return Err(left()),
            };
            match event {
                Some(GenerationEvent::Text(text)) => self.write_all(citer.push(&text)).await?,
                Some(GenerationEvent::Done { reason, usage }) => {
                    self.write_all(citer.finish()).await?;
                    let wrote = self.text.chars().any(char::is_alphanumeric);
                    if !wrote {
                        self.write_extract(request).await?;
                    }
                    return self.finish(reason, usage, wrote.then_some(model)).await;
                }
                Some(GenerationEvent::Failed(failure)) => {
                    return self.send(AnswerEvent::Failed(failure)).await;
                }
                None => return Err(Error::internal("the generator ended without finishing the answer")),
            }
        }
    }

    async fn write_extract(&mut self, request: AnswerRequest) -> Result<()> {
        let written = self.text.chars().count();
        let work = move || extract(&request.question, &request.retrieved.passages, written);
        let extracted = tokio::task::spawn_blocking(work).await;
        let extracted =
            extracted.map_err(|e| Error::internal("extracting sentences panicked").with_source(e))?;
        self.write_all(extracted).await
    }

    async fn write_all(&mut self, sentences: Vec<CitedSentence>) -> Result<()> {
        for sentence in sentences {
            self.write(sentence).await?;
        }
        Ok(())
    }

    async fn write(&mut self, sentence: CitedSentence) -> Result<()> {
        self.text.push_str(&sentence.text);
        self.send(AnswerEvent::Token(sentence.text)).await?;
        for citation in sentence.citations {
            self.citations.push(citation.clone());
            self.send(AnswerEvent::Citation(Box::new(citation))).await?;
        }
        Ok(())
    }

    async fn finish(self, finish_reason: FinishReason, usage: Usage, model: Option<String>) -> Result<()> {
        let refused = finish_reason == FinishReason::InsufficientEvidence;
        let Self { events, text, citations, evidence } = self;
        let answer = Answer { text, citations, refused, evidence, finish_reason, usage, model };
        events.send(AnswerEvent::Done(Box::new(answer))).await.map_err(|_| left())
    }

    async fn send(&self, event: AnswerEvent) -> Result<()> {
        self.events.send(event).await.map_err(|_| left())
    }
}

fn left() -> Error {
    Error::new(ErrorKind::Cancelled, "nobody reads the answer any more")
}

/// Says that the documents do not answer, and where the nearest text is.
fn refusal(question: &QuestionText, passages: &[Passage]) -> String {
    let chinese = question.is_chinese();
    let mut seen = HashSet::new();
    let nearest: Vec<String> = passages
        .iter()
        .filter(|p| seen.insert(p.document))
        .take(NEAREST)
        .map(|p| nearest(p, chinese))
        .collect();
    let said = if chinese {
        "根据知识库中的文档，我无法回答这个问题。"
    } else {
        "I do not know: the documents in this knowledge base do not answer this question."
    };
    match (nearest.is_empty(), chinese) {
        (true, _) => said.to_owned(),
        (false, true) => format!("{said}最接近的内容见：{}。", nearest.join("；")),
        (false, false) => format!("{said} The nearest text is in: {}.", nearest.join("; ")),
    }
}

fn nearest(passage: &Passage, chinese: bool) -> String {
    let title = neutralise(&passage.title.replace('\n', " "));
    match passage.pages.first() {
        Some(page) if chinese => format!("{title}（第{}页）", page.number),
        Some(page) => format!("{title} (page {})", page.number),
        None => title,
    }
}

/// The sentences of the passages that say most about the question, verbatim and cited. `written`
/// scalar values of the answer come before them.
fn extract(question: &QuestionText, passages: &[Passage], written: usize) -> Vec<CitedSentence> {
    let terms = support::Terms::of(question.as_str());
    let mut found = Vec::new();
    for (rank, passage) in passages.iter().enumerate() {
        for range in sentence::of_passage(&passage.text) {
            let text = passage.text.get(range.clone()).unwrap_or_default();
            let held = terms.held_by(&[&support::Terms::of(text)]);
            // Headings repeat the question's words and answer nothing; what ranks higher is likelier.
            let is_short = text.chars().count() < 12;
            let score = held * if is_short { 0.5 } else { 1.0 } / (1.0 + 0.1 * rank as f32);
            found.push((score, rank, range));
        }
    }
    // A stable sort: among equals the earlier sentence of the higher passage.
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let enough = found.first().map_or(0.0, |best| best.0 * 0.6);
    found.retain(|f| f.0 >= enough);
    found.truncate(EXTRACTED);
    found.sort_by_key(|(_, rank, range)| (*rank, range.start));

    let mut sentences = Vec::new();
    let mut at = written;
    for (score, rank, range) in found {
        let Some(passage) = passages.get(rank) else { continue };
        let quote = passage.text.get(range.clone()).unwrap_or_default();
        let blank = if at == 0 { "" } else { " " };
        let text = format!("{blank}{} [{}]", neutralise(&on_one_line(quote)), passage.number);
        let span = footnote_core::text::Span::new(at + blank.len(), at + text.chars().count());
        at = span.end;
        let citations = cite::citation(passage, range, span, score).into_iter().collect();
        sentences.push(CitedSentence { text, citations });
    }
    sentences
}

/// Wrapped lines joined as their language does: Chinese without a blank.
fn on_one_line(quote: &str) -> String {
    let is_wide = |c: char| is_han(c) || matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}');
    let mut line = String::with_capacity(quote.len());
    for word in quote.split_whitespace() {
        let both_wide = line.chars().next_back().is_some_and(is_wide) && word.starts_with(is_wide);
        if !line.is_empty() && !both_wide {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

#[cfg(test)]
mod tests;
