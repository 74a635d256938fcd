//! `--fail-under hybrid.ndcg@10=.73`: makes a report that falls below a minimum a failure.

use std::str::FromStr;

use footnote_core::{Error, ErrorKind, Result};
use serde_json::Value;

/// The least that one metric of a report may be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Minimum {
    /// The metric's keys from the report's root, with a point between them.
    pub metric: String,
    /// In the metric's unit.
    pub least: f64,
}

impl FromStr for Minimum {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (metric, least) = text
            .rsplit_once('=')
            .map(|(metric, least)| (metric.trim(), least.trim()))
            .filter(|(metric, _)| !metric.is_empty())
            .ok_or_else(|| Error::invalid(format!("{text:?} is not of the form metric=minimum")))?;
        match least.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Self { metric: metric.to_owned(), least: value }),
            _ => Err(Error::invalid(format!("the minimum of {metric} is no number: {least:?}"))),
        }
    }
}

/// An error that names every minimum the report misses; one that lists the metrics where there is none
/// of that name.
pub(crate) fn require(report: &Value, minimums: &[Minimum]) -> Result<()> {
    let metrics = metrics(report);
    let mut missed = Vec::new();
    for Minimum { metric, least } in minimums {
        let value = metrics.iter().find(|(name, _)| name == metric).map(|(_, value)| value);
        match value.ok_or_else(|| unknown(metric, &metrics))? {
            Some(value) if value >= least => {}
            Some(value) => missed.push(format!("{metric} is {value} where at least {least} is required")),
            None => missed.push(format!("{metric} has no value where at least {least} is required")),
        }
    }
    if missed.is_empty() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Conflict, missed.join("; ")))
}

/// Path and value of all numbers below objects, and of nulls, which is how what could not be computed is
/// written. Lists hold cases and curves, not metrics.
pub(crate) fn metrics(report: &Value) -> Vec<(String, Option<f64>)> {
    let mut found = Vec::new();
    collect(report, "", &mut found);
    found
}

fn collect(value: &Value, path: &str, found: &mut Vec<(String, Option<f64>)>) {
    match value {
        Value::Object(entries) => {
            for (key, entry) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(entry, &path, found);
            }
        }
        Value::Number(number) => found.push((path.to_owned(), number.as_f64())),
        Value::Null => found.push((path.to_owned(), None)),
        Value::Bool(_) | Value::String(_) | Value::Array(_) => {}
    }
}

fn unknown(metric: &str, metrics: &[(String, Option<f64>)]) -> Error {
    let names: Vec<&str> = metrics.iter().map(|(name, _)| name.as_str()).collect();
    Error::invalid(format!("the report has no metric {metric:?}; it has {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(minimums: &[&str]) -> Result<()> {
        let report = json!({
            "dataset": "fiqa",
            "queries": 648,
            "hybrid": { "ndcg@10": 0.7312, "mrr@10": null, "at": { "k=5": 0.5 } },
            "cases": [{ "score": 0.1 }],
        });
        let minimums: Vec<Minimum> = minimums.iter().map(|m| m.parse()).collect::<Result<_>>()?;
        require(&report, &minimums)
    }

    fn message(minimum: &str) -> String {
        check(&[minimum]).unwrap_err().to_string()
    }

    #[test]
    fn what_reaches_its_minimum_passes() {
        check(&[]).unwrap();
        check(&["hybrid.ndcg@10=.73", "queries=648", " hybrid.at.k=5 = 5e-1 "]).unwrap();
    }

    #[test]
    fn all_that_is_missed_is_named_with_its_value() {
        let error = check(&["hybrid.ndcg@10=.74", "queries=600", "hybrid.mrr@10=0"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(
            error.to_string(),
            "hybrid.ndcg@10 is 0.7312 where at least 0.74 is required; \
             hybrid.mrr@10 has no value where at least 0 is required"
        );
    }

    #[test]
    fn an_unknown_metric_lists_those_there_are() {
        let known = "it has queries, hybrid.ndcg@10, hybrid.mrr@10, hybrid.at.k=5";
        for metric in ["hybrid.ndcg", "hybrid", "dataset", "cases.0.score"] {
            let message = message(&format!("{metric}=0"));
            assert_eq!(message, format!("the report has no metric {metric:?}; {known}"));
        }
    }

    #[test]
    fn what_is_no_minimum_is_refused() {
        for (text, part) in [
            ("hybrid.ndcg@10", "form metric=minimum"),
            ("=0.5", "form metric=minimum"),
            ("queries=many", "\"many\""),
            ("queries=NaN", "no number"),
            ("queries=", "no number"),
        ] {
            assert!(message(text).contains(part), "{text}: {}", message(text));
        }
    }
}
