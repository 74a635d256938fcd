//! `footnote eval calibrate DIR…`: what scores mean, fitted on judged data.
//!
//! Of retrieval: the threshold below which a question is refused; a running service can be asked for it. Of support: the
//! chance that evidence supports a sentence at each score of each method, as the verifier reads it from
//! `calibration.json`; that is of the models of this process.

use std::collections::BTreeMap;

use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};
use footnote_generator::verify::{Calibration, Curve, SupportMethod, SupportModels, words_held};
use serde::Serialize;

use super::super::args::{EvalCalibrateArgs, MethodArg, OutputFormat};
use super::super::session::{Session, progress_bar};
use super::calibration::{IsotonicCurve, expected_calibration_error, reliability};
use super::classification::{Scored, auroc, threshold_refusing_at_most};
use super::intervals::Interval;
use super::language::Language;
use super::local::LocalSystem;
use super::outcome;
use super::pairs::{self, Pair};
use super::questions::QuestionSet;
use super::refusal::{self, AtThreshold, Judged};
use super::report::{Case, CurvePlot, CurveSeries, Evidence, Plot, Report};
use super::results::Results;
use super::{system, terms};
use crate::config::{Config, VectorConfig};

/// Most points of a curve: more would follow the pairs' accidents.
const MOST_KNOTS: usize = 12;
/// Bins of the calibration error.
const BINS: usize = 10;
/// Nothing is certain that a few hundred pairs tell.
const LEAST_CHANCE: f64 = 0.01;
/// Cases shown of what went wrong.
const WORST: usize = 20;

impl MethodArg {
    /// All, cheapest first.
    pub(crate) const ALL: [Self; 4] = [Self::Words, Self::Embeddings, Self::Generator, Self::CrossEncoder];

    fn name(self) -> &'static str {
        self.model().map_or("words", SupportMethod::name)
    }

    /// The method that takes a model.
    fn model(self) -> Option<SupportMethod> {
        match self {
            Self::Words => None,
            Self::Embeddings => Some(SupportMethod::Embeddings),
            Self::Generator => Some(SupportMethod::Generator),
            Self::CrossEncoder => Some(SupportMethod::CrossEncoder),
        }
    }
}

/// The session's models, as far as these methods take them; all where none is named.
pub(crate) fn support_models(session: &Session, methods: &[MethodArg]) -> SupportModels {
    let wants = |method| methods.is_empty() || methods.contains(&method);
    let app = &session.app;
    SupportModels::new(
        app.reranker.clone().filter(|_| wants(MethodArg::CrossEncoder)),
        app.generator.clone().filter(|_| wants(MethodArg::Generator)),
        Some(app.embedder.clone()).filter(|_| wants(MethodArg::Embeddings)),
    )
}

#[derive(Debug, Serialize)]
struct Measured {
    datasets: Vec<String>,
    refusal: Option<Refusal>,
    support: BTreeMap<&'static str, Support>,
    calibration: Calibration,
    worst: Vec<Case>,
}

#[derive(Debug, Serialize)]
struct Refusal {
    questions: usize,
    auroc: Option<f64>,
    auroc_interval: Option<Interval>,
    default: AtThreshold,
    fitted: AtThreshold,
}

/// How well a method's score tells true pairs from false ones.
#[derive(Debug, Serialize)]
struct Support {
    pairs: usize,
    auroc: Option<f64>,
    /// Of curves fitted on one half of the pairs and read on the other.
    expected_calibration_error: f64,
    /// That of the curve in use.
    expected_calibration_error_before: f64,
    #[serde(skip)]
    reliability: Vec<(f64, f64)>,
}

/// What was measured of the data sets together.
#[derive(Default)]
struct Collected {
    judged: Vec<Judged>,
    threshold: f64,
    /// By method: the pairs with their scores.
    scores: BTreeMap<&'static str, Vec<(Pair, f64)>>,
}

impl Collected {
    fn add(&mut self, judged: Vec<Judged>) {
        if let Some(first) = judged.first() {
            self.threshold = first.threshold;
        }
        self.judged.extend(judged);
    }
}

