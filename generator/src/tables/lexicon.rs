//! The words, English and Chinese, by which a question is told to count, add up or compare.
//!
//! Words stand in the form that `words::raw_words` gives: lower case, singular, one Chinese character
//! a word. To teach one more way of asking, add it to the list it belongs to; longer patterns come
//! before shorter ones that they begin with.

use super::asked::Comparison::{self, Above, AtLeast, AtMost, Below};

/// Words in order, with blanks between them.
pub(crate) type Pattern = &'static str;

/// Other calculations, negations, groups and ranks: questions with these are left alone.
pub(crate) const REFUSED: &[Pattern] = &[
    "difference",
    "differ",
    "ratio",
    "proportion",
    "share of",
    "percentage of",
    "percentage change",
    "percent change",
    "as a percentage",
    "percentage constitution",
    "percentage increase",
    "percentage decrease",
    "change in",
    "change of",
    "change between",
    "change from",
    "increase in",
    "decrease in",
    "growth in",
    "growth rate",
    "how much more",
    "how much less",
    "compared",
    "versus",
    "vs",
    "weighted average",
    "median",
    "cumulative",
    "each",
    "every",
    "respectively",
    "respective",
    "not",
    "without",
    "except",
    "excluding",
    "exclude",
    "other than",
    "beside",
    "no",
    "since",
    "after",
    "before",
    "top",
    "second",
    "third",
    "per cent of",
    "rank",
    "how many time",
    "if",
    "group by",
    "grouped",
    "per year",
    "per month",
    "之 差",
    "差 额",
    "差 异",
    "相 差",
    "差 多 少",
    "比 例",
    "占 比",
    "占 总",
    "占 多 少",
    "同 比",
    "环 比",
    "增 长",
    "增 加",
    "减 少",
    "分 别",
    "每",
    "各",
    "除 了",
    "除 去",
    "扣 除",
    "不 含",
    "不 包 括",
    "不 在",
    "不 是",
    "中 位 数",
    "前 三",
    "前 五",
    "前 十",
    "第 二",
    "第 三",
];

/// Words that turn the condition behind them round: all but those; the longer ones first.
pub(crate) const ALL_BUT: &[Pattern] = &[
    "other than",
    "outside of",
    "outside",
    "except for",
    "except",
    "excluding",
    "not",
    "不 属 于",
    "不 包 括",
    "不 在",
    "不 是",
    "不 含",
];

/// What asks for a number of things, beside [`COUNT`].
pub(crate) const NUMBER: &[Pattern] = &["有 多 少", "多 少 人", "the number of"];

/// Words that ask for a sum, whatever else they belong to.
pub(crate) const SUM: &[Pattern] = &["total", "总 计", "总 额", "总 量", "总 数"];

/// “Altogether”: a sum beyond doubt.
pub(crate) const EXPLICIT_SUM: &[Pattern] = &[
    "the sum of",
    "sum of",
    "sum up",
    "sum",
    "altogether",
    "in total",
    "combined",
    "add up",
    "added up",
    "总 和",
    "总 共",
    "一 共",
    "合 计",
    "共 计",
    "共 有",
    "加 起 来",
    "加 总",
];

/// Words that ask for a sum or belong to a name.
pub(crate) const TOTAL: &[Pattern] = &["grand total", "total", "总 计", "总 额", "总 量", "总 数", "总"];

pub(crate) const AVERAGE: &[Pattern] =
    &["on average", "average", "mean value of", "mean value", "the mean", "平 均 值", "平 均"];

pub(crate) const MAX: &[Pattern] = &[
    "highest", "largest", "greatest", "biggest", "maximum", "the most", "最 高", "最 多", "最 大", "最 贵",
    "最 长", "max",
];

pub(crate) const MIN: &[Pattern] = &[
    "lowest",
    "smallest",
    "the fewest",
    "the least",
    "minimum",
    "cheapest",
    "最 低",
    "最 少",
    "最 小",
    "最 便 宜",
    "最 短",
    "min",
];

pub(crate) const COUNT: &[Pattern] = &[
    "how many",
    "total number of",
    "多 少 个",
    "多 少 名",
    "多 少 位",
    "多 少 家",
    "多 少 条",
    "多 少 项",
    "多 少 种",
    "多 少 台",
    "多 少 款",
    "多 少 件",
    "多 少 次",
    "多 少 座",
    "多 少 只",
    "多 少 辆",
    "多 少 本",
    "多 少 张",
    "多 少 间",
    "多 少 门",
    "多 少 行",
    "多 少 笔",
    "几 个",
    "几 名",
    "几 位",
    "几 家",
    "几 条",
    "几 项",
    "几 种",
    "几 台",
    "几 款",
    "几 件",
    "几 座",
    "几 只",
    "几 辆",
    "几 本",
    "几 张",
    "几 间",
    "几 门",
    "几 行",
    "几 笔",
    "几 类",
    "多 少 类",
];

