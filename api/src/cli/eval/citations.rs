//! `footnote eval citations DIR`: does every quote stand in its source, and does the verifier know true
//! sentences from false ones?

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use footnote_core::answer::AnswerMode;
use footnote_core::error::Context;
use footnote_core::ids::VersionId;
use footnote_core::text::CanonicalText;
use footnote_core::{ErrorKind, Result};
use footnote_generator::Calibration;
use serde::Serialize;

use super::super::args::{EvalCitationsArgs, OutputFormat};
use super::super::session::Session;
use super::answers::{Answered, ask_all};
use super::corpus::IndexedCorpus;
use super::injection::{self, Injection};
use super::intervals::{Interval, wilson};
use super::language::Language;
use super::questions::QuestionSet;
use super::report::{Bar, BarGroup, BarPlot, Case, Plot, Report, Table};
use super::{calibrate, corpus, outcome};
use crate::config::Config;

/// Cases shown of what went wrong.
const WORST: usize = 40;

#[derive(Debug, Serialize)]
struct Measured {
    dataset: String,
    mode: AnswerMode,
    answers: usize,
    citations: usize,
    /// Share of the citations whose quote is its source's text at its place, byte for byte.
    quotes_hold: Option<f64>,
    quotes_hold_interval: Option<Interval>,
    #[serde(flatten)]
    injection: Injection,
    worst: Vec<Case>,
}

/// Asks what was not asked yet, then checks quotes and judges sentences.
pub(crate) async fn run(config: Config, args: EvalCitationsArgs, format: OutputFormat) -> Result<()> {
    let set = QuestionSet::load(&args.ask.dir, args.ask.questions.queries)?;
    let calibration = match &args.calibration {
        Some(path) => {
            let json = fs_err::read_to_string(path)
                .context(ErrorKind::InvalidInput, || "cannot read the calibration".to_owned())?;
            Calibration::parse(&json)?
        }
        None => Calibration::built_in()?,
    };
    let (session, indexed) = corpus::open(config, &set.name, &set.corpus, args.ask.questions.fresh).await?;
    let measured = measure(&session, &indexed, &set, &args, &calibration).await;
    session.close().await;
    let measured = measured?;
    outcome::finish(format, &args.output, &measured, |language| page(&measured, language))
}

async fn measure(
    session: &Session,
    indexed: &IndexedCorpus,
    set: &QuestionSet,
    args: &EvalCitationsArgs,
    calibration: &Calibration,
) -> Result<Measured> {
    let answered = ask_all(session, indexed, set, &args.ask).await?;
    let (citations, hold) = quotes(session, &answered).await?;
    let claims = injection::claims(session, indexed, set, &answered).await?;
    let models = calibrate::support_models(session, &args.methods);
    let methods: Vec<String> = args.methods.iter().map(|method| format!("{method:?}")).collect();
    let judged = injection::judge(session, &models, calibration, &claims, &methods).await?;
    Ok(Measured {
        dataset: set.name.clone(),
        mode: args.ask.mode.mode(),
        answers: answered.len(),
        citations,
        quotes_hold: (citations > 0).then(|| hold as f64 / citations as f64),
        quotes_hold_interval: (citations > 0).then(|| wilson(hold as f64, citations)),
        worst: injection::worst(&claims, &judged, WORST),
        injection: Injection::of(&claims, &judged),
    })
}

/// How many citations there are, and how many hold.
async fn quotes(session: &Session, answered: &[Answered]) -> Result<(usize, usize)> {
    let mut texts: HashMap<VersionId, Option<CanonicalText>> = HashMap::new();
    let (mut all, mut hold) = (0, 0);
    for citation in answered.iter().flat_map(|answered| &answered.answer.citations) {
        let text = match texts.entry(citation.version) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                unknown.insert(session.app.store.documents.canonical_text(citation.version).await?)
            }
        };
        all += 1;
        hold += usize::from(text.as_ref().is_some_and(|text| citation.holds_in(text)));
    }
    Ok((all, hold))
}

fn page(measured: &Measured, language: Language) -> Report {
    let groups = measured.injection.kinds().map(|(kind, value, interval)| BarGroup {
        label: kind.to_owned(),
        bars: vec![Bar { value, interval: Some(interval) }],
    });
    Report {
        title: language.either("Citations", "引用评测").to_owned(),
        subtitle: measured.dataset.clone(),
        plots: vec![Plot::Bars(BarPlot {
            title: language.either("False sentences caught", "识破的错误句子").to_owned(),
            x_label: language.either("Share", "占比").to_owned(),
            series: vec![language.either("caught", "识破").to_owned()],
            groups: groups.collect(),
        })],
        tables: vec![Table {
            title: language.either("False sentences by kind", "各类错误句子").to_owned(),
            columns: [("Kind", "类型"), ("Sentences", "句数"), ("Caught", "识破")]
                .map(|(english, chinese)| language.either(english, chinese).to_owned())
                .to_vec(),
            rows: measured.injection.table(),
        }],
        cases: measured.worst.clone(),
        ..Report::default()
    }
}
