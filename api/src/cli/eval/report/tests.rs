//! What the page says, and that nothing it is given can become part of its markup.

use super::*;

const ATTACK: &str = r#"</td></title><script>alert('x')</script><img src=x onerror="alert(1)">{{ 7 * 7 }}"#;

/// Every text of the report is `text`.
fn report_of(text: &str) -> Report {
    let text = || text.to_owned();
    let bar = Bar { value: 0.7, interval: Some(Interval { low: 0.6, high: 0.8 }) };
    let row = |value, least| MetricRow {
        name: text(),
        value,
        interval: Some(Interval { low: 0.7, high: 0.75 }),
        least,
        note: text(),
    };
    let case = |id: &str, score| Case {
        id: format!("{id}{}", text()),
        question: text(),
        expected: text(),
        got: text(),
        verdict: text(),
        score,
        evidence: vec![Evidence { title: text(), page: Some(3), quote: text() }],
        note: text(),
    };
    Report {
        title: text(),
        subtitle: text(),
        generated_at: text(),
        settings: vec![(text(), text())],
        metrics: vec![row(0.7312, Some(0.8)), row(0.92, Some(0.05)), row(f64::NAN, None)],
        tables: vec![Table {
            title: text(),
            columns: vec![text()],
            rows: vec![vec![text(), "12.5 ms".into()]],
        }],
        plots: vec![
            Plot::Curve(CurvePlot {
                title: text(),
                x_label: text(),
                y_label: text(),
                series: vec![CurveSeries { name: text(), points: vec![(0.0, 0.0), (1.0, 1.0)] }],
                diagonal: true,
            }),
            Plot::Bars(BarPlot {
                title: text(),
                x_label: text(),
                series: vec![text()],
                groups: vec![BarGroup { label: text(), bars: vec![bar] }],
            }),
            Plot::Histogram(HistogramPlot {
                title: text(),
                x_label: text(),
                series: vec![HistogramSeries { name: text(), values: vec![0.2, 0.3] }],
                bins: 4,
            }),
        ],
        cases: vec![case("good", 0.9), case("bad", 0.1)],
    }
}

/// Names of the elements, in order; panics where an end tag does not fit.
fn elements(html: &str) -> Vec<&str> {
    let (mut open, mut found) = (Vec::new(), Vec::new());
    for tag in html.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("every tag ends");
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).expect("every tag has a name");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "an end tag fits");
            continue;
        }
        found.push(name);
        if !tag.ends_with('/') && !matches!(name, "meta" | "!doctype") {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "never ended: {open:?}");
    found
}

#[test]
fn no_text_becomes_markup() {
    let page = html(&report_of(ATTACK), Language::English).unwrap();
    let plain = html(&report_of("w0rd"), Language::English).unwrap();
    assert_eq!(elements(&page), elements(&plain));
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("onerror=\""));
    assert!(page.contains("{{ 7 * 7 }}"), "texts are no templates");
    // All texts are shown, but for the label beside a bar, which is shortened and whole as its tip.
    assert_eq!(page.matches("alert(1)").count(), plain.matches("w0rd").count() - 1);
}

#[test]
fn nothing_outside_the_page_is_needed() {
    let page = html(&report_of("w0rd"), Language::Chinese).unwrap();
    for part in ["http://", "https://", "src=", "url(", "@import", "<link", "<script", "style=\""] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline';"));
}

#[test]
fn both_languages_say_the_same() {
    for (language, parts) in [
        (Language::English, ["lang=\"en\"", "Worst cases", "Expected", "p. 3", "✗ missed", "✓ met"]),
        (Language::Chinese, ["lang=\"zh-CN\"", "最差案例", "期望答案", "第 3 页", "✗ 未达标", "✓ 达标"]),
    ] {
        let page = html(&report_of("w0rd"), language).unwrap();
        for part in parts {
            assert!(page.contains(part), "{part} in {language:?}");
        }
    }
}

#[test]
fn the_worst_case_comes_first() {
    let page = html(&report_of(""), Language::English).unwrap();
    let (bad, good) = (page.find(">bad<").unwrap(), page.find(">good<").unwrap());
    assert!(bad < good);
    assert_eq!(page.matches("<details class=\"case low\" open>").count(), 1);
}

#[test]
fn an_empty_report_is_a_page_of_its_title() {
    let page = html(&Report { title: "T".into(), ..Report::default() }, Language::English).unwrap();
    assert!(page.contains("<h1>T</h1>") && !page.contains("<h2"));
    elements(&page);
}

#[test]
fn numbers_are_written_as_they_are_read() {
    for (value, text) in [
        (0.73124, "0.731"),
        (1.0, "1.000"),
        (648.0, "648"),
        (12.34, "12.3"),
        (-2.5, "-2.500"),
        (123_456.7, "123457"),
        (0.000_012, "1.20e-5"),
        (f64::NAN, "–"),
    ] {
        assert_eq!(number(value), text);
    }
}

#[test]
fn columns_of_numbers_are_set_flush_right() {
    let rows = [["bge-small", "0.8", "–"], ["3 of the questions", "12.5 ms", ""]];
    let table = Table {
        title: String::new(),
        columns: ["a", "b", "c"].map(str::to_owned).to_vec(),
        rows: rows.map(|row| row.map(str::to_owned).to_vec()).to_vec(),
    };
    let shown = ShownTable::of(&table);
    assert_eq!(shown.columns.iter().map(|cell| cell.is_number).collect::<Vec<_>>(), [false, true, false]);
    assert!(shown.rows[1][1].is_number && !shown.rows[1][0].is_number);
    assert!(is_numeric("12.5 ms") && is_numeric("−3") && is_numeric("≥ 0.8") && is_numeric("12%"));
    assert!(!is_numeric("bge-small") && !is_numeric("") && !is_numeric("3 of the questions"));
}
