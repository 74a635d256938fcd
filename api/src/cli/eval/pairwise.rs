//! Which of two systems answers better, from judgements that saw both orders, and a ranking of many.
//!
//! Judges favour a place (Zheng et al., NeurIPS 2023), so every pair is judged twice with the answers
//! exchanged; only the system that is preferred both times has won, all else is a tie.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::intervals::{Interval, bootstrap_each, mean, wilson};

const MOST_ITERATIONS: usize = 10_000;
/// Relative change of a strength below which it has settled.
const SETTLED: f64 = 1e-9;

/// What the judge preferred, by the place it was shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Preference {
    /// The answer shown first.
    First,
    /// The answer shown second.
    Second,
    /// Neither.
    Tie,
}

/// One question's answers by two systems, judged in both orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Judgement {
    /// The question's id.
    pub question: String,
    /// One system's name.
    pub a: String,
    /// The other's.
    pub b: String,
    /// What was preferred with `a` shown first.
    pub a_first: Preference,
    /// What was preferred with `b` shown first.
    pub b_first: Preference,
}

impl Judgement {
    /// Points that `a` takes: 1, ½ or 0; `b` takes the rest.
    pub(crate) fn points(&self) -> f64 {
        match (self.a_first, self.b_first) {
            (Preference::First, Preference::Second) => 1.0,
            (Preference::Second, Preference::First) => 0.0,
            _ => 0.5,
        }
    }

    /// Whether both orders say the same.
    pub(crate) fn is_consistent(&self) -> bool {
        self.points() != 0.5 || (self.a_first, self.b_first) == (Preference::Tie, Preference::Tie)
    }
}

/// How one system does against another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct WinRate {
    /// Judgements won.
    pub wins: usize,
    /// Judgements won by neither.
    pub ties: usize,
    /// Judgements lost.
    pub losses: usize,
    /// Share of judgements on which both orders agreed, 0 to 1: how far the judge can be trusted.
    pub consistency: f64,
    /// Share of the points, 0 to 1.
    pub rate: f64,
    /// 95% interval of the rate (Wilson; the judgements are taken to be of different questions).
    #[serde(rename = "rate_interval")]
    pub interval: Interval,
}

/// How `system` does against `other`; none where the two never met.
pub(crate) fn win_rate(judgements: &[Judgement], system: &str, other: &str) -> Option<WinRate> {
    let (mut points, mut consistent) = (Vec::new(), 0);
    for judgement in judgements {
        let points_of_a = judgement.points();
        match (judgement.a.as_str(), judgement.b.as_str()) {
            (a, b) if (a, b) == (system, other) => points.push(points_of_a),
            (a, b) if (b, a) == (system, other) => points.push(1.0 - points_of_a),
            _ => continue,
        }
        consistent += usize::from(judgement.is_consistent());
    }
    if points.is_empty() {
        return None;
    }
    let count = |value: f64| points.iter().filter(|p| **p == value).count();
    let (total, sum) = (points.len(), points.iter().sum::<f64>());
    Some(WinRate {
        wins: count(1.0),
        ties: count(0.5),
        losses: count(0.0),
        consistency: consistent as f64 / total as f64,
        rate: sum / total as f64,
        interval: wilson(sum, total),
    })
}

/// A system's place among all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct RankedSystem {
    /// Its name.
    pub system: String,
    /// The difference of two is the log-odds (natural) of one beating the other; the mean of all is zero.
    pub strength: f64,
    /// 95% bootstrap interval of the strength, over questions.
    #[serde(rename = "strength_interval")]
    pub interval: Interval,
    /// Judgements it took part in.
    pub judgements: usize,
}

