//! Cron expressions in a time zone.
//!
//! Daylight saving: a time of day that the clock jumps over fires at the first moment after the jump;
//! one that the clock shows twice fires the first time only. Expressions with `*` or steps in hour or
//! minute keep their interval through both.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use footnote_core::{Error, Result};

/// A checked expression with its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronSchedule {
    cron: Cron,
    expression: String,
    zone: Tz,
}

impl CronSchedule {
    /// Checks a five-field expression (minute hour day month weekday) and an IANA zone.
    pub fn parse(expression: &str, zone: &str) -> Result<Self> {
        let fields = expression.split_whitespace().count();
        if fields != 5 && !expression.trim_start().starts_with('@') {
            return Err(Error::invalid(format!(
                "cron expression {expression:?} has {fields} fields; give five: minute hour day month \
                 weekday, as in \"0 3 * * MON-FRI\""
            )));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(expression).map_err(|e| {
            Error::invalid(format!(
                "cron expression {expression:?} cannot be read; an example is \"30 2 * * *\" (daily at 02:30)"
            ))
            .with_source(e)
        })?;
        let zone = zone.parse::<Tz>().map_err(|_| {
            Error::invalid(format!(
                "time zone {zone:?} is not known; give an IANA name such as Asia/Shanghai, Europe/Berlin or UTC"
            ))
        })?;
        let schedule = Self { cron, expression: expression.to_owned(), zone };
        schedule.next_after(DateTime::UNIX_EPOCH)?;
        Ok(schedule)
    }

    /// The first time after `now` at which it fires.
    pub fn next_after(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
        let next = self.cron.find_next_occurrence(&now.with_timezone(&self.zone), false).map_err(|e| {
            Error::invalid(format!(
                "cron expression {:?} never fires; check its day and month",
                self.expression
            ))
            .with_source(e)
        })?;
        Ok(next.with_timezone(&Utc))
    }
}

/// [`CronSchedule::next_after`] of an expression and a zone as stored.
pub fn next_after(expression: &str, zone: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    CronSchedule::parse(expression, zone)?.next_after(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn following(expression: &str, zone: &str, now: &str, count: usize) -> Vec<String> {
        let schedule = CronSchedule::parse(expression, zone).unwrap();
        let mut now = at(now);
        let mut times = Vec::new();
        for _ in 0..count {
            now = schedule.next_after(now).unwrap();
            times.push(now.format("%d %H:%M").to_string());
        }
        times
    }

    #[test]
    fn fires_in_its_zone() {
        assert_eq!(
            following("30 2 * * *", "Asia/Shanghai", "2026-11-23T18:30:00Z", 2),
            ["24 18:30", "25 18:30"]
        );
        assert_eq!(following("0 9 * * MON-FRI", "UTC", "2026-11-20T09:00:00Z", 2), ["23 09:00", "24 09:00"]);
        assert_eq!(following("@daily", "UTC", "2026-11-20T09:00:00Z", 1), ["21 00:00"]);
    }

    #[test]
    fn a_skipped_hour_fires_once_right_after() {
        // Berlin, 29 March 2026: 01:59 CET is followed by 03:00 CEST (01:00 UTC).
        assert_eq!(
            following("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
            ["29 01:00", "30 00:30"]
        );
        assert_eq!(
            following("0 * * * *", "Europe/Berlin", "2026-03-28T23:30:00Z", 3),
            ["29 00:00", "29 01:00", "29 02:00"]
        );
    }

    #[test]
    fn a_repeated_hour_fires_once() {
        // Berlin, 25 October 2026: 02:00 to 02:59 comes twice (00:00 and 01:00 UTC).
        assert_eq!(
            following("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            ["25 00:30", "26 01:30"]
        );
        assert_eq!(
            following("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:45:00Z", 5),
            ["25 00:00", "25 00:30", "25 01:00", "25 01:30", "25 02:00"]
        );
    }

    #[test]
    fn errors_name_the_input_and_the_remedy() {
        for (expression, zone, expected) in [
            ("* * * *", "UTC", "has 4 fields; give five"),
            ("0 0 3 * * *", "UTC", "has 6 fields; give five"),
            ("", "UTC", "has 0 fields"),
            ("61 * * * *", "UTC", "cannot be read"),
            ("0 3 * * FUNDAY", "UTC", "cannot be read"),
            ("0 3 30 2 *", "UTC", "never fires"),
            ("0 3 * * *", "Mars/Olympus", "Asia/Shanghai"),
        ] {
            let error = CronSchedule::parse(expression, zone).unwrap_err();
            assert_eq!(error.kind(), footnote_core::ErrorKind::InvalidInput);
            assert!(error.to_string().contains(expected), "{expression}: {error}");
        }
    }
}
