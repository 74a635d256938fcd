//! What a model says an answer is worth: a score from 1 to 5 against the reference, with its reason.
//!
//! As with pairs (see [`judge`](super::judge)), its word is kept under what it was shown. A model that is asked for a
//! number alone favours the middle; asked for the reason with it, it can be checked (Zheng et al., NeurIPS 2023).

use std::collections::HashMap;

use footnote_core::Result;
use serde::{Deserialize, Serialize};

use super::super::args::JudgeArgs;
use super::super::session::progress_bar;
use super::intervals::{Interval, bootstrap_mean, mean};
use super::judge::{ModelJudge, cut};
use super::language::Language;
use super::versus::SavedAnswer;
use crate::config::Config;

const SEED: u64 = 42;
/// The scale's ends.
const LOWEST: u8 = 1;
const HIGHEST: u8 = 5;
/// Most tokens of a score with its reason.
const MOST_TOKENS: usize = 120;
/// Kind of the results that hold scores.
const SCORES: &str = "scores";

/// A judge's word on one answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Score {
    /// From 1, wrong or no answer, to 5, right and complete; `None` where the judge gave no number.
    pub(crate) score: Option<u8>,
    /// Its reason, in its words.
    pub(crate) reason: String,
}

impl Score {
    /// As a share, 0 to 1.
    pub(crate) fn share(&self) -> Option<f64> {
        self.score.map(|score| f64::from(score - LOWEST) / f64::from(HIGHEST - LOWEST))
    }
}

/// What a judge says of all answers.
#[derive(Debug, Serialize)]
pub(crate) struct Judged {
    judge: String,
    /// Answers that have a reference.
    answers: usize,
    /// Those of them of which the judge gave no number.
    unread: usize,
    /// Mean, 1 to 5.
    score: Option<f64>,
    score_interval: Option<Interval>,
    /// By question.
    scores: Vec<JudgedAnswer>,
}

#[derive(Debug, Serialize)]
struct JudgedAnswer {
    id: String,
    #[serde(flatten)]
    score: Score,
}

impl Judged {
    fn of(judge: String, scores: Vec<JudgedAnswer>) -> Self {
        let read: Vec<f64> = scores.iter().filter_map(|judged| judged.score.score.map(f64::from)).collect();
        Self {
            judge,
            answers: scores.len(),
            unread: scores.len() - read.len(),
            score: (!read.is_empty()).then(|| mean(read.iter().copied())),
            score_interval: bootstrap_mean(&read, SEED),
            scores,
        }
    }

    /// The scores by the questions' ids.
    pub(crate) fn by_question(&self) -> HashMap<&str, &Score> {
        self.scores.iter().map(|judged| (judged.id.as_str(), &judged.score)).collect()
    }
}

/// Lets a model judge the answers that have references; `None` where the rules alone judge.
pub(crate) async fn judge(
    config: Config,
    args: &JudgeArgs,
    fresh: bool,
    answers: &[SavedAnswer],
) -> Result<Option<Judged>> {
    let Some(mut judge) = ModelJudge::open(config, args, SCORES, fresh).await? else { return Ok(None) };
    let scores = score_all(&mut judge, answers).await;
    let name = judge.name();
    judge.close().await;
    Ok(Some(Judged::of(name, scores?)))
}

