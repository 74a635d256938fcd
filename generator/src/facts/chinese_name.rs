//! The Chinese names that can be told without a dictionary, by marks, suffixes and what follows them.
//!
//! Precise rather than complete: a plain word taken for a name makes true sentences look false.

use std::ops::Range;

use super::name::{Name, Part};
use super::token::{Sort, Token};

const SUFFIXES: [&str; 28] = [
    "公司",
    "大学",
    "学院",
    "银行",
    "集团",
    "医院",
    "法院",
    "委员会",
    "出版社",
    "协会",
    "俱乐部",
    "研究所",
    "研究院",
    "博物馆",
    "中学",
    "小学",
    "部门",
    "事务所",
    "联盟",
    "省",
    "市",
    "县",
    "区",
    "镇",
    "州",
    "岛",
    "河",
    "山",
];

/// Characters that no name ends with, before a suffix.
const NEVER_IN_NAMES: &str = "的了是在和与及或也都就被把对从到为以于之其这那有个着得而且并则所将该由即但因此向等各本某每几两一二三四五六七八九十\
     家间座名位大小多少全整上下内外新旧原老何哪任股城门超地赛火冰江登爬关分限学母子总股属东西南北中我你他她它您们不没无年月日";

const GAZETTEER: &str = " 北京 上海 天津 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 \
     海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门 广州 深圳 南京 武汉 成都 杭州 西安 苏州 \
     郑州 长沙 青岛 大连 厦门 昆明 哈尔滨 济南 福州 合肥 南昌 太原 兰州 贵阳 南宁 海口 台北 高雄 台中 \
     美国 英国 法国 德国 日本 韩国 朝鲜 俄罗斯 苏联 加拿大 澳大利亚 新西兰 意大利 西班牙 葡萄牙 荷兰 比利时 瑞士 瑞典 挪威 \
     芬兰 丹麦 波兰 奥地利 匈牙利 希腊 土耳其 埃及 印度 巴基斯坦 泰国 越南 缅甸 马来西亚 新加坡 印尼 菲律宾 巴西 阿根廷 墨西哥 \
     智利 南非 伊朗 伊拉克 以色列 沙特 乌克兰 伦敦 巴黎 柏林 东京 大阪 纽约 洛杉矶 华盛顿 旧金山 芝加哥 莫斯科 罗马 首尔 悉尼 ";

const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟\
     谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤";

/// Words that begin like names of persons, and stand where these stand.
const NOT_PERSONS: &str = " 金额 金融 金属 方案 方法 方向 方式 程序 程度 高级 高度 高峰 高温 高压 石油 石材 余额 顾客 顾问 毛利 \
     黄金 白银 白天 夏天 夏季 唐代 唐朝 宋代 宋朝 周末 周边 周期 任务 任期 任意 许可 范围 马达 马匹 马上 田地 龙头 严格 \
     史料 陆地 曾经 钟表 贺卡 江河 江湖 石头 石化 钱包 钱款 叶片 叶子 林业 林木 孔径 雷达 雷电 董事 谢意 \
     武器 武装 万元 万人 陈述 陈设 高校 高管 高层 高速 金牌 金库 严禁 严重 ";

/// What follows the name of a person.
const AFTER_PERSONS: [&str; 26] = [
    "先生",
    "女士",
    "教授",
    "博士",
    "经理",
    "主任",
    "总裁",
    "董事长",
    "老师",
    "同学",
    "表示",
    "认为",
    "指出",
    "担任",
    "出任",
    "出生",
    "毕业于",
    "饰演",
    "任职",
    "当选",
    "去世",
    "逝世",
    "宣布",
    "说",
    "（",
    "加盟",
];

/// The Chinese name at `at`: a title in 《》, a quotation, a foreign name with a dot, a known place,
/// a person before what persons do, or what stands before the suffix of an organisation or place.
pub(super) fn name_at(tokens: &[Token], at: usize) -> Option<Name> {
    title(tokens, at)
        .or_else(|| dotted(tokens, at))
        .or_else(|| place(tokens, at))
        .or_else(|| person(tokens, at))
        .or_else(|| organisation(tokens, at))
}

