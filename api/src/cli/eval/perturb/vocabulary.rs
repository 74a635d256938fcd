//! Words that are swapped to make a sentence false; none is shared with the verifier.

pub(super) const SPELLED: [&str; 15] = [
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "fifteen",
    "twenty", "thirty", "fifty",
];

pub(super) const CHINESE_SPELLED: [&str; 8] = ["两", "三", "四", "五", "六", "七", "八", "九"];

pub(super) const CLASSIFIERS: &str = "个名位次年天人种岁届项家所部座条支间层类位";

pub(super) const MONTHS: [&str; 11] = [
    "January",
    "February",
    "March",
    "April",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) const UNITS: [(&str, &str); 18] = [
    ("hours", "days"),
    ("days", "weeks"),
    ("weeks", "months"),
    ("months", "years"),
    ("years", "months"),
    ("minutes", "hours"),
    ("seconds", "minutes"),
    ("km", "miles"),
    ("miles", "kilometres"),
    ("metres", "feet"),
    ("feet", "metres"),
    ("million", "billion"),
    ("billion", "million"),
    ("thousand", "million"),
    ("kg", "tonnes"),
    ("mg", "g"),
    ("mm", "cm"),
    ("percent", "million"),
];

pub(super) const CHINESE_UNITS: [(&str, &str); 16] = [
    ("小时", "天"),
    ("分钟", "小时"),
    ("公里", "米"),
    ("厘米", "米"),
    ("美元", "欧元"),
    ("天", "个月"),
    ("个月", "年"),
    ("亿", "万"),
    ("万", "亿"),
    ("平方米", "平方公里"),
    ("公斤", "克"),
    ("吨", "公斤"),
    ("英里", "公里"),
    ("周", "年"),
    ("米", "公里"),
    ("元", "美元"),
];

pub(super) const PLACES: [&str; 34] = [
    "北京",
    "上海",
    "天津",
    "重庆",
    "河北",
    "山西",
    "辽宁",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "四川",
    "云南",
    "陕西",
    "台湾",
    "香港",
    "美国",
    "英国",
    "法国",
    "德国",
    "日本",
    "俄罗斯",
    "加拿大",
    "意大利",
    "荷兰",
    "东京",
    "伦敦",
    "巴黎",
];

pub(super) const ORGANISATIONS: [&str; 9] =
    ["大学", "公司", "集团", "银行", "医院", "俱乐部", "中学", "学院", "博物馆"];

pub(super) const AUXILIARIES: [&str; 12] =
    ["is", "are", "was", "were", "can", "will", "should", "must", "could", "would", "does", "did"];

pub(super) const ENGLISH_REMOVED: [(&str, &str); 7] = [
    (" not ", " "),
    ("cannot ", "can "),
    ("n't ", " "),
    (" never ", " always "),
    (" without ", " with "),
    (" no longer ", " still "),
    (" unable to ", " able to "),
];

pub(super) const CHINESE_NEGATED: [(&str, &str); 24] = [
    ("并没有", "已经"),
    ("没有", "有"),
    ("不能", "能"),
    ("不会", "会"),
    ("不是", "是"),
    ("并非", "是"),
    ("无法", "能够"),
    ("尚未", "已经"),
    ("未能", "成功"),
    ("不再", "仍然"),
    ("可以", "不可以"),
    ("能够", "不能"),
    ("位于", "不位于"),
    ("属于", "不属于"),
    ("需要", "不需要"),
    ("必须", "不必"),
    ("包括", "不包括"),
    ("曾经", "从未"),
    ("已经", "尚未"),
    ("这是", "这不是"),
    ("他是", "他不是"),
    ("担任", "没有担任"),
    ("获得", "没有获得"),
    ("参加", "没有参加"),
];

pub(super) const OPPOSITES: [(&str, &str); 24] = [
    ("increase", "decrease"),
    ("increased", "decreased"),
    ("increases", "decreases"),
    ("higher", "lower"),
    ("highest", "lowest"),
    ("largest", "smallest"),
    ("larger", "smaller"),
    ("more", "less"),
    ("most", "least"),
    ("before", "after"),
    ("northern", "southern"),
    ("eastern", "western"),
    ("north", "south"),
    ("east", "west"),
    ("positive", "negative"),
    ("public", "private"),
    ("allowed", "prohibited"),
    ("always", "never"),
    ("earlier", "later"),
    ("oldest", "youngest"),
    ("longest", "shortest"),
    ("rose", "fell"),
    ("successful", "unsuccessful"),
    ("above", "below"),
];

pub(super) const CHINESE_OPPOSITES: [(&str, &str); 18] = [
    ("增加", "减少"),
    ("增长", "下降"),
    ("上升", "下降"),
    ("提高", "降低"),
    ("允许", "禁止"),
    ("最高", "最低"),
    ("最大", "最小"),
    ("最多", "最少"),
    ("以上", "以下"),
    ("之前", "之后"),
    ("开始", "停止"),
    ("成功", "失败"),
    ("支持", "反对"),
    ("同意", "拒绝"),
    ("扩大", "缩小"),
    ("超过", "不足"),
    ("高于", "低于"),
    ("最早", "最晚"),
];