/// Measures what is not measured yet, then fits.
pub(crate) async fn run(config: Config, args: EvalCalibrateArgs, format: OutputFormat) -> Result<()> {
    if args.service.against.is_some() && args.fits_support() {
        anstream::eprintln!("note: the curves of support are of the models here, not of the service's");
    }
    let mut collected = Collected::default();
    let sets = args.dirs.iter().map(|dir| QuestionSet::chosen(dir, &args.questions));
    let sets = sets.collect::<Result<Vec<_>>>()?;
    let mut questions = sets.iter().flat_map(|set| &set.questions);
    if args.service.against.is_some() && questions.all(|question| question.answerable) {
        return Err(Error::invalid(
            "all questions have an answer, and a running service cannot hide documents; give a set with others",
        ));
    }
    let mut names = Vec::new();
    for set in sets {
        collect(&config, &args, &set, &mut collected).await?;
        names.push(set.name);
    }
    let measured = fit(names, collected, args.rate)?;
    if let Some(path) = &args.out {
        let mut json = serde_json::to_string_pretty(&measured.calibration)
            .internal("cannot write the calibration as JSON")?;
        json.push('\n');
        fs_err::write(path, json)
            .context(ErrorKind::InvalidInput, || "cannot write the calibration".to_owned())?;
    }
    outcome::finish(format, &args.output, &measured, |language| page(&measured, language))
}

async fn collect(
    config: &Config,
    args: &EvalCalibrateArgs,
    set: &QuestionSet,
    collected: &mut Collected,
) -> Result<()> {
    if args.service.against.is_some() {
        let fresh = args.questions.fresh;
        let system = system::open(config.clone(), &set.name, &set.corpus, &args.service, fresh).await?;
        let judged = refusal::judge(system.as_ref(), set, false).await;
        system.close().await;
        collected.add(judged?);
    }
    if !args.fits_support() {
        return Ok(());
    }
    let session = if args.support_only || args.service.against.is_some() {
        let mut config = config.clone();
        config.data.folder = config.data.folder.join("eval").join(format!("{}-support", set.name));
        config.vector = VectorConfig::default();
        Session::open(config).await?
    } else {
        let system = LocalSystem::open(config.clone(), &set.name, &set.corpus, args.questions.fresh).await?;
        let remove_gold = set.questions.iter().all(|question| question.answerable);
        let judged = refusal::judge(&system, set, remove_gold).await;
        let LocalSystem { session, .. } = system;
        match judged {
            Ok(judged) => collected.add(judged),
            Err(error) => {
                session.close().await;
                return Err(error);
            }
        }
        session
    };
    let scored = score(&session, args, set, collected).await;
    session.close().await;
    scored
}

/// Scores the set's pairs by every method that is wanted and whose model is at hand.
async fn score(
    session: &Session,
    args: &EvalCalibrateArgs,
    set: &QuestionSet,
    collected: &mut Collected,
) -> Result<()> {
    let pairs = pairs::of(set, args.pairs);
    let models = support_models(session, &args.methods);
    let mut results: Results<(String, f64)> = Results::open(&session.app, "support", &())?;
    for method in MethodArg::ALL {
        if !args.methods.is_empty() && !args.methods.contains(&method) {
            continue;
        }
        let bar = progress_bar(pairs.len() as u64, method.name());
        for pair in &pairs {
            let key = format!("{} {} {}", method.name(), pair.id, pair.supported);
            let text = format!("{}\n{}", pair.claim, pair.evidence);
            let known = results.get(&key).filter(|(of, _)| *of == text).map(|(_, score)| *score);
            let score = match (known, method.model()) {
                (Some(known), _) => known,
                (None, None) => f64::from(words_held(&pair.claim, &pair.evidence)),
                (None, Some(by)) => match models.score_by(by, &pair.evidence, &pair.claim).await? {
                    Some(score) => f64::from(score),
                    // Its model is not installed.
                    None => break,
                },
            };
            if known.is_none() {
                results.add(&key, (text, score))?;
            }
            collected.scores.entry(method.name()).or_default().push((pair.clone(), score));
            bar.inc(1);
        }
        bar.finish_and_clear();
    }
    Ok(())
}