fn title(tokens: &[Token], at: usize) -> Option<Name> {
    let close = match tokens.get(at)?.single()? {
        '《' => '》',
        '“' => '”',
        '「' => '」',
        '『' => '』',
        _ => return None,
    };
    let inner = tokens.get(at + 1..)?;
    let len = inner.iter().take(40).position(|token| token.is(close))?;
    let letters = |token: &&Token| token.sort != Sort::Mark;
    let text: String = inner.iter().take(len).filter(letters).map(|token| token.lower.as_str()).collect();
    let text: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    let part = if close == '》' { Part::Chinese(text) } else { Part::Quoted(text) };
    (len > 1).then(|| Name { parts: vec![part], tokens: at..at + len + 2 })
}

fn han_text(tokens: &[Token], range: Range<usize>) -> Option<String> {
    let tokens = tokens.get(range)?;
    let all_han = tokens.iter().all(|token| token.sort == Sort::Han);
    all_han.then(|| tokens.iter().map(|token| token.text.as_str()).collect())
}

/// `迈克尔·乔丹`: two characters on each side of the dot are sure to belong to it.
fn dotted(tokens: &[Token], at: usize) -> Option<Name> {
    let dot = tokens.get(at + 2).filter(|token| token.is('·') || token.is('・'));
    dot?;
    let (before, after) = (han_text(tokens, at..at + 2)?, han_text(tokens, at + 3..at + 5)?);
    Some(Name { parts: vec![Part::Chinese(before), Part::Chinese(after)], tokens: at..at + 5 })
}

fn place(tokens: &[Token], at: usize) -> Option<Name> {
    (2..=4).rev().find_map(|len| {
        let word = han_text(tokens, at..at + len)?;
        let known = GAZETTEER.contains(&format!(" {word} "));
        // The suffix of a country goes in names for what belongs to it: 美方, 法军.
        known.then(|| Name { parts: vec![Part::Chinese(word)], tokens: at..at + len })
    })
}

fn person(tokens: &[Token], at: usize) -> Option<Name> {
    let starts = at == 0 || tokens.get(at - 1).is_some_and(|token| token.sort == Sort::Mark);
    let surname = tokens.get(at)?.single().filter(|&c| SURNAMES.contains(c));
    surname.filter(|_| starts)?;
    (2..=3).rev().find_map(|len| {
        let name = han_text(tokens, at..at + len)?;
        let behind: String =
            tokens.get(at + len..)?.iter().take(3).map(|token| token.text.as_str()).collect();
        let is_person = AFTER_PERSONS.iter().any(|word| behind.starts_with(word));
        (is_person && !name.chars().any(|c| NEVER_IN_NAMES.contains(c)))
            .then(|| Name { parts: vec![Part::Chinese(name)], tokens: at..at + len })
    })
}

/// What seems the name of a person by its surname and by what stands around it, less surely than [`name_at`] tells:
/// between marks, or behind who somebody is.
pub(super) fn person_at(tokens: &[Token], at: usize) -> Option<String> {
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    let begins = before.is_none_or(|token| {
        token.sort == Sort::Mark || token.single().is_some_and(|c| "是为由叫任即和与及".contains(c))
    });
    let surname = tokens.get(at)?.single().filter(|&c| begins && SURNAMES.contains(c));
    surname?;
    let is_common =
        han_text(tokens, at..at + 2).is_some_and(|word| NOT_PERSONS.contains(&format!(" {word} ")));
    if is_common {
        return None;
    }
    (2..=3).rev().find_map(|len| {
        let name = han_text(tokens, at..at + len)?;
        let ends = tokens.get(at + len).is_none_or(|token| {
            token.sort == Sort::Mark || token.single().is_some_and(|c| "和与及担任在于".contains(c))
        });
        (ends && !name.chars().any(|c| NEVER_IN_NAMES.contains(c))).then_some(name)
    })
}

/// The two characters before a suffix, where both may belong to a name.
fn organisation(tokens: &[Token], at: usize) -> Option<Name> {
    let key = han_text(tokens, at..at + 2).filter(|key| !key.chars().any(|c| NEVER_IN_NAMES.contains(c)))?;
    let behind: String = tokens.get(at + 2..)?.iter().take(3).map(|token| token.text.as_str()).collect();
    let suffix = SUFFIXES.iter().find(|suffix| behind.starts_with(**suffix))?;
    let end = at + 2 + suffix.chars().count();
    Some(Name { parts: vec![Part::Chinese(key)], tokens: at..end })
}
