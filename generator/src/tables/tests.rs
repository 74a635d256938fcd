//! Questions over tables in English and Chinese: what is worked out, and what is left alone.

use super::*;

/// What comes of `question` over the tables of `text`, in a word.
fn outcome(question: &str, text: &str, is_complete: bool) -> String {
    let Some(asked) = Asked::of(question) else { return "not asked".to_owned() };
    let tables = Table::read(text);
    let offered: Vec<Offered<'_>> =
        tables.iter().map(|table| Offered { table, is_complete, about: "" }).collect();
    match compute(&asked, &offered) {
        Outcome::Computed(computed) => computed.sentence,
        Outcome::AlreadyStated { table, row } => tables[table].rows[row].text(0).to_owned(),
        Outcome::Declined { reason, .. } => format!("{reason:?}"),
        Outcome::NotApplicable => "not applicable".to_owned(),
    }
}

fn check(text: &str, questions: &[(&str, &str)]) {
    let wrong: Vec<String> = questions
        .iter()
        .filter_map(|(question, expected)| {
            let found = outcome(question, text, true);
            (found != *expected).then(|| format!("{question}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const STAFF: &str = "\
Employees

| Name | City | Department | Salary (EUR) | Age |
| --- | --- | --- | --- | --- |
| Anna | Berlin | Sales | 52,000 | 31 |
| Ben | Munich | Sales | 48,500 | 45 |
| Carla | Berlin | Support | 41,000 | 29 |
| Dev | Paris | Product Support | 61,000.50 | 45 |
";

#[test]
fn rows_are_counted_and_figures_worked_out_over_the_rows_meant() {
    check(
        STAFF,
        &[
            ("How many employees work in Berlin?", "The table has 2 rows whose “City” is Berlin."),
            (
                "How many employees in Berlin or Munich are there?",
                "The table has 3 rows whose “City” is Berlin or Munich.",
            ),
            ("How many employees are there in total?", "The table has all 4 rows."),
            (
                "How many employees in the sales department are in Berlin?",
                "The table has 1 row whose “City” is Berlin and whose “Department” is Sales.",
            ),
            (
                "How many employees have a salary above 48,500?",
                "The table has 2 rows whose “Salary (EUR)” is above 48,500.",
            ),
            (
                "How many employees have a salary of at least €48,500?",
                "The table has 3 rows whose “Salary (EUR)” is at least 48,500.",
            ),
            (
                "What is the average salary of employees in Berlin?",
                "The average of “Salary (EUR)” over 2 rows whose “City” is Berlin is 46,500 EUR.",
            ),
            ("What is the average age?", "The average of “Age” over all 4 rows is 37.5."),
            ("What is the sum of salaries?", "The total of “Salary (EUR)” over all 4 rows is 202,500.5 EUR."),
            (
                "Who has the highest salary?",
                "The highest “Salary (EUR)” among all 4 rows is 61,000.5 EUR (Dev).",
            ),
            (
                "Which employee has the highest salary?",
                "The highest “Salary (EUR)” among all 4 rows is 61,000.5 EUR (Dev).",
            ),
            ("What is the maximum age?", "The highest “Age” among all 4 rows is 45 (Ben, Dev)."),
        ],
    );
}

#[test]
fn questions_with_more_or_other_things_are_left_alone() {
    check(
        STAFF,
        &[
            ("How many days of annual leave do employees get?", "not applicable"),
            ("How many employees in Rome are there?", "not applicable"),
            ("How many employees in Berlin are married?", "not applicable"),
            ("How many customers are there?", "not applicable"),
            ("How many employees do not smoke?", "not applicable"),
            ("How many employees in Sales are not in Berlin?", "SeveralMatch"),
            ("How many employees are not in Berlin but not in Paris?", "not asked"),
            ("How many employees have a salary not above 48,500?", "not asked"),
            ("What is the average salary per department?", "not applicable"),
            ("What is the average salary by city?", "not applicable"),
            ("What is the average salary in each city?", "not asked"),
            ("What is the difference between the average salary in Berlin and Munich?", "not asked"),
            ("What is the second highest salary?", "not asked"),
            ("What is the median salary?", "not asked"),
            ("What is the maximum number of days I can carry over?", "not applicable"),
            ("What is Anna's salary?", "not asked"),
            ("What is the total salary of Anna?", "Anna"),
            ("How many departments are there?", "NotDistinct"),
            ("How many employees are in support?", "SeveralMatch"),
            ("How many employees are over 40?", "not applicable"),
            ("How many employees have an age below -3?", "not asked"),
        ],
    );
}

#[test]
fn all_but_some_rows_are_counted_and_added_up() {
    check(
        STAFF,
        &[
            ("How many employees are not in Berlin?", "The table has 2 rows whose “City” is not Berlin."),
            (
                "How many employees are not based in Berlin or Munich?",
                "The table has 1 row whose “City” is not Berlin or Munich.",
            ),
            (
                "How many employees except those in Paris are there?",
                "The table has 3 rows whose “City” is not Paris.",
            ),
            (
                "What is the average salary of employees outside Berlin?",
                "The average of “Salary (EUR)” over 2 rows whose “City” is not Berlin is 54,750.25 EUR.",
            ),
        ],
    );
    assert_eq!(outcome("How many employees are not in Berlin?", STAFF, false), "Incomplete");
    for unknown in ["| |", "| n/a |", "| TBD |", "| 未知 |"] {
        let staff = STAFF.replace("| Munich |", unknown);
        check(&staff, &[("How many employees are not in Berlin?", "UncertainRows")]);
    }
}

#[test]
fn what_asks_for_a_number_is_told_from_what_does_not() {
    for question in [
        "How many employees are not in Berlin?",
        "What is the median of the total cost?",
        "不在北京的员工有多少人？",
        "各城市的销售总额是多少？",
    ] {
        assert!(asks_for_number(question), "{question}");
    }
    for question in
        ["Who is not in Berlin?", "Which office is the largest?", "总经理是谁？", "iPhone 多少钱？"]
    {
        assert!(!asks_for_number(question), "{question}");
    }
    assert_eq!(subject("How many employees are not in Berlin?"), "employee berlin");
    assert_eq!(subject("不在北京的员工有多少名？"), "北京 员工");
}

#[test]
fn a_table_cut_off_declines() {
    for question in
        ["How many employees work in Berlin?", "What is the average salary?", "Sum of all salaries?"]
    {
        assert_eq!(outcome(question, STAFF, false), "Incomplete", "{question}");
    }
    // The one row at hand may not be the only one.
    assert_eq!(outcome("What is the total salary in Munich?", STAFF, false), "Incomplete");
    assert_eq!(outcome("What is the total salary of Anna?", STAFF, false), "Anna");
    assert_eq!(outcome("How many days of leave do I get?", STAFF, false), "not applicable");
    let (_, without_header) = STAFF.split_at(STAFF.find("| Anna").unwrap());
    assert_eq!(outcome("What is the average salary?", without_header, false), "not applicable");
}

#[test]
fn totals_are_cited_and_never_counted() {
    let costs = "\
Costs 2023

| Item | Quarter | Cost ($) |
| --- | --- | --- |
| Paper | Q1 | $1,200 |
| Chairs | Q1 | $800 |
| Subtotal | | $2,000 |
| Desks | Q2 | $(300) |
| Item | Quarter | Cost ($) |
| Lamps | Q2 | $90 |
| Total | | $1,790 |
";
    check(
        costs,
        &[
            ("What is the total cost?", "Total"),
            ("What was the total cost in 2023?", "Total"),
            ("What is the total cost in 2022?", "not applicable"),
            ("How many items are there?", "The table has all 4 rows."),
            (
                "What is the total cost of items above 100?",
                "The total of “Cost ($)” over 2 rows whose “Cost ($)” is above 100 is $2,000.",
            ),
            (
                "What is the total cost in Q2?",
                "The total of “Cost ($)” over 2 rows whose “Quarter” is Q2 is -$210.",
            ),
            ("What is the average cost?", "The average of “Cost ($)” over all 4 rows is $447.5."),
            ("Which item has the lowest cost?", "The lowest “Cost ($)” among all 4 rows is -$300 (Desks)."),
            (
                "What is the total cost of paper and chairs?",
                "The total of “Cost ($)” over 2 rows whose “Item” is Paper or Chairs is $2,000.",
            ),
        ],
    );
}

#[test]
fn rows_that_may_be_totals_decline() {
    let with = |last: &str| {
        format!("| Team | Headcount |\n| --- | --- |\n| Product | 120 |\n| Sales | 80 |\n{last}")
    };
    let sum = "What is the sum of headcount?";
    check(&with("| Total Rewards | 12 |\n"), &[(sum, "UncertainRows")]);
    check(&with("| Everyone | 200 |\n"), &[(sum, "UncertainRows")]);
    check(&with("| of which remote | 30 |\n"), &[(sum, "UncertainRows")]);
    check(
        &with("| Total headcount | 200 |\n"),
        &[(sum, "Total headcount"), ("How many teams are there?", "The table has all 2 rows.")],
    );
    check(
        &with("| Legal | n/a |\n"),
        &[(sum, "NotANumber"), ("How many teams are there?", "The table has all 3 rows.")],
    );
    check(&with("| Legal | 10% |\n| Law | 3 € |\n"), &[(sum, "UncertainUnit")]);
}

#[test]
fn numbers_of_things_that_a_column_holds_are_not_counts_of_rows() {
    let offices = "\
| Office | Employees | Average salary |
| --- | --- | --- |
| Berlin | 120 | 50,000 |
| Paris | 80 | 55,000 |
";
    check(
        offices,
        &[
            ("How many employees work in Berlin?", "Berlin"),
            ("How many employees are there?", "NamedLikeTheResult"),
            ("How many employees are there altogether?", "The total of “Employees” over all 2 rows is 200."),
            ("What is the total number of employees?", "The total of “Employees” over all 2 rows is 200."),
            ("How many offices are there?", "The table has all 2 rows."),
            (
                "How many offices have more than 100 employees?",
                "The table has 1 row whose “Employees” is above 100.",
            ),
            ("What is the average salary in Berlin?", "Berlin"),
            ("What is the average salary?", "not applicable"),
            (
                "Which office has the most employees?",
                "The highest “Employees” among all 2 rows is 120 (Berlin).",
            ),
        ],
    );
    let years = "| Year | Employees |\n| --- | --- |\n| 2021 | 100 |\n| 2022 | 120 |\n";
    check(
        years,
        &[
            ("How many employees does the company have?", "NamedLikeTheResult"),
            ("What was the total number of employees in 2022?", "2022"),
            (
                "What is the average number of employees?",
                "The average of “Employees” over all 2 rows is 110.",
            ),
        ],
    );
}

#[test]
fn years_pick_rows_or_columns() {
    let down = "\
| Product | Year | Sales |
| --- | --- | --- |
| Pen | 2022 | 10 |
| Pen | 2023 | 30 |
| Ink | 2022 | 5 |
| Ink | 2023 | 7 |
";
    check(
        down,
        &[
            (
                "What were the total sales in 2023?",
                "The total of “Sales” over 2 rows whose year is 2023 is 37.",
            ),
            (
                "What were the total sales of pens from 2022 to 2023?",
                "The total of “Sales” over 2 rows whose “Product” is Pen and whose year is 2022 or 2023 is 40.",
            ),
            ("What were the total sales in 2021?", "not applicable"),
            ("Total sales since 2022?", "not asked"),
        ],
    );
    let across = "\
Revenue by segment (in millions)

| Segment | 2021 | 2022 | 2023 | Change |
| --- | --- | --- | --- | --- |
| Cloud | 1,000 | 2,000 | 3,500 | 75% |
| Services | 400 | 300 | 200 | (33)% |
| Total revenue | 1,400 | 2,300 | 3,700 | 61% |
";
    check(
        across,
        &[
            (
                "What was the average cloud revenue between 2021 and 2023?",
                "The average of “Cloud” over 2021, 2022, 2023 is about 2,166.67 million.",
            ),
            (
                "What is the sum of services revenue in 2022 and 2023?",
                "The total of “Services” over 2022, 2023 is 500 million.",
            ),
            ("What was the total revenue in 2023?", "Total revenue"),
            ("What was the total cloud revenue in 2023?", "Cloud"),
            (
                "In how many years did cloud exceed $1,500 million?",
                "In 2 of 3 columns “Cloud” is above 1,500 million: 2022, 2023.",
            ),
            ("In how many years did cloud exceed 1,500?", "UncertainUnit"),
            (
                "Which year had the lowest services revenue?",
                "The lowest “Services” among 2021, 2022, 2023 is 200 million (2023).",
            ),
            (
                "Which segment had the highest revenue in 2023?",
                "The highest “2023” among all 2 rows is 3,500 million (Cloud).",
            ),
            ("What was the percentage change in total revenue between 2022 and 2023?", "not asked"),
        ],
    );
}

const SALES: &str = "\
员工名单（单位：万元）

| 序号 | 姓名 | 城市 | 部门 | 年销售额 |
| --- | --- | --- | --- | --- |
| 1 | 张伟 | 北京 | 销售部 | 120.5 |
| 2 | 李娜 | 上海 | 销售部 | ９８ |
| 3 | 王芳 | 北京 | 市场部 | 1,045 |
| 合计 |  |  |  | 1263.5 |
";

#[test]
fn chinese_questions_are_answered_in_chinese() {
    check(
        SALES,
        &[
            ("北京有多少名员工？", "表中共有“城市”为北京的 2 行。"),
            ("北京的销售部一共有几名员工？", "表中共有“城市”为北京且“部门”为销售部的 1 行。"),
            ("年销售额总计是多少？", "合计"),
            ("北京的年销售额总计是多少？", "“城市”为北京的 2 行的“年销售额”合计为1,165.5万元。"),
            ("北京的销售总额是多少？", "“城市”为北京的 2 行的“年销售额”合计为1,165.5万元。"),
            ("员工的平均年销售额是多少？", "全部 3 行的“年销售额”平均为约421.167万元。"),
            ("销售额最高的员工是谁？", "not applicable"),
            ("年销售额最高是多少？", "全部 3 行中，“年销售额”最高为1,045万元（王芳）。"),
            ("年销售额超过100万元的员工有多少名？", "表中共有“年销售额”高于100万的 2 行。"),
            ("年销售额100万元以上的员工有几位？", "表中共有“年销售额”不低于100万的 2 行。"),
            ("年销售额超过100的员工有多少名？", "UncertainUnit"),
            ("员工每年有多少天年假？", "not asked"),
            ("不在北京的员工有多少名？", "表中共有“城市”不为北京的 1 行。"),
            ("不抽烟的员工有多少名？", "not applicable"),
            ("广州有多少名员工？", "not applicable"),
            ("北京的平均年龄是多少？", "not applicable"),
            ("各城市的年销售额合计是多少？", "not asked"),
        ],
    );
    let years = "销售额\n\n| 产品 | 2022年 | 2023年 |\n| --- | --- | --- |\n| 电脑 | 3亿元 | 4.5亿元 |\n| 手机 | 1亿元 | 5000万元 |\n";
    check(
        years,
        &[
            ("2023年销售额总计是多少？", "全部 2 行的“2023年”合计为500,000,000元。"),
            ("电脑2022年和2023年的销售额一共是多少？", "2022年、2023年的“电脑”合计为750,000,000元。"),
            ("2023年电脑的总销售额是多少？", "电脑"),
            ("2023年销售额最高的产品是哪个？", "全部 2 行中，“2023年”最高为450,000,000元（电脑）。"),
            ("2023年的利润总计是多少？", "not applicable"),
        ],
    );
}

#[test]
fn statements_and_policies_are_not_added_up() {
    let statement = "\
Revenue (in millions)

| | 2022 | 2023 |
| --- | --- | --- |
| Product revenue | 80 | 90 |
| Service revenue | 20 | 25 |
| Cost of revenue | 60 | 61 |
";
    check(
        statement,
        &[
            ("What was the total revenue in 2023?", "SeveralMatch"),
            ("What was the total cost of revenue in 2023?", "Cost of revenue"),
            ("What is the total for 2023?", "not applicable"),
            ("What was the total profit in 2023?", "not applicable"),
        ],
    );
    let leave = "\
Annual leave

| Years of service | Days | Maximum carry-over |
| --- | --- | --- |
| 0 to 2 | 20 | 5 |
| 3 to 5 | 23 | 6 |
| more | 25 | 7 |
";
    check(
        leave,
        &[
            ("How many days of annual leave do I get?", "NamedLikeTheResult"),
            ("How many days of sick leave do I get?", "not applicable"),
            ("What is the maximum carry-over of annual leave?", "not applicable"),
            ("What is the maximum annual leave?", "not applicable"),
            ("How many days of annual leave do I get after 5 years?", "not asked"),
        ],
    );
}

#[test]
fn two_tables_have_to_agree() {
    let first = "| Team | Budget |\n| --- | --- |\n| Red | 10 |\n| Blue | 20 |\n";
    let second = "| Team | Budget |\n| --- | --- |\n| Red | 11 |\n| Blue | 20 |\n";
    let question = "What is the average budget?";
    check(&format!("{first}\n{second}"), &[(question, "SeveralMatch")]);
    check(&format!("{first}\n{first}"), &[(question, "The average of “Budget” over all 2 rows is 15.")]);
}

#[test]
fn a_result_names_its_cells() {
    let tables = Table::read(STAFF);
    let asked = Asked::of("What is the average salary in Berlin?").unwrap();
    let offered = [Offered { table: &tables[0], is_complete: true, about: "Staff" }];
    let Outcome::Computed(computed) = compute(&asked, &offered) else { panic!("not computed") };
    assert_eq!((computed.value, computed.is_rounded), (Decimal::from(46_500), false));
    assert_eq!((computed.table, computed.rows, computed.columns), (0, vec![0, 2], vec![1, 3]));
    assert_eq!((computed.header.as_str(), computed.unit.sign.as_deref()), ("Salary (EUR)", Some("EUR")));
}