/// All systems, the strongest first, by the model of Bradley and Terry (Biometrika 1952) fitted with the
/// MM algorithm (Hunter, Annals of Statistics 2004), ties as half a win for both.
///
/// Any two systems are taken to have tied once more than they did. That keeps the strength of one that
/// won all or nothing finite, and compares groups that never met.
pub(crate) fn rank(judgements: &[Judgement], seed: u64) -> Vec<RankedSystem> {
    let meetings = Meetings::of(judgements);
    let every_question: Vec<usize> = (0..meetings.by_question.len()).collect();
    let strengths = log_strengths(&meetings.points(&every_question));
    let intervals =
        bootstrap_each(every_question.len(), seed, |questions| log_strengths(&meetings.points(questions)));
    let mut ranked: Vec<RankedSystem> = meetings
        .systems
        .iter()
        .zip(strengths)
        .zip(intervals)
        .enumerate()
        .map(|(index, ((system, strength), interval))| RankedSystem {
            system: (*system).to_owned(),
            strength,
            interval,
            judgements: meetings.of_system(index),
        })
        .collect();
    ranked.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    ranked
}

/// Points by the system that took them and the one they were taken from, the imagined ties included.
type Points = Vec<Vec<f64>>;

/// The judgements, by question, with systems as indices in the order of their names.
struct Meetings<'a> {
    systems: Vec<&'a str>,
    by_question: Vec<Vec<Meeting>>,
}

struct Meeting {
    a: usize,
    b: usize,
    points_of_a: f64,
}

impl<'a> Meetings<'a> {
    fn of(judgements: &'a [Judgement]) -> Self {
        let of_two_systems = judgements.iter().filter(|j| j.a != j.b);
        let mut systems: Vec<&str> = of_two_systems.clone().flat_map(|j| [&*j.a, &*j.b]).collect();
        systems.sort_unstable();
        systems.dedup();
        let index = |name: &str| systems.partition_point(|system| *system < name);
        let mut by_question: BTreeMap<&str, Vec<Meeting>> = BTreeMap::new();
        for judgement in of_two_systems {
            by_question.entry(&judgement.question).or_default().push(Meeting {
                a: index(&judgement.a),
                b: index(&judgement.b),
                points_of_a: judgement.points(),
            });
        }
        Self { by_question: by_question.into_values().collect(), systems }
    }

    fn points(&self, questions: &[usize]) -> Points {
        let mut points = vec![vec![0.5; self.systems.len()]; self.systems.len()];
        for meeting in questions.iter().flat_map(|&q| &self.by_question[q]) {
            points[meeting.a][meeting.b] += meeting.points_of_a;
            points[meeting.b][meeting.a] += 1.0 - meeting.points_of_a;
        }
        points
    }

    fn of_system(&self, system: usize) -> usize {
        self.by_question.iter().flatten().filter(|m| m.a == system || m.b == system).count()
    }
}

fn log_strengths(points: &Points) -> Vec<f64> {
    let mut strengths = vec![1.0; points.len()];
    for _ in 0..MOST_ITERATIONS {
        let mut change: f64 = 0.0;
        for system in 0..points.len() {
            let next = improved(points, &strengths, system);
            change = change.max((next / strengths[system] - 1.0).abs());
            strengths[system] = next;
        }
        if change < SETTLED {
            break;
        }
    }
    let logs: Vec<f64> = strengths.into_iter().map(f64::ln).collect();
    let mean = mean(logs.iter().copied());
    logs.into_iter().map(|log| log - mean).collect()
}

