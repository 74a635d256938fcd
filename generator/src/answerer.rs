//! From a question and what was retrieved to a cited answer, streamed.
//!
//! 1. A question that counts or adds up is worked out over whole tables, or declined.
//! 2. Retrieval decided that the documents do not answer: say so, without asking a model.
//! 3. A model writes from the passages; each sentence is cited and judged as it ends, and released once
//!    its verdict is known. What is not supported is dropped, replaced or flagged, as the settings say; a sentence
//!    within which the model was stopped is dropped, or flagged with its verdict.
//! 4. No model, extracts asked for, or nothing that the model wrote is supported: the best sentences of the
//!    passages themselves.

mod waiting;

use std::sync::Arc;

use footnote_core::answer::{
    Answer, AnswerEvent, AnswerMode, ChatMessage, Failure, FinishReason, History, Usage,
};
use footnote_core::citation::Citation;
use footnote_core::passage::{Evidence, Passage, Retrieved};
use footnote_core::ports::{GenerationEvent, GenerationRequest, Generator};
use footnote_core::question::QuestionText;
use footnote_core::settings::{AnswerSettings, PromptSettings, SamplingSettings, UnsupportedPolicy};
use footnote_core::text::Span;
use footnote_core::verdict::{AnswerSentence, SentenceFate, Verdict};
use footnote_core::{Error, ErrorKind, Result};
use tokio::sync::mpsc;
use tracing::Instrument;

use self::waiting::Waiting;
use crate::cite::{CitedSentence, Citer};
use crate::counting::{self, Counted};
use crate::disagreement;
use crate::fit::{self, Fitted};
use crate::verify::{self, Calibration, Judgement, Place, Sources, SupportModels, Verifier};
use crate::{extract, headers, refusal};

/// Events that may wait for a slow reader.
const EVENT_QUEUE: usize = 64;

/// Everything an answer rests on.
#[derive(Debug, Clone)]
pub struct AnswerRequest {
    /// What is asked.
    pub question: QuestionText,
    /// The same in the language of what was found, where that is another one.
    pub translation: Option<QuestionText>,
    /// What was found, and whether it suffices.
    pub retrieved: Retrieved,
    /// How the model is instructed.
    pub prompt: PromptSettings,
    /// How the model samples.
    pub sampling: SamplingSettings,
    /// How the answer is made, and what becomes of a sentence without support.
    pub answer: AnswerSettings,
    /// What came before in the conversation; may be empty.
    pub history: History,
}

/// An answer that has begun.
#[derive(Debug)]
pub struct Begun {
    /// The passages that it may rest on: those that were found, without the last of them where the
    /// model's context does not hold them all.
    pub passages: Vec<Passage>,
    /// The turns that the model is given, exactly; empty where none is asked.
    pub prompt: Vec<ChatMessage>,
    /// Most tokens that it may write.
    pub max_tokens: usize,
    /// What is told while it is written. Dropping it cancels.
    pub events: mpsc::Receiver<AnswerEvent>,
}

/// Answers questions from passages.
#[derive(Clone)]
pub struct Answerer {
    generator: Option<Arc<dyn Generator>>,
    verifier: Verifier,
    models: SupportModels,
}

impl Answerer {
    /// Without a generator, answers are sentences of the documents. `models` judge what it writes.
    pub fn new(
        generator: Option<Arc<dyn Generator>>,
        models: SupportModels,
        calibration: Calibration,
    ) -> Self {
        Self { generator, verifier: Verifier::new(models.clone(), calibration), models }
    }

    /// The model that writes, if there is one.
    pub fn model(&self) -> Option<&str> {
        self.generator.as_deref().map(Generator::model)
    }

