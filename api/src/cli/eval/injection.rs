//! True sentences and false versions of them, judged by the verifier against the passages they come from.

use std::collections::BTreeMap;
use std::sync::Arc;

use footnote_core::Result;
use footnote_core::document::Document;
use footnote_core::passage::Passage;
use footnote_core::text::{CanonicalText, Span};
use footnote_core::verdict::{SentenceFate, Verdict};
use footnote_generator::verify::{Calibration, SupportModels, judge_sentence};
use serde::{Deserialize, Serialize};

use super::super::session::{Session, progress_bar};
use super::answers::Answered;
use super::corpus::IndexedCorpus;
use super::intervals::{Interval, wilson};
use super::language::Language;
use super::perturb::{self, Kind};
use super::questions::{Question, QuestionSet};
use super::report::{Case, Evidence};
use super::results::Results;
use super::terms;
use super::text_metrics::tokens;

const SEED: u64 = 42;
/// Fewest tokens of a sentence that is worth falsifying.
const SENTENCE_FROM: usize = 5;
/// Longest document that is one passage, in scalar values; of longer ones a stretch around the evidence is.
const WHOLE: usize = 4_000;
/// Scalar values before and behind the evidence of such a stretch.
const AROUND: usize = 600;

/// Where a true sentence comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// A person's answer.
    Answer,
    /// A sentence of a document that a person took for evidence.
    Evidence,
    /// A sentence that the service released as supported.
    Released,
}

/// A sentence to judge.
pub(crate) struct Claim {
    id: String,
    question: String,
    text: String,
    /// The true sentence that it is a false version of, and how; `None` for a true one.
    falsified: Option<(String, Kind)>,
    origin: Origin,
    passages: Arc<[Passage]>,
}

/// What the verifier said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Judged {
    text: String,
    verdict: Verdict,
    score: f32,
    method: String,
    why: String,
    evidence: Vec<String>,
}

/// The true sentences of a set and of the service's answers, each followed by its false versions.
pub(crate) async fn claims(
    session: &Session,
    indexed: &IndexedCorpus,
    set: &QuestionSet,
    answered: &[Answered],
) -> Result<Vec<Claim>> {
    let mut truths = Vec::new();
    for (question, answered) in set.questions.iter().zip(answered) {
        let mut add = |origin, text: &str, passages: &Arc<[Passage]>| {
            truths.push(Claim {
                id: question.id.clone(),
                question: question.text.clone(),
                text: text.to_owned(),
                falsified: None,
                origin,
                passages: passages.clone(),
            });
        };
        let released = answered.answer.sentences.iter().filter(|sentence| {
            sentence.fate == SentenceFate::Kept
                && sentence.verdict == Verdict::Supported
                && is_sentence(&sentence.text)
        });
        let passages: Arc<[Passage]> = answered.passages.clone().into();
        released.for_each(|sentence| add(Origin::Released, &sentence.text, &passages));
        let Some(evidence) = question.evidence.first().filter(|_| question.answerable) else { continue };
        let passages: Arc<[Passage]> = passages_of(session, indexed, question, evidence).await?.into();
        if passages.is_empty() {
            continue;
        }
        // Of what is not found as it stands, nobody can say that the passages hold it.
        let stands = |text: &&String| passages.iter().any(|passage| passage.text.contains(text.trim()));
        let evidence = evidence.iter().filter(stands).flat_map(|text| footnote_generator::sentences(text));
        evidence.filter(|text| is_sentence(text)).for_each(|text| add(Origin::Evidence, text, &passages));
        let answers = question.references.first().into_iter();
        let answers = answers.flat_map(|answer| footnote_generator::sentences(answer));
        answers
            .filter(|text| is_sentence(text) && text.ends_with(['.', '!', '。', '！']))
            .for_each(|text| add(Origin::Answer, text, &passages));
    }
    let pool: Vec<String> = truths.iter().map(|claim| claim.text.clone()).collect();
    let mut claims = Vec::new();
    for (seed, truth) in (SEED..).zip(truths) {
        let lies = perturb::falsify(&truth.text, seed, &pool);
        let lies = lies.into_iter().map(|(kind, text)| Claim {
            text,
            falsified: Some((truth.text.clone(), kind)),
            id: truth.id.clone(),
            question: truth.question.clone(),
            origin: truth.origin,
            passages: truth.passages.clone(),
        });
        let lies: Vec<Claim> = lies.collect();
        claims.push(truth);
        claims.extend(lies);
    }
    Ok(claims)
}

