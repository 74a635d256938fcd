//! `footnote eval answers DIR`: every question asked, every answer held against what is known of it.

use std::path::Path;
use std::time::Duration;

use footnote_core::answer::{Answer, AnswerMode};
use footnote_core::error::Context;
use footnote_core::passage::Passage;
use footnote_core::{ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::super::args::{EvalAnswersArgs, EvalAskArgs, OutputFormat};
use super::super::session::progress_bar;
use super::answer_scores::{AnswerScores, Summary, without_markers};
use super::language::Language;
use super::outcome;
use super::questions::{Question, QuestionSet};
use super::report::{Case, Evidence, HistogramPlot, HistogramSeries, Plot, Report};
use super::results::Results;
use super::scoring::{self, Judged};
use super::sheet;
use super::system::{self, System};
use super::terms;
use super::versus::SavedAnswer;
use crate::config::Config;

/// Cases shown of what went wrong.
const WORST: usize = 20;

/// An answer with what it rests on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Answered {
    /// The question's text.
    pub(crate) question: String,
    /// The answer.
    pub(crate) answer: Answer,
    /// The passages it was made from; none where another process made it.
    pub(crate) passages: Vec<Passage>,
    /// Until the first word.
    pub(crate) first_token_seconds: f64,
    /// Until the end.
    pub(crate) seconds: f64,
}

impl Answered {
    /// An answer whose first words came after `first` seconds, if any came before its end.
    pub(crate) fn new(
        question: &Question,
        answer: Answer,
        passages: Vec<Passage>,
        first: Option<f64>,
        whole: Duration,
    ) -> Self {
        let seconds = whole.as_secs_f64();
        let first_token_seconds = first.unwrap_or(seconds);
        Self { question: question.text.clone(), answer, passages, first_token_seconds, seconds }
    }

