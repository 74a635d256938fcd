//! `footnote eval pairwise A B…`: which system's answers are better, by rules or by a model that sees
//! both orders.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use footnote_core::answer::{ChatMessage, MessageRole};
use footnote_core::error::Context;
use footnote_core::ports::Generator;
use footnote_core::{Error, ErrorKind, Result};
use footnote_generator::verify::words_held;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::args::{EvalPairwiseArgs, JudgeArg, OutputFormat};
use super::super::session::{Session, progress_bar};
use super::language::Language;
use super::pairwise::{Judgement, Preference, RankedSystem, WinRate, rank, win_rate};
use super::report::{Bar, BarGroup, BarPlot, Case, Evidence, Plot, Report};
use super::text_metrics::TextScores;
use super::{dataset, outcome};
use crate::config::{Config, Environment};

const SEED: u64 = 42;
/// Difference of the rules' scores, 0 to 2, below which answers are equally good.
const RULES_TIE: f64 = 0.05;
/// Log-odds below which the local model has no preference.
const LOCAL_TIE: f32 = 0.1;
/// Longest answer and evidence shown to a judge, in scalar values.
const SHOWN: usize = 1_500;
/// Longest time that a remote judge may take.
const JUDGED_WITHIN: Duration = Duration::from_secs(120);
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

/// Who compares two answers.
enum Judge {
    Rules,
    Local(Arc<dyn Generator>),
    OpenAi { agent: ureq::Agent, url: String, model: String, key: Option<String> },
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
        systems.push((name, load(path, args.queries)?));
    }
    let (judge, session) = match args.judge {
        JudgeArg::Rules => (Judge::Rules, None),
        JudgeArg::Local => {
            let mut config = config;
            config.data.folder = config.data.folder.join("eval").join("judge");
            let session = Session::open(config).await?;
            let generator = session.app.generator.clone();
            let generator =
                generator.ok_or_else(|| Error::not_installed("the local judge needs a language model"))?;
            (Judge::Local(generator), Some(session))
        }
        JudgeArg::Openai => (openai(&args)?, None),
    };
    let measured = judge_all(&judge, &systems).await;
    if let Some(session) = session {
        session.close().await;
    }
    let measured = measured?;
    outcome::finish(format, &args.output, &measured, |language| page(&measured, language))
}

fn load(path: &Path, limit: Option<usize>) -> Result<Vec<SavedAnswer>> {
    let mut answers: Vec<SavedAnswer> = dataset::load_lines(path)?;
    answers.truncate(limit.unwrap_or(usize::MAX));
    Ok(answers)
}

fn openai(args: &EvalPairwiseArgs) -> Result<Judge> {
    let missing = |flag: &str| Error::invalid(format!("the judge openai needs {flag}"));
    let url = args.judge_url.as_ref().ok_or_else(|| missing("--judge-url"))?;
    let model = args.judge_model.clone().ok_or_else(|| missing("--judge-model"))?;
    let environment = Environment::of_process()?;
    let key = match &args.judge_key_env {
        None => None,
        Some(name) => Some(
            environment
                .get(name)
                .ok_or_else(|| Error::invalid(format!("the environment variable {name} is not set")))?
                .to_owned(),
        ),
    };
    let agent = ureq::Agent::config_builder().timeout_global(Some(JUDGED_WITHIN)).build().into();
    Ok(Judge::OpenAi { agent, url: format!("{}/chat/completions", url.trim_end_matches('/')), model, key })
}