    /// Begins an answer. The errors of [`Generator::generate`] come at once; what fails later is an
    /// event.
    pub async fn answer(&self, mut request: AnswerRequest) -> Result<Begun> {
        let (events, receiver) = mpsc::channel(EVENT_QUEUE);
        let mut passages = request.retrieved.passages.clone();
        if let Some(counted) = count(&request).await? {
            let (Counted::Computed { table, .. } | Counted::Declined { table, .. }) = &counted;
            let table = request.retrieved.tables.get(*table).cloned();
            // A receipt has it among the passages.
            passages.retain(|passage| table.as_ref().is_none_or(|table| passage.number != table.number));
            passages.extend(table);
            request.retrieved.passages.clone_from(&passages);
            spawn(events.clone(), Writer::new(self, &request, events).count(counted));
            return Ok(Begun { passages, prompt: Vec::new(), max_tokens: 0, events: receiver });
        }
        let begun = |passages, prompt, max_tokens| Begun { passages, prompt, max_tokens, events: receiver };
        if !request.retrieved.evidence.sufficient || passages.is_empty() {
            let text = refusal::text(&request.question, &passages);
            spawn(events.clone(), Writer::new(self, &request, events).refuse(text));
            return Ok(begun(passages, Vec::new(), 0));
        }
        let generator = match (&self.generator, request.answer.mode) {
            (Some(generator), AnswerMode::Generative) => generator,
            (None, _) | (_, AnswerMode::Extractive) => {
                spawn(
                    events.clone(),
                    Writer::new(self, &request, events).extract(FinishReason::Stop, Usage::default()),
                );
                return Ok(begun(passages, Vec::new(), 0));
            }
        };
        let Fitted { messages, passages, max_tokens } = fit::to_context(generator.as_ref(), &request).await?;
        request.retrieved.passages.clone_from(&passages);
        let sampling = SamplingSettings { max_tokens, ..request.sampling.clone() };
        let prompt = messages.clone();
        let generation = generator.generate(GenerationRequest { messages, sampling }).await?;
        let writer = Writer::new(self, &request, events.clone());
        spawn(events, writer.generate(generator.model().to_owned(), generation));
        Ok(begun(passages, prompt, max_tokens))
    }
}

