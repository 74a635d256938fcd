//! Chooses the next token from logits.

use std::collections::VecDeque;

use footnote_core::settings::SamplingSettings;
use footnote_core::{Error, Result};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Generated tokens that the repetition penalty looks back at.
const PENALTY_WINDOW: usize = 64;

/// Temperature, top-k, then top-p among those, with a seeded generator: equal settings and logits
/// give equal tokens.
pub(crate) struct Sampler {
    temperature: f32,
    top_k: usize,
    top_p: f32,
    penalty: f32,
    recent: VecDeque<u32>,
    random: StdRng,
}

impl Sampler {
    pub(crate) fn new(settings: &SamplingSettings) -> Self {
        Self {
            temperature: settings.temperature,
            top_k: settings.top_k,
            top_p: settings.top_p,
            penalty: settings.repetition_penalty,
            recent: VecDeque::with_capacity(PENALTY_WINDOW),
            random: StdRng::seed_from_u64(settings.seed),
        }
    }

    /// The next token; `logits` are penalised in place.
    pub(crate) fn sample(&mut self, logits: &mut [f32]) -> Result<u32> {
        self.penalise(logits);
        let likeliest = likeliest(logits)?;
        let token = if self.temperature < 1e-3 { likeliest } else { self.draw(logits, likeliest) };
        if self.recent.len() == PENALTY_WINDOW {
            self.recent.pop_front();
        }
        self.recent.push_back(token);
        Ok(token)
    }

    /// Once per token, however often it came (Keskar et al., CTRL, 2019).
    fn penalise(&self, logits: &mut [f32]) {
        for (i, &token) in self.recent.iter().enumerate() {
            if self.recent.iter().take(i).any(|&earlier| earlier == token) {
                continue;
            }
            if let Some(logit) = logits.get_mut(token as usize) {
                *logit = if *logit > 0.0 { *logit / self.penalty } else { *logit * self.penalty };
            }
        }
    }

    fn draw(&mut self, logits: &[f32], likeliest: u32) -> u32 {
        let highest = logits.get(likeliest as usize).copied().unwrap_or_default();
        let mut candidates: Vec<(u32, f32)> =
            logits.iter().enumerate().filter(|(_, l)| l.is_finite()).map(|(i, &l)| (i as u32, l)).collect();
        // Ties are broken by id, so that the order is one and the same everywhere.
        let by_logit = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if self.top_k > 0 && self.top_k < candidates.len() {
            candidates.select_nth_unstable_by(self.top_k, by_logit);
            candidates.truncate(self.top_k);
        }
        candidates.sort_unstable_by(by_logit);
        for candidate in &mut candidates {
            candidate.1 = ((candidate.1 - highest) / self.temperature).exp();
        }
        let total: f32 = candidates.iter().map(|c| c.1).sum();
        let mut nucleus = 0.0;
        let mut kept = 0;
        for candidate in &candidates {
            nucleus += candidate.1;
            kept += 1;
            if nucleus >= self.top_p * total {
                break;
            }
        }
        let mut point = self.random.random::<f32>() * nucleus;
        for candidate in candidates.iter().take(kept) {
            point -= candidate.1;
            if point <= 0.0 {
                return candidate.0;
            }
        }
        likeliest
    }
}

fn likeliest(logits: &[f32]) -> Result<u32> {
    let finite = logits.iter().enumerate().filter(|(_, l)| l.is_finite());
    let best = finite.fold(None, |best: Option<(usize, f32)>, (i, &l)| match best {
        Some((_, highest)) if highest >= l => best,
        _ => Some((i, l)),
    });
    best.map(|(i, _)| i as u32).ok_or_else(|| Error::internal("the model gave no finite logit"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(temperature: f32, top_k: usize, top_p: f32) -> SamplingSettings {
        SamplingSettings { temperature, top_k, top_p, repetition_penalty: 1.0, ..Default::default() }
    }

    fn draws(settings: &SamplingSettings, logits: &[f32]) -> Vec<u32> {
        let mut sampler = Sampler::new(settings);
        (0..300).map(|_| sampler.sample(&mut logits.to_vec()).unwrap()).collect()
    }

    #[test]
    fn cold_is_greedy_and_warm_is_seeded() {
        let logits = [0.1, 3.0, 2.9, f32::NAN, -1.0];
        assert!(draws(&settings(0.0, 40, 0.95), &logits).iter().all(|&t| t == 1));
        let warm = draws(&settings(1.0, 0, 1.0), &logits);
        assert_eq!(warm, draws(&settings(1.0, 0, 1.0), &logits));
        let other = SamplingSettings { seed: 7, ..settings(1.0, 0, 1.0) };
        assert_ne!(warm, draws(&other, &logits));
        assert!(warm.contains(&1) && warm.contains(&2) && !warm.contains(&3));
    }

    #[test]
    fn top_k_and_top_p_both_bound_the_choice() {
        let logits = [5.0, 4.9, 4.8, 4.7, -20.0];
        assert!(draws(&settings(1.0, 2, 1.0), &logits).iter().all(|&t| t < 2));
        assert!(draws(&settings(1.0, 0, 0.2), &logits).iter().all(|&t| t == 0));
        assert!(draws(&settings(1.0, 3, 0.5), &logits).iter().all(|&t| t < 2));
    }

    #[test]
    fn repetition_is_penalised_once() {
        let penalised = SamplingSettings { repetition_penalty: 2.0, ..settings(0.0, 0, 1.0) };
        let mut sampler = Sampler::new(&penalised);
        assert_eq!(sampler.sample(&mut [3.0, 2.0, 1.0]).unwrap(), 0);
        assert_eq!(sampler.sample(&mut [3.0, 2.0, 1.0]).unwrap(), 1);
        assert_eq!(sampler.sample(&mut [3.0, 2.0, 1.0]).unwrap(), 0, "1.5 beats 1 twice penalised");
    }

    #[test]
    fn nothing_finite_is_an_error() {
        assert!(Sampler::new(&settings(0.0, 0, 1.0)).sample(&mut [f32::NAN, f32::NEG_INFINITY]).is_err());
    }
}
