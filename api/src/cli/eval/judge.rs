//! Who judges answers: rules, the installed language model, or a service elsewhere.
//!
//! A model takes seconds or money for each pair, so its word is kept under what it was shown.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use footnote_core::answer::{ChatMessage, MessageRole};
use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::ports::{GenerationEvent, GenerationRequest, Generator};
use footnote_core::settings::SamplingSettings;
use footnote_core::{Error, ErrorKind, Result};
use footnote_generator::verify::words_held;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::args::{EvalPairwiseArgs, JudgeArg, JudgeArgs};
use super::super::session::Session;
use super::language::Language;
use super::pairwise::Preference;
use super::results::{RESULTS, Results};
use super::text_metrics::TextScores;
use super::versus::SavedAnswer;
use crate::config::{Config, Environment};

/// Difference of the rules' scores, 0 to 2, below which answers are equally good.
const RULES_TIE: f64 = 0.05;
/// Log-odds below which the local model has no preference.
const LOCAL_TIE: f32 = 0.1;
/// Longest answer and evidence shown to a judge, in scalar values.
const SHOWN: usize = 1_500;
/// Longest time that a remote judge may take.
const JUDGED_WITHIN: Duration = Duration::from_secs(120);
/// Kind of the results that hold judgements.
const JUDGEMENTS: &str = "judgements";

/// Who compares two answers.
pub(crate) enum Judge {
    /// F1 against the references and words held by the evidence.
    Rules,
    /// A model, whose judgements are kept.
    Model(Box<ModelJudge<Preference>>),
}

/// A model that judges, with what it said before.
pub(crate) struct ModelJudge<T> {
    model: Model,
    kept: Results<T>,
    /// Whether what it said before does not count.
    fresh: bool,
}

enum Model {
    Local { generator: Arc<dyn Generator>, session: Session },
    OpenAi { agent: ureq::Agent, url: String, name: String, key: Option<String> },
}

impl Judge {
    /// The judge that is asked for.
    pub(crate) async fn open(config: Config, args: &EvalPairwiseArgs) -> Result<Self> {
        let judge = ModelJudge::open(config, &args.judge, JUDGEMENTS, args.questions.fresh).await?;
        Ok(judge.map_or(Self::Rules, |judge| Self::Model(Box::new(judge))))
    }

    /// What it is called.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Rules => "rules".to_owned(),
            Self::Model(judge) => judge.name(),
        }
    }

    /// Which answer is better, in this order.
    pub(crate) async fn prefer(&mut self, first: &SavedAnswer, second: &SavedAnswer) -> Result<Preference> {
        match self {
            Self::Rules => Ok(preference(rules(first) - rules(second), RULES_TIE)),
            Self::Model(judge) => judge.prefer(first, second).await,
        }
    }

    /// Ends it in good order.
    pub(crate) async fn close(self) {
        if let Self::Model(judge) = self {
            judge.close().await;
        }
    }
}

impl<T: Serialize + DeserializeOwned> ModelJudge<T> {
    /// The model that is asked for, with what it said before of this kind; `None` for the rules.
    pub(crate) async fn open(
        mut config: Config,
        args: &JudgeArgs,
        kind: &str,
        fresh: bool,
    ) -> Result<Option<Self>> {
        config.data.folder = config.data.folder.join("eval").join("judge");
        let (model, kept) = match args.judge {
            JudgeArg::Rules => return Ok(None),
            JudgeArg::Local => local(config, kind).await?,
            JudgeArg::Openai => openai(&config.data.folder.join(RESULTS), args, kind)?,
        };
        Ok(Some(Self { model, kept, fresh }))
    }

    /// What it is called.
    pub(crate) fn name(&self) -> String {
        match &self.model {
            Model::Local { generator, .. } => generator.model().to_owned(),
            Model::OpenAi { name, .. } => name.clone(),
        }
    }

    /// What it said when it was shown this.
    pub(crate) fn known(&self, content: &str) -> Option<&T> {
        self.kept.get(&key(content)).filter(|_| !self.fresh)
    }

    /// Keeps what it said when it was shown this.
    pub(crate) fn keep(&mut self, content: &str, said: T) -> Result<()> {
        self.kept.add(&key(content), said)
    }

    /// Its answer in its own words.
    pub(crate) async fn ask(&self, content: String, max_tokens: usize) -> Result<String> {
        self.model.ask(content, max_tokens).await
    }

    /// Ends it in good order.
    pub(crate) async fn close(self) {
        if let Model::Local { session, .. } = self.model {
            session.close().await;
        }
    }
}

fn key(content: &str) -> String {
    ContentHash::of(content.as_bytes()).to_string()
}

impl ModelJudge<Preference> {
    async fn prefer(&mut self, first: &SavedAnswer, second: &SavedAnswer) -> Result<Preference> {
        let content = match self.model {
            Model::Local { .. } => prompt(first, second, "Answer only A or B.", "只回答“A”或“B”。"),
            Model::OpenAi { .. } => prompt(
                first,
                second,
                "Answer only A or B, or C where they are equally good.",
                "只回答“A”或“B”；同样好则回答“C”。",
            ),
        };
        if let Some(known) = self.known(&content) {
            return Ok(*known);
        }
        let preference = self.model.prefer(content.clone()).await?;
        self.keep(&content, preference)?;
        Ok(preference)
    }
}

