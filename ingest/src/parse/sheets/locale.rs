//! What a format says about language: names of days and months, and numbers in Chinese numerals.

/// The language of `[$-804]`. Chinese and Japanese names are written; those of others are English.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Language {
    /// That of the reader's computer.
    #[default]
    Unsaid,
    Chinese,
    TraditionalChinese,
    Japanese,
    Other,
}

impl Language {
    /// By what stands behind the dash: a number of Windows, or a tag (`zh-CN`).
    pub(super) fn of(tag: &str) -> Self {
        let tag = tag.to_ascii_lowercase();
        let begins = |with: &[&str]| with.iter().any(|start| tag.starts_with(start));
        if begins(&["zh-tw", "zh-hk", "zh-mo", "zh-hant"]) {
            return Self::TraditionalChinese;
        }
        if begins(&["zh"]) {
            return Self::Chinese;
        }
        if begins(&["ja"]) {
            return Self::Japanese;
        }
        // The lower ten bits are the language, the next six its country, and above them stand calendar and numerals.
        let Ok(number) = u32::from_str_radix(&tag, 16) else { return Self::Other };
        match (number & 0x3ff, (number >> 10) & 0x3f) {
            // `[$-F800]` is the computer's own long date.
            (0, _) => Self::Unsaid,
            (0x04, 1 | 3 | 5) => Self::TraditionalChinese,
            (0x04, _) => Self::Chinese,
            (0x11, _) => Self::Japanese,
            _ => Self::Other,
        }
    }
}

/// Chinese numerals that `[DBNum1]` and `[DBNum2]` ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numerals {
    /// 一百二十三
    Common,
    /// 壹佰贰拾叁
    Financial,
}

/// Longest whole number that is counted: below a million millions.
const MAX_COUNTED_DIGITS: usize = 12;

impl Numerals {
    /// By what stands in the brackets.
    pub(super) fn of(inside: &str) -> Option<Self> {
        match inside.to_ascii_lowercase().as_str() {
            "dbnum1" => Some(Self::Common),
            "dbnum2" => Some(Self::Financial),
            _ => None,
        }
    }

    fn digit(self, digit: char) -> char {
        let numerals = match self {
            Self::Common => ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'],
            Self::Financial => ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'],
        };
        digit.to_digit(10).and_then(|at| numerals.get(at as usize)).copied().unwrap_or(digit)
    }

    /// Each digit of `text` by itself: 二〇二四.
    pub(super) fn spelled(self, text: &str) -> String {
        text.chars().map(|c| self.digit(c)).collect()
    }

    /// `text` with its whole numbers counted, and what follows a point spelled: 一百二十三.五.
    pub(super) fn counted(self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, after) = rest.split_at(digits.max(c.len_utf8()));
            match digits {
                0 => out.push(c),
                _ if out.ends_with('.') || digits > MAX_COUNTED_DIGITS => out.push_str(&self.spelled(number)),
                _ => out.push_str(&self.count(number)),
            }
            rest = after;
        }
        out
    }

    /// A day, a month or an hour: 十五, not 一十五.
    fn of_date(self, number: u32) -> String {
        let counted = self.count(&number.to_string());
        match counted.strip_prefix("一十") {
            Some(rest) => format!("十{rest}"),
            None => counted,
        }
    }

    /// A number of at most [`MAX_COUNTED_DIGITS`] digits.
    fn count(self, digits: &str) -> String {
        let units = match self {
            Self::Common => ["", "十", "百", "千"],
            Self::Financial => ["", "拾", "佰", "仟"],
        };
        let mut out = String::new();
        let (mut skipped, mut group_is_blank) = (false, true);
        for (digit, place) in digits.chars().zip((0..digits.len()).rev()) {
            if digit == '0' {
                skipped = !out.is_empty();
            } else {
                if std::mem::take(&mut skipped) {
                    out.push(self.digit('0'));
                }
                out.push(self.digit(digit));
                out.push_str(units[place % 4]);
                group_is_blank = false;
            }
            if place % 4 == 0 && !std::mem::replace(&mut group_is_blank, true) {
                out.push_str(["", "万", "亿"].get(place / 4).copied().unwrap_or_default());
                // 一百二十万三千: what is missing at a group's end is not said.
                skipped = false;
            }
        }
        if out.is_empty() { self.digit('0').to_string() } else { out }
    }
}

