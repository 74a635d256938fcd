//! Number formats of OpenDocument files, as the codes that say the same in a workbook of Excel.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use crate::parse::package::xml::{Xml, attribute};

/// A format that shows a number as it is.
const GENERAL: &str = "General";
/// Longest code, in bytes, and most places for digits of one part of it.
const MAX_CODE_BYTES: usize = 255;
const MAX_PLACES: usize = 30;

/// The formats that a part defines, by their names.
#[derive(Default)]
pub(super) struct NumberStyles {
    codes: HashMap<String, String>,
    open: Option<OpenStyle>,
}

/// A format that is being read.
#[derive(Default)]
struct OpenStyle {
    name: String,
    is_percentage: bool,
    in_text: bool,
    code: String,
    /// The formats of the numbers that meet a condition, each with it.
    conditional: Vec<(String, String)>,
}

impl NumberStyles {
    /// The code of a format; `None` where it shows numbers as they are.
    pub(super) fn code(&self, name: &str) -> Option<&str> {
        self.codes.get(name).map(String::as_str)
    }

    /// Takes the next event; `false` where it is part of no format.
    pub(super) fn event(&mut self, event: &Xml<'_>) -> bool {
        let Some(open) = &mut self.open else {
            let Xml::Start(start) = event else { return false };
            let name = start.local_name();
            if !is_style(name.as_ref()) {
                return false;
            }
            self.open = Some(OpenStyle {
                name: attribute(start, "name").unwrap_or_default(),
                is_percentage: name.as_ref() == "percentage-style",
                ..OpenStyle::default()
            });
            return true;
        };
        match event {
            Xml::Start(start) if start.local_name().as_ref() == "map" => {
                let named = attribute(start, "apply-style-name").unwrap_or_default();
                let code = self.codes.get(&named).map_or(GENERAL, String::as_str).to_owned();
                let condition = attribute(start, "condition").unwrap_or_default();
                open.conditional.push((condition.replace("value()", ""), code));
            }
            Xml::Start(start) => open.start(start),
            Xml::Text(text) if open.in_text => open.literal(text),
            Xml::Text(_) => {}
            Xml::End("text" | "currency-symbol") => open.in_text = false,
            Xml::End(name) if is_style(name) => self.close(),
            Xml::End(_) => {}
        }
        true
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let name = open.name.clone();
        let code = open.whole();
        if code != GENERAL && !code.is_empty() && code.len() <= MAX_CODE_BYTES {
            self.codes.insert(name, code);
        }
    }
}

fn is_style(name: &str) -> bool {
    matches!(name, "number-style" | "percentage-style" | "currency-style" | "date-style" | "time-style")
}

impl OpenStyle {
    fn start(&mut self, start: &BytesStart<'_>) {
        let is = |name: &str, value: &str| attribute(start, name).as_deref() == Some(value);
        let of_length = |long: &'static str, short: &'static str| match is("style", "long") {
            true => long,
            false => short,
        };
        let field = match start.local_name().as_ref() {
            "number" => return self.number(start),
            "scientific-number" => {
                self.number(start);
                let places = count(start, "min-exponent-digits").unwrap_or(2);
                self.code.push_str(&format!("E+{}", "0".repeat(places)));
                return;
            }
            "fraction" => "# ?/?",
            "text" | "currency-symbol" => {
                self.in_text = true;
                return;
            }
            "year" => of_length("yyyy", "yy"),
            "month" if is("textual", "true") => of_length("mmmm", "mmm"),
            "month" => of_length("mm", "m"),
            "day" => of_length("dd", "d"),
            "day-of-week" => of_length("dddd", "ddd"),
            "hours" => of_length("hh", "h"),
            "minutes" => of_length("mm", "m"),
            "seconds" => of_length("ss", "s"),
            "am-pm" => "AM/PM",
            _ => return,
        };
        self.code.push_str(field);
        if let Some(places) = count(start, "decimal-places").filter(|places| *places > 0)
            && field.starts_with('s')
        {
            self.code.push_str(&format!(".{}", "0".repeat(places)));
        }
    }

    fn number(&mut self, start: &BytesStart<'_>) {
        let grouped = attribute(start, "grouping").as_deref() == Some("true");
        let zeros = count(start, "min-integer-digits").unwrap_or(0);
        let decimals = count(start, "decimal-places");
        if decimals.is_none() && !grouped && zeros <= 1 {
            self.code.push_str(GENERAL);
            return;
        }
        match (grouped, zeros) {
            (true, zeros) => {
                let free = "#".repeat(3_usize.saturating_sub(zeros));
                self.code.push_str(&format!("#,{free}{}", "0".repeat(zeros)));
            }
            (false, 0) => self.code.push('#'),
            (false, zeros) => self.code.push_str(&"0".repeat(zeros)),
        }
        let decimals = decimals.unwrap_or(0);
        if decimals > 0 {
            let least = count(start, "min-decimal-places").map_or(decimals, |least| least.min(decimals));
            let free = "#".repeat(decimals - least);
            self.code.push_str(&format!(".{}{free}", "0".repeat(least)));
        }
        // Every comma behind the digits leaves out thousands.
        let factor = attribute(start, "display-factor").and_then(|factor| factor.parse::<f64>().ok());
        match factor {
            Some(1e3) => self.code.push(','),
            Some(1e6) => self.code.push_str(",,"),
            Some(1e9) => self.code.push_str(",,,"),
            _ => {}
        }
    }