/// Works the answer out, off the async threads: a table may have many rows.
async fn count(request: &AnswerRequest) -> Result<Option<Counted>> {
    if request.retrieved.tables.is_empty() {
        return Ok(None);
    }
    let (question, tables) = (request.question.clone(), request.retrieved.tables.clone());
    // Where too little was found, nothing is said of the rows that were.
    let is_enough = request.retrieved.evidence.sufficient;
    let read = if is_enough { request.retrieved.passages.clone() } else { Vec::new() };
    let counted = tokio::task::spawn_blocking(move || counting::count(&question, &tables, &read)).await;
    counted.map_err(|e| Error::internal("counting over tables panicked").with_source(e))
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

/// What was appended to an answer.
struct Written {
    /// Where its words lie.
    span: Span,
    /// Positions of its citations.
    citations: Vec<usize>,
}

/// Sends an answer while keeping it.
struct Writer {
    events: mpsc::Sender<AnswerEvent>,
    verifier: Verifier,
    models: SupportModels,
    question: QuestionText,
    translation: Option<QuestionText>,
    settings: AnswerSettings,
    sources: Sources,
    evidence: Evidence,
    text: String,
    citations: Vec<Citation>,
    sentences: Vec<AnswerSentence>,
    mode: AnswerMode,
    /// The places that released sentences rest on.
    used: Vec<Place>,
    /// Whether the model said that the passages do not tell.
    disclaimed: bool,
    /// Whether a sentence that claims something was written.
    claimed: bool,
    /// Courtesies and introductions, with what parts them: an answer that holds nothing else is none, so that they
    /// wait for what they lead to.
    waiting: Vec<Waiting>,
    /// The header of the table that the text ends in, where that was quoted.
    table: Option<String>,
}

/// A sentence of the sources as it is written.
struct Quotation {
    text: String,
    citations: Vec<Citation>,
    /// The header of the table that it ends in.
    table: Option<String>,
}

impl Writer {
    fn new(answerer: &Answerer, request: &AnswerRequest, events: mpsc::Sender<AnswerEvent>) -> Self {
        Self {
            events,
            verifier: answerer.verifier.clone(),
            models: answerer.models.clone(),
            question: request.question.clone(),
            translation: request.translation.clone(),
            settings: request.answer.clone(),
            sources: Sources::new(&request.retrieved.passages),
            evidence: request.retrieved.evidence.clone(),
            text: String::new(),
            citations: Vec::new(),
            sentences: Vec::new(),
            mode: AnswerMode::Generative,
            used: Vec::new(),
            disclaimed: false,
            claimed: false,
            waiting: Vec::new(),
            table: None,
        }
    }

    async fn refuse(mut self, text: String) -> Result<()> {
        self.mode = AnswerMode::Extractive;
        self.write(text, Vec::new()).await?;
        self.finish(FinishReason::InsufficientEvidence, Usage::default(), None).await
    }

    /// Tells what was worked out over the last of the passages, which is a whole table.
    async fn count(mut self, counted: Counted) -> Result<()> {
        self.mode = AnswerMode::Extractive;
        let passage = self.sources.passages().len().saturating_sub(1);
        match counted {
            Counted::Computed { sentence, places, .. } => {
                let places = places.into_iter().map(|bytes| Place { passage, bytes }).collect();
                let judgement = Judgement::computed(places);
                let citations: Vec<Citation> =
                    judgement.places.iter().filter_map(|place| self.sources.citation(place, 1.0)).collect();
                let marker = citations.first().map(|c| format!(" [{}]", c.number)).unwrap_or_default();
                let text = format!("{}{marker}", crate::markers::neutralise(&sentence));
                let written = self.write(text, citations).await?;
                self.note(&sentence, judgement, Some(written), SentenceFate::Kept).await?;
                self.finish(FinishReason::Stop, Usage::default(), None).await
            }
            Counted::Declined { reason, .. } => {
                let passages: Vec<Passage> =
                    self.sources.passages().iter().map(|indexed| indexed.passage.clone()).collect();
                let Some((table, passages)) = passages.split_last() else {
                    return Err(Error::internal("the table that a question was declined over is gone"));
                };
                let told = counting::declined(&self.question, reason, table, passages);
                self.refuse(told).await
            }
        }
    }

    /// Answers in sentences of the passages, or not at all where none of them says anything.
    async fn extract(mut self, reason: FinishReason, usage: Usage) -> Result<()> {
        self.write_extract().await?;
        if !self.text.chars().any(char::is_alphanumeric) {
            return self.not_known(usage, None).await;
        }
        self.tell_disagreements().await?;
        self.finish(reason, usage, None).await
    }

    async fn not_known(mut self, usage: Usage, model: Option<String>) -> Result<()> {
        let passages: Vec<Passage> =
            self.sources.passages().iter().map(|indexed| indexed.passage.clone()).collect();
        self.write(refusal::text(&self.question, &passages), Vec::new()).await?;
        self.finish(FinishReason::InsufficientEvidence, usage, model).await
    }

    async fn generate(
        mut self,
        model: String,
        mut generation: mpsc::Receiver<GenerationEvent>,
    ) -> Result<()> {
        let mut citer = Citer::new(self.sources.clone());
        loop {
            let event = tokio::select! {
                event = generation.recv() => event,
                // Dropping the generation's receiver cancels it.
                () = self.events.closed() => return Err(left()),
            };
            match event {
                Some(GenerationEvent::Text(text)) => self.judge_all(citer.push(&text)).await?,
                Some(GenerationEvent::Done { reason, usage }) => {
                    let mut rest = citer.finish();
                    let is_stopped = reason == FinishReason::Length
                        && self.settings.unsupported != UnsupportedPolicy::Flag;
                    let cut = rest.pop_if(|last| is_stopped && last.is_cut());
                    self.judge_all(rest).await?;
                    if let Some(cut) = cut {
                        self.note(cut.claim(), Judgement::cut_off(), None, SentenceFate::Dropped).await?;
                    }
                    return self.end(reason, usage, model).await;
                }
                Some(GenerationEvent::Failed(failure)) => {
                    return self.send(AnswerEvent::Failed(failure)).await;
                }
                None => return Err(Error::internal("the generator ended without finishing the answer")),
            }
        }
    }

    /// Ends a generated answer. Where nothing of it is left, the passages speak, or the service says that
    /// it does not know, where the model said so.
    async fn end(mut self, reason: FinishReason, usage: Usage, model: String) -> Result<()> {
        self.end_waiting().await?;
        if self.text.chars().any(char::is_alphanumeric) {
            self.tell_disagreements().await?;
            return self.finish(reason, usage, Some(model)).await;
        }
        if self.disclaimed {
            return self.not_known(usage, Some(model)).await;
        }
        self.extract(reason, usage).await
    }

    /// Says where other sources contradict what the answer rests on.
    async fn tell_disagreements(&mut self) -> Result<()> {
        let chinese = self.question.is_chinese();
        for found in disagreement::find(&self.question, &self.sources, &self.used) {
            let Some(text) = disagreement::text(&found, &self.sources, chinese) else { continue };
            let places = vec![found.ours, found.theirs];
            let citations = self.sources.citations(&places, 1.0);
            let written = self.write(format!("\n\n{text}"), citations).await?;
            self.note(&text, Judgement::disagreement(places), Some(written), SentenceFate::Kept).await?;
        }
        Ok(())
    }

    /// The question in the language of the best passage, as far as it is known.
    fn asked(&self) -> QuestionText {
        let best_is_chinese = self.sources.passages().first().map(|best| best.chinese);
        let fits = |it: &&QuestionText| best_is_chinese == Some(it.is_chinese());
        self.translation.as_ref().filter(fits).unwrap_or(&self.question).clone()
    }

    async fn write_extract(&mut self) -> Result<()> {
        self.mode = AnswerMode::Extractive;
        for chosen in extract::choose(&self.asked(), &self.sources, &self.models).await? {
            let judgement = Judgement::quote(chosen.place.clone());
            let Quotation { text, citations, table } =
                self.quotation(&chosen.place, chosen.score, self.table.as_deref());
            let written = self.write(text, citations).await?;
            self.table = table;
            self.used.push(chosen.place.clone());
            let quote = self.sources.text(&chosen.place).to_owned();
            self.note(&quote, judgement, Some(written), SentenceFate::Kept).await?;
        }
        Ok(())
    }

    async fn judge_all(&mut self, sentences: Vec<CitedSentence>) -> Result<()> {
        for sentence in sentences {
            self.judge(sentence).await?;
        }
        Ok(())
    }

    async fn judge(&mut self, sentence: CitedSentence) -> Result<()> {
        if !sentence.has_words() {
            let layout = sentence.with_markers(&[]);
            if self.waiting.is_empty() {
                return self.write_layout(layout).await;
            }
            self.waiting.push(Waiting::Layout(layout));
            return Ok(());
        }
        if verify::is_disclaimer(sentence.claim()) {
            self.disclaimed = true;
        }
        let judged = self.verifier.judge(
            &self.sources,
            self.question.as_str(),
            sentence.claim(),
            sentence.places(),
            self.settings.supported_from,
        );
        let judgement = tokio::select! {
            judged = judged => judged?,
            () = self.events.closed() => return Err(left()),
        };
        match (judgement.verdict, self.settings.unsupported) {
            (Verdict::NotNeeded, _) => {
                self.waiting.push(Waiting::Sentence(sentence, judgement));
                Ok(())
            }
            // Nothing is said twice; an item says its words of what leads the list.
            (Verdict::Supported, UnsupportedPolicy::Drop | UnsupportedPolicy::Quote)
                if !sentence.is_item() && verify::is_said(sentence.claim(), &self.text) =>
            {
                self.note(sentence.claim(), judgement, None, SentenceFate::Dropped).await
            }
            // What the sources say for certain in their own words is said in these.
            (Verdict::Supported, UnsupportedPolicy::Drop | UnsupportedPolicy::Quote)
                if self.sources.are_better_quoted(&judgement, sentence.claim(), self.question.as_str()) =>
            {
                self.replace(sentence, judgement).await
            }
            (Verdict::Supported, _) => self.keep(sentence, judgement, SentenceFate::Kept).await,
            (Verdict::Partly | Verdict::Unsupported, UnsupportedPolicy::Flag) => {
                self.keep(sentence, judgement, SentenceFate::Flagged).await
            }
            // What is near enough to be said in part is said in the source's own words.
            (Verdict::Partly, UnsupportedPolicy::Drop) | (_, UnsupportedPolicy::Quote)
                if !judgement.places.is_empty() =>
            {
                self.replace(sentence, judgement).await
            }
            (Verdict::Partly | Verdict::Unsupported, UnsupportedPolicy::Drop | UnsupportedPolicy::Quote) => {
                self.note(sentence.claim(), judgement, None, SentenceFate::Dropped).await
            }
        }
    }

    /// Writes the sentence with citations of what its verdict rests on.
    async fn keep(
        &mut self,
        sentence: CitedSentence,
        mut judgement: Judgement,
        fate: SentenceFate,
    ) -> Result<()> {
        if judgement.verdict == Verdict::Unsupported {
            judgement.places.clear();
        }
        self.claim().await?;
        self.used.extend(judgement.places.iter().cloned());
        let citations = self.sources.citations(&judgement.places, judgement.score);
        let numbers: Vec<u32> = citations.iter().map(|citation| citation.number).collect();
        let written = self.write(sentence.with_markers(&numbers), citations).await?;
        self.note(sentence.claim(), judgement, Some(written), fate).await
    }

    /// Writes in its place what its verdict rests on, verbatim and in the source's order: all that it needs where at least
    /// a part is supported, else the nearest sentence. What the answer says already is not said twice.
    async fn replace(&mut self, sentence: CitedSentence, mut judgement: Judgement) -> Result<()> {
        if judgement.verdict == Verdict::Unsupported {
            judgement.places.truncate(1);
        }
        let needed = self.sources.needed(judgement.places, sentence.claim(), self.question.as_str());
        judgement.places = self.sources.unsaid(needed, &self.text);
        judgement.places.sort_by_key(|place| (place.passage, place.bytes.start));
        judgement.places.retain(|place| !self.sources.is_header(place));
        if judgement.places.is_empty() {
            return self.note(sentence.claim(), judgement, None, SentenceFate::Dropped).await;
        }
        self.claim().await?;
        let (mut text, mut table) = (sentence.lead().to_owned(), self.table.clone());
        for place in &judgement.places {
            let quotation = self.quotation(place, 1.0, table.as_deref());
            let is_led = text.ends_with(char::is_whitespace);
            if quotation.table.is_some() && text == sentence.lead() {
                // No table stands behind a bullet.
                text.clear();
            }
            text.push_str(if is_led && quotation.table.is_none() {
                quotation.text.trim_start()
            } else {
                &quotation.text
            });
            table = quotation.table;
        }
        let citations = self.sources.citations(&judgement.places, 1.0);
        self.used.extend(judgement.places.iter().cloned());
        let written = self.write(text, citations).await?;
        self.table = table;
        self.note(sentence.claim(), judgement, Some(written), SentenceFate::Replaced).await
    }

    /// A sentence of the sources as it is written into an answer that ends within `table`, with its marker and
    /// citations: a row of a table below its header, any other text after a blank.
    fn quotation(&self, place: &Place, score: f32, table: Option<&str>) -> Quotation {
        let line = crate::markers::neutralise(&extract::on_one_line(self.sources.text(place)));
        let citations = self.sources.citations([place], score);
        let marker = citations.first().map(|c| format!(" [{}]", c.number)).unwrap_or_default();
        let Some(header) = self.sources.header_of_row(place) else {
            let blank = if table.is_some() { "\n\n" } else { " " };
            return Quotation { text: format!("{blank}{line}{marker}"), citations, table: None };
        };
        let row = format!("{}{marker} |", line.trim_end_matches('|').trim_end());
        let text = match table == Some(header.as_str()) {
            true => format!("\n{row}"),
            false => {
                format!("\n\n{}\n{row}", headers::above_rows(&crate::markers::neutralise(&header)))
            }
        };
        Quotation { text, citations, table: Some(header) }
    }

    /// Blanks and rules of tables: nothing that is judged. An answer begins with words.
    async fn write_layout(&mut self, text: String) -> Result<()> {
        if !self.text.is_empty() {
            self.write(text, Vec::new()).await?;
        }
        Ok(())
    }

    /// Appends text; the citations get the span of its words.
    async fn write(&mut self, text: String, citations: Vec<Citation>) -> Result<Written> {
        let text = crate::markers::without_images(&text);
        let is_below_table = self.table.take().is_some() && !text.starts_with('\n');
        let text = match (self.text.is_empty(), is_below_table) {
            (true, _) => text.trim_start().to_owned(),
            (false, true) => format!("\n\n{}", text.trim_start()),
            (false, false) => text,
        };
        let before = self.text.chars().count();
        let blanks = text.chars().take_while(|c| c.is_whitespace()).count();
        let span = Span::new(before + blanks, before + text.chars().count().max(blanks));
        self.text.push_str(&text);
        if !text.is_empty() {
            self.send(AnswerEvent::Token(text)).await?;
        }
        let first = self.citations.len();
        for mut citation in citations {
            citation.answer_span = span;
            self.citations.push(citation.clone());
            self.send(AnswerEvent::Citation(Box::new(citation))).await?;
        }
        Ok(Written { span, citations: (first..self.citations.len()).collect() })
    }

    /// Keeps and tells the verdict on a sentence; `written` is where it stands, unless it was dropped.
    async fn note(
        &mut self,
        text: &str,
        judgement: Judgement,
        written: Option<Written>,
        fate: SentenceFate,
    ) -> Result<()> {
        let (span, citations) = written.map_or((None, Vec::new()), |w| (Some(w.span), w.citations));
        let Judgement { verdict, score, method, missing, why, .. } = judgement;
        let (text, method) = (text.to_owned(), method.to_owned());
        let sentence = AnswerSentence { text, span, citations, verdict, score, method, missing, why, fate };
        self.sentences.push(sentence.clone());
        self.send(AnswerEvent::Sentence(Box::new(sentence))).await
    }

    async fn finish(self, finish_reason: FinishReason, usage: Usage, model: Option<String>) -> Result<()> {
        let refused = finish_reason == FinishReason::InsufficientEvidence;
        let Self { events, text, citations, sentences, mode, evidence, .. } = self;
        let answer =
            Answer { text, citations, sentences, mode, refused, evidence, finish_reason, usage, model };
        events.send(AnswerEvent::Done(Box::new(answer))).await.map_err(|_| left())
    }

    async fn send(&self, event: AnswerEvent) -> Result<()> {
        self.events.send(event).await.map_err(|_| left())
    }
}

fn left() -> Error {
    Error::new(ErrorKind::Cancelled, "nobody reads the answer any more")
}

#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod verdict_tests;
