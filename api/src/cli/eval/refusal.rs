//! `footnote eval refusal DIR`: does retrieval alone tell which questions the documents answer?
//!
//! A set that has only answerable questions gets unanswerable ones by hiding what answers: the same
//! question, the same base, without its documents.

use std::collections::HashMap;

use footnote_core::ids::DocumentId;
use footnote_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::super::args::{EvalRefusalArgs, OutputFormat};
use super::super::session::progress_bar;
use super::classification::{
    RiskCoverage, Scored, ThresholdMetrics, auroc, negatives_refused_at, threshold_refusing_at_most,
};
use super::intervals::{Interval, bootstrap};
use super::language::Language;
use super::outcome;
use super::questions::{Question, QuestionSet};
use super::report::{Case, CurvePlot, CurveSeries, Evidence, HistogramPlot, HistogramSeries, Plot, Report};
use super::results::Results;
use super::system::{self, System};
use crate::config::Config;

const SEED: u64 = 42;
/// Cases shown of what went wrong.
const WORST: usize = 20;
/// Longest passage shown, in scalar values.
const SHOWN: usize = 600;

/// What retrieval said about a question.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Judged {
    /// The question's id.
    pub(crate) id: String,
    question: String,
    expected: String,
    /// Whether the documents that were searched answer it.
    pub(crate) answerable: bool,
    /// The evidence score.
    pub(crate) score: f64,
    /// What it had to reach.
    pub(crate) threshold: f64,
    found: Vec<(String, String)>,
}

#[derive(Debug, Serialize)]
struct Measured {
    dataset: String,
    answerable: usize,
    unanswerable: usize,
    auroc: Option<f64>,
    auroc_interval: Option<Interval>,
    risk_coverage_area: f64,
    unanswerable_refused_at_rate: Option<f64>,
    default: AtThreshold,
    fitted: AtThreshold,
    risk_coverage: Vec<(f64, f64)>,
    worst: Vec<Case>,
    #[serde(skip)]
    judged: Vec<Judged>,
}

/// Figures where questions below a threshold are refused.
#[derive(Debug, Serialize)]
pub(crate) struct AtThreshold {
    threshold: f64,
    /// Share of the answerable questions that are refused.
    wrong_refusals: f64,
    unanswerable_refused: f64,
    /// Of refusing: share of refused questions that have no answer, and of those that have none (which is
    /// `unanswerable_refused`).
    refusal_precision: f64,
    refusal_recall: f64,
    /// Of answering: share of answered questions that have an answer, and of those that have one.
    precision: f64,
    recall: f64,
    f1: f64,
}

impl AtThreshold {
    pub(crate) fn of(threshold: f64, items: &[Scored]) -> Self {
        let at = ThresholdMetrics::at(threshold, items);
        Self {
            threshold,
            wrong_refusals: 1.0 - at.recall,
            unanswerable_refused: at.negatives_refused,
            refusal_precision: at.refusal_precision,
            refusal_recall: at.negatives_refused,
            precision: at.precision,
            recall: at.recall,
            f1: at.f1,
        }
    }
}

/// Searches for every question, then measures.
pub(crate) async fn run(config: Config, args: EvalRefusalArgs, format: OutputFormat) -> Result<()> {
    let set = QuestionSet::chosen(&args.dir, &args.questions)?;
    if !args.remove_gold && set.questions.iter().all(|question| question.answerable) {
        return Err(Error::invalid(
            "all questions of the set have an answer; make unanswerable ones of them with --remove-gold",
        ));
    }
    let fresh = args.questions.fresh;
    let system = system::open(config, &set.name, &set.corpus, &args.service, fresh).await?;
    let judged = judge(system.as_ref(), &set, args.remove_gold).await;
    system.close().await;
    let measured = measure(&set.name, judged?, args.rate)?;
    outcome::finish(format, &args.output, &measured, |language| page(&measured, language))
}