/// Comparisons that a number follows; the longer ones first.
pub(crate) const BEFORE_NUMBER: &[(Comparison, Pattern)] = &[
    (AtMost, "no more than"),
    (AtMost, "not more than"),
    (AtLeast, "no less than"),
    (AtLeast, "not less than"),
    (AtLeast, "no fewer than"),
    (AtLeast, "at least"),
    (AtMost, "at most"),
    (AtMost, "up to"),
    (Above, "more than"),
    (Above, "greater than"),
    (Above, "higher than"),
    (Above, "larger than"),
    (Above, "bigger than"),
    (Above, "in excess of"),
    (Above, "exceeding"),
    (Above, "exceeded"),
    (Above, "exceed"),
    (Above, "above"),
    (Above, "over"),
    (Below, "less than"),
    (Below, "lower than"),
    (Below, "fewer than"),
    (Below, "smaller than"),
    (Below, "below"),
    (Below, "under"),
    (AtMost, "不 超 过"),
    (AtMost, "不 高 于"),
    (AtMost, "不 大 于"),
    (AtMost, "不 多 于"),
    (AtMost, "至 多"),
    (AtMost, "最 多"),
    (AtLeast, "不 低 于"),
    (AtLeast, "不 少 于"),
    (AtLeast, "不 小 于"),
    (AtLeast, "至 少"),
    (AtLeast, "最 少"),
    (Above, "超 过"),
    (Above, "大 于"),
    (Above, "高 于"),
    (Above, "多 于"),
    (Above, "超"),
    (Below, "低 于"),
    (Below, "少 于"),
    (Below, "小 于"),
];

/// Comparisons that follow a number.
pub(crate) const AFTER_NUMBER: &[(Comparison, Pattern)] = &[
    (AtLeast, "or more"),
    (AtLeast, "or above"),
    (AtMost, "or less"),
    (AtLeast, "以 上"),
    (AtMost, "以 下"),
];

/// What may stand between the words of a comparison and its number, or after the number.
pub(crate) const BESIDE_NUMBER: &[&str] = &[
    "$", "€", "£", "¥", "%", "percent", "usd", "rmb", "eur", "gb", "mb", "kg", "台", "个", "元", "美", "人",
    "岁", "天", "euro", "dollar", "us",
];

/// Words that need no explanation by the table.
pub(crate) const FILLERS: &[Pattern] = &[
    "amount",
    "value",
    "number of",
    "number",
    "figure",
    "list",
    "listed",
    "table",
    "shown",
    "show",
    "according",
    "please",
    "tell",
    "me",
    "calculate",
    "compute",
    "give",
    "all",
    "company",
    "reported",
    "recorded",
    "overall",
    "year",
    "fiscal",
    "ended",
    "ending",
    "end",
    "period",
    "december",
    "31",
    "during",
    "across",
    "among",
    "between",
    "how much",
    "through",
    "within",
    "when",
    "where",
    "by the company",
    "can",
    "find",
    "out",
    "question",
    "any",
    "made",
    "level",
    "being",
    "data",
    "work",
    "working",
    "based",
    "located",
    "live",
    "get",
    "表 格",
    "表 中",
    "表",
    "列 出",
    "请 问",
    "请",
    "计 算",
    "多 少",
    "全 部",
    "所 有",
    "公 司",
    "哪 个",
    "哪 一 个",
    "哪 家",
    "哪",
    "吗",
    "呢",
    "有",
];

/// Words for times, as entries of a table.
pub(crate) const TIMES: &[&str] = &["year", "quarter", "month", "period", "年", "季", "月"];

/// Words for rows of whatever kind.
pub(crate) const ROWS: &[&str] = &["row", "item", "entry", "record", "line", "条", "行", "项", "笔"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::words::raw_words;

    #[test]
    fn patterns_stand_in_the_form_that_questions_are_read_in() {
        let comparisons = BEFORE_NUMBER.iter().chain(AFTER_NUMBER).map(|(_, pattern)| pattern);
        let lists = [
            REFUSED,
            ALL_BUT,
            NUMBER,
            SUM,
            EXPLICIT_SUM,
            TOTAL,
            AVERAGE,
            MAX,
            MIN,
            COUNT,
            FILLERS,
            BESIDE_NUMBER,
            TIMES,
            ROWS,
        ];
        for pattern in lists.into_iter().flatten().chain(comparisons) {
            assert_eq!(raw_words(pattern).join(" "), *pattern);
        }
    }
}
