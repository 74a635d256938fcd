//! What is found and what is missing, as tables.

use super::*;

fn missing(claim: &str, evidence: &str) -> Vec<FactKind> {
    check(claim, &EvidenceFacts::of(&[evidence]), "").missing.into_iter().map(|fact| fact.kind).collect()
}

fn all_hold(pairs: &[(&str, &str)]) {
    for (claim, evidence) in pairs {
        let check = check(claim, &EvidenceFacts::of(&[evidence]), "");
        assert_eq!(check.missing, [], "{claim} / {evidence}");
    }
}

fn all_miss(kind: FactKind, pairs: &[(&str, &str)]) {
    for (claim, evidence) in pairs {
        assert!(
            missing(claim, evidence).contains(&kind),
            "{claim} / {evidence}: {:?}",
            missing(claim, evidence)
        );
    }
}

#[test]
fn numbers_are_one_however_written() {
    let writings = [
        "1,200 files",
        "1200 files",
        "1 200 files",
        "1.2 thousand files",
        "1.2k files",
        "一千二百个文件",
        "1.2千个文件",
    ];
    for claim in writings {
        for evidence in writings {
            assert_eq!(missing(claim, evidence), [], "{claim} / {evidence}");
        }
    }
    all_hold(&[
        ("It has twenty-five rooms.", "There are 25 rooms."),
        ("It has a dozen rooms.", "There are 12 rooms."),
        ("The third floor is closed.", "The 3rd floor is closed."),
        ("第三层已关闭。", "第3层已关闭。"),
        ("共有两个出口。", "有2个出口。"),
        ("Revenue was $30.758 million.", "(in thousands) | Revenue | 30,758"),
        ("Revenue was about 31 million dollars.", "Revenue was $30,758,000."),
        ("About 5,000 people came.", "4,987 people came."),
        ("注册资本约3.1亿元。", "注册资本为30758万元。"),
        ("Ages 10 to 15 are covered.", "Ages 10–15 are covered."),
        ("适用于10至15岁。", "适用于10-15岁。"),
    ]);
    all_miss(
        FactKind::Number,
        &[
            ("It has 1,300 rooms.", "It has 1,200 rooms."),
            ("Revenue was $30 billion.", "Revenue was $30 million."),
            ("About 6,000 people came.", "4,987 people came."),
            ("共有三个出口。", "共有两个出口。"),
        ],
    );
}

#[test]
fn lists_are_no_facts_by_their_numbers() {
    all_hold(&[
        ("1. Open the door.", "Open the door."),
        ("Step 2: close the door.", "Close the door."),
        ("There are three kinds: red, green and blue.", "Kinds: red, green, blue"),
        ("分为三类：红、绿和蓝。", "分为红、绿、蓝"),
    ]);
    all_miss(FactKind::Number, &[("There are four kinds: red, green and blue.", "Kinds: red, green, blue")]);
}

#[test]
fn how_many_rows_a_table_has_is_not_told_by_a_list_of_some() {
    let rows = "| Name | City |\n| Anna | Berlin |\n| Ben | Paris |\n| Carla | Rome |";
    for (claim, question, other) in [
        (
            "There are three cities: Berlin, Paris and Rome.",
            "How many cities are there?",
            "Which cities are there?",
        ),
        ("共有三个城市：Berlin、Paris和Rome。", "一共有多少个城市？", "有哪些城市？"),
    ] {
        let missing =
            |question: &str, text: &str| check(claim, &EvidenceFacts::of(&[text]), question).missing;
        let told = missing(question, rows);
        assert!(told.iter().any(|fact| fact.kind == FactKind::Number), "{claim} {told:?}");
        let of_text = missing(question, "The cities are Berlin, Paris and Rome.");
        for facts in [missing(other, rows), of_text] {
            assert!(facts.iter().all(|fact| fact.kind != FactKind::Number), "{claim} {facts:?}");
        }
    }
}

#[test]
fn units_must_agree() {
    all_hold(&[
        ("Leave is 15 days.", "15-day leave"),
        ("年假15天。", "Annual leave: 15 days"),
        ("It is 3 km long.", "全长3公里"),
        ("It takes 2 weeks.", "It takes 14 days."),
        ("It takes 10 to 15 days.", "It takes 10-15 days."),
    ]);
    all_miss(
        FactKind::Number,
        &[
            ("Leave is 15 hours.", "Leave is 15 days."),
            ("年假15小时。", "年假15天。"),
            ("It costs €20.", "It costs $20."),
            ("It grew by 12.", "It grew by 12%."),
        ],
    );
}

