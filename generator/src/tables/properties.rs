//! Properties of reading and computing that hold for any text.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn any_text_is_read_without_panic_and_ranges_give_the_cells(
        text in "([|\t\n -]|[a-c]|年|总|\\\\|[0-9]|Total|\\| --- \\| -- \\|\n){0,120}",
        question in "(how many|total|average|highest|一共|多少名|平均| |[a-c]|年|[0-9]{1,4}|above|and){0,12}",
    ) {
        let tables = Table::read(&text);
        let mut after = 0;
        for table in &tables {
            prop_assert!(table.bytes.start >= after);
            after = table.bytes.end;
            for row in table.header.iter().chain(&table.rows) {
                prop_assert!(table.bytes.start <= row.bytes.start && row.bytes.end <= table.bytes.end);
                for cell in &row.cells {
                    prop_assert!(row.bytes.start <= cell.bytes.start && cell.bytes.end <= row.bytes.end);
                    prop_assert_eq!(text[cell.bytes.clone()].replace("\\|", "|"), cell.text.clone());
                }
            }
        }
        if let Some(asked) = Asked::of(&question) {
            let offered: Vec<Offered<'_>> =
                tables.iter().map(|table| Offered { table, is_complete: true, about: "a b" }).collect();
            if let Outcome::Computed(computed) = compute(&asked, &offered) {
                let table = &tables[computed.table];
                prop_assert!(computed.rows.iter().all(|&row| row < table.rows.len()));
                prop_assert!(computed.columns.iter().all(|&column| column < table.width()));
            }
        }
    }

    #[test]
    fn arbitrary_strings_do_not_panic(text in any::<String>(), question in any::<String>()) {
        let tables = Table::read(&text);
        if let Some(asked) = Asked::of(&question) {
            let offered: Vec<Offered<'_>> =
                tables.iter().map(|table| Offered { table, is_complete: true, about: &text }).collect();
            let _ = compute(&asked, &offered);
        }
        let _ = Amount::parse(&text);
    }

    #[test]
    fn a_sum_does_not_depend_on_the_order_of_rows(
        rows in prop::collection::vec((-9_999_999_i64..9_999_999, 0_u32..4), 2..30).prop_shuffle(),
    ) {
        let values: Vec<Decimal> = rows.iter().map(|&(number, scale)| Decimal::new(number, scale)).collect();
        let table = |values: &[Decimal]| {
            let lines = values.iter().enumerate().map(|(at, value)| format!("| item {at} | {value} |\n"));
            format!("| Item | Cost |\n| --- | --- |\n{}", lines.collect::<String>())
        };
        let exact: Decimal = values.iter().copied().sum();
        let mut turned = values.clone();
        turned.reverse();
        for values in [&values, &turned] {
            let text = table(values);
            let tables = Table::read(&text);
            let asked = Asked::of("What is the sum of cost?").unwrap();
            match compute(&asked, &[Offered { table: &tables[0], is_complete: true, about: "" }]) {
                Outcome::Computed(computed) => prop_assert_eq!(computed.value, exact),
                // Some number may be the sum of others by chance.
                outcome => {
                    let is_expected = outcome == Outcome::Declined { table: 0, reason: Reason::UncertainRows };
                    prop_assert!(is_expected, "{outcome:?}");
                }
            }
        }
    }
}