/// Points taken over points expected per unit of strength; no system is alone.
fn improved(points: &Points, strengths: &[f64], system: usize) -> f64 {
    let (mut taken, mut expected) = (0.0, 0.0);
    for other in (0..strengths.len()).filter(|other| *other != system) {
        taken += points[system][other];
        expected += (points[system][other] + points[other][system]) / (strengths[system] + strengths[other]);
    }
    taken / expected
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use Preference::{First, Second, Tie};

    fn judgement(question: usize, a: &str, b: &str, [a_first, b_first]: [Preference; 2]) -> Judgement {
        Judgement { question: format!("q{question}"), a: a.to_owned(), b: b.to_owned(), a_first, b_first }
    }

    /// `wins` of `a` over `b`, then `losses`, each on a question of its own.
    fn series(a: &str, b: &str, wins: usize, losses: usize) -> Vec<Judgement> {
        let won = (0..wins).map(|q| judgement(q, a, b, [First, Second]));
        let lost = (wins..wins + losses).map(|q| judgement(q, a, b, [Second, First]));
        won.chain(lost).collect()
    }

    #[test]
    fn only_an_agreement_of_both_orders_wins() {
        let judgements = [
            judgement(1, "x", "y", [First, Second]),
            judgement(2, "y", "x", [Second, First]),
            judgement(3, "x", "y", [Second, First]),
            judgement(4, "x", "y", [First, First]),
            judgement(5, "x", "y", [First, Tie]),
            judgement(6, "x", "y", [Tie, Tie]),
            judgement(7, "x", "z", [First, Second]),
        ];
        let rate = win_rate(&judgements, "x", "y").unwrap();
        assert_eq!((rate.wins, rate.ties, rate.losses), (2, 3, 1));
        assert!((rate.rate - 3.5 / 6.0).abs() < 1e-12);
        assert!((rate.consistency - 4.0 / 6.0).abs() < 1e-12);
        assert_eq!(win_rate(&judgements, "y", "z"), None);
    }

    #[test]
    fn the_strongest_comes_first() {
        let judgements =
            [series("a", "b", 30, 10), series("b", "c", 30, 10), series("a", "c", 36, 4)].concat();
        let ranked = rank(&judgements, 3);
        assert_eq!(ranked.iter().map(|r| &*r.system).collect::<Vec<_>>(), ["a", "b", "c"]);
        // Odds of 3 to 1 for neighbours, and of 9 to 1 at two steps, drawn in a little by the prior.
        let gaps = [ranked[0].strength - ranked[1].strength, ranked[1].strength - ranked[2].strength];
        for gap in gaps {
            assert!((gap - 3.0_f64.ln()).abs() < 0.06, "{ranked:?}");
        }
        assert!(ranked.iter().all(|r| r.interval.low < r.strength && r.strength < r.interval.high));
        assert!(ranked.iter().all(|r| r.judgements == 80));
        assert_eq!(ranked, rank(&judgements, 3));
    }

    #[test]
    fn a_system_that_won_all_is_finite() {
        let ranked = rank(&series("a", "b", 12, 0), 1);
        assert_eq!(ranked[0].system, "a");
        assert!(ranked.iter().all(|r| r.strength.is_finite()));
        assert!(rank(&[], 1).is_empty());
        assert!(rank(&[judgement(1, "a", "a", [Tie, Tie])], 1).is_empty());
    }

    fn preference() -> impl Strategy<Value = Preference> {
        prop::sample::select(vec![First, Second, Tie])
    }

    fn judgements() -> impl Strategy<Value = Vec<Judgement>> {
        let systems = || prop::sample::select(vec!["a", "b", "c"]);
        let one = (0_usize..6, systems(), systems(), preference(), preference())
            .prop_map(|(q, a, b, a_first, b_first)| judgement(q, a, b, [a_first, b_first]));
        prop::collection::vec(one, 1..30)
    }

    proptest! {
        #[test]
        fn two_win_rates_sum_to_one(judgements in judgements()) {
            let pair = win_rate(&judgements, "a", "b").zip(win_rate(&judgements, "b", "a"));
            if let Some((there, back)) = pair {
                prop_assert!((there.rate + back.rate - 1.0).abs() < 1e-12);
                prop_assert_eq!((there.wins, there.ties), (back.losses, back.ties));
                prop_assert!((there.interval.low + back.interval.high - 1.0).abs() < 1e-9);
            }
        }

        #[test]
        fn every_system_takes_the_points_that_its_strength_predicts(judgements in judgements()) {
            let meetings = Meetings::of(&judgements);
            let all: Vec<usize> = (0..meetings.by_question.len()).collect();
            let points = meetings.points(&all);
            let strengths: Vec<f64> = log_strengths(&points).into_iter().map(f64::exp).collect();
            for (i, strength) in strengths.iter().enumerate() {
                let others = (0..strengths.len()).filter(|&j| j != i);
                let taken: f64 = others.clone().map(|j| points[i][j]).sum();
                let expected: f64 = others
                    .map(|j| (points[i][j] + points[j][i]) * strength / (strength + strengths[j]))
                    .sum();
                prop_assert!((taken - expected).abs() < 1e-6, "{} against {}", taken, expected);
            }
        }
    }
}