#[test]
fn percentages_are_one_however_written() {
    let writings = ["up 12%", "up 12 percent", "up 12 per cent", "上升百分之十二", "上升12％"];
    for claim in writings {
        for evidence in writings {
            assert_eq!(missing(claim, evidence), [], "{claim} / {evidence}");
        }
    }
    all_miss(
        FactKind::Percentage,
        &[("up 13%", "up 12%"), ("up 12%", "up 12"), ("上升百分之十三", "上升12%")],
    );
}

#[test]
fn dates_are_one_however_written() {
    let writings = [
        "on 2024-03-05",
        "on March 5, 2024",
        "on 5 March 2024",
        "2024年3月5日",
        "二〇二四年三月五日",
        "on 2024/3/5",
    ];
    let quarters = ["in Q3 2023", "in the third quarter of 2023", "2023年第三季度"];
    let times = ["at 9:00", "at 9 am", "上午9点"];
    for writings in [&writings[..], &quarters, &times] {
        for (claim, evidence) in writings.iter().flat_map(|c| writings.iter().map(move |e| (c, e))) {
            assert_eq!(missing(claim, evidence), [], "{claim} / {evidence}");
        }
    }
    all_hold(&[
        ("It began in March 2024.", "It began on 2024-03-05."),
        ("It began in the 1990s.", "始于20世纪90年代"),
        ("It began in 1998.", "It lasted from 1995-98."),
    ]);
    all_miss(
        FactKind::Date,
        &[
            ("It began on March 6, 2024.", "It began on March 5, 2024."),
            ("It began in 2023.", "It began in 2024."),
            ("始于2024年4月。", "始于2024年3月5日。"),
            ("It opens at 9 pm.", "It opens at 9 am."),
            ("In Q2 2023 it grew.", "In Q3 2023 it grew."),
        ],
    );
}

#[test]
fn identifiers_are_whole() {
    all_hold(&[
        ("Error ERR_0x80070005 is raised by v1.2.3.", "v1.2.3 raises err_0x80070005"),
        ("适用GB/T 7714-2015和LQ-200。", "GB/T 7714-2015；LQ-200"),
    ]);
    all_miss(
        FactKind::Identifier,
        &[
            ("Use v1.2.4.", "Use v1.2.3."),
            ("型号为LQ-201。", "型号为LQ-200。"),
            ("Use LQ-20.", "Use LQ-200."),
        ],
    );
}

#[test]
fn names_are_found_in_their_usual_forms() {
    all_hold(&[
        ("It was led by Obama's team.", "Barack Obama led it."),
        ("It was sold in the U.S. only.", "Sold in the United States only"),
        ("The city lies in Australian territory.", "The city lies in Australia."),
        ("It belongs to the World Health Organization.", "It belongs to the WHO."),
        ("He lived in Sao Paulo.", "He lived in São Paulo."),
        ("他毕业于北京大学。", "毕业院校：北京大学"),
        ("位于河南省。", "位于河南"),
    ]);
    all_miss(
        FactKind::Name,
        &[
            ("It was led by Bush.", "It was led by Obama."),
            ("Sydney is the host.", "Melbourne is the host."),
            ("他出生于上海。", "他出生于北京。"),
            ("他写了《三国演义》。", "他写了《红楼梦》。"),
            ("他就读于南京大学。", "他就读于北京大学。"),
            ("使用Redis缓存。", "使用Memcached缓存。"),
        ],
    );
    let asked = |question| {
        check("Bob gets ten days.", &EvidenceFacts::of(&["Staff get ten days."]), question).missing
    };
    assert_eq!(asked("How many days does Bob get?"), []);
}

#[test]
fn a_fact_stands_in_its_place() {
    let evidence = "Apollo 1 cabin fire killed the crew in 1967. Later Apollo 3 was launched from Florida.";
    all_miss(
        FactKind::Number,
        &[("The Apollo 3 cabin fire killed the crew in 1967.", &format!("The {evidence}"))],
    );
}

