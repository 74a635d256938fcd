//! Whether the documents can answer, told from retrieval alone: before a word is generated.
//!
//! Asking a small model to say "I don't know" makes it refuse answerable questions; leaving it
//! alone makes it invent. So a small logistic formula over features of the retrieval decides:
//!
//! `score = 1 / (1 + exp(-(intercept + top_cosine·c + contrast·g + coverage·v + code·k)))`
//!
//! `code` is 1 where the question names a code (`ERR_0x34`, `LQ-200`) and the passages hold every code
//! it names: such questions share hardly another word with their answers.
//!
//! A value that tells nothing is replaced by a typical one: the contrast of a handful of
//! candidates; the cosine where no vectors were searched; cosine and coverage where question and
//! passages are in different languages (all cosines are then lower, and no words are shared).

use footnote_core::passage::{Candidate, Evidence};

/// Candidates from which their contrast is taken at its full value.
const ENOUGH_TO_COMPARE: usize = 17;

/// What the formula looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvidenceFeatures {
    /// The nearest candidate's cosine similarity; `None` where no vectors were searched.
    pub top_cosine: Option<f32>,
    /// How far the nearest candidate stands out: its cosine less the mean over the candidates.
    pub contrast: f32,
    /// Candidates that the contrast was taken over.
    pub compared: usize,
    /// Share of the question's weight in words that the passages contain, 0 to 1.
    pub coverage: f32,
    /// Whether any passage is in the question's language.
    pub same_language: bool,
    /// Whether the question names codes and the passages hold all of them.
    pub codes_found: bool,
}

/// Whether `question` names at least one code and `text` holds every one that it names. A code is a
/// run of letters, digits and `_ - / .` with both letters and digits, of four characters or more.
pub fn codes_found(question: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    let in_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
    let mut codes = question
        .split(|c: char| !in_code(c))
        .map(|run| run.trim_matches(['.', '-', '/']))
        .filter(|run| {
            run.len() >= 4
                && run.chars().any(|c| c.is_ascii_digit())
                && run.chars().any(|c| c.is_ascii_alphabetic())
        })
        .peekable();
    codes.peek().is_some() && codes.all(|code| text.contains(&code.to_lowercase()))
}

impl EvidenceFeatures {
    /// Features of the candidates, with the coverage that the keyword index measured.
    pub fn of(candidates: &[Candidate], coverage: f32, same_language: bool, codes_found: bool) -> Self {
        let cosines: Vec<f32> = candidates.iter().filter_map(|c| c.trace.dense.map(|s| s.score)).collect();
        let top_cosine = cosines.iter().copied().reduce(f32::max);
        let mean = cosines.iter().sum::<f32>() / cosines.len().max(1) as f32;
        let contrast = top_cosine.map_or(0.0, |top| top - mean);
        Self { top_cosine, contrast, compared: cosines.len(), coverage, same_language, codes_found }
    }
}

/// The formula's coefficients. The defaults were chosen for multilingual-e5-small, whose cosines
/// lie between .70 and .95 whatever the texts, on clapnq-dev, xquad-en and xquad-zh, each asked of
/// its own corpus and of the others, with a coverage measured by plain English stems and Chinese
/// bigrams rather than by the keyword index. No set was kept aside. Refused at the threshold .35:
///
/// | | share |
/// |---|---|
/// | answerable: clapnq-dev, xquad-en, xquad-zh | 2%, 6%, 11% |
/// | answerable in the other language: Chinese asked of English, English of Chinese | 15%, 7% |
/// | near but unanswerable (clapnq-dev; AUROC .87 against its answerable ones) | 27% |
/// | about something else, same language | 85 to 94% |
/// | about something else, other language | 31 to 47% |
///
/// Another embedder wants its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvidenceModel {
    /// Added always.
    pub intercept: f32,
    /// Per unit of cosine.
    pub top_cosine: f32,
    /// Per unit of contrast.
    pub contrast: f32,
    /// Per unit of coverage.
    pub coverage: f32,
    /// Where the codes that the question names are found. Set by hand: the sets name few codes.
    pub codes_found: f32,
    /// Stands for a cosine that is missing or tells nothing.
    pub typical_cosine: f32,
    /// Stands for a contrast that is missing, and partly for one of few candidates.
    pub typical_contrast: f32,
    /// Stands for a coverage that tells nothing.
    pub typical_coverage: f32,
}

impl Default for EvidenceModel {
    fn default() -> Self {
        Self {
            intercept: -17.16,
            top_cosine: 16.0,
            contrast: 50.0,
            coverage: 2.0,
            codes_found: 2.5,
            typical_cosine: 0.88,
            typical_contrast: 0.05,
            typical_coverage: 0.7,
        }
    }
}

