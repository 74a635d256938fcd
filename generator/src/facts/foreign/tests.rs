//! Names and denials between languages, as tables: claim and evidence.

use footnote_core::verdict::FactKind;

use super::*;
use crate::facts::{EvidenceFacts, check};

fn turned(claim: &str, evidence: &str) -> bool {
    turns_denial(claim, &[evidence], &[])
}

#[test]
fn what_both_languages_affirm_or_deny_is_kept() {
    let of_chinese = [
        ("外包人员不享有年假。", "Contractors are not entitled to annual leave."),
        ("外包人员享有年假。", "Contractors are entitled to annual leave."),
        ("公司不仅提供午餐，也提供班车。", "The company offers not only lunch but also a shuttle."),
        ("无论何时都可以申请年假。", "Annual leave can be requested at any time."),
        ("他不得不离开公司。", "He had to resign from the company."),
        ("试用期不超过六个月。", "The probation period is at most six months."),
        ("并非不可以携带家属。", "It is not impossible to bring family members."),
        (
            "员工享有15天年假，外包人员不享有年假。",
            "Employees receive 15 days of leave, but contractors do not.",
        ),
        ("员工享有15天年假。", "Contractors are not entitled to leave, but employees receive 15 days."),
        ("未使用的年假在三月失效。", "Unused leave lapses in March."),
        ("未成年人不得饮酒。", "Minors must not drink alcohol."),
        ("不，员工享有年假。", "Employees are entitled to annual leave."),
        ("办公楼内禁止吸烟。", "Smoking is prohibited in the office building."),
        ("非全日制员工享有年假。", "Part-time employees are entitled to annual leave."),
        ("会议室今天关闭。", "The meeting room is not open today."),
        ("报销不需要经理批准。", "Claims can be paid without approval by the manager."),
        ("申请被经理驳回。", "The request was denied by the manager."),
        ("逾期提交表格的员工将被罚款。", "Employees who do not submit the form on time are fined."),
        ("部分员工符合条件。", "Not all employees are eligible."),
        ("并非所有员工都符合条件。", "Some employees are eligible for it."),
        ("两种方案没有区别。", "The two plans are the same."),
        ("参加培训不是必须的。", "The training is optional for staff."),
        ("该功能没有取消。", "The feature is available to everybody."),
        ("费率维持在百分之三。", "The rate did not change this year."),
        ("磁盘写满时系统重启。", "The system fails on a full disk."),
        ("政策将于六月之后生效。", "The policy does not apply before June."),
    ];
    let of_english = [
        ("Contractors are not entitled to annual leave.", "外包人员不享有年假。"),
        ("Contractors are entitled to annual leave.", "外包人员享有年假。"),
        ("The company offers not only lunch but also a shuttle.", "公司不仅提供午餐，也提供班车。"),
        ("Claims must be sent no later than 30 days after the trip.", "报销须在出差后30天内提交。"),
        ("Leave can be requested at any time.", "无论何时都可以申请年假。"),
        ("He had to resign from the company.", "他不得不离开公司。"),
        ("Unused days lapse on 31 March.", "未休年假于3月31日失效。"),
        ("Employees can work from home.", "员工无需批准即可在家办公。"),
        (
            "Employees receive 15 days of leave, but contractors do not.",
            "员工享有15天年假，外包人员不享有年假。",
        ),
        ("The office is in Paris.", "办公室不在柏林，而是在巴黎。"),
        ("Smoking is not allowed in the building.", "办公楼内禁止吸烟。"),
        ("No, contractors do not get annual leave.", "外包人员没有年假。"),
        ("Nobody may enter the laboratory alone.", "任何人不得单独进入实验室。"),
        ("Minors pay no entrance fee.", "未成年人免费入场。"),
        ("Accidentally damaged items are replaced.", "不慎损坏的物品可以更换。"),
        ("Forms of others are returned.", "未按时提交的表格将退回。"),
        ("Bad products are returned to the maker.", "不合格产品退回厂家。"),
        ("It is not unusual to work from home.", "在家办公很常见。"),
    ];
    for (claim, evidence) in of_chinese.into_iter().chain(of_english) {
        assert!(!turned(claim, evidence), "{claim} / {evidence}");
    }
}