fn is_sentence(text: &str) -> bool {
    tokens(text, Language::of(text)).len() >= SENTENCE_FROM
}

/// The passages of the question's own documents that hold its evidence.
async fn passages_of(
    session: &Session,
    indexed: &IndexedCorpus,
    question: &Question,
    evidence: &[String],
) -> Result<Vec<Passage>> {
    let mut passages = Vec::new();
    for document in question.documents.iter().filter_map(|id| indexed.documents.get(id)) {
        let Some(version) = document.current else { continue };
        let Some(text) = session.app.store.documents.canonical_text(version).await? else { continue };
        for span in spans(&text, evidence) {
            passages.extend(passage(document, &text, span, passages.len()));
        }
    }
    Ok(passages)
}

/// The whole of a short text, and of a longer one what is around each sentence of the evidence.
fn spans(text: &CanonicalText, evidence: &[String]) -> Vec<Span> {
    if text.char_len() <= WHOLE {
        return vec![Span::new(0, text.char_len())];
    }
    let mut spans: Vec<Span> = Vec::new();
    for sentence in evidence {
        let Some(byte) = text.as_str().find(sentence.trim()) else { continue };
        let at = text.as_str().get(..byte).map_or(0, |before| before.chars().count());
        let end = (at + sentence.chars().count() + AROUND).min(text.char_len());
        let span = Span::new(at.saturating_sub(AROUND), end);
        if !spans.iter().any(|other| other.overlaps(span)) {
            spans.push(span);
        }
    }
    spans
}

fn passage(document: &Document, text: &CanonicalText, span: Span, before: usize) -> Option<Passage> {
    Some(Passage {
        number: u32::try_from(before + 1).ok()?,
        version: document.current?,
        version_hash: footnote_core::hash::ContentHash::of(text.as_str().as_bytes()),
        document: document.id,
        title: document.title.clone(),
        document_key: document.key.clone(),
        dated: None,
        span,
        heading_path: Vec::new(),
        sections: Vec::new(),
        text: text.slice(span)?.to_owned(),
        pages: Vec::new(),
        score: 1.0,
        ocr_lines: Vec::new(),
        chunks: Vec::new(),
        table_header: None,
    })
}

/// The verdict on every claim. `made_with` is what verdicts depend on besides models and build.
pub(crate) async fn judge(
    session: &Session,
    models: &SupportModels,
    calibration: &Calibration,
    claims: &[Claim],
    made_with: &impl Serialize,
) -> Result<Vec<Judged>> {
    let supported_from = footnote_core::settings::AnswerSettings::default().supported_from;
    let settings = (made_with, calibration, supported_from);
    let mut results: Results<Judged> = Results::open(&session.app, "verdicts", &settings)?;
    let bar = progress_bar(claims.len() as u64, "judging");
    let mut judged = Vec::with_capacity(claims.len());
    for claim in claims {
        let key = format!("{:?} {} {}", claim.origin, claim.id, claim.text);
        let verdict = match results.get(&key) {
            Some(known) => known.clone(),
            None => {
                let told = judge_sentence(
                    models,
                    calibration,
                    &claim.passages,
                    &claim.question,
                    &claim.text,
                    supported_from,
                )
                .await?;
                let new = Judged {
                    text: claim.text.clone(),
                    verdict: told.verdict,
                    score: told.score,
                    method: told.method.to_owned(),
                    why: told.why,
                    evidence: told.evidence,
                };
                results.add(&key, new.clone())?;
                new
            }
        };
        judged.push(verdict);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(judged)
}

/// A share of some sentences with its 95% interval.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Share {
    sentences: usize,
    share: f64,
    share_interval: Interval,
}

impl Share {
    fn of(verdicts: impl Iterator<Item = bool>) -> Self {
        let (mut count, mut sentences) = (0.0, 0);
        for is_so in verdicts {
            count += f64::from(u8::from(is_so));
            sentences += 1;
        }
        let share = if sentences == 0 { 0.0 } else { count / sentences as f64 };
        Self { sentences, share, share_interval: wilson(count, sentences) }
    }
}

