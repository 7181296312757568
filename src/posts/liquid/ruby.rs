//! How Ruby writes values and reads numbers.

use std::fmt::Write as _;

use super::value::Value;

/// A float as Ruby prints it: never without a decimal point, in scientific notation when it is very large or small.
pub(super) fn float(number: f64) -> String {
    let size = number.abs();
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let written = format!("{number:e}");
        let (digits, exponent) = written.split_once('e').unwrap_or((&written, "0"));
        let point = if digits.contains('.') { "" } else { ".0" };
        let (sign, power) = exponent.strip_prefix('-').map_or(("+", exponent), |power| ("-", power));
        return format!("{digits}{point}e{sign}{power:0>2}");
    }
    format!("{number:?}")
}

#[expect(clippy::cast_precision_loss, reason = "Ruby rounds alike when it compares the two")]
pub(super) fn as_float(number: i64) -> f64 {
    number as f64
}

/// The whole part of a float; at the bounds of what is held if it is beyond.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, which is what is wanted")]
pub(super) fn truncated(number: f64) -> i64 {
    number as i64
}

/// Ruby's `inspect`. Costs [`Value::weight`].
#[must_use]
pub fn inspect(value: &Value) -> String {
    let mut out = String::new();
    push_inspected(&mut out, value);
    out
}

fn push_inspected(out: &mut String, value: &Value) {
    match value {
        Value::Nil => out.push_str("nil"),
        Value::Text(text) => push_quoted(out, text),
        Value::List(_) => {
            out.push('[');
            for (at, item) in value.as_items().unwrap_or_default().iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                push_inspected(out, item);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (at, (key, value)) in map.entries().iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                push_quoted(out, key);
                out.push_str("=>");
                push_inspected(out, value);
            }
            out.push('}');
        }
        Value::Object(object) => push_inspected(out, &object.whole()),
        other => out.push_str(&other.printed()),
    }
}

fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Ruby's `to_i`: the digits that a text starts with; 0 if there are none.
pub(super) fn to_i(text: &str) -> i64 {
    let text = text.trim_start();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let len = unsigned.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'_').count();
    let digits: String = unsigned[..len].chars().filter(|c| *c != '_').collect();
    let number = digits.parse().unwrap_or(if digits.is_empty() { 0 } else { i64::MAX });
    if text.starts_with('-') { -number } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_ruby_does() {
        for (number, text) in [
            (1.0, "1.0"),
            (-0.5, "-0.5"),
            (1e16, "1.0e+16"),
            (1.5e-7, "1.5e-07"),
            (0.0001, "0.0001"),
            (1e15, "1000000000000000.0"),
        ] {
            assert_eq!(float(number), text);
        }
    }

    #[test]
    fn texts_are_read_as_numbers_as_far_as_they_are() {
        assert_eq!(
            ["12abc", " -3.9", "x", "", "1_000", "99999999999999999999"].map(to_i),
            [12, -3, 0, 0, 1000, i64::MAX]
        );
    }
}