async fn judge_all(judge: &Judge, systems: &[(String, Vec<SavedAnswer>)]) -> Result<Measured> {
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

impl Judge {
    fn name(&self) -> String {
        match self {
            Self::Rules => "rules".to_owned(),
            Self::Local(generator) => generator.model().to_owned(),
            Self::OpenAi { model, .. } => model.clone(),
        }
    }

    async fn prefer(&self, first: &SavedAnswer, second: &SavedAnswer) -> Result<Preference> {
        match self {
            Self::Rules => Ok(preference(rules(first) - rules(second), RULES_TIE)),
            Self::Local(generator) => {
                let content = prompt(first, second, "Answer only A or B.", "只回答“A”或“B”。");
                let message = ChatMessage { role: MessageRole::User, content };
                let odds = generator.log_odds(&[message], "A", "B").await?;
                Ok(preference(f64::from(odds), f64::from(LOCAL_TIE)))
            }
            Self::OpenAi { agent, url, model, key } => {
                let content = prompt(
                    first,
                    second,
                    "Answer only A or B, or C where they are equally good.",
                    "只回答“A”或“B”；同样好则回答“C”。",
                );
                let body = json!({
                    "model": model,
                    "messages": [{ "role": "user", "content": content }],
                    "temperature": 0,
                    "max_tokens": 8,
                });
                let (agent, url, key) = (agent.clone(), url.clone(), key.clone());
                let asked = tokio::task::spawn_blocking(move || ask(&agent, &url, key.as_deref(), &body));
                read(&asked.await.internal("the judge was not asked")??)
            }
        }
    }
}

fn preference(difference: f64, tie: f64) -> Preference {
    match difference {
        difference if difference > tie => Preference::First,
        difference if difference < -tie => Preference::Second,
        _ => Preference::Tie,
    }
}

/// F1 against the best reference, and the mean share of each sentence's words that the evidence holds.
fn rules(answer: &SavedAnswer) -> f64 {
    let evidence = answer.evidence.join("\n");
    let sentences = footnote_generator::sentences(&answer.answer);
    let held: f64 = sentences.iter().map(|sentence| f64::from(words_held(sentence, &evidence))).sum();
    TextScores::best(&answer.answer, &answer.references).token_f1 + held / sentences.len().max(1) as f64
}

/// What a judge is asked, in the language of the question.
fn prompt(first: &SavedAnswer, second: &SavedAnswer, english: &str, chinese: &str) -> String {
    let known = |texts: &[String]| cut(&texts.join("\n")).to_owned();
    let references = known(&first.references);
    let (a, b) = (cut(&first.answer), cut(&second.answer));
    let question = &first.question;
    match Language::of(question) {
        Language::English => format!(
            "Question: {question}\nReference answer: {references}\n\nAnswer A: {a}\n\nAnswer B: {b}\n\n\
             Which answer is more correct and complete? Length does not count. {english}"
        ),
        Language::Chinese => format!(
            "问题：{question}\n参考答案：{references}\n\n回答A：{a}\n\n回答B：{b}\n\n\
             哪个回答更正确、更完整？长短不计。{chinese}"
        ),
    }
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(SHOWN).map_or(text, |(end, _)| &text[..end])
}

/// The judge's word.
fn ask(agent: &ureq::Agent, url: &str, key: Option<&str>, body: &Value) -> Result<String> {
    let mut request = agent.post(url).header("Content-Type", "application/json");
    if let Some(key) = key {
        request = request.header("Authorization", format!("Bearer {key}"));
    }
    let mut response = request
        .send(body.to_string())
        .context(ErrorKind::Unavailable, || format!("cannot ask the judge at {url}"))?;
    let text = response
        .body_mut()
        .read_to_string()
        .context(ErrorKind::Unavailable, || format!("cannot read the answer of {url}"))?;
    let value: Value = serde_json::from_str(&text)
        .context(ErrorKind::Unavailable, || format!("{url} did not answer with JSON"))?;
    let content = value.pointer("/choices/0/message/content").and_then(Value::as_str);
    content.map(str::to_owned).ok_or_else(|| Error::unavailable(format!("{url} answered without a message")))
}

/// The first letter by itself that is a choice.
fn read(text: &str) -> Result<Preference> {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let choice = words.find_map(|word| match word {
        "A" => Some(Preference::First),
        "B" => Some(Preference::Second),
        "C" => Some(Preference::Tie),
        _ => None,
    });
    choice.ok_or_else(|| Error::unavailable(format!("the judge said neither A, B nor C: {:?}", cut(text))))
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
        let measured = judge_all(&Judge::Rules, &systems).await.unwrap();
        assert_eq!((measured.questions, measured.judgements), (2, 2));
        let rate = measured.win_rates["good against bad"];
        assert_eq!((rate.wins, rate.ties, rate.losses, rate.consistency), (1, 1, 0, 1.0));
        assert!(measured.ranking["good"].strength > measured.ranking["bad"].strength);
        let apart = [("a".to_owned(), vec![answer("1", "x")]), ("b".to_owned(), vec![answer("2", "x")])];
        assert!(judge_all(&Judge::Rules, &apart).await.is_err());
    }

    #[test]
    fn a_judges_word_is_read() {
        assert_eq!(read("A").unwrap(), Preference::First);
        assert_eq!(read("**B**, because").unwrap(), Preference::Second);
        assert_eq!(read("答案：C").unwrap(), Preference::Tie);
        assert!(read("Both").is_err());
    }
}