    /// The texts of its passages, or what it quotes where these are not known.
    fn rests_on(&self) -> Vec<String> {
        match &self.passages[..] {
            [] => self.answer.citations.iter().map(|citation| citation.quote.clone()).collect(),
            passages => passages.iter().map(|passage| passage.text.clone()).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct Measured {
    dataset: String,
    mode: AnswerMode,
    model: Option<String>,
    documents: usize,
    #[serde(flatten)]
    summary: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    judged: Option<Judged>,
    worst: Vec<Case>,
    #[serde(skip)]
    f1: Vec<f64>,
}

/// Asks what was not asked yet, then measures.
pub(crate) async fn run(config: Config, args: EvalAnswersArgs, format: OutputFormat) -> Result<()> {
    let set = QuestionSet::chosen(&args.ask.dir, &args.ask.questions)?;
    let fresh = args.ask.questions.fresh;
    let system = system::open(config.clone(), &set.name, &set.corpus, &args.service, fresh).await?;
    let documents = system.documents();
    let answered = ask_all(system.as_ref(), &set, &args.ask).await;
    system.close().await;
    let answered = answered?;
    let scores: Vec<AnswerScores> = set
        .questions
        .iter()
        .zip(&answered)
        .map(|(question, answered)| AnswerScores::of(question, answered, &documents))
        .collect();
    let saved = saved(&set.questions, &answered);
    let answerable = set.questions.iter().zip(&saved).filter(|(question, _)| question.answerable);
    let judgeable: Vec<SavedAnswer> = answerable.map(|(_, saved)| saved.clone()).collect();
    let judged = scoring::judge(config, &args.judge, fresh, &judgeable).await?;
    let measured = Measured {
        dataset: set.name.clone(),
        mode: args.ask.mode.mode(),
        model: answered.iter().find_map(|answered| answered.answer.model.clone()),
        documents: documents.len(),
        summary: Summary::of(&set.questions, &answered, &scores),
        worst: worst(&set.questions, &answered, &scores, judged.as_ref()),
        judged,
        f1: scores.iter().filter_map(|scores| Some(scores.best_sentence?.token_f1)).collect(),
    };
    if let Some(path) = &args.save {
        save(path, &saved)?;
    }
    if let Some(path) = &args.sheet {
        fs_err::write(path, sheet::of(&answered))
            .context(ErrorKind::InvalidInput, || "cannot write the sheet".to_owned())?;
    }
    outcome::finish(format, &args.output, &measured, |language| page(&measured, language))
}

/// The answers to all questions, in their order; what is not known yet is asked.
pub(crate) async fn ask_all(
    system: &dyn System,
    set: &QuestionSet,
    args: &EvalAskArgs,
) -> Result<Vec<Answered>> {
    let mode = args.mode.mode();
    let scoped = args.scoped || set.within_context;
    let mut results: Results<Answered> = system::results(system, "answers", &(mode, scoped))?;
    let bar = progress_bar(set.questions.len() as u64, "asking");
    let mut answered = Vec::with_capacity(set.questions.len());
    for question in &set.questions {
        let known = results.get(&question.id).filter(|known| known.question == question.text).cloned();
        answered.push(match known {
            Some(known) => known,
            None => {
                let new = system.ask(question, mode, scoped).await?;
                results.add(&question.id, new.clone())?;
                new
            }
        });
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(answered)
}

/// The answers as they are saved and judged.
fn saved(questions: &[Question], answered: &[Answered]) -> Vec<SavedAnswer> {
    let saved = |(question, answered): (&Question, &Answered)| SavedAnswer {
        id: question.id.clone(),
        question: question.text.clone(),
        answer: without_markers(&answered.answer.text),
        references: question.references.clone(),
        evidence: answered.rests_on(),
    };
    questions.iter().zip(answered).map(saved).collect()
}

fn save(path: &Path, answers: &[SavedAnswer]) -> Result<()> {
    let mut lines = String::new();
    for answer in answers {
        lines.push_str(&serde_json::to_string(answer).internal("cannot write an answer as JSON")?);
        lines.push('\n');
    }
    fs_err::write(path, lines).context(ErrorKind::InvalidInput, || "cannot save the answers".to_owned())
}

/// The lowest scores of the judge among answerable questions, or F1 of the best sentence where none gave one.
fn worst(
    questions: &[Question],
    answered: &[Answered],
    scores: &[AnswerScores],
    judged: Option<&Judged>,
) -> Vec<Case> {
    let judged = judged.map(Judged::by_question).unwrap_or_default();
    let mut cases: Vec<Case> = Vec::new();
    for ((question, answered), scores) in questions.iter().zip(answered).zip(scores) {
        let Some(text) = scores.best_sentence else { continue };
        let Answer { text: got, refused, citations, .. } = &answered.answer;
        let said = judged.get(question.id.as_str());
        let reason = said.map(|said| said.reason.clone());
        let evidence = question.evidence.first().map(|set| set.join(" "));
        cases.push(Case {
            id: question.id.clone(),
            question: question.text.clone(),
            expected: question.references.first().cloned().unwrap_or_default(),
            got: got.clone(),
            verdict: if *refused { "refused" } else { "answered" }.to_owned(),
            score: said.and_then(|said| said.share()).unwrap_or(text.token_f1),
            evidence: citations
                .iter()
                .map(|c| Evidence { title: c.title.clone(), page: c.page, quote: c.quote.clone() })
                .collect(),
            note: reason.or(evidence).unwrap_or_default(),
        });
    }
    cases.sort_by(|a, b| a.score.total_cmp(&b.score));
    cases.truncate(WORST);
    cases
}

fn page(measured: &Measured, language: Language) -> Report {
    let model = measured.model.iter().map(|model| (terms::word("generator", language), model.clone()));
    Report {
        title: language.either("Answers", "回答质量评测").to_owned(),
        subtitle: measured.dataset.clone(),
        settings: model.collect(),
        plots: vec![Plot::Histogram(HistogramPlot {
            title: language.either("F1 of the best sentence", "最佳句的 F1 分布").to_owned(),
            x_label: "F1".to_owned(),
            series: vec![HistogramSeries { name: "F1".to_owned(), values: measured.f1.clone() }],
            bins: 20,
        })],
        cases: measured.worst.clone(),
        ..Report::default()
    }
}