fn fit(datasets: Vec<String>, collected: Collected, rate: f64) -> Result<Measured> {
    let Collected { judged, threshold, scores } = collected;
    let refusal = (!judged.is_empty()).then(|| refusal_of(&judged, threshold, rate)).transpose()?;
    let mut calibration = Calibration::built_in()?;
    let mut support = BTreeMap::new();
    let mut worst = Vec::new();
    for (name, pairs) in scores {
        let items: Vec<Scored> =
            pairs.iter().map(|(pair, score)| Scored { score: *score, positive: pair.supported }).collect();
        let Some(curve) = curve(&items) else { continue };
        let place = match name {
            "words" => &mut calibration.words,
            "embeddings" => &mut calibration.embeddings,
            "generator" => &mut calibration.generator,
            _ => &mut calibration.cross_encoder,
        };
        let before = chances(&items, place);
        worst.extend(cases(name, &pairs, &curve));
        *place = curve;
        let held_out = held_out(&items);
        support.insert(
            name,
            Support {
                pairs: items.len(),
                auroc: auroc(&items),
                expected_calibration_error: expected_calibration_error(&held_out, BINS),
                expected_calibration_error_before: expected_calibration_error(&before, BINS),
                reliability: reliability(&held_out, BINS)
                    .iter()
                    .map(|bin| (bin.probability, bin.positives))
                    .collect(),
            },
        );
    }
    if !support.is_empty() {
        calibration.fitted_on = datasets.join(", ");
    }
    if refusal.is_none() && support.is_empty() {
        return Err(Error::invalid("the data sets have neither pairs to fit on nor questions to refuse"));
    }
    worst.sort_by(|a, b| a.score.total_cmp(&b.score));
    worst.truncate(WORST);
    // As whoever reads the file will check it.
    let json = serde_json::to_string(&calibration).internal("cannot write the calibration as JSON")?;
    Ok(Measured { datasets, refusal, support, calibration: Calibration::parse(&json)?, worst })
}

fn refusal_of(judged: &[Judged], threshold: f64, rate: f64) -> Result<Refusal> {
    let items = refusal::scored(judged);
    let fitted = threshold_refusing_at_most(rate, &items)
        .ok_or_else(|| Error::invalid("the data sets have no answerable question"))?;
    Ok(Refusal {
        questions: items.len(),
        auroc: auroc(&items),
        auroc_interval: refusal::auroc_interval(judged),
        default: AtThreshold::of(threshold, &items),
        fitted: AtThreshold::of(fitted, &items),
    })
}

/// The isotonic curve as the verifier reads it.
fn curve(items: &[Scored]) -> Option<Curve> {
    let fitted = IsotonicCurve::fit(items, MOST_KNOTS)?;
    let point =
        |&(score, chance): &(f64, f64)| (score as f32, chance.clamp(LEAST_CHANCE, 1.0 - LEAST_CHANCE) as f32);
    Some(Curve {
        points: fitted.knots().iter().map(point).collect(),
        pairs: items.len(),
        auroc: auroc(items).map(|area| area as f32),
    })
}

fn chances(items: &[Scored], curve: &Curve) -> Vec<Scored> {
    let chance = |item: &Scored| Scored { score: f64::from(curve.at(item.score as f32)), ..*item };
    items.iter().map(chance).collect()
}

/// Every item's chance by a curve that was fitted without it: on the other half. True and false pairs of a
/// claim stand together and so lie in the same half.
fn held_out(items: &[Scored]) -> Vec<Scored> {
    let half = |of: usize| -> Vec<Scored> {
        items.iter().enumerate().filter(|(at, _)| (at / 2) % 2 == of).map(|(_, item)| *item).collect()
    };
    let read = |items: Vec<Scored>, fitted_on: &[Scored]| {
        let Some(fitted) = IsotonicCurve::fit(fitted_on, MOST_KNOTS) else { return Vec::new() };
        items.iter().map(|item| Scored { score: fitted.at(item.score), ..*item }).collect()
    };
    [read(half(0), &half(1)), read(half(1), &half(0))].concat()
}

