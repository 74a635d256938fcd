//! Says in a sentence what was worked out and over what, in English or Chinese.

use rust_decimal::Decimal;

use super::Computed;
use super::asked::{Comparison, Operation};
use super::number::Unit;
use super::selection::Selection;
use super::view::{Along, View};

/// Most columns listed by name; more are counted.
const MOST_NAMES: usize = 6;

/// The sentence for `computed`.
pub(crate) fn sentence(
    computed: &Computed,
    view: &View<'_>,
    selection: &Selection,
    is_chinese: bool,
) -> String {
    let language = if is_chinese { Language::Chinese } else { Language::English };
    let said = Said { view, selection, language };
    match language {
        Language::English => said.english(computed),
        Language::Chinese => said.chinese(computed),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    English,
    Chinese,
}

struct Said<'a> {
    view: &'a View<'a>,
    selection: &'a Selection,
    language: Language,
}

impl Said<'_> {
    fn english(&self, computed: &Computed) -> String {
        let value = amount(computed.value, &computed.unit, self.language);
        let header = quoted(&computed.header);
        let over = self.english_entries();
        let about = if computed.is_rounded { "about " } else { "" };
        let held = computed.held_by.join(", ");
        match (computed.operation, self.view.along) {
            (Operation::Count, Along::Columns) => format!("The table has {over}."),
            (Operation::Count, Along::Rows) => {
                let limits = self.limits().join(" and ");
                format!("In {value} of {} columns {limits}: {}.", self.view.entries.len(), self.labels())
            }
            (Operation::Sum, _) => format!("The total of {header} over {over} is {value}."),
            (Operation::Average, _) => format!("The average of {header} over {over} is {about}{value}."),
            (Operation::Max, _) => format!("The highest {header} among {over} is {value} ({held})."),
            (Operation::Min, _) => format!("The lowest {header} among {over} is {value} ({held})."),
        }
    }

    fn chinese(&self, computed: &Computed) -> String {
        let value = amount(computed.value, &computed.unit, self.language);
        let header = quoted(&computed.header);
        let over = self.chinese_entries();
        let about = if computed.is_rounded { "约" } else { "" };
        let held = computed.held_by.join("、");
        match (computed.operation, self.view.along) {
            (Operation::Count, Along::Columns) => format!("表中共有{over}。"),
            (Operation::Count, Along::Rows) => {
                let limits = self.limits().join("且");
                format!("{} 列中有 {value} 列{limits}：{}。", self.view.entries.len(), self.labels())
            }
            (Operation::Sum, _) => format!("{over}的{header}合计为{value}。"),
            (Operation::Average, _) => format!("{over}的{header}平均为{about}{value}。"),
            (Operation::Max, _) => format!("{over}中，{header}最高为{value}（{held}）。"),
            (Operation::Min, _) => format!("{over}中，{header}最低为{value}（{held}）。"),
        }
    }

    fn english_entries(&self) -> String {
        let count = self.selection.entries.len();
        if self.view.along == Along::Rows && count <= MOST_NAMES {
            return self.labels();
        }
        let thing = if self.view.along == Along::Rows { "column" } else { "row" };
        let plural = if count == 1 { "" } else { "s" };
        match self.limits() {
            none if none.is_empty() && count == 1 => format!("1 {thing}"),
            none if none.is_empty() => format!("all {count} {thing}s"),
            limits => format!("{count} {thing}{plural} whose {}", limits.join(" and whose ")),
        }
    }

    fn chinese_entries(&self) -> String {
        let count = self.selection.entries.len();
        if self.view.along == Along::Rows && count <= MOST_NAMES {
            return self.labels();
        }
        let thing = if self.view.along == Along::Rows { "列" } else { "行" };
        match self.limits() {
            none if none.is_empty() => format!("全部 {count} {thing}"),
            limits => format!("{}的 {count} {thing}", limits.join("且")),
        }
    }

    fn labels(&self) -> String {
        let labels = self.selection.entries.iter().map(|&entry| self.view.label(entry));
        labels.collect::<Vec<_>>().join(if self.language == Language::Chinese { "、" } else { ", " })
    }

    /// What the entries were picked by, each as a clause.
    fn limits(&self) -> Vec<String> {
        let (or, year) = match self.language {
            Language::English => (" or ", "year is "),
            Language::Chinese => ("或", "年份为"),
        };
        let mut limits = Vec::new();
        for (&at, wanted) in &self.selection.conditions {
            let Some(series) = self.view.attributes.get(at) else { continue };
            let is = match (self.language, self.selection.negated == Some(at)) {
                (Language::English, false) => " is ",
                (Language::English, true) => " is not ",
                (Language::Chinese, false) => "为",
                (Language::Chinese, true) => "不为",
            };
            let mut values: Vec<&str> = Vec::new();
            for (cell, words) in series.cells.iter().zip(&series.words) {
                if wanted.contains(words) && !values.contains(&cell.text.as_str()) {
                    values.push(&cell.text);
                }
            }
            limits.push(format!("{}{is}{}", quoted(&series.name), values.join(or)));
        }
        for (at, threshold) in &self.selection.bounds {
            let name = self.view.measures.get(*at).map_or("", |series| &series.name);
            let unit = Unit { sign: None, scale: threshold.scale };
            let value = amount(threshold.value, &unit, self.language);
            limits.push(format!(
                "{}{}{value}",
                quoted(name),
                comparison(threshold.comparison, self.language)
            ));
        }
        if !self.selection.years.is_empty() {
            let years: Vec<String> = self.selection.years.iter().map(u16::to_string).collect();
            limits.push(format!("{year}{}", years.join(or)));
        }
        limits
    }
}

fn comparison(comparison: Comparison, language: Language) -> &'static str {
    match (comparison, language) {
        (Comparison::Above, Language::English) => " is above ",
        (Comparison::AtLeast, Language::English) => " is at least ",
        (Comparison::Below, Language::English) => " is below ",
        (Comparison::AtMost, Language::English) => " is at most ",
        (Comparison::Above, Language::Chinese) => "高于",
        (Comparison::AtLeast, Language::Chinese) => "不低于",
        (Comparison::Below, Language::Chinese) => "低于",
        (Comparison::AtMost, Language::Chinese) => "不高于",
    }
}

fn quoted(name: &str) -> String {
    format!("“{name}”")
}

fn amount(value: Decimal, unit: &Unit, language: Language) -> String {
    let scale = match (unit.scale, language) {
        (Some(3), Language::English) => " thousand",
        (Some(6), Language::English) => " million",
        (Some(9), Language::English) => " billion",
        (Some(3), Language::Chinese) => "千",
        (Some(4), _) => "万",
        (Some(6), Language::Chinese) => "百万",
        (Some(7), _) => "千万",
        (Some(8), _) => "亿",
        (Some(9), Language::Chinese) => "十亿",
        _ => "",
    };
    let number = grouped(value);
    match unit.sign.as_deref() {
        Some(sign) if sign.ends_with(['$', '€', '£', '¥']) => match number.strip_prefix('-') {
            Some(positive) => format!("-{sign}{positive}{scale}"),
            None => format!("{sign}{number}{scale}"),
        },
        Some(sign) if sign.is_ascii() && sign != "%" => format!("{number}{scale} {sign}"),
        Some(sign) => format!("{number}{scale}{sign}"),
        None => format!("{number}{scale}"),
    }
}

/// `1,234,567.5`
fn grouped(value: Decimal) -> String {
    let plain = value.to_string();
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{sign}{grouped}.{fraction}"),
        None => format!("{sign}{grouped}"),
    }
}
