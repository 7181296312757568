//! Scalars of YAML 1.1 as Ruby prints them, where that differs from what is written: `010` is 8, `yes` is true.
//!
//! In: values of front matter. Out: the same, with other texts. Never: dates, and what stands in quotes.

use crate::posts::front_matter::{Scalar, Value};

/// With whole numbers and booleans as Ruby prints them. Numbers with a fraction stay as written, because `1.10` is most often
/// a version.
pub(super) fn printed(value: Value) -> Value {
    changed(value, &|scalar| integer(&scalar.text))
}

/// With numbers that have a fraction as Ruby prints them, too: as they stand in the paths of pages.
pub(super) fn in_paths(value: Value) -> Value {
    changed(value, &|scalar| float(&scalar.text))
}

fn changed(value: Value, number: &impl Fn(&Scalar) -> Option<String>) -> Value {
    let truth = value.as_bool();
    match value {
        Value::Scalar(scalar) if !scalar.quoted => {
            let text = truth.map(|truth| truth.to_string()).or_else(|| number(&scalar));
            Value::Scalar(Scalar { text: text.unwrap_or(scalar.text), ..scalar })
        }
        Value::List(items) => Value::List(items.into_iter().map(|item| changed(item, number)).collect()),
        other => other,
    }
}

/// `0x1F`, `0b11`, `017`, `1_000` and `1,000`, with or without a sign. Two numbers with a colon between them are none: Jekyll
/// installed as a gem does not take them for one.
fn integer(text: &str) -> Option<String> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x', ..] => (16, &digits[2..]),
        [b'0', b'b', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        [b'0'] => (10, digits),
        [b'1'..=b'9', ..] if has_single_separators(digits) => (10, digits),
        _ => return None,
    };
    let digits = Some(digits.replace(['_', ','], "")).filter(|digits| !digits.starts_with(['-', '+']))?;
    let value = i128::from_str_radix(&digits, radix).ok()?;
    Some(if negative { (-value).to_string() } else { value.to_string() })
}

/// Whether each `_` and `,` stands between digits.
fn has_single_separators(digits: &str) -> bool {
    digits.split(['_', ',']).all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `1.10`, `.5`, `1.`, `1.5e+3`; none of the sizes that Ruby prints with an exponent.
fn float(text: &str) -> Option<String> {
    let number = text.trim_start_matches(['-', '+']);
    let (whole, rest) = number.split_once('.').filter(|_| text.len() - number.len() <= 1)?;
    let fraction = rest.find(['e', 'E']).map_or(rest, |at| &rest[..at]);
    let exponent = &rest[fraction.len()..];
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let has_signed_exponent = exponent.get(1..).is_none_or(|e| e.starts_with(['-', '+']) && is_digits(&e[1..]));
    if !(is_digits(whole) && is_digits(fraction) && has_signed_exponent) || whole.len() + fraction.len() == 0 {
        return None;
    }
    let value = text.parse::<f64>().ok().filter(|value| *value == 0.0 || (1e-4..1e16).contains(&value.abs()))?;
    Some(format!("{value:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(text: &str, quoted: bool) -> Value {
        Value::Scalar(Scalar { text: text.to_owned(), quoted, at: None })
    }

    /// What Jekyll 4.3.1 printed for each as a title and in a path.
    #[test]
    fn scalars_are_printed_as_ruby_does() {
        for (written, title, path) in [
            ("010", "8", "8"),
            ("+010", "8", "8"),
            ("-010", "-8", "-8"),
            ("007", "7", "7"),
            ("08", "08", "08"),
            ("0_1", "1", "1"),
            ("0", "0", "0"),
            ("0x1F", "31", "31"),
            ("-0x1F", "-31", "-31"),
            ("0b11", "3", "3"),
            ("0o17", "0o17", "0o17"),
            ("0x", "0x", "0x"),
            ("1_000", "1000", "1000"),
            ("1,000", "1000", "1000"),
            ("1__0", "1__0", "1__0"),
            ("1_", "1_", "1_"),
            ("+5", "5", "5"),
            ("100000000000000000000", "100000000000000000000", "100000000000000000000"),
            ("yes", "true", "true"),
            ("Off", "false", "false"),
            ("y", "y", "y"),
            ("2025-01-01", "2025-01-01", "2025-01-01"),
            ("1e3", "1e3", "1e3"),
            ("1.10.1", "1.10.1", "1.10.1"),
            ("1:30", "1:30", "1:30"),
            ("1.10", "1.10", "1.1"),
            ("1.", "1.", "1.0"),
            (".5", ".5", "0.5"),
            ("1.5e+3", "1.5e+3", "1500.0"),
            ("1.5e3", "1.5e3", "1.5e3"),
            (".", ".", "."),
        ] {
            assert_eq!(printed(scalar(written, false)).as_text(), Some(title), "{written}");
            assert_eq!(in_paths(printed(scalar(written, false))).as_text(), Some(path), "{written}");
            assert_eq!(in_paths(printed(scalar(written, true))).as_text(), Some(written), "{written}");
        }
        let list = Value::List(vec![Value::List(vec![scalar("010", false)]), Value::Null]);
        assert_eq!(printed(list), Value::List(vec![Value::List(vec![scalar("8", false)]), Value::Null]));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[-+0-9a-fxo_,.:eé]{0,12}") {
            let _ = in_paths(printed(scalar(&text, false)));
        }
    }
}