impl EvidenceModel {
    /// Whether what was found suffices. Nothing found never does.
    pub fn judge(&self, features: Option<EvidenceFeatures>, threshold: f32) -> Evidence {
        let score = features.map_or(0.0, |features| self.score(features));
        Evidence { score, threshold, sufficient: features.is_some() && score >= threshold }
    }

    /// The formula, 0 to 1.
    pub fn score(&self, features: EvidenceFeatures) -> f32 {
        let (cosine, coverage) = if features.same_language {
            (features.top_cosine.unwrap_or(self.typical_cosine), features.coverage)
        } else {
            (self.typical_cosine, self.typical_coverage)
        };
        let trust = (features.compared.saturating_sub(1) as f32 / (ENOUGH_TO_COMPARE - 1) as f32).min(1.0);
        let contrast = trust * features.contrast + (1.0 - trust) * self.typical_contrast;
        let sum = self.intercept
            + self.top_cosine * cosine
            + self.contrast * contrast
            + self.coverage * coverage
            + if features.codes_found { self.codes_found } else { 0.0 };
        1.0 / (1.0 + (-sum).exp())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn features(top_cosine: f32, contrast: f32, coverage: f32) -> EvidenceFeatures {
        EvidenceFeatures {
            top_cosine: Some(top_cosine),
            contrast,
            compared: 32,
            coverage,
            same_language: true,
            codes_found: false,
        }
    }

    fn sufficient(features: EvidenceFeatures) -> bool {
        EvidenceModel::default().judge(Some(features), 0.35).sufficient
    }

    #[test]
    fn nothing_found_is_never_enough() {
        let evidence = EvidenceModel::default().judge(None, 0.0);
        assert_eq!((evidence.score, evidence.sufficient), (0.0, false));
    }

    /// The medians seen on the evaluation sets.
    #[test]
    fn typical_answerable_questions_pass_and_unrelated_ones_do_not() {
        assert!(sufficient(features(0.888, 0.080, 0.88)), "clapnq-dev");
        assert!(sufficient(features(0.899, 0.055, 0.49)), "xquad-zh");
        assert!(sufficient(features(0.859, 0.086, 0.83)), "xquad-en");
        assert!(!sufficient(features(0.804, 0.024, 0.58)), "xquad-en asked of clapnq-dev");
        assert!(!sufficient(features(0.761, 0.022, 0.15)), "clapnq-dev asked of xquad-zh");
    }

    #[test]
    fn a_code_that_is_asked_for_and_found_is_evidence() {
        let text = "ERR_0x34: the battery voltage is below 3.1 V. The LQ-200 follows GB/T 6920-1986.";
        assert!(codes_found("What does err_0x34 mean?", text));
        assert!(codes_found("LQ-200的ERR_0x34是什么意思", text));
        assert!(!codes_found("What does ERR_0x34 mean on the LQ-300?", text));
        assert!(!codes_found("What happened in 2024, e.g. at 3.1 V?", text));
        assert!(!codes_found("", text));
        let asked = EvidenceFeatures { compared: 8, ..features(0.781, 0.01, 0.4) };
        assert!(!sufficient(asked));
        assert!(sufficient(EvidenceFeatures { codes_found: true, ..asked }));
    }

    #[test]
    fn a_base_of_one_chunk_is_judged_without_contrast() {
        let alone = |cosine, coverage| EvidenceFeatures { compared: 1, ..features(cosine, 0.0, coverage) };
        assert!(sufficient(alone(0.88, 0.8)));
        assert!(!sufficient(alone(0.77, 0.1)));
    }

    #[test]
    fn in_another_language_standing_out_is_what_counts() {
        let foreign = |contrast| EvidenceFeatures { same_language: false, ..features(0.78, contrast, 0.0) };
        assert!(sufficient(foreign(0.044)));
        assert!(!sufficient(foreign(0.012)));
    }

    #[test]
    fn words_alone_can_suffice_where_no_vectors_were_searched() {
        let words =
            |coverage| EvidenceFeatures { top_cosine: None, compared: 0, ..features(0.0, 0.0, coverage) };
        assert!(sufficient(words(0.8)));
        assert!(EvidenceModel::default().score(words(0.8)) > EvidenceModel::default().score(words(0.1)));
    }

    proptest! {
        #[test]
        fn more_evidence_never_lowers_the_score(
            cosine in 0.0_f32..1.0, contrast in 0.0_f32..0.2, coverage in 0.0_f32..1.0, more in 0.0_f32..0.5,
        ) {
            let model = EvidenceModel::default();
            let base = model.score(features(cosine, contrast, coverage));
            prop_assert!((0.0..=1.0).contains(&base));
            prop_assert!(model.score(features(cosine + more, contrast, coverage)) >= base);
            prop_assert!(model.score(features(cosine, contrast + more, coverage)) >= base);
            prop_assert!(model.score(features(cosine, contrast, coverage + more)) >= base);
        }
    }
}
