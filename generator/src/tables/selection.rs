//! What a question picks from a table: the figures, the bounds, and the entries that meet them.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::Reason;
use super::asked::{Asked, Operation, Role, Threshold};
use super::lexicon;
use super::matching::{Match, Named, is_covered, is_part_of_another, matches, unexplained};
use super::number::{Amount, Unit};
use super::parts;
use super::view::{Along, View};
use super::words::Words;

/// Bounds with the measure that each is about.
type Bounds = Vec<(usize, Threshold)>;

/// What was picked. It exists only where the table explains every word of the question.
#[derive(Debug)]
pub(crate) struct Selection {
    /// The measure worked on.
    pub(crate) target: Option<usize>,
    /// Bounds with the measure that each is about.
    pub(crate) bounds: Bounds,
    /// For each attribute the texts of which one must stand in an entry.
    pub(crate) conditions: BTreeMap<usize, BTreeSet<Vec<String>>>,
    /// The attribute of which none of the texts may stand in an entry: “not in Berlin”.
    pub(crate) negated: Option<usize>,
    /// The years that entries were picked by.
    pub(crate) years: BTreeSet<u16>,
    /// Attributes that are named without a value.
    pub(crate) named: BTreeSet<usize>,
    /// Whether the words of the operation all belong to a name.
    pub(crate) is_absorbed: bool,
    /// Words that only the caption and headings explain.
    pub(crate) from_context: Vec<String>,
    /// The entries that meet all of this.
    pub(crate) entries: Vec<usize>,
}

/// Why there is none.
pub(crate) enum Miss {
    /// The question is not about this table.
    Apart,
    /// It is, but what it asks for is uncertain.
    Unclear(Reason),
}

impl Selection {
    /// Picks what `asked` names; `context` is what stands above the table.
    pub(crate) fn of(view: &View<'_>, asked: &Asked, context: &str) -> Result<Self, Miss> {
        let matches = matches(view, asked);
        let context_words = Words::of(context);
        if !is_explained(view, asked, &matches, &context_words) {
            return Err(Miss::Apart);
        }
        let measures = measures(view, asked, &matches, &context_words)?;
        let (target, bounds) = roles(view, asked, &measures)?;
        let conditions = conditions(&matches)?;
        let negated = negated(asked, &matches, &conditions)?;
        let named: BTreeSet<usize> = matches
            .iter()
            .filter_map(|m| if let Named::Attribute(at) = m.named { Some(at) } else { None })
            .filter(|at| !conditions.contains_key(at))
            .collect();
        for (&attribute, values) in conditions.iter().filter(|_| view.along == Along::Columns) {
            let Some(series) = view.attributes.get(attribute) else { continue };
            if values.iter().any(|words| is_part_of_another(series, words)) {
                return Err(Miss::Unclear(Reason::SeveralMatch));
            }
        }
        let years = years(view, asked, target, &context_words)?;
        let mut selection = Self {
            target,
            bounds,
            conditions,
            negated,
            years,
            named,
            is_absorbed: is_absorbed(asked, &matches),
            from_context: unexplained(asked, &matches, &[]),
            entries: Vec::new(),
        };
        selection.entries = selection.matching_entries(view, context)?;
        Ok(selection)
    }

    /// Whether entries were picked by anything at all.
    pub(crate) fn picks(&self) -> bool {
        !(self.conditions.is_empty() && self.years.is_empty() && self.bounds.is_empty())
    }

    fn matching_entries(&self, view: &View<'_>, context: &str) -> Result<Vec<usize>, Miss> {
        let mut entries = Vec::new();
        for entry in 0..view.entries.len() {
            let meets = |(attribute, values): (&usize, &BTreeSet<Vec<String>>)| {
                let words = view.attributes.get(*attribute).and_then(|series| series.words.get(entry));
                words.is_some_and(|words| values.contains(words) != (self.negated == Some(*attribute)))
            };
            let is_blank = |at: usize| {
                let cell = view.attributes.get(at).and_then(|series| series.cells.get(entry));
                cell.is_none_or(|cell| parts::is_void(&cell.text))
            };
            if self.negated.is_some_and(is_blank) {
                // What is not said may be anything.
                return Err(Miss::Unclear(Reason::UncertainRows));
            }
            let years = view.years.get(entry);
            let is_in_years =
                self.years.is_empty() || years.is_some_and(|years| !years.is_disjoint(&self.years));
            if self.conditions.iter().all(meets) && is_in_years {
                entries.push(entry);
            }
        }
        for (measure, threshold) in &self.bounds {
            entries = within(view, *measure, threshold, &entries, context)?;
        }
        Ok(entries)
    }
}

