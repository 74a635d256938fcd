//! `footnote eval citations DIR`: does every quote stand in its source, and does the verifier know true
//! sentences from false ones?

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use footnote_core::Result;
use footnote_core::answer::AnswerMode;
use footnote_core::ids::VersionId;
use footnote_core::text::CanonicalText;
use footnote_generator::Calibration;
use serde::Serialize;

use super::super::args::{EvalCitationsArgs, OutputFormat};
use super::answers::{Answered, ask_all};
use super::injection::{self, Injection};
use super::intervals::{Interval, wilson};
use super::language::Language;
use super::local::LocalSystem;
use super::questions::QuestionSet;
use super::report::{Bar, BarGroup, BarPlot, Case, Plot, Report, Table};
use super::system::{self, System};
use super::terms;
use super::{calibrate, outcome};
use crate::app::calibration;
use crate::config::Config;

/// Cases shown of what went wrong.
const WORST: usize = 40;

#[derive(Debug, Serialize)]
struct Measured {
    dataset: String,
    mode: AnswerMode,
    #[serde(flatten)]
    quotes: Quotes,
    /// Of the verifier of this process; none where a running service is asked.
    #[serde(flatten)]
    injection: Option<Injection>,
    worst: Vec<Case>,
}

/// Whether what answers quote stands in its sources.
#[derive(Debug, Serialize)]
struct Quotes {
    answers: usize,
    citations: usize,
    /// Share of the citations whose quote is its source's text at its place, byte for byte.
    quotes_hold: Option<f64>,
    quotes_hold_interval: Option<Interval>,
}

/// Asks what was not asked yet, then checks quotes and, where the verifier is at hand, judges sentences.
pub(crate) async fn run(config: Config, args: EvalCitationsArgs, format: OutputFormat) -> Result<()> {
    let set = QuestionSet::chosen(&args.ask.dir, &args.ask.questions)?;
    let measured = match args.service.against {
        Some(_) => measure_service(config, &set, &args).await?,
        None => measure_here(config, &set, &args).await?,
    };
    outcome::finish(format, &args.output, &measured, |language| page(&measured, language))
}

async fn measure_service(config: Config, set: &QuestionSet, args: &EvalCitationsArgs) -> Result<Measured> {
    let fresh = args.ask.questions.fresh;
    let system = system::open(config, &set.name, &set.corpus, &args.service, fresh).await?;
    let answered = ask_all(system.as_ref(), set, &args.ask).await?;
    let quotes = Quotes::of(system.as_ref(), &answered).await?;
    system.close().await;
    let (dataset, mode) = (set.name.clone(), args.ask.mode.mode());
    Ok(Measured { dataset, mode, quotes, injection: None, worst: Vec::new() })
}

async fn measure_here(config: Config, set: &QuestionSet, args: &EvalCitationsArgs) -> Result<Measured> {
    let calibration = calibration(args.calibration.as_deref().or(config.models.calibration.as_deref()))?;
    let system = LocalSystem::open(config, &set.name, &set.corpus, args.ask.questions.fresh).await?;
    let measured = measure(&system, set, args, &calibration).await;
    system.session.close().await;
    measured
}

async fn measure(
    system: &LocalSystem,
    set: &QuestionSet,
    args: &EvalCitationsArgs,
    calibration: &Calibration,
) -> Result<Measured> {
    let answered = ask_all(system, set, &args.ask).await?;
    let quotes = Quotes::of(system, &answered).await?;
    let LocalSystem { session, indexed } = system;
    let claims = injection::claims(session, indexed, set, &answered).await?;
    let models = calibrate::support_models(session, &args.methods);
    let methods: Vec<String> = args.methods.iter().map(|method| format!("{method:?}")).collect();
    let judged = injection::judge(session, &models, calibration, &claims, &methods).await?;
    Ok(Measured {
        dataset: set.name.clone(),
        mode: args.ask.mode.mode(),
        quotes,
        worst: injection::worst(&claims, &judged, WORST),
        injection: Some(Injection::of(&claims, &judged)),
    })
}

impl Quotes {
    async fn of(system: &dyn System, answered: &[Answered]) -> Result<Self> {
        let mut texts: HashMap<VersionId, Option<CanonicalText>> = HashMap::new();
        let (mut citations, mut hold) = (0, 0);
        for citation in answered.iter().flat_map(|answered| &answered.answer.citations) {
            let text = match texts.entry(citation.version) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(system.cited_text(citation).await?),
            };
            citations += 1;
            hold += usize::from(text.as_ref().is_some_and(|text| citation.holds_in(text)));
        }
        Ok(Self {
            answers: answered.len(),
            citations,
            quotes_hold: (citations > 0).then(|| hold as f64 / citations as f64),
            quotes_hold_interval: (citations > 0).then(|| wilson(hold as f64, citations)),
        })
    }
}

fn page(measured: &Measured, language: Language) -> Report {
    let injection = measured.injection.iter();
    let plot = |injection: &Injection| {
        let groups = injection.kinds().map(|(kind, value, interval)| BarGroup {
            label: terms::word(kind, language),
            bars: vec![Bar { value, interval: Some(interval) }],
        });
        Plot::Bars(BarPlot {
            title: language.either("False sentences caught", "识破的错误句子").to_owned(),
            x_label: language.either("Share", "占比").to_owned(),
            series: vec![language.either("caught", "识破").to_owned()],
            groups: groups.collect(),
        })
    };
    let table = |injection: &Injection| Table {
        title: language.either("False sentences by kind", "各类错误句子").to_owned(),
        columns: [("Kind", "类型"), ("Sentences", "句数"), ("Caught", "识破")]
            .map(|(english, chinese)| language.either(english, chinese).to_owned())
            .to_vec(),
        rows: injection.table(language),
    };
    let thresholds = |injection: &Injection| Table {
        title: language.either("By threshold", "按阈值").to_owned(),
        columns: [
            ("answer.supported_from", "answer.supported_from"),
            ("True kept", "保留的正确句子"),
            ("False caught", "识破"),
        ]
        .map(|(english, chinese)| language.either(english, chinese).to_owned())
        .to_vec(),
        rows: injection.thresholds(),
    };
    Report {
        title: language.either("Citations", "引用评测").to_owned(),
        subtitle: measured.dataset.clone(),
        plots: injection.clone().map(plot).collect(),
        tables: injection.flat_map(|injection| [table(injection), thresholds(injection)]).collect(),
        cases: measured.worst.clone(),
        ..Report::default()
    }
}