/// The evidence for every question, and for each answerable one once more without its documents where
/// `remove_gold` says so. Twins that would hide nothing are left out.
pub(crate) async fn judge(system: &dyn System, set: &QuestionSet, remove_gold: bool) -> Result<Vec<Judged>> {
    let documents = system.documents();
    let mut results: Results<Judged> = system::results(system, "refusal", &())?;
    let bar = progress_bar(set.questions.len() as u64, "searching");
    let mut judged = Vec::new();
    for question in &set.questions {
        judged.push(judge_one(system, question, &[], &mut results).await?);
        let gold: Vec<DocumentId> =
            question.documents.iter().filter_map(|id| documents.get(id).copied()).collect();
        if remove_gold && question.answerable && !gold.is_empty() {
            judged.push(judge_one(system, question, &gold, &mut results).await?);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(judged)
}

async fn judge_one(
    system: &dyn System,
    question: &Question,
    hidden: &[DocumentId],
    results: &mut Results<Judged>,
) -> Result<Judged> {
    let key = if hidden.is_empty() { question.id.clone() } else { format!("{} without", question.id) };
    let answerable = question.answerable && hidden.is_empty();
    if let Some(known) =
        results.get(&key).filter(|known| known.question == question.text && known.answerable == answerable)
    {
        return Ok(known.clone());
    }
    let gathered = system.gather(question, hidden).await?;
    let shown = |text: &str| text.chars().take(SHOWN).collect::<String>();
    let judged = Judged {
        id: key.clone(),
        question: question.text.clone(),
        expected: question.references.first().cloned().unwrap_or_default(),
        answerable,
        score: f64::from(gathered.evidence.score),
        threshold: f64::from(gathered.evidence.threshold),
        found: gathered.passages.iter().take(2).map(|p| (p.title.clone(), shown(&p.text))).collect(),
    };
    results.add(&key, judged.clone())?;
    Ok(judged)
}

/// Scores with whether there was an answer.
pub(crate) fn scored(judged: &[Judged]) -> Vec<Scored> {
    judged.iter().map(|j| Scored { score: j.score, positive: j.answerable }).collect()
}

/// The 95% interval of the AUROC over questions: one and its twin are taken together.
pub(crate) fn auroc_interval(judged: &[Judged]) -> Option<Interval> {
    let mut questions: HashMap<&str, Vec<Scored>> = HashMap::new();
    let mut order = Vec::new();
    for item in judged {
        let scored = Scored { score: item.score, positive: item.answerable };
        let twins = questions.entry(item.question.as_str()).or_insert_with(|| {
            order.push(item.question.as_str());
            Vec::new()
        });
        twins.push(scored);
    }
    let groups: Vec<Vec<Scored>> = order.iter().filter_map(|id| questions.remove(id)).collect();
    bootstrap(groups.len(), SEED, |sample| {
        let items: Vec<Scored> = sample.iter().flat_map(|&at| groups[at].iter().copied()).collect();
        // A sample of one class alone tells nothing, as chance does.
        auroc(&items).unwrap_or(0.5)
    })
}

fn measure(name: &str, judged: Vec<Judged>, rate: f64) -> Result<Measured> {
    let items = scored(&judged);
    let fitted = threshold_refusing_at_most(rate, &items)
        .ok_or_else(|| Error::invalid("the set has no answerable question"))?;
    let default = judged.first().map_or(0.0, |judged| judged.threshold);
    let risk = RiskCoverage::of(&items);
    Ok(Measured {
        dataset: name.to_owned(),
        answerable: items.iter().filter(|item| item.positive).count(),
        unanswerable: items.iter().filter(|item| !item.positive).count(),
        auroc: auroc(&items),
        auroc_interval: auroc_interval(&judged),
        risk_coverage_area: risk.area,
        unanswerable_refused_at_rate: negatives_refused_at(rate, &items),
        default: AtThreshold::of(default, &items),
        fitted: AtThreshold::of(fitted, &items),
        risk_coverage: risk.points,
        worst: worst(&judged),
        judged,
    })
}

/// Those whose score is farthest from what it should be.
fn worst(judged: &[Judged]) -> Vec<Case> {
    let rightness = |j: &Judged| if j.answerable { j.score } else { 1.0 - j.score };
    let mut order: Vec<&Judged> =
        judged.iter().filter(|j| (j.score >= j.threshold) != j.answerable).collect();
    order.sort_by(|a, b| rightness(a).total_cmp(&rightness(b)));
    let case = |j: &Judged| Case {
        id: j.id.clone(),
        question: j.question.clone(),
        expected: j.expected.clone(),
        got: String::new(),
        verdict: if j.answerable { "refused" } else { "answered" }.to_owned(),
        score: rightness(j),
        evidence: j
            .found
            .iter()
            .map(|(title, quote)| Evidence { title: title.clone(), page: None, quote: quote.clone() })
            .collect(),
        note: String::new(),
    };
    order.into_iter().take(WORST).map(case).collect()
}

fn page(measured: &Measured, language: Language) -> Report {
    let values = |answerable: bool| {
        let of_class = measured.judged.iter().filter(|j| j.answerable == answerable);
        of_class.map(|j| j.score).collect()
    };
    let series =
        |name: &str, answerable| HistogramSeries { name: name.to_owned(), values: values(answerable) };
    Report {
        title: language.either("Refusal", "拒答评测").to_owned(),
        subtitle: measured.dataset.clone(),
        plots: vec![
            Plot::Curve(CurvePlot {
                title: language.either("Risk and coverage", "风险与覆盖率").to_owned(),
                x_label: language.either("Coverage", "覆盖率").to_owned(),
                y_label: language.either("Risk", "风险").to_owned(),
                series: vec![CurveSeries {
                    name: language.either("evidence score", "证据得分").to_owned(),
                    points: measured.risk_coverage.clone(),
                }],
                diagonal: false,
            }),
            Plot::Histogram(HistogramPlot {
                title: language.either("Scores", "得分分布").to_owned(),
                x_label: language.either("Evidence score", "证据得分").to_owned(),
                series: vec![
                    series(language.either("answerable", "可回答"), true),
                    series(language.either("unanswerable", "不可回答"), false),
                ],
                bins: 20,
            }),
        ],
        cases: measured.worst.clone(),
        ..Report::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(id: &str, answerable: bool, score: f64) -> Judged {
        Judged {
            id: id.to_owned(),
            question: id.trim_end_matches(" without").to_owned(),
            expected: String::new(),
            answerable,
            score,
            threshold: 0.5,
            found: Vec::new(),
        }
    }

    #[test]
    fn figures_at_both_thresholds() {
        let all = vec![
            judged("a", true, 0.9),
            judged("b", true, 0.8),
            judged("c", true, 0.2),
            judged("a without", false, 0.6),
            judged("b without", false, 0.1),
        ];
        let measured = measure("d", all, 0.4).unwrap();
        assert_eq!((measured.answerable, measured.unanswerable), (3, 2));
        assert!((measured.auroc.unwrap() - 5.0 / 6.0).abs() < 1e-9);
        assert!((measured.default.wrong_refusals - 1.0 / 3.0).abs() < 1e-9);
        assert_eq!(measured.default.unanswerable_refused, 0.5);
        // Refused are "c", which has an answer, and "b without", which has none.
        assert_eq!((measured.default.refusal_precision, measured.default.refusal_recall), (0.5, 0.5));
        assert_eq!((measured.fitted.threshold, measured.fitted.unanswerable_refused), (0.8, 1.0));
        let worst: Vec<&str> = measured.worst.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(worst, ["c", "a without"]);
        assert!(measured.auroc_interval.is_some_and(|i| i.low <= 5.0 / 6.0 && i.high >= 5.0 / 6.0));
    }
}
