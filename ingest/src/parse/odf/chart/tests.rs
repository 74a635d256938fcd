//! What charts of OpenDocument files come to.

use footnote_core::parsed::ContentType;

use super::*;
use crate::parse::builder::DocumentBuilder;
use crate::parse::limits::ParseLimits;

fn read_chart(xml: &str) -> Result<Drawing> {
    let limits = ParseLimits { max_cells: 10_000, ..ParseLimits::default() };
    read("Object 1/content.xml", xml, &mut CellBudget::new(&limits))
}

fn shown(xml: &str) -> String {
    let mut out = DocumentBuilder::new(100_000);
    read_chart(xml).unwrap().append(&mut out);
    out.finish(ContentType::Ods, "test").unwrap().text
}

/// A cell with a text or a number, and the address of what it is a copy of.
fn cell(content: &str, address: &str) -> String {
    let value = match content.parse::<f64>() {
        Ok(_) => format!("office:value-type=\"float\" office:value=\"{content}\""),
        Err(_) => "office:value-type=\"string\"".to_owned(),
    };
    let address = match address {
        "" => String::new(),
        address => format!("<draw:g><svg:desc>{address}</svg:desc></draw:g>"),
    };
    format!("<table:table-cell {value}><text:p>{content}</text:p>{address}</table:table-cell>")
}

fn row(cells: &[(&str, &str)]) -> String {
    let cells: String = cells.iter().map(|(content, address)| cell(content, address)).collect();
    format!("<table:table-row>{cells}</table:table-row>")
}

/// A chart of a class, what it says of its series, and a table whose first row and column are headers.
fn chart(class: &str, plot: &str, rows: &[String]) -> String {
    let (header, rows) = rows.split_first().unwrap();
    format!(
        "<office:document-content><office:automatic-styles>\
         <number:percentage-style style:name=\"N10\"><number:number number:decimal-places=\"0\" number:min-integer-digits=\"1\"/>\
         <number:text>%</number:text></number:percentage-style>\
         <number:number-style style:name=\"N0\"><number:number number:min-integer-digits=\"1\"/></number:number-style>\
         <style:style style:name=\"plain\" style:data-style-name=\"N0\"/><style:style style:name=\"share\" style:data-style-name=\"N10\"/>\
         <style:style style:name=\"rows\"><style:chart-properties chart:series-source=\"rows\"/></style:style>\
         </office:automatic-styles><office:body><office:chart><chart:chart chart:class=\"chart:{class}\">\
         <chart:title><text:p>Leave<text:s/>taken</text:p></chart:title>{plot}\
         <table:table><table:table-header-columns><table:table-column/></table:table-header-columns>\
         <table:table-header-rows>{header}</table:table-header-rows><table:table-rows>{}</table:table-rows></table:table>\
         </chart:chart></office:chart></office:body></office:document-content>",
        rows.concat()
    )
}

#[test]
fn figures_are_shown_as_their_series_and_axes_say() {
    let plot = "<chart:plot-area><chart:axis chart:dimension=\"x\" chart:name=\"primary-x\"><chart:title><text:p>Team</text:p></chart:title>\
                </chart:axis><chart:axis chart:dimension=\"y\" chart:name=\"primary-y\" chart:style-name=\"plain\"/>\
                <chart:axis chart:dimension=\"y\" chart:name=\"secondary-y\" chart:style-name=\"share\"/>\
                <chart:series chart:class=\"chart:line\" chart:style-name=\"plain\" chart:attached-axis=\"secondary-y\" \
                chart:label-cell-address=\"S.$C$1\" chart:values-cell-range-address=\"S.$C$2:.$C$3\"/>\
                <chart:series chart:class=\"chart:bar\" chart:values-cell-range-address=\"S.$B$2:.$B$3\"/></chart:plot-area>";
    let rows = [
        row(&[("", ""), ("2024", ""), ("Share", "S.$C$1")]),
        row(&[("Ann", ""), ("0.30000000000000004", "S.$B$2:.$B$3"), ("0.25", "")]),
        row(&[("Bo", ""), ("NaN", ""), ("0.5", "")]),
    ];
    assert_eq!(
        shown(&chart("bar", plot, &rows)),
        "Bar and Line chart: Leave taken\n\nTeam\n\n|  | 2024 | Share |\n| --- | --- | --- |\n\
         | Ann | 0.3 | 25% |\n| Bo |  | 50% |"
    );
}

#[test]
fn series_without_addresses_are_told_by_their_order() {
    let plot = "<chart:plot-area><chart:series chart:style-name=\"share\"/></chart:plot-area>";
    let rows = [row(&[("", ""), ("Share", "")]), row(&[("Ann", ""), ("0.25", "")])];
    assert!(shown(&chart("circle", plot, &rows)).ends_with("|  | Share |\n| --- | --- |\n| Ann | 25% |"));
    assert!(shown(&chart("circle", plot, &rows)).starts_with("Pie chart: "));
}