/// How the verifier did on true and false sentences.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Both {
    /// True sentences that stay in an answer as they are.
    true_kept: Share,
    /// Those and the ones that the source's own words take the place of.
    true_told: Share,
    /// False sentences that do not stay as they are: dropped, replaced or flagged.
    false_caught: Share,
    /// Those of them that nothing takes the place of.
    false_dropped: Share,
}

/// Chances from which a sentence might count as supported.
const THRESHOLDS: [f64; 8] = [0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98];

/// How it would have done with another `answer.supported_from`.
#[derive(Debug, Serialize)]
struct AtThreshold {
    supported_from: f64,
    true_kept: f64,
    false_caught: f64,
}

/// How it did on all and on each sort.
#[derive(Debug, Serialize)]
pub(crate) struct Injection {
    #[serde(flatten)]
    all: Both,
    by_threshold: Vec<AtThreshold>,
    /// Share caught of each kind of false sentence.
    by_kind: BTreeMap<String, Share>,
    by_language: BTreeMap<String, Both>,
    by_origin: BTreeMap<String, Both>,
}

impl Injection {
    /// The verdicts, in the order of the claims.
    pub(crate) fn of(claims: &[Claim], judged: &[Judged]) -> Self {
        let both: Vec<(&Claim, &Judged)> = claims.iter().zip(judged).collect();
        let mut kinds: BTreeMap<String, Vec<bool>> = BTreeMap::new();
        let mut languages: BTreeMap<String, Vec<(&Claim, &Judged)>> = BTreeMap::new();
        let mut origins = languages.clone();
        for (claim, judged) in &both {
            if let Some((_, kind)) = claim.falsified {
                kinds.entry(name(&kind)).or_default().push(!stays(judged.verdict));
            }
            languages.entry(name(&Language::of(&claim.text))).or_default().push((claim, judged));
            origins.entry(name(&claim.origin)).or_default().push((claim, judged));
        }
        let shares = |groups: BTreeMap<String, Vec<(&Claim, &Judged)>>| {
            groups.into_iter().map(|(name, group)| (name, Both::of(&group))).collect()
        };
        Self {
            all: Both::of(&both),
            by_threshold: THRESHOLDS.iter().map(|&from| AtThreshold::of(from, &both)).collect(),
            by_kind: kinds.into_iter().map(|(kind, caught)| (kind, Share::of(caught.into_iter()))).collect(),
            by_language: shares(languages),
            by_origin: shares(origins),
        }
    }

    /// Kind, number and share caught of the false sentences.
    pub(crate) fn table(&self, language: Language) -> Vec<Vec<String>> {
        let row = |(kind, share): (&String, &Share)| {
            vec![terms::word(kind, language), share.sentences.to_string(), format!("{:.3}", share.share)]
        };
        self.by_kind.iter().map(row).collect()
    }

    /// What other thresholds would have kept and caught.
    pub(crate) fn thresholds(&self) -> Vec<Vec<String>> {
        let row = |at: &AtThreshold| {
            vec![
                format!("{}", at.supported_from),
                format!("{:.3}", at.true_kept),
                format!("{:.3}", at.false_caught),
            ]
        };
        self.by_threshold.iter().map(row).collect()
    }

    /// Share caught of each kind of false sentence, with its interval.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (&str, f64, Interval)> {
        self.by_kind.iter().map(|(kind, share)| (kind.as_str(), share.share, share.share_interval))
    }
}

impl AtThreshold {
    fn of(supported_from: f64, judged: &[(&Claim, &Judged)]) -> Self {
        let stays = |judged: &Judged| {
            judged.verdict == Verdict::NotNeeded || f64::from(judged.score) >= supported_from
        };
        let share = |of_false: bool, stays_is: bool| {
            let of_class = judged.iter().filter(|(claim, _)| claim.falsified.is_some() == of_false);
            Share::of(of_class.map(|(_, judged)| stays(judged) == stays_is)).share
        };
        Self { supported_from, true_kept: share(false, true), false_caught: share(true, false) }
    }
}