/// Whether every word and year of the question stands in the table or above it.
fn is_explained(view: &View<'_>, asked: &Asked, matches: &[Match], context: &Words) -> bool {
    let mut known = context.words.clone();
    for found in matches {
        if let Named::Measure(at) = found.named {
            known.extend(
                view.measures.get(at).map(|series| Words::of(&series.section).words).unwrap_or_default(),
            );
        }
    }
    if view.along == Along::Rows && view.has_periods_for_entries() {
        known.extend(lexicon::TIMES.iter().map(|&word| word.to_owned()));
    }
    let named_years = view.measures.iter().map(|series| &series.years).chain(&view.years).flatten();
    let years: BTreeSet<u16> = named_years.chain(&context.years).copied().collect();
    asked.years.is_subset(&years) && unexplained(asked, matches, &known).is_empty()
}

/// The measures named, in the order of the question, with where they are named.
fn measures(
    view: &View<'_>,
    asked: &Asked,
    matches: &[Match],
    context: &Words,
) -> Result<Vec<(usize, usize)>, Miss> {
    let mut spans: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for found in matches {
        if let Named::Measure(at) = found.named {
            let others = spans.entry(found.span.start).or_default();
            if !others.contains(&at) {
                others.push(at);
            }
        }
    }
    let mut measures = Vec::new();
    for (start, mut candidates) in spans {
        let years = |at: &usize| view.measures.get(*at).map_or_else(BTreeSet::new, |s| s.years.clone());
        candidates.retain(|at| years(at).is_empty() || asked.years.is_empty() || years(at) == asked.years);
        if candidates.iter().any(|at| !years(at).is_empty() && years(at) == asked.years) {
            candidates.retain(|at| !years(at).is_empty());
        }
        if candidates.len() > 1 {
            let said = |at: &usize| {
                let section = view.measures.get(*at).map_or("", |series| &series.section);
                let words = Words::of(section).words;
                !words.is_empty() && words.iter().all(|word| asked.words.iter().any(|w| w.text == *word))
            };
            candidates.retain(said);
            if candidates.len() != 1 {
                return Err(Miss::Unclear(Reason::SeveralMatch));
            }
        }
        match candidates.as_slice() {
            [only] => measures.push((*only, start)),
            _ => return Err(Miss::Apart),
        }
    }
    if measures.is_empty() && view.along == Along::Columns {
        measures.extend(measure_of_year(view, asked, matches, context));
    }
    Ok(measures)
}

/// A column that is named by a year alone, where the caption says what its figures are.
fn measure_of_year(
    view: &View<'_>,
    asked: &Asked,
    matches: &[Match],
    context: &Words,
) -> Option<(usize, usize)> {
    let is_named_above = asked.words.iter().enumerate().any(|(at, word)| {
        word.role == Role::Content && !is_covered(matches, at) && context.words.contains(&word.text)
    });
    let is_period = |word: &String| lexicon::FILLERS.contains(&word.as_str());
    let mut of_year = view.measures.iter().enumerate().filter(|(_, series)| {
        asked.years.len() == 1
            && series.years == asked.years
            && series.readings.iter().any(|reading| reading.iter().all(is_period))
    });
    match (of_year.next(), of_year.next()) {
        (Some((at, _)), None) if is_named_above => Some((at, 0)),
        _ => None,
    }
}

/// The measure worked on, and the measure that each bound is about: the nearest named.
fn roles(
    view: &View<'_>,
    asked: &Asked,
    measures: &[(usize, usize)],
) -> Result<(Option<usize>, Bounds), Miss> {
    let distinct: BTreeSet<usize> = measures.iter().map(|(at, _)| *at).collect();
    if view.along == Along::Rows && asked.operation != Operation::Count && !asked.thresholds.is_empty() {
        return Err(Miss::Apart);
    }
    let mut bounds = Vec::new();
    for threshold in &asked.thresholds {
        let nearest = measures.iter().min_by_key(|(_, start)| start.abs_diff(threshold.at));
        let (measure, _) = nearest.ok_or(Miss::Apart)?;
        bounds.push((*measure, threshold.clone()));
    }
    let mut free: Vec<usize> =
        distinct.iter().copied().filter(|at| bounds.iter().all(|(bound, _)| bound != at)).collect();
    if free.is_empty() && asked.operation != Operation::Count {
        free.extend(distinct.iter().copied());
    }
    match (free.as_slice(), asked.operation) {
        ([], Operation::Count) => Ok((None, bounds)),
        ([only], _) => Ok((Some(*only), bounds)),
        ([], _) => Err(Miss::Apart),
        _ if view.along == Along::Columns => Err(Miss::Unclear(Reason::SeveralMatch)),
        _ => Err(Miss::Apart),
    }
}

fn conditions(matches: &[Match]) -> Result<BTreeMap<usize, BTreeSet<Vec<String>>>, Miss> {
    let mut conditions: BTreeMap<usize, BTreeSet<Vec<String>>> = BTreeMap::new();
    for found in matches {
        let Named::Value { attribute, words } = &found.named else { continue };
        let is_doubtful = matches.iter().any(|other| {
            other.places == found.places
                && match &other.named {
                    Named::Value { attribute: a, .. } => a != attribute,
                    Named::Attribute(_) | Named::Measure(_) => true,
                }
        });
        if is_doubtful {
            return Err(Miss::Unclear(Reason::SeveralMatch));
        }
        conditions.entry(*attribute).or_default().insert(words.clone());
    }
    Ok(conditions)
}