#[test]
fn polarity_is_compared() {
    all_miss(
        FactKind::Negation,
        &[
            ("Contractors are not eligible for annual leave.", "Contractors are eligible for annual leave."),
            ("Contractors are eligible for annual leave.", "Contractors are not eligible for annual leave."),
            (
                "Sales increased strongly in the north region.",
                "Sales decreased strongly in the north region.",
            ),
            ("Smoking is allowed in all office buildings.", "Smoking is prohibited in all office buildings."),
            ("员工不可以携带家属参加年会。", "员工可以携带家属参加年会。"),
            ("未使用的年假可以结转到下一年度。", "未使用的年假不得结转到下一年度。"),
            ("公司今年的营业收入有所减少。", "公司今年的营业收入有所增加。"),
            ("实习生享有带薪年假。", "实习生不享有带薪年假。"),
            // Another clause is nearer, and none affirms it.
            (
                "British Blues are a distinct breed, but rather a Shorthair with a blue coat.",
                "They differ from British Blues (which are not a distinct breed, but rather a Shorthair with a blue coat).",
            ),
            (
                "This gives a false impression of the fruit, since it is only a sample and is a representative sample.",
                "This gives a false impression of the fruit (since it is only a sample and is not a representative sample).",
            ),
            (
                "Eventually it is not revealed that Eugene is not a scientist.",
                "Eventually it is revealed that Eugene is not a scientist.",
            ),
            // A negation behind a word does not turn it around.
            (
                "Popeye enters the private domain in 2025, assuming no amendments to the law.",
                "Popeye enters the public domain in 2025, assuming no amendments to the law.",
            ),
            (
                "It was not recorded by the Trio for their album.",
                "It was recorded by the Trio for their album No. 16.",
            ),
        ],
    );
    all_hold(&[
        ("Not only staff but also guests may use the gym.", "Staff and guests may use the gym."),
        ("Smoking is not allowed in the office buildings.", "Smoking is prohibited in the office buildings."),
        ("He is a notable author of history books.", "He is an author of history books."),
        ("无论何时都可以申请年假。", "随时可以申请年假。"),
        ("公司不断提高服务质量，非常重视客户。", "公司提高服务质量，重视客户。"),
        ("不允许在办公室吸烟。", "办公室禁止吸烟。"),
        (
            "It was recorded by the Trio for their album.",
            "It was recorded by the Trio for their album No. 16.",
        ),
        ("The plan has neither a price nor a date.", "The plan has no price and no date."),
        (
            "Leave that is left over lapses in March.",
            "Leave that is not taken lapses. Leave that is left over lapses in March.",
        ),
        (
            "British Blues are a Shorthair with a blue coat.",
            "British Blues are not a breed, but a Shorthair with a blue coat.",
        ),
    ]);
}

#[test]
fn between_languages_figures_and_foreign_names_count() {
    let evidence = "Todd Buckingham, Managing Director and Chief Executive Officer";
    all_hold(&[
        ("首席执行官是 Todd Buckingham。", evidence),
        ("CEO 是 Todd Buckingham，他负责 app 的开发。", evidence),
        ("首席执行官是托德·白金汉。", evidence),
    ]);
    all_miss(FactKind::Name, &[("首席执行官是 Christian Stuart。", evidence)]);
    all_hold(&[("Zhang San has not taken 15 days in 2024.", "张三在2024年休了15天年假，可以结转")]);
    all_miss(FactKind::Number, &[("Annual leave is 16 days.", "年假为15天，适用于全体员工")]);
}

#[test]
fn unsupported_terms_are_shared_out() {
    let evidence = EvidenceFacts::of(&["员工每年享有带薪年假", "Employees enjoy paid annual leave."]);
    assert_eq!(unsupported_terms("员工每年享有带薪年假", &evidence), 0.0);
    assert!(unsupported_terms("经理每月领取奖金", &evidence) > 0.5);
    assert!(unsupported_terms("Employees enjoy unpaid holidays", &evidence) >= 0.5);
    assert_eq!(unsupported_terms("", &evidence), 0.0);
}

