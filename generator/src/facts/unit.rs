//! Units of measure in English and Chinese: which word means which, and which of them convert.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What is measured. Money has one for each currency, as nothing converts between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    Seconds,
    Months,
    Metres,
    SquareMetres,
    Litres,
    Grams,
    Bytes,
    Watts,
    Celsius,
    Fahrenheit,
    Percent,
    Money(&'static str),
}

/// A unit: so many of the base unit of its dimension.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unit {
    pub(super) dimension: Dimension,
    pub(super) factor: f64,
}

/// The unit that a word in small letters or a Chinese word names.
pub(super) fn named(word: &str) -> Option<Unit> {
    UNITS.get(word).copied()
}

/// Whether `suffix` is a unit that may stand right behind digits: `15km`, but not the `g` of `5G`.
pub(super) fn is_attached(suffix: &str) -> bool {
    let capitals_only = suffix.chars().all(char::is_uppercase) && suffix.chars().count() == 1;
    !capitals_only && named(&suffix.to_lowercase()).is_some()
}

/// The longest unit at the start of `text`, a run of Chinese characters, and its length in characters.
pub(super) fn leading_chinese(text: &[char]) -> Option<(Unit, usize)> {
    let longest = text.len().min(4);
    (1..=longest).rev().find_map(|len| {
        let word: String = text.get(..len)?.iter().collect();
        named(&word).map(|unit| (unit, len))
    })
}

/// The currency of a sign before a number.
pub(super) fn currency_sign(sign: &str) -> Option<Unit> {
    let currency = match sign {
        "$" | "us$" | "usd" => "usd",
        "€" | "eur" => "eur",
        "£" | "gbp" => "gbp",
        "¥" | "￥" | "rmb" | "cny" => "cny",
        "jpy" => "jpy",
        "hk$" | "hkd" => "hkd",
        "₹" | "inr" => "inr",
        "₩" | "krw" => "krw",
        _ => return None,
    };
    Some(Unit { dimension: Dimension::Money(currency), factor: 1.0 })
}

static UNITS: LazyLock<HashMap<&'static str, Unit>> = LazyLock::new(|| {
    let unit = |&(words, dimension, factor): &(&'static str, Dimension, f64)| {
        words.split(' ').map(move |word| (word, Unit { dimension, factor }))
    };
    TABLE.iter().flat_map(unit).collect()
});

const DAY: f64 = 86_400.0;
const MIB: f64 = 1024.0 * 1024.0;

/// Words that mean the same unit, what it measures, and how many of the base unit it is.
const TABLE: [(&str, Dimension, f64); 58] = [
    ("millisecond milliseconds ms 毫秒", Dimension::Seconds, 0.001),
    ("second seconds sec secs 秒 秒钟", Dimension::Seconds, 1.0),
    ("minute minutes min mins 分钟", Dimension::Seconds, 60.0),
    ("hour hours hr hrs hourly 小时 钟头 个小时", Dimension::Seconds, 3600.0),
    ("day days 天 日 个工作日 工作日", Dimension::Seconds, DAY),
    ("week weeks 周 星期 个星期 礼拜 周时间", Dimension::Seconds, 7.0 * DAY),
    ("fortnight fortnights", Dimension::Seconds, 14.0 * DAY),
    ("month months 个月 月", Dimension::Months, 1.0),
    ("quarter quarters 季度 个季度", Dimension::Months, 3.0),
    ("year years yr yrs 年 岁 周年 周岁 年间 个年头", Dimension::Months, 12.0),
    ("decade decades", Dimension::Months, 120.0),
    ("century centuries 世纪 个世纪", Dimension::Months, 1200.0),
    ("nanometre nanometres nanometer nanometers nm 纳米", Dimension::Metres, 1e-9),
    ("micrometre micrometres micrometer micrometers micron microns μm 微米", Dimension::Metres, 1e-6),
    ("millimetre millimetres millimeter millimeters mm 毫米", Dimension::Metres, 0.001),
    ("centimetre centimetres centimeter centimeters cm 厘米 公分", Dimension::Metres, 0.01),
    ("metre metres meter meters m 米 公尺", Dimension::Metres, 1.0),
    ("kilometre kilometres kilometer kilometers km kms 公里 千米", Dimension::Metres, 1000.0),
    ("inch inches 英寸 寸", Dimension::Metres, 0.0254),
    ("foot feet ft 英尺 尺", Dimension::Metres, 0.3048),
    ("yard yards yd 码", Dimension::Metres, 0.9144),
    ("mile miles mi 英里", Dimension::Metres, 1609.344),
    ("里", Dimension::Metres, 500.0),
    ("km2 km² 平方公里 平方千米", Dimension::SquareMetres, 1e6),
    ("m2 m² sqm 平方米 平米", Dimension::SquareMetres, 1.0),
    ("acre acres 英亩", Dimension::SquareMetres, 4046.856),
    ("hectare hectares ha 公顷", Dimension::SquareMetres, 1e4),
    ("亩", Dimension::SquareMetres, 666.667),
    ("millilitre millilitres milliliter milliliters ml 毫升", Dimension::Litres, 0.001),
    ("litre litres liter liters l 升", Dimension::Litres, 1.0),
    ("gallon gallons gal 加仑", Dimension::Litres, 3.785),
    ("microgram micrograms μg 微克", Dimension::Grams, 1e-6),
    ("milligram milligrams mg 毫克", Dimension::Grams, 0.001),
    ("gram grams gramme grammes g 克", Dimension::Grams, 1.0),
    ("kilogram kilograms kilo kilos kg kgs 公斤 千克", Dimension::Grams, 1000.0),
    ("tonne tonnes ton tons t 吨 公吨", Dimension::Grams, 1e6),
    ("lb lbs 磅", Dimension::Grams, 453.592),
    ("ounce ounces oz 盎司", Dimension::Grams, 28.3495),
    ("斤", Dimension::Grams, 500.0),
    ("kilobyte kilobytes kb kib", Dimension::Bytes, 1024.0),
    ("megabyte megabytes mb mib 兆", Dimension::Bytes, MIB),
    ("gigabyte gigabytes gb gib", Dimension::Bytes, MIB * 1024.0),
    ("terabyte terabytes tb tib", Dimension::Bytes, MIB * MIB),
    ("watt watts w 瓦", Dimension::Watts, 1.0),
    ("kilowatt kilowatts kw 千瓦", Dimension::Watts, 1e3),
    ("megawatt megawatts mw 兆瓦", Dimension::Watts, 1e6),
    ("celsius °c ℃ 摄氏度 度", Dimension::Celsius, 1.0),
    ("fahrenheit °f ℉ 华氏度", Dimension::Fahrenheit, 1.0),
    ("percent percentage % pct 个百分点 百分点", Dimension::Percent, 1.0),
    ("permille ‰", Dimension::Percent, 0.1),
    ("dollar dollars usd us$ $ 美元 美金", Dimension::Money("usd"), 1.0),
    ("cent cents 美分", Dimension::Money("usd"), 0.01),
    ("euro euros eur € 欧元", Dimension::Money("eur"), 1.0),
    ("sterling gbp £ 英镑", Dimension::Money("gbp"), 1.0),
    ("yuan rmb cny renminbi 元 人民币 块 块钱", Dimension::Money("cny"), 1.0),
    ("yen jpy 日元 日圆", Dimension::Money("jpy"), 1.0),
    ("rupee rupees inr 卢比", Dimension::Money("inr"), 1.0),
    ("hkd hk$ 港元 港币", Dimension::Money("hkd"), 1.0),
];