/// The attribute whose values “not” or “except” stands before: all of them, and there are no other conditions.
fn negated(
    asked: &Asked,
    matches: &[Match],
    conditions: &BTreeMap<usize, BTreeSet<Vec<String>>>,
) -> Result<Option<usize>, Miss> {
    let Some(place) = asked.negated else { return Ok(None) };
    let mut attributes = conditions.keys().copied();
    let (Some(attribute), None) = (attributes.next(), attributes.next()) else {
        let is_other = conditions.is_empty();
        return Err(if is_other { Miss::Apart } else { Miss::Unclear(Reason::SeveralMatch) });
    };
    let begins = matches.iter().any(|found| {
        let is_of_attribute = match &found.named {
            Named::Value { attribute: at, .. } | Named::Attribute(at) => *at == attribute,
            Named::Measure(_) => false,
        };
        is_of_attribute && found.places.contains(&place)
    });
    let is_value = |found: &&Match| matches!(found.named, Named::Value { .. });
    let is_behind = matches.iter().filter(is_value).all(|found| found.span.start >= place);
    if begins && is_behind { Ok(Some(attribute)) } else { Err(Miss::Apart) }
}

/// The years by which entries are picked. Years of the question must be those of entries, of the
/// column's own name, or of what stands above the table.
fn years(
    view: &View<'_>,
    asked: &Asked,
    target: Option<usize>,
    context: &Words,
) -> Result<BTreeSet<u16>, Miss> {
    let of_target = target.and_then(|at| view.measures.get(at)).map(|series| &series.years);
    if asked.years.is_empty() || of_target == Some(&asked.years) {
        return Ok(BTreeSet::new());
    }
    let of_entries: BTreeSet<u16> = view.years.iter().flatten().copied().collect();
    if asked.years.is_subset(&of_entries) {
        return Ok(asked.years.clone());
    }
    let is_in_no_name = of_entries.is_empty() && view.measures.iter().all(|series| series.years.is_empty());
    if is_in_no_name && asked.years.is_subset(&context.years) {
        Ok(BTreeSet::new())
    } else {
        Err(Miss::Apart)
    }
}

/// The entries whose figure is on the wanted side of the threshold.
fn within(
    view: &View<'_>,
    measure: usize,
    threshold: &Threshold,
    entries: &[usize],
    context: &str,
) -> Result<Vec<usize>, Miss> {
    let Some(series) = view.measures.get(measure) else { return Err(Miss::Apart) };
    let unit = stated_unit(view, &series.name, context);
    let (column, wanted) = match (unit.scale, threshold.scale) {
        (stated, Some(said)) => (factor(stated.unwrap_or(0)), factor(said)),
        (None, None) => (factor(0), factor(0)),
        // “Above 100” in a column in thousands may mean either.
        (Some(_), None) => return Err(Miss::Unclear(Reason::UncertainUnit)),
    };
    let (Some(column), Some(wanted)) = (column, wanted) else { return Err(Miss::Apart) };
    let Some(bound) = threshold.value.checked_mul(wanted) else { return Err(Miss::Apart) };
    let mut kept = Vec::new();
    let mut highest = Decimal::ZERO;
    for &entry in entries {
        let amount = series.cells.get(entry).and_then(|cell| Amount::parse(&cell.text));
        let Some(value) = amount.and_then(|amount| amount.value.checked_mul(column)) else {
            return Err(Miss::Unclear(Reason::NotANumber));
        };
        highest = highest.max(value.abs());
        if threshold.comparison.holds(value, bound) {
            kept.push(entry);
        }
    }
    // The figures may be in a unit that is stated nowhere near the table.
    let is_out_of_reach = unit.scale.is_none() && threshold.scale.is_some() && highest < bound;
    if is_out_of_reach { Err(Miss::Unclear(Reason::UncertainUnit)) } else { Ok(kept) }
}

fn factor(power: u32) -> Option<Decimal> {
    10_u64.checked_pow(power).map(Decimal::from)
}

/// Whether every word of the operation belongs to a name, as in a column “Average salary”.
fn is_absorbed(asked: &Asked, matches: &[Match]) -> bool {
    let mut words =
        asked.words.iter().enumerate().filter(|(_, word)| word.role == Role::Operation).peekable();
    words.peek().is_some() && words.all(|(at, _)| is_covered(matches, at))
}

/// The unit of a series of figures, as its header, the header above others, or the caption states it.
pub(crate) fn stated_unit(view: &View<'_>, name: &str, context: &str) -> Unit {
    let header = (0..view.table.width()).map(|at| Unit::stated_in(&view.table.column_header(at)));
    let from_header = match view.along {
        // Another column's own unit is not this one's; a scale for all stands over the labels.
        Along::Columns => Unit::stated_in(&view.table.column_header(0)),
        Along::Rows => header.fold(Unit::default(), Unit::or),
    };
    Unit::stated_in(name).or(from_header).or(Unit::stated_in(context))
}
