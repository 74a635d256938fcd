//! `footnote eval pairwise A B…`: which system's answers are better, by rules or by a model that sees
//! both orders.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use footnote_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::super::args::{EvalPairwiseArgs, EvalQuestionArgs, OutputFormat};
use super::super::session::progress_bar;
use super::judge::{Judge, cut};
use super::language::Language;
use super::pairwise::{Judgement, RankedSystem, WinRate, rank, win_rate};
use super::report::{Bar, BarGroup, BarPlot, Case, Evidence, Plot, Report};
use super::{dataset, outcome};
use crate::config::Config;

const SEED: u64 = 42;
/// Cases shown.
const WORST: usize = 20;

/// A line of a file of answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedAnswer {
    /// The question's id, by which files are joined.
    pub(crate) id: String,
    /// The question.
    pub(crate) question: String,
    /// The answer, without markers.
    pub(crate) answer: String,
    /// Right answers, where they are known.
    #[serde(default)]
    pub(crate) references: Vec<String>,
    /// What the answer rests on, where it is known.
    #[serde(default)]
    pub(crate) evidence: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Measured {
    judge: String,
    questions: usize,
    judgements: usize,
    win_rates: BTreeMap<String, WinRate>,
    ranking: BTreeMap<String, RankedSystem>,
    worst: Vec<Case>,
}

/// Judges every pair of systems on every question that both answered.
pub(crate) async fn run(config: Config, args: EvalPairwiseArgs, format: OutputFormat) -> Result<()> {
    let mut systems = Vec::new();
    for path in &args.files {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if systems.iter().any(|(other, _)| *other == name) {
            return Err(Error::invalid(format!("two files are called {name:?}; give them different names")));
        }
        systems.push((name, load(path, &args.questions)?));
    }
    let mut judge = Judge::open(config, &args).await?;
    let measured = judge_all(&mut judge, &systems).await;
    judge.close().await;
    let measured = measured?;
    outcome::finish(format, &args.output, &measured, |language| page(&measured, language))
}

fn load(path: &Path, asked: &EvalQuestionArgs) -> Result<Vec<SavedAnswer>> {
    let mut answers: Vec<SavedAnswer> = dataset::load_lines(path)?;
    asked.choose(&mut answers);
    Ok(answers)
}

async fn judge_all(judge: &mut Judge, systems: &[(String, Vec<SavedAnswer>)]) -> Result<Measured> {
    let by_id: Vec<HashMap<&str, &SavedAnswer>> = systems
        .iter()
        .map(|(_, answers)| answers.iter().map(|answer| (answer.id.as_str(), answer)).collect())
        .collect();
    let mut meetings = Vec::new();
    for (at, (a, answers)) in systems.iter().enumerate() {
        for (of_b, (b, _)) in by_id.iter().zip(systems).skip(at + 1) {
            let both = answers.iter().filter_map(|of_a| Some((of_a, *of_b.get(of_a.id.as_str())?)));
            meetings.extend(both.map(|(of_a, of_b)| (a, of_a, b, of_b)));
        }
    }
    if meetings.is_empty() {
        return Err(Error::invalid("the files have no question in common"));
    }
    let bar = progress_bar(meetings.len() as u64, "judging");
    let mut judgements = Vec::with_capacity(meetings.len());
    for &(a, of_a, b, of_b) in &meetings {
        judgements.push(Judgement {
            question: of_a.id.clone(),
            a: a.clone(),
            b: b.clone(),
            a_first: judge.prefer(of_a, of_b).await?,
            b_first: judge.prefer(of_b, of_a).await?,
        });
        bar.inc(1);
    }
    bar.finish_and_clear();
    let mut win_rates = BTreeMap::new();
    for (at, (a, _)) in systems.iter().enumerate() {
        for (b, _) in systems.iter().skip(at + 1) {
            win_rates.extend(win_rate(&judgements, a, b).map(|rate| (format!("{a} against {b}"), rate)));
        }
    }
    let mut questions: Vec<&str> = judgements.iter().map(|judgement| judgement.question.as_str()).collect();
    questions.sort_unstable();
    questions.dedup();
    Ok(Measured {
        judge: judge.name(),
        questions: questions.len(),
        judgements: judgements.len(),
        win_rates,
        ranking: rank(&judgements, SEED).into_iter().map(|ranked| (ranked.system.clone(), ranked)).collect(),
        worst: lost(&meetings, &judgements),
    })
}

/// What the first system lost, with what it lost to.
fn lost(meetings: &[(&String, &SavedAnswer, &String, &SavedAnswer)], judgements: &[Judgement]) -> Vec<Case> {
    let pairs = meetings.iter().zip(judgements).filter(|(_, judgement)| judgement.points() == 0.0);
    let case =
        |((a, of_a, b, of_b), judgement): (&(&String, &SavedAnswer, &String, &SavedAnswer), &Judgement)| {
            Case {
                id: of_a.id.clone(),
                question: of_a.question.clone(),
                expected: of_b.answer.clone(),
                got: of_a.answer.clone(),
                verdict: format!("{b} > {a}"),
                score: judgement.points(),
                evidence: of_a
                    .evidence
                    .iter()
                    .map(|quote| Evidence { title: String::new(), page: None, quote: cut(quote).to_owned() })
                    .collect(),
                note: of_a.references.join(" / "),
            }
        };
    pairs.map(case).take(WORST).collect()
}

fn page(measured: &Measured, language: Language) -> Report {
    let groups = measured.win_rates.iter().map(|(pair, rate)| BarGroup {
        label: pair.clone(),
        bars: vec![Bar { value: rate.rate, interval: Some(rate.interval) }],
    });
    Report {
        title: language.either("Pairwise comparison", "两两比较").to_owned(),
        subtitle: measured.judge.clone(),
        plots: vec![Plot::Bars(BarPlot {
            title: language.either("Win rates", "胜率").to_owned(),
            x_label: language.either("Share of the points", "得分占比").to_owned(),
            series: vec![language.either("win rate", "胜率").to_owned()],
            groups: groups.collect(),
        })],
        cases: measured.worst.clone(),
        ..Report::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(id: &str, text: &str) -> SavedAnswer {
        SavedAnswer {
            id: id.to_owned(),
            question: "How long is leave?".to_owned(),
            answer: text.to_owned(),
            references: vec!["15 days".to_owned()],
            evidence: vec!["Leave is 15 days.".to_owned()],
        }
    }

    #[tokio::test]
    async fn the_rules_prefer_what_is_right_in_both_orders() {
        let systems = [
            ("good".to_owned(), vec![answer("1", "15 days"), answer("2", "15 days"), answer("3", "x")]),
            ("bad".to_owned(), vec![answer("1", "I would say a month."), answer("2", "15 days")]),
        ];
        let measured = judge_all(&mut Judge::Rules, &systems).await.unwrap();
        assert_eq!((measured.questions, measured.judgements), (2, 2));
        let rate = measured.win_rates["good against bad"];
        assert_eq!((rate.wins, rate.ties, rate.losses, rate.consistency), (1, 1, 0, 1.0));
        assert!(measured.ranking["good"].strength > measured.ranking["bad"].strength);
        let apart = [("a".to_owned(), vec![answer("1", "x")]), ("b".to_owned(), vec![answer("2", "x")])];
        assert!(judge_all(&mut Judge::Rules, &apart).await.is_err());
    }
}