#[test]
fn what_one_language_denies_and_the_other_affirms_is_caught() {
    let of_chinese = [
        ("外包人员享有年假。", "Contractors are not entitled to annual leave."),
        ("外包人员不享有年假。", "Contractors are entitled to annual leave."),
        ("员工可以携带家属参加年会。", "Employees may not bring family to the annual party."),
        ("员工不能携带家属参加年会。", "Employees may bring family to the annual party."),
        ("办公楼内可以吸烟。", "Smoking is prohibited in the office building."),
        ("该药没有副作用。", "The drug has side effects."),
        ("该药有副作用。", "The drug has no side effects."),
        ("公司从未盈利。", "The company has always made a profit."),
        ("合同须经书面同意，无法转让。", "The contract can be assigned to another party."),
        ("电池可以更换。", "The battery cannot be replaced."),
        ("该员工没有15天年假。", "The employee receives 15 days of leave."),
        ("公司不仅提供午餐，也提供班车。", "The company offers neither lunch nor a shuttle."),
        ("董事会尚未批准2023年预算。", "The board approved the 2023 budget in May."),
    ];
    let of_english = [
        ("Contractors are entitled to annual leave.", "外包人员不享有年假。"),
        ("Contractors are not entitled to annual leave.", "外包人员享有年假。"),
        ("Employees may bring family to the annual party.", "员工不得携带家属参加年会。"),
        ("Employees may not bring family to the annual party.", "员工可以携带家属参加年会。"),
        ("Smoking is allowed in the building.", "办公楼内禁止吸烟。"),
        ("The drug has no side effects.", "该药有副作用。"),
        ("The drug has side effects.", "该药没有副作用。"),
        ("The company never made a profit.", "公司一直盈利。"),
        ("The battery can be replaced.", "电池无法更换。"),
        ("The board has not approved the 2023 budget.", "董事会于五月批准了2023年预算。"),
        ("Interns do not receive 10 days of leave.", "实习生享有10天年假，病假另计。"),
        ("The contract can be assigned.", "本合同不可转让。"),
        ("Claims are paid.", "逾期提交的报销单不予受理。"),
    ];
    for (claim, evidence) in of_chinese.into_iter().chain(of_english) {
        assert!(turned(claim, evidence), "{claim} / {evidence}");
    }
    let (claim, evidence) = ("办公楼内不得吸烟。", "Smoking in the office building");
    assert!(
        turned(claim, evidence) && !turns_denial(claim, &[evidence], &["Not allowed"]),
        "a heading denies"
    );
}

#[test]
fn names_in_latin_letters_are_looked_for_in_an_english_source() {
    let names = |claim: &str, evidence: &str| -> Vec<FactKind> {
        let missing = check(claim, &EvidenceFacts::of(&[evidence]), "").missing;
        missing.into_iter().map(|fact| fact.kind).collect()
    };
    for (claim, evidence) in [
        ("首席执行官是 Todd Buckingham。", "Todd Buckingham, Managing Director and CEO"),
        ("Tesla 制造汽车。", "Tesla makes cars."),
        ("数据存储在 SQL Server 中。", "The data is stored in SQL Server."),
        ("助手使用 GPT-4 模型。", "The assistant uses the GPT-4 model."),
        ("GDP 有所增长。", "The gross domestic product grew."),
        ("R&D 由柏林负责。", "Research and development is done in Berlin."),
        ("CEO 批准出差。", "The chief executive approves travel."),
        ("代码托管在 GitHub 上。", "The code is hosted on GitHub."),
        ("系统由 IBM 提供。", "International Business Machines provides the system."),
        ("他在 São Paulo 工作。", "He works in Sao Paulo."),
        ("该设备符合 ISO 标准。", "The device meets the ISO standard."),
        ("员工使用 Slack 沟通。", "Staff talk over Slack."),
        ("请下载 APP。", "Please download the application."),
    ] {
        assert_eq!(names(claim, evidence), [], "{claim} / {evidence}");
    }
    for (claim, evidence) in [
        ("首席执行官是 Christian Stuart。", "Todd Buckingham, Managing Director and CEO"),
        ("Toyota 制造汽车。", "Tesla makes cars."),
        ("数据存储在 Oracle 中。", "The data is stored in SQL Server."),
        ("助手使用 GPT-3 模型。", "The assistant uses the GPT-4 model."),
        ("系统由 SAP 提供。", "International Business Machines provides the system."),
        ("代码托管在 GitLab 上。", "The code is hosted on GitHub."),
        ("该设备符合 IEC 标准。", "The device meets the ISO standard."),
        ("员工使用 Teams 沟通。", "Staff talk over Slack."),
        ("他在 Lisbon 工作。", "He works in Sao Paulo."),
        ("UNICEF 资助该项目。", "The project is funded by UNESCO."),
        ("MySQL 存储数据。", "PostgreSQL stores the data."),
        ("Spotify 与该公司开展合作。", "Netflix works with Disney."),
    ] {
        let missing = names(claim, evidence);
        let is_one = |kind: &FactKind| matches!(kind, FactKind::Name | FactKind::Identifier);
        assert!(missing.iter().any(is_one), "{claim} / {evidence}: {missing:?}");
    }
}

