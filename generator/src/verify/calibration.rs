//! From a method's own score to the chance that the evidence supports the sentence.
//!
//! `footnote eval calibrate` fits the curves on pairs of a sentence and its evidence: true ones of
//! people, and false ones made by changing a fact or taking another evidence (isotonic regression, Zadrozny
//! and Elkan 2002). The file that it writes has the form of `calibration.json` beside this crate, which
//! holds the defaults.

use footnote_core::error::Context as _;
use footnote_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::models::SupportMethod;

const DEFAULTS: &str = include_str!("../../calibration.json");

/// A rising line through points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    /// Score of the method and chance, both rising; outside the first and last the line is flat.
    pub points: Vec<(f32, f32)>,
    /// Pairs that it was fitted on; 0 where it was set by hand.
    #[serde(default)]
    pub pairs: usize,
    /// Area under the receiver operating characteristic on them.
    #[serde(default)]
    pub auroc: Option<f32>,
}

/// A curve for each method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// What it was fitted on.
    pub fitted_on: String,
    /// Share of the sentence's words that the evidence holds.
    pub words: Curve,
    /// Cosine of sentence and evidence.
    pub embeddings: Curve,
    /// Log odds of "yes" against "no" of the language model.
    pub generator: Curve,
    /// Score of the cross-encoder.
    pub cross_encoder: Curve,
}

impl Calibration {
    /// Reads a calibration and checks its curves.
    pub fn parse(json: &str) -> Result<Self> {
        let calibration: Self = serde_json::from_str(json).context(ErrorKind::InvalidInput, || {
            "the calibration is not as `footnote eval calibrate` writes it".to_owned()
        })?;
        for method in SupportMethod::ALL {
            calibration.curve(method).check(method.name())?;
        }
        calibration.words.check("words")?;
        Ok(calibration)
    }

    pub(crate) fn curve(&self, method: SupportMethod) -> &Curve {
        match method {
            SupportMethod::CrossEncoder => &self.cross_encoder,
            SupportMethod::Generator => &self.generator,
            SupportMethod::Embeddings => &self.embeddings,
        }
    }
}

impl Calibration {
    /// That of the default models, as it is in the repo.
    pub fn built_in() -> Result<Self> {
        Self::parse(DEFAULTS)
    }
}

impl Curve {
    /// The chance at a score.
    pub fn at(&self, score: f32) -> f32 {
        let Some(&(first, low)) = self.points.first() else { return 0.0 };
        if score.is_nan() || score <= first {
            return low;
        }
        let pairs = self.points.iter().zip(self.points.iter().skip(1));
        for (&(left, from), &(right, to)) in pairs {
            if score <= right {
                let share = if right > left { (score - left) / (right - left) } else { 1.0 };
                return from + share * (to - from);
            }
        }
        self.points.last().map_or(0.0, |&(_, high)| high)
    }

    fn check(&self, name: &str) -> Result<()> {
        let rises = self.points.iter().zip(self.points.iter().skip(1)).all(|(a, b)| a.0 <= b.0 && a.1 <= b.1);
        let is_chance =
            self.points.iter().all(|(score, chance)| score.is_finite() && (0.0..=1.0).contains(chance));
        if rises && is_chance && !self.points.is_empty() {
            return Ok(());
        }
        Err(Error::invalid(format!("the curve of {name} does not rise from 0 to 1; fit it again")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_a_line_through_its_points() {
        let curve =
            Curve { points: vec![(0.2, 0.0), (0.6, 0.8), (0.6, 0.9), (1.0, 1.0)], pairs: 0, auroc: None };
        for (score, chance) in [(0.0, 0.0), (0.4, 0.4), (0.6, 0.8), (0.8, 0.95), (2.0, 1.0), (f32::NAN, 0.0)]
        {
            assert!((curve.at(score) - chance).abs() < 1e-5, "{score}");
        }
    }

    #[test]
    fn the_defaults_are_valid_and_a_falling_curve_is_refused() {
        let mut calibration = Calibration::built_in().unwrap();
        calibration.words.points = vec![(0.0, 0.5), (1.0, 0.4)];
        let json = serde_json::to_string(&calibration).unwrap();
        assert!(Calibration::parse(&json).unwrap_err().to_string().contains("words"));
        assert!(Calibration::parse("{}").is_err());
    }
}