/// What one section of a format says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Locale {
    pub(super) language: Language,
    pub(super) numerals: Option<Numerals>,
}

impl Locale {
    /// The numerals, where they are those of simplified Chinese.
    pub(super) fn numerals(self) -> Option<Numerals> {
        self.numerals.filter(|_| matches!(self.language, Language::Unsaid | Language::Chinese))
    }

    /// A number of a date or time, with at least so many digits.
    pub(super) fn number(self, number: u32, digits: usize) -> String {
        match self.numerals() {
            Some(numerals) => numerals.of_date(number),
            None => format!("{number:0>digits$}"),
        }
    }

    /// A year.
    pub(super) fn year(self, year: &str) -> String {
        self.numerals().map_or_else(|| year.to_owned(), |numerals| numerals.spelled(year))
    }

    /// The day of the week as `ddd`, `dddd`, `aaa` and `aaaa` name it behind what is `written`; `None`: in English.
    pub(super) fn weekday(
        self,
        from_monday: usize,
        letter: char,
        length: usize,
        written: &str,
    ) -> Option<String> {
        let chinese = *["一", "二", "三", "四", "五", "六", "日"].get(from_monday)?;
        let japanese = *["月", "火", "水", "木", "金", "土", "日"].get(from_monday)?;
        Some(match (self.language, letter, length) {
            (Language::Unsaid, 'a', 4..) => format!("星期{chinese}"),
            // Chinese or Japanese: what stands before it may tell.
            (Language::Unsaid, 'a', _) if written.ends_with(['周', '週', '期']) => chinese.to_owned(),
            (Language::Chinese | Language::TraditionalChinese, 'a', 3) => chinese.to_owned(),
            (Language::Chinese, _, 3) => format!("周{chinese}"),
            (Language::TraditionalChinese, _, 3) => format!("週{chinese}"),
            (Language::Chinese | Language::TraditionalChinese, ..) => format!("星期{chinese}"),
            (Language::Japanese, _, 3) => japanese.to_owned(),
            (Language::Japanese, ..) => format!("{japanese}曜日"),
            (Language::Unsaid | Language::Other, ..) => return None,
        })
    }

    /// The month as `mmm` and `mmmm` name it; `None`: in English.
    pub(super) fn month(self, month: u32, length: usize) -> Option<String> {
        match self.language {
            Language::Chinese | Language::TraditionalChinese if length > 3 => {
                Some(format!("{}月", Numerals::Common.of_date(month)))
            }
            Language::Chinese | Language::TraditionalChinese | Language::Japanese => {
                Some(format!("{month}月"))
            }
            Language::Unsaid | Language::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_counted_in_chinese() {
        let counted = [
            ("0", "〇"),
            ("10", "一十"),
            ("123", "一百二十三"),
            ("1001", "一千〇一"),
            ("10010", "一万〇一十"),
            ("100001", "一十万〇一"),
            ("1203400", "一百二十万三千四百"),
            ("100000001", "一亿〇一"),
            ("-12.05", "-一十二.〇五"),
        ];
        for (number, expected) in counted {
            assert_eq!(Numerals::Common.counted(number), expected, "{number}");
        }
        assert_eq!(Numerals::Financial.counted("1234元整"), "壹仟贰佰叁拾肆元整");
        assert_eq!(Numerals::Common.counted("1E+20"), "一E+二十");
    }

    #[test]
    fn languages_have_numbers_and_tags() {
        let of = Language::of;
        assert_eq!([of("804"), of("zh-CN"), of("1004")], [Language::Chinese; 3]);
        assert_eq!([of("404"), of("zh-TW")], [Language::TraditionalChinese; 2]);
        assert_eq!([of("411"), of("ja-JP-x-gannen")], [Language::Japanese; 2]);
        assert_eq!(
            [of("F800"), of("409"), of("de-DE")],
            [Language::Unsaid, Language::Other, Language::Other]
        );
    }
}