impl Model {
    async fn prefer(&self, content: String) -> Result<Preference> {
        match self {
            Self::Local { generator, .. } => {
                let message = ChatMessage { role: MessageRole::User, content };
                let odds = generator.log_odds(&[message], "A", "B").await?;
                Ok(preference(f64::from(odds), f64::from(LOCAL_TIE)))
            }
            Self::OpenAi { .. } => read(&self.ask(content, 8).await?),
        }
    }

    /// Its likeliest answer.
    async fn ask(&self, content: String, max_tokens: usize) -> Result<String> {
        match self {
            Self::Local { generator, .. } => {
                let messages = vec![ChatMessage { role: MessageRole::User, content }];
                let sampling =
                    SamplingSettings { temperature: 0.0, max_tokens, ..SamplingSettings::default() };
                let mut events = generator.generate(GenerationRequest { messages, sampling }).await?;
                let mut said = String::new();
                while let Some(event) = events.recv().await {
                    match event {
                        GenerationEvent::Text(text) => said.push_str(&text),
                        GenerationEvent::Done { .. } => return Ok(said),
                        GenerationEvent::Failed(failure) => return Err(failure.into_error()),
                    }
                }
                Err(Error::internal("the judge ended without finishing"))
            }
            Self::OpenAi { agent, url, name, key } => {
                let body = json!({
                    "model": name,
                    "messages": [{ "role": "user", "content": content }],
                    "temperature": 0,
                    "max_tokens": max_tokens,
                });
                let (agent, url, key) = (agent.clone(), url.clone(), key.clone());
                let asked = tokio::task::spawn_blocking(move || ask(&agent, &url, key.as_deref(), &body));
                asked.await.internal("the judge was not asked")?
            }
        }
    }
}

/// The installed language model, with its judgements in its data folder.
async fn local<T: Serialize + DeserializeOwned>(config: Config, kind: &str) -> Result<(Model, Results<T>)> {
    let session = Session::open(config).await?;
    let generator = session.app.generator.clone();
    let generator =
        generator.ok_or_else(|| Error::not_installed("the local judge needs a language model"))?;
    let kept = Results::open(&session.app, kind, &())?;
    Ok((Model::Local { generator, session }, kept))
}

/// A judge at `--judge-url`, with its judgements in a folder.
fn openai<T: Serialize + DeserializeOwned>(
    folder: &Path,
    args: &JudgeArgs,
    kind: &str,
) -> Result<(Model, Results<T>)> {
    let missing = |flag: &str| Error::invalid(format!("the judge openai needs {flag}"));
    let url = args.judge_url.as_ref().ok_or_else(|| missing("--judge-url"))?;
    let url = format!("{}/chat/completions", url.trim_end_matches('/'));
    let name = args.judge_model.clone().ok_or_else(|| missing("--judge-model"))?;
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
    let kept = Results::open_in(folder, kind, &(&url, &name))?;
    Ok((Model::OpenAi { agent, url, name, key }, kept))
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

/// The start of a text, as far as judges and cases show it.
pub(crate) fn cut(text: &str) -> &str {
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A judge that says A as often as is given, then is gone; its address.
    fn service(answers: usize) -> (String, thread::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/chat/completions", listener.local_addr().unwrap());
        let serve = move || {
            for _ in 0..answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                let mut piece = [0; 4096];
                // The body ends the request, and with it JSON's last brace.
                while !request.ends_with(b"}") {
                    let read = stream.read(&mut piece).unwrap();
                    request.extend_from_slice(&piece[..read]);
                }
                let body = r#"{"choices":[{"message":{"content":"A"}}]}"#;
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
                write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
            }
        };
        (url, thread::spawn(serve))
    }

    fn judge(folder: &Path, url: &str, fresh: bool) -> Judge {
        let agent = ureq::Agent::config_builder().build().into();
        let kept = Results::open_in(folder, JUDGEMENTS, &url).unwrap();
        let model = Model::OpenAi { agent, url: url.to_owned(), name: "m".to_owned(), key: None };
        Judge::Model(Box::new(ModelJudge { model, kept, fresh }))
    }

    fn answer(text: &str) -> SavedAnswer {
        let (id, question) = ("1".to_owned(), "How long is leave?".to_owned());
        SavedAnswer { id, question, answer: text.to_owned(), references: Vec::new(), evidence: Vec::new() }
    }

    #[tokio::test]
    async fn a_model_is_asked_once_for_each_order() {
        let folder = tempfile::tempdir().unwrap();
        let (url, serving) = service(2);
        let (one, other) = (answer("15 days"), answer("a month"));
        let mut first = judge(folder.path(), &url, false);
        assert_eq!(first.prefer(&one, &other).await.unwrap(), Preference::First);
        assert_eq!(first.prefer(&other, &one).await.unwrap(), Preference::First);
        serving.join().unwrap();
        let mut again = judge(folder.path(), &url, false);
        assert_eq!(again.prefer(&one, &other).await.unwrap(), Preference::First, "nobody listens any more");
        assert!(again.prefer(&one, &answer("a year")).await.is_err(), "another answer is not known");
        assert!(judge(folder.path(), &url, true).prefer(&one, &other).await.is_err());
    }

    #[test]
    fn a_judges_word_is_read() {
        assert_eq!(read("A").unwrap(), Preference::First);
        assert_eq!(read("**B**, because").unwrap(), Preference::Second);
        assert_eq!(read("答案：C").unwrap(), Preference::Tie);
        assert!(read("Both").is_err());
    }
}