#[test]
fn paraphrases_hold() {
    all_hold(&[
        (
            "新员工入职满一年后可享受5天带薪年假。",
            "员工累计工作已满1年不满10年的，年休假5天；已满10年不满20年的，年休假10天。",
        ),
        (
            "报销单须在费用发生后三十天内提交给财务部。",
            "员工应于费用发生之日起30日内将报销单据提交财务部，逾期不予受理。",
        ),
        ("逾期提交的报销单不会被受理。", "员工应于费用发生之日起30日内将报销单据提交财务部，逾期不予受理。"),
        ("该公司成立于一九九八年，总部在深圳市。", "腾讯控股有限公司于1998年11月成立，总部位于广东深圳。"),
        (
            "张三经理表示，今年第三季度营收同比增长约两成。",
            "财务部经理张三表示，2023年第三季度营业收入同比增长20.3%。",
        ),
        ("年假不能跨年累计。", "年休假应当在当年内安排，一般不跨年度安排。"),
        ("加班费按工资的百分之一百五十支付。", "安排劳动者延长工作时间的，支付不低于工资的150%的工资报酬。"),
        ("密码长度至少为8位，并且必须包含数字和字母。", "密码不得少于8位，须同时包含字母与数字。"),
        ("员工可以在家办公，每周最多两天。", "经主管批准，员工每周可远程办公不超过2天。"),
        (
            "系统默认端口是8080，可在config.yaml里修改。",
            "服务默认监听8080端口，可通过配置文件config.yaml更改。",
        ),
        ("出差住宿标准为每晚500元，一线城市为800元。", "住宿费标准：一线城市800元/晚，其他城市500元/晚。"),
        (
            "合同期限不满三年的，试用期不得超过两个月。",
            "劳动合同期限一年以上不满三年的，试用期不得超过二个月。",
        ),
        ("该药品不宜与酒精同服。", "服药期间禁止饮酒。"),
        (
            "北京大学和清华大学都位于北京海淀区。",
            "北京大学坐落于北京市海淀区颐和园路5号；清华大学位于海淀区双清路。",
        ),
        (
            "产品保修期为两年，人为损坏不在保修范围内。",
            "本产品自购买之日起保修24个月，因人为原因造成的损坏不予保修。",
        ),
        ("会议在周三下午3点召开。", "例会时间：星期三15:00。"),
        (
            "Employees get 20 days off each year and cannot carry over more than 5.",
            "Staff are entitled to twenty days of annual leave. Up to five unused days may be carried over.",
        ),
        (
            "You must submit receipts within 30 days, otherwise claims won't be paid.",
            "Claims without receipts, or submitted later than 30 days, will not be reimbursed.",
        ),
        (
            "The API returns at most 100 items per page.",
            "page_size: maximum number of items per page (default 20, max 100)",
        ),
        ("No approval is needed for purchases under $500.", "Purchases below $500 do not require approval."),
        ("The office opens at nine in the morning.", "Opening hours: 9:00 - 18:00"),
        ("Smoking is banned inside the building.", "Smoking is not permitted inside any building."),
        ("The fee is half the price, i.e. 50%.", "The fee is 50% of the price."),
        (
            "Revenue rose 12% to $1.2 billion in Q3.",
            "Third-quarter revenue was $1,203 million, up 12% year over year.",
        ),
        (
            "Contractors don't get paid leave, but employees do.",
            "Paid leave is available to employees only; contractors are not eligible.",
        ),
    ]);
}

#[test]
fn a_remark_in_brackets_parts_no_clause() {
    let (origin, pact) =
        ("The origin of Jonas Bronck (c. 1600 – 43) is contested.", "该协议（2019年签署）适用于子公司。");
    all_hold(&[
        (origin, origin),
        (pact, pact),
        ("Acme (not Bolt) makes pumps.", "Acme (not Bolt) makes pumps."),
    ]);
    all_miss(
        FactKind::Negation,
        &[
            ("The origin of Jonas Bronck (c. 1600 – 43) is not contested.", origin),
            ("该协议（2019年签署）不适用于子公司。", pact),
        ],
    );
}

proptest::proptest! {
    #[test]
    fn a_text_holds_its_own_facts(
        text in "([A-Z][a-z]{2,6}|[0-9]{1,4}|not|no|公司|不是|年|月|个|百分之|北京|《|》|两|more|less|%|\\$|[a-z]{2,6}|[ ,.，。:-]){0,24}"
    ) {
        let evidence = EvidenceFacts::of(&[text.as_str()]);
        proptest::prop_assert_eq!(check(&text, &evidence, "").missing, []);
        proptest::prop_assert_eq!(unsupported_terms(&text, &evidence), 0.0);
    }

    #[test]
    fn any_text_is_taken(claim in "\\PC*", evidence in "\\PC*", question in "\\PC*") {
        check(&claim, &EvidenceFacts::of(&[evidence.as_str()]), &question);
        proptest::prop_assert_eq!(check(&claim, &EvidenceFacts::of(&[claim.as_str()]), "").missing, []);
    }
}