    fn literal(&mut self, text: &str) {
        for c in text.chars().take(MAX_CODE_BYTES) {
            match c {
                '%' if self.is_percentage => self.code.push('%'),
                '"' => {}
                c => self.code.extend(['\\', c]),
            }
        }
    }

    /// The code with a section for each condition; the last one is for all other numbers.
    fn whole(self) -> String {
        let mut whole = String::new();
        for (condition, code) in self.conditional {
            // Of two or three sections the first is for positive numbers anyway, the second for negative ones.
            if !matches!(condition.as_str(), ">=0" | ">0" | "<0") {
                whole.push_str(&format!("[{condition}]"));
            }
            whole.push_str(&code);
            whole.push(';');
        }
        whole.push_str(&self.code);
        whole
    }
}

fn count(start: &BytesStart<'_>, name: &str) -> Option<usize> {
    attribute(start, name).and_then(|count| count.parse::<usize>().ok()).map(|count| count.min(MAX_PLACES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::package::xml::each_event;
    use crate::parse::sheets::number_format::show;

    fn shown(styles: &str, name: &str, value: f64) -> String {
        let mut read = NumberStyles::default();
        each_event("styles", styles, |event| {
            read.event(&event);
            Ok(())
        })
        .unwrap();
        read.code(name).map_or_else(|| "as it is".to_owned(), |code| show(value, code, false))
    }

    #[test]
    fn numbers_are_shown_as_their_styles_say() {
        let number = |attributes: &str| {
            format!(
                "<number:number-style style:name=\"N\"><number:number {attributes}/></number:number-style>"
            )
        };
        let of = |attributes: &str, value: f64| shown(&number(attributes), "N", value);
        assert_eq!(of("number:min-integer-digits=\"1\"", 0.5), "as it is");
        assert_eq!(of("number:decimal-places=\"2\" number:min-integer-digits=\"1\"", 0.5), "0.50");
        let grouped = "number:decimal-places=\"0\" number:min-integer-digits=\"1\" number:grouping=\"true\"";
        assert_eq!(of(grouped, 1_234_567.0), "1,234,567");
        let optional =
            "number:decimal-places=\"3\" number:min-decimal-places=\"1\" number:min-integer-digits=\"1\"";
        assert_eq!(of(optional, 2.5), "2.5");
        assert_eq!(of(&format!("{grouped} number:display-factor=\"1000\""), 1_234_567.0), "1,235");
        let percent = "<number:percentage-style style:name=\"P\"><number:number number:decimal-places=\"1\" \
                       number:min-integer-digits=\"1\"/><number:text>%</number:text></number:percentage-style>";
        assert_eq!(shown(percent, "P", 0.256), "25.6%");
        let date = "<number:date-style style:name=\"D\"><number:day number:style=\"long\"/><number:text>.</number:text>\
                    <number:month number:style=\"long\"/><number:text>.</number:text><number:year number:style=\"long\"/>\
                    <number:text> </number:text><number:hours/><number:text>:</number:text>\
                    <number:minutes number:style=\"long\"/></number:date-style>";
        assert_eq!(shown(date, "D", 45_292.5), "01.01.2024 12:00");
    }

    #[test]
    fn negative_numbers_have_a_style_of_their_own() {
        let money = |name: &str, sign: &str, map: &str| {
            format!(
                "<number:currency-style style:name=\"{name}\">{sign}<number:number number:decimal-places=\"2\" \
                 number:min-integer-digits=\"1\"/><number:text> </number:text><number:currency-symbol>€</number:currency-symbol>\
                 {map}</number:currency-style>"
            )
        };
        let map = "<style:map style:condition=\"value()&gt;=0\" style:apply-style-name=\"NP0\"/>";
        let styles = money("NP0", "", "") + &money("N", "<number:text>-</number:text>", map);
        assert_eq!(shown(&styles, "N", 2.5), "2.50 €");
        assert_eq!(shown(&styles, "N", -2.5), "-2.50 €");
    }

    #[test]
    fn absurd_styles_are_bounded() {
        let style = "<number:number-style style:name=\"N\"><number:number number:decimal-places=\"99999999999\" \
                     number:min-integer-digits=\"999999999\"/></number:number-style>";
        assert!(shown(style, "N", 1.0).len() < 100);
        let long = format!(
            "<number:number-style style:name=\"N\"><number:text>{}</number:text></number:number-style>",
            "x".repeat(1_000)
        );
        assert_eq!(shown(&long, "N", 1.0), "as it is");
    }
}