async fn score_all(judge: &mut ModelJudge<Score>, answers: &[SavedAnswer]) -> Result<Vec<JudgedAnswer>> {
    let with_references = || answers.iter().filter(|answer| !answer.references.is_empty());
    let bar = progress_bar(with_references().count() as u64, "judging");
    let mut scores = Vec::new();
    for answer in with_references() {
        let content = prompt(answer);
        let score = match judge.known(&content) {
            Some(known) => known.clone(),
            None => {
                let score = read(&judge.ask(content.clone(), MOST_TOKENS).await?);
                judge.keep(&content, score.clone())?;
                score
            }
        };
        scores.push(JudgedAnswer { id: answer.id.clone(), score });
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(scores)
}

/// What the judge is asked, in the language of the question.
fn prompt(answer: &SavedAnswer) -> String {
    let SavedAnswer { question, references, answer, .. } = answer;
    let (references, answer) = (references.join("\n"), cut(answer));
    let references = cut(&references);
    match Language::of(question) {
        Language::English => format!(
            "Question: {question}\nReference answer: {references}\n\nAnswer: {answer}\n\n\
             How correct and complete is the answer, measured by the reference? 1: wrong or no answer. 2: mostly wrong. \
             3: partly right. 4: right with a small fault. 5: right and complete. Length does not count. Write the number, \
             a colon, and the reason in one sentence."
        ),
        Language::Chinese => format!(
            "问题：{question}\n参考答案：{references}\n\n回答：{answer}\n\n\
             以参考答案为准，这个回答是否正确、完整？1：错误或没有回答；2：大部分错误；3：部分正确；4：正确，有小缺陷；\
             5：正确且完整。长短不计。请写出分数、冒号和一句理由。"
        ),
    }
}

/// The first number of the scale that stands by itself, and what follows it.
fn read(said: &str) -> Score {
    let said = said.trim();
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || c == '.');
    let found = said.char_indices().find_map(|(at, c)| {
        let score = u8::try_from(c.to_digit(10)?).ok()?;
        let (before, after) = (said.get(..at)?, said.get(at + 1..)?);
        let is_of_scale = [" to 5", "-5", "–5", "至5", "到5"].iter().any(|rest| after.starts_with(rest))
            || ["1 to ", "1-", "1–", "1至", "1到"].iter().any(|start| before.ends_with(start));
        // Neither a part of a larger number nor the end of "out of 5".
        let decimals = after.strip_prefix('.').unwrap_or(after);
        let alone =
            !is_digit(before.chars().next_back()) && !decimals.starts_with(|c: char| c.is_ascii_digit());
        ((LOWEST..=HIGHEST).contains(&score) && alone && !is_of_scale).then_some((score, after))
    });
    match found {
        Some((score, after)) => {
            let after = after.strip_prefix("/5").unwrap_or(after);
            let reason = after.trim_start_matches(|c: char| !c.is_alphanumeric());
            Score { score: Some(score), reason: reason.to_owned() }
        }
        None => Score { score: None, reason: said.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_read_with_its_reason() {
        let score = |said: &str| {
            let Score { score, reason } = read(said);
            (score, reason)
        };
        assert_eq!(score("4: a detail is missing."), (Some(4), "a detail is missing.".to_owned()));
        assert_eq!(score("**5/5** – right"), (Some(5), "right".to_owned()));
        assert_eq!(score("分数：2。大部分错误"), (Some(2), "大部分错误".to_owned()));
        assert_eq!(score("Of 18 months, 3: half"), (Some(3), "half".to_owned()));
        assert_eq!(score("On the scale from 1 to 5: 4. A detail").0, Some(4));
        assert_eq!(score("Score (1-5): 4").0, Some(4));
        assert_eq!(score("It is wrong."), (None, "It is wrong.".to_owned()));
        assert_eq!(score("10 of 10"), (None, "10 of 10".to_owned()));
    }

    #[test]
    fn the_mean_is_of_what_was_read() {
        let of = |id: &str, score| JudgedAnswer {
            id: id.to_owned(),
            score: Score { score, reason: "so".to_owned() },
        };
        let judged = Judged::of("m".to_owned(), vec![of("a", Some(5)), of("b", Some(2)), of("c", None)]);
        assert_eq!((judged.answers, judged.unread, judged.score), (3, 1, Some(3.5)));
        let interval = judged.score_interval.unwrap();
        assert_eq!((interval.low, interval.high), (2.0, 5.0));
        assert_eq!(judged.by_question()["b"].share(), Some(0.25));
        assert_eq!(Judged::of("m".to_owned(), Vec::new()).score, None);
    }
}