fn cases(method: &str, pairs: &[(Pair, f64)], curve: &Curve) -> Vec<Case> {
    let case = |(pair, score): &(Pair, f64)| {
        let chance = f64::from(curve.at(*score as f32));
        Case {
            id: pair.id.clone(),
            question: String::new(),
            expected: if pair.supported { "supported" } else { "unsupported" }.to_owned(),
            got: pair.claim.clone(),
            verdict: format!("{chance:.2}"),
            score: if pair.supported { chance } else { 1.0 - chance },
            evidence: vec![Evidence { title: String::new(), page: None, quote: pair.evidence.clone() }],
            note: format!("{method} {score:.3}"),
        }
    };
    pairs.iter().map(case).collect()
}

/// The case with what was expected, a word of ours, in the report's language.
fn said_in(language: Language, case: &Case) -> Case {
    Case { expected: terms::word(&case.expected, language), ..case.clone() }
}

fn page(measured: &Measured, language: Language) -> Report {
    let series = measured.support.iter().map(|(name, support)| CurveSeries {
        name: terms::word(name, language),
        points: support.reliability.clone(),
    });
    let reliability = Plot::Curve(CurvePlot {
        title: language.either("Reliability on the other half", "可靠性图（另一半数据）").to_owned(),
        x_label: language.either("Chance said", "预测概率").to_owned(),
        y_label: language.either("Share supported", "实际支持率").to_owned(),
        series: series.collect(),
        diagonal: true,
    });
    Report {
        title: language.either("Calibration", "校准").to_owned(),
        subtitle: measured.datasets.join(", "),
        plots: if measured.support.is_empty() { Vec::new() } else { vec![reliability] },
        cases: measured.worst.iter().map(|case| said_in(language, case)).collect(),
        ..Report::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pairs(count: u32) -> Vec<(Pair, f64)> {
        let pair = |at: u32| {
            let supported = at.is_multiple_of(2);
            let pair = Pair { id: at.to_string(), claim: String::new(), evidence: String::new(), supported };
            (pair, f64::from(at % 7) / 20.0 + if supported { 0.6 } else { 0.1 })
        };
        (0..count).map(pair).collect()
    }

    #[test]
    fn a_fitted_curve_is_one_that_the_verifier_takes_and_others_stay() {
        let scores = BTreeMap::from([("embeddings", pairs(80))]);
        let measured = fit(vec!["a".into(), "b".into()], Collected { scores, ..Collected::default() }, 0.1);
        let measured = measured.unwrap();
        assert!(measured.refusal.is_none());
        let Calibration { fitted_on, words, embeddings, .. } = &measured.calibration;
        assert_eq!((fitted_on.as_str(), words), ("a, b", &Calibration::built_in().unwrap().words));
        assert!(embeddings.points.len() <= MOST_KNOTS && embeddings.pairs == 80, "{embeddings:?}");
        assert!(embeddings.at(0.9) > 0.9 && embeddings.at(0.1) < 0.1);
        assert!(measured.support["embeddings"].expected_calibration_error < 0.1);
        assert!(fit(Vec::new(), Collected::default(), 0.1).is_err());
    }

    #[test]
    fn a_threshold_alone_leaves_the_curves_as_they_are() {
        let judged = |answerable: bool, score: f64| -> Judged {
            let judged = json!({
                "id": "", "question": format!("{score}"), "expected": "", "answerable": answerable, "score": score,
                "threshold": 0.3, "found": [],
            });
            serde_json::from_value(judged).unwrap()
        };
        let mut collected = Collected::default();
        collected.add(vec![judged(true, 0.9), judged(false, 0.5)]);
        let measured = fit(vec!["a".into()], collected, 0.1).unwrap();
        assert_eq!(measured.calibration, Calibration::built_in().unwrap());
        let refusal = serde_json::to_value(measured.refusal.unwrap()).unwrap();
        let thresholds = (&refusal["default"]["threshold"], &refusal["fitted"]["threshold"]);
        assert_eq!(thresholds, (&json!(0.3), &json!(0.9)));
    }
}