impl Both {
    fn of(judged: &[(&Claim, &Judged)]) -> Self {
        let share = |of_false: bool, is_so: fn(Verdict) -> bool| {
            let of_class = judged.iter().filter(|(claim, _)| claim.falsified.is_some() == of_false);
            Share::of(of_class.map(|(_, judged)| is_so(judged.verdict)))
        };
        Self {
            true_kept: share(false, stays),
            true_told: share(false, |verdict| verdict != Verdict::Unsupported),
            false_caught: share(true, |verdict| !stays(verdict)),
            false_dropped: share(true, |verdict| verdict == Verdict::Unsupported),
        }
    }
}

/// Whether a sentence of this verdict stays in an answer as it is.
fn stays(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Supported | Verdict::NotNeeded)
}

/// As JSON has it.
fn name<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// False sentences that were believed and true ones that were not, the surest errors first.
pub(crate) fn worst(claims: &[Claim], judged: &[Judged], most: usize) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (claim, judged) in claims.iter().zip(judged) {
        if claim.falsified.is_some() != stays(judged.verdict) {
            continue;
        }
        let (expected, kind) = match &claim.falsified {
            Some((truth, kind)) => (truth.clone(), name(kind)),
            None => (claim.text.clone(), "true".to_owned()),
        };
        let score = f64::from(judged.score);
        let evidence = judged.evidence.iter();
        cases.push(Case {
            id: claim.id.clone(),
            question: claim.question.clone(),
            expected,
            got: claim.text.clone(),
            verdict: name(&judged.verdict),
            score: if claim.falsified.is_some() { 1.0 - score } else { score },
            evidence: evidence
                .map(|quote| Evidence { title: String::new(), page: None, quote: quote.clone() })
                .collect(),
            note: format!("{kind}; {}: {}", judged.method, judged.why),
        });
    }
    cases.sort_by(|a, b| a.score.total_cmp(&b.score));
    cases.truncate(most);
    cases
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(text: &str, falsified: Option<Kind>) -> Claim {
        Claim {
            id: "1".to_owned(),
            question: "?".to_owned(),
            text: text.to_owned(),
            falsified: falsified.map(|kind| ("the truth".to_owned(), kind)),
            origin: Origin::Evidence,
            passages: Arc::new([]),
        }
    }

    fn judged(verdict: Verdict, score: f32) -> Judged {
        let (method, why) = ("words".to_owned(), String::new());
        Judged { text: String::new(), verdict, score, method, why, evidence: Vec::new() }
    }

    #[test]
    fn true_and_false_sentences_are_counted_by_what_became_of_them() {
        let claims = [
            claim("a true one", None),
            claim("年假有十五天", None),
            claim("a false one", Some(Kind::Number)),
            claim("another false one", Some(Kind::Name)),
        ];
        let verdicts = [
            judged(Verdict::Supported, 0.9),
            judged(Verdict::Unsupported, 0.1),
            judged(Verdict::Partly, 0.4),
            judged(Verdict::Supported, 0.6),
        ];
        let value = serde_json::to_value(Injection::of(&claims, &verdicts)).unwrap();
        for (path, share) in [
            ("/true_kept/share", 0.5),
            ("/true_told/share", 0.5),
            ("/false_caught/share", 0.5),
            ("/false_dropped/share", 0.0),
            ("/by_threshold/0/true_kept", 0.5),
            ("/by_threshold/2/false_caught", 1.0),
            ("/by_kind/number/share", 1.0),
            ("/by_kind/name/share", 0.0),
            ("/by_language/english/true_kept/share", 1.0),
            ("/by_language/chinese/true_kept/share", 0.0),
            ("/by_origin/evidence/true_kept/sentences", 2.0),
        ] {
            assert_eq!(value.pointer(path).and_then(serde_json::Value::as_f64), Some(share), "{path}");
        }
        let worst = worst(&claims, &verdicts, 9);
        let got: Vec<&str> = worst.iter().map(|case| case.got.as_str()).collect();
        assert_eq!(got, ["年假有十五天", "another false one"]);
    }

    #[test]
    fn of_a_long_text_the_stretch_around_the_evidence_is_taken() {
        let text = CanonicalText::new(format!("{}The proof.{}", "长".repeat(3_000), "x".repeat(3_000)));
        assert_eq!(spans(&text, &["The proof.".to_owned(), "gone".to_owned()]), [Span::new(2_400, 3_610)]);
        let short = CanonicalText::new("short");
        assert_eq!(spans(&short, &[]), [Span::new(0, 5)]);
    }
}