#[test]
fn series_that_lie_in_rows_are_turned() {
    let plot = "<chart:plot-area chart:style-name=\"rows\"><chart:series/><chart:series chart:style-name=\"share\"/></chart:plot-area>";
    let rows = [
        row(&[("", ""), ("Q1", ""), ("Q2", ""), ("Q3", "")]),
        row(&[("Days", ""), ("1", ""), ("2", ""), ("3", "")]),
        row(&[("Share", ""), ("0.1", ""), ("0.2", ""), ("0.3", "")]),
    ];
    assert!(shown(&chart("line", plot, &rows)).ends_with(
        "|  | Days | Share |\n| --- | --- | --- |\n| Q1 | 1 | 10% |\n| Q2 | 2 | 20% |\n| Q3 | 3 | 30% |"
    ));
}

#[test]
fn scattered_points_are_named_by_their_domain() {
    let plot = "<chart:plot-area><chart:series chart:label-cell-address=\"B1\"><chart:domain table:cell-range-address=\"A2:A3\"/>\
                </chart:series></chart:plot-area>";
    let rows = [
        row(&[("", ""), ("Age", ""), ("Days", "B1")]),
        row(&[("1", ""), ("31.5", "A2:A3"), ("20", "")]),
        row(&[("2", ""), ("42", ""), ("25", "")]),
    ];
    assert!(
        shown(&chart("scatter", plot, &rows))
            .ends_with("|  | Days |\n| --- | --- |\n| 31.5 | 20 |\n| 42 | 25 |")
    );
}

#[test]
fn a_table_that_names_no_headers_has_one_row_and_column_of_them() {
    let rows = [row(&[("", ""), ("2024", "")]), row(&[("Q1", ""), ("10", "")])].concat();
    let chart =
        format!("<chart:chart chart:class=\"chart:ring\"><table:table>{rows}</table:table></chart:chart>");
    let expected = "Doughnut chart\n\n|  | 2024 |\n| --- | --- |\n| Q1 | 10 |";
    assert_eq!(shown(&chart), expected);
    let with_header_row =
        chart.replacen("<table:table-row>", "<table:table-header-rows><table:table-row>", 1);
    let with_header_row =
        with_header_row.replacen("</table:table-row>", "</table:table-row></table:table-header-rows>", 1);
    assert_eq!(shown(&with_header_row), expected);
}

#[test]
fn repeated_figures_are_bounded_and_damage_is_told() {
    let cell = "<table:table-cell table:number-columns-repeated=\"16384\" office:value=\"1\"><text:p>1</text:p></table:table-cell>";
    let bomb = format!(
        "<chart:chart><table:table><table:table-row table:number-rows-repeated=\"1048576\">{cell}</table:table-row></table:table></chart:chart>"
    );
    assert_eq!(read_chart(&bomb).unwrap_err().kind(), ErrorKind::TooLarge);
    let blank = bomb.replace(" office:value=\"1\"><text:p>1</text:p>", ">");
    assert_eq!(shown(&blank), "Chart");
    assert!(matches!(read_chart("<chart:chart></table>").unwrap(), Drawing::Damaged(_)));
    let with_dtd = "<!DOCTYPE x [<!ENTITY a \"b\">]><chart:chart/>";
    assert!(matches!(read_chart(with_dtd).unwrap(), Drawing::Damaged(_)));
}

proptest::proptest! {
    #[test]
    fn no_chart_panics(
        tags in proptest::collection::vec(proptest::sample::select(vec![
            "<chart:chart chart:class=\"chart:scatter\">", "</chart:chart>", "<table:table>", "</table:table>",
            "<table:table-header-columns>", "</table:table-header-columns>", "<table:table-column/>",
            "<table:table-header-rows>", "</table:table-header-rows>", "<table:table-row>", "</table:table-row>",
            "<table:table-cell office:value=\"1\" table:number-columns-repeated=\"3\">", "</table:table-cell>",
            "<svg:desc>A1</svg:desc>", "<chart:domain table:cell-range-address=\"A1\"/>", "<text:p>x</text:p>",
            "<chart:series chart:values-cell-range-address=\"A1\"/>", "<number:date-style style:name=\"x\">",
            "<number:number/>", "</number:date-style>",
        ]), 0..60),
    ) {
        let _ = read_chart(&tags.concat());
        // Whole elements alone are well-formed.
        let is_whole = |tag: &&&str| tag.ends_with("/>") || tag.starts_with("<svg") || tag.starts_with("<text");
        let whole: String = tags.iter().filter(is_whole).copied().collect();
        let _ = read_chart(&format!(
            "<chart:chart chart:class=\"chart:scatter\"><table:table><table:table-row><table:table-cell/><table:table-cell>{whole}\
             </table:table-cell></table:table-row></table:table></chart:chart>"
        ));
    }
}
