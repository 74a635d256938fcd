//! Shows a number as a fraction (`# ?/?`), the way Excel finds and writes it.

use super::number_format::Token;

/// Above this a number is shown without its fraction, which fifteen digits hardly tell.
const MAX_VALUE: f64 = 1e9;
/// Most places of a denominator that is looked for.
const MAX_PLACES: usize = 4;
/// What is left of a number when a fraction is taken for exact.
const EXACT: f64 = 5e-8;

/// A number that is not negative; `None` where the format is no fraction's.
pub(super) fn show(tokens: &[Token], value: f64) -> Option<String> {
    let slash = tokens.iter().position(|token| *token == Token::Slash)?;
    let numerator_at = tokens[..slash].iter().rposition(|token| !is_place(token)).map_or(0, |at| at + 1);
    let places: String = tokens[slash + 1..].iter().map_while(denominator_place).collect();
    let (before, after) = (&tokens[..numerator_at], &tokens[slash + 1 + places.len()..]);
    if numerator_at == slash
        || !(0.0..MAX_VALUE).contains(&value)
        || !before.iter().chain(after).all(is_plain)
    {
        return None;
    }
    let (mut whole, mut numerator, denominator) = parts(value, &places)?;
    let mut out = literals(before.iter().take_while(|token| !is_place(token)));
    let first_place = before.iter().position(is_place);
    if first_place.is_none() {
        numerator += whole * denominator;
        whole = 0;
    }
    if let Some(first) = first_place
        && (whole > 0 || numerator == 0 || before.contains(&Token::Digit('0')))
    {
        out.push_str(&whole.to_string());
        if numerator > 0 {
            out.push_str(&literals(before[first..].iter()));
        }
    }
    if numerator > 0 || first_place.is_none() {
        out.push_str(&format!("{numerator}/{denominator}"));
    }
    out.push_str(&literals(after.iter()));
    Some(out)
}

fn is_place(token: &Token) -> bool {
    matches!(token, Token::Digit(_))
}

fn is_plain(token: &Token) -> bool {
    matches!(token, Token::Digit(_) | Token::Literal(_) | Token::Comma)
}

/// `?` of `?/?`, or a digit of the denominator that the format gives: `?/16`.
fn denominator_place(token: &Token) -> Option<char> {
    match token {
        Token::Digit(place) => Some(*place),
        Token::Literal(text) => {
            text.parse::<u8>().ok().filter(|_| text.len() == 1).map(|n| char::from(b'0' + n))
        }
        _ => None,
    }
}

fn literals<'t>(tokens: impl Iterator<Item = &'t Token>) -> String {
    tokens
        .filter_map(|token| if let Token::Literal(text) = token { Some(text.as_str()) } else { None })
        .collect()
}

/// The whole, and the numerator and denominator of the rest.
fn parts(value: f64, places: &str) -> Option<(u64, u64, u64)> {
    let (whole, rest) = (value.trunc() as u64, value.fract());
    let (numerator, denominator) = match places.starts_with(|c: char| ('1'..='9').contains(&c)) {
        true => {
            let denominator: u32 = places.parse().ok()?;
            ((rest * f64::from(denominator)).round() as u64, u64::from(denominator))
        }
        false if places.is_empty() || places.contains(|c: char| ('1'..='9').contains(&c)) => return None,
        false => nearest(rest, 10_u64.pow(places.len().min(MAX_PLACES) as u32) - 1),
    };
    if numerator == denominator {
        Some((whole + 1, 0, denominator))
    } else {
        Some((whole, numerator, denominator))
    }
}

/// The last convergent of the continued fraction of `rest`, which is below 1, whose denominator is at most `most`: of a tenth
/// in ninths that is none, and the next is one ninth.
fn nearest(rest: f64, most: u64) -> (u64, u64) {
    let (mut before, mut last) = ((1, 0), (0, 1));
    let mut left = rest;
    while left > EXACT {
        left = left.recip();
        let whole = left.trunc() as u64;
        let next = (whole * last.0 + before.0, whole * last.1 + before.1);
        if next.1 > most {
            break;
        }
        (before, last) = (last, next);
        left = left.fract();
    }
    let is_far = |by: f64| by * 2.0 * most as f64 > 1.0;
    match last {
        (0, _) if is_far(rest) => (1, most),
        (1, 1) if is_far(1.0 - rest) => (most - 1, most),
        found => found,
    }
}

#[cfg(test)]
mod tests {
    use super::super::number_format::built_in;
    use super::super::number_format::tests::check;

    #[test]
    fn fractions_are_those_that_excel_finds() {
        check(0.75, "# ?/?", "3/4");
        check(2.5, "# ??/??", "2 1/2");
        check(2.0, "# ?/?", "2");
        check(0.0, "# ?/?", "0");
        check(0.99, "# ?/?", "1");
        check(0.1, "# ?/?", "1/9");
        check(-1.25, "# ?/?", "-1 1/4");
        check(std::f64::consts::PI, "# ???/???", "3 16/113");
        check(2.5, "?/?", "5/2");
        check(0.3, "# ?/16\"in\"", "5/16in");
        check(1.5, "# ?/100", "1 50/100");
        check(0.5, "0 ?/?", "0 1/2");
        check(1e12, "# ?/?", "1000000000000");
        check(0.75, built_in(12).unwrap(), "3/4");
        check(0.55, built_in(13).unwrap(), "11/20");
    }
}