#[test]
fn a_chinese_source_that_has_another_name_in_latin_letters_names_another() {
    for (claim, evidence) in [
        ("The CEO is Todd Buckingham.", "首席执行官是 Todd Buckingham。"),
        ("The data is stored in Redis.", "数据存储在Redis中。"),
        ("Zhang San uses the cache.", "张三使用Redis作缓存。"),
        ("The office in Lisbon opened.", "团队在北京开设了办事处，使用SAP系统。"),
        ("The car is made by Tesla.", "该车由特斯拉制造。"),
        ("GitHub hosts the code.", "代码托管在 GitHub 上。"),
        ("Tesla's chief is Musk.", "马斯克经营 Tesla。"),
        ("The team meets on Monday.", "团队每周一用 Zoom 开会。"),
        ("In March the office moved to Lisbon.", "办公室三月迁往里斯本。"),
        ("The manual is for the LQ-200.", "手册适用于LQ-200。"),
        ("IBM provides the system.", "系统由IBM提供。"),
        ("Slack is used by staff in Berlin.", "柏林员工使用 Slack。"),
        ("Travel is approved by the CEO.", "首席执行官通过SAP批准出差。"),
        ("The inventory of Tesla is kept in software.", "特斯拉使用SAP管理库存。"),
        ("The search of Google is used.", "员工使用谷歌搜索和Slack。"),
        ("The manual is in German.", "手册为德语版，由SAP提供。"),
    ] {
        assert!(!names_another(claim, &[evidence], ""), "{claim} / {evidence}");
    }
    for (claim, evidence) in [
        ("The CEO is Christian Stuart.", "首席执行官是 Todd Buckingham。"),
        ("The data is stored in Memcached.", "数据存储在Redis中。"),
        ("GitLab hosts the code.", "代码托管在 GitHub 上。"),
        ("The car is made by Tesla.", "该车由 Toyota 制造。"),
        ("IBM provides the system.", "系统由SAP提供。"),
        ("Staff talk over Teams.", "员工使用 Slack 沟通。"),
        ("The office is in Lisbon.", "办公室位于 Porto。"),
        ("The device meets the IEC standard.", "该设备符合 ISO 标准。"),
        ("UNICEF funds the project.", "该项目由 UNESCO 资助。"),
        ("The series was made by Netflix.", "该剧由 Disney 制作。"),
        ("Payments go through PayPal.", "付款通过 Stripe 完成。"),
        ("The speech was given by Clinton.", "讲话由 Biden 发表。"),
    ] {
        assert!(names_another(claim, &[evidence], ""), "{claim} / {evidence}");
    }
    let (claim, evidence) = ("The office is in Lisbon.", "办公室位于 Porto。");
    assert!(!names_another(claim, &[evidence], "Where in Lisbon is the office?"), "the question has it");
}

#[test]
fn names_in_other_letters_are_proved_by_no_rule() {
    let unproved = |claim: &str, evidence: &str| has_unproved_name(claim, &[evidence], "张三在哪里？");
    for (claim, evidence) in [
        ("首席执行官是李明。", "The chief executive is Todd Buckingham."),
        ("办事处位于北京。", "The office is in Shanghai."),
        ("他毕业于南京大学。", "He studied at Peking University."),
        ("The chief executive is Li Ming.", "首席执行官是李明。"),
    ] {
        assert!(unproved(claim, evidence), "{claim}");
    }
    for (claim, evidence) in [
        ("员工享有15天年假。", "Employees receive 15 days of leave."),
        ("首席执行官是 Todd Buckingham。", "The chief executive is Todd Buckingham."),
        ("张三在办公室。", "Zhang San is in the office."),
        ("Employees receive 15 days of leave.", "员工享有15天年假。"),
        ("报告列出成本、金额和期限。", "The report lists costs, amounts and dates."),
        ("开放时间：白天、周末。", "It is open by day and at weekends."),
        ("Travel is approved by managers.", "经理批准出差。"),
    ] {
        assert!(!unproved(claim, evidence), "{claim}");
    }
}

#[test]
fn romanised_chinese_is_known_by_its_syllables() {
    for word in ["zhang", "san", "beijing", "xian", "guangzhou", "er"] {
        assert!(is_pinyin(word), "{word}");
    }
    for word in ["christian", "tesla", "teams", "lisbon", "netflix", "", "zhangx", "müller"] {
        assert!(!is_pinyin(word), "{word}");
    }
    assert!(is_pinyin(&"ao".repeat(12)) && !is_pinyin(&format!("{}x", "aoang".repeat(4))));
}

proptest::proptest! {
    #[test]
    fn any_text_is_taken(claim in "\\PC*", evidence in "\\PC*", question in "\\PC*") {
        turns_denial(&claim, &[evidence.as_str()], &[question.as_str()]);
        names_another(&claim, &[evidence.as_str()], &question);
        has_unproved_name(&claim, &[evidence.as_str()], &question);
    }
}
