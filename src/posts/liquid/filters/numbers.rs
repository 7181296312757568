//! Filters for numbers.

use super::Args;
use crate::posts::liquid::value::Value;
use crate::posts::liquid::{Fault, ruby};

/// A number as filters reckon with it.
#[derive(Clone, Copy)]
enum Number {
    Int(i64),
    Float(f64),
}

pub(super) fn apply(name: &str, input: &Value, args: &Args) -> Result<Option<Value>, Fault> {
    let (a, b) = (number(input), number(args.at(0)));
    Ok(Some(match name {
        "plus" => reckoned(a, b, i64::saturating_add, |a, b| a + b),
        "minus" => reckoned(a, b, i64::saturating_sub, |a, b| a - b),
        "times" => reckoned(a, b, i64::saturating_mul, |a, b| a * b),
        "divided_by" | "modulo" if b.as_float() == 0.0 => return Err(Fault::said("a number is divided by 0")),
        "divided_by" => reckoned(a, b, floor_div, |a, b| a / b),
        "modulo" => reckoned(a, b, floor_mod, |a, b| a - b * (a / b).floor()),
        "abs" => match a {
            Number::Int(number) => Value::Int(number.saturating_abs()),
            Number::Float(number) => Value::Float(number.abs()),
        },
        "at_least" => if b.as_float() > a.as_float() { b } else { a }.value(),
        "at_most" => if b.as_float() < a.as_float() { b } else { a }.value(),
        "ceil" => a.whole(f64::ceil),
        "floor" => a.whole(f64::floor),
        "round" => round(a, b),
        _ => return Ok(None),
    }))
}

fn number(value: &Value) -> Number {
    match value {
        Value::Int(number) => Number::Int(*number),
        Value::Float(number) => Number::Float(*number),
        Value::Text(text) => match text.trim().parse() {
            Ok(number) if is_decimal(text.trim()) => Number::Float(number),
            _ => Number::Int(ruby::to_i(text)),
        },
        _ => Number::Int(0),
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('-').unwrap_or(text).split_once('.').is_some_and(|(whole, rest)| digits(whole) && digits(rest))
}

impl Number {
    fn as_float(self) -> f64 {
        match self {
            Self::Int(number) => ruby::as_float(number),
            Self::Float(number) => number,
        }
    }

    fn value(self) -> Value {
        match self {
            Self::Int(number) => Value::Int(number),
            Self::Float(number) => Value::Float(number),
        }
    }

    fn whole(self, to: fn(f64) -> f64) -> Value {
        match self {
            Self::Int(number) => Value::Int(number),
            Self::Float(number) => Value::Int(ruby::truncated(to(number))),
        }
    }
}

fn reckoned(a: Number, b: Number, whole: fn(i64, i64) -> i64, float: fn(f64, f64) -> f64) -> Value {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => Value::Int(whole(a, b)),
        (a, b) => Value::Float(decimal(float(a.as_float(), b.as_float()))),
    }
}

/// Liquid reckons in decimal: 0.1 and 0.2 are 0.3. Sixteen digits show no trace of the binary.
fn decimal(number: f64) -> f64 {
    format!("{number:.15e}").parse().unwrap_or(number)
}

fn floor_div(a: i64, b: i64) -> i64 {
    let quotient = a.saturating_div(b);
    quotient - i64::from(a.wrapping_rem(b) != 0 && (a < 0) != (b < 0))
}

fn floor_mod(a: i64, b: i64) -> i64 {
    a.wrapping_sub(floor_div(a, b).wrapping_mul(b))
}

fn round(number: Number, digits: Number) -> Value {
    let digits = match digits {
        Number::Int(digits) => digits.clamp(-300, 15),
        Number::Float(digits) => ruby::truncated(digits).clamp(-300, 15),
    };
    match number {
        Number::Float(number) if digits > 0 => {
            let places = usize::try_from(digits).unwrap_or(0);
            // Half a step goes away from zero, as it is written, not as it is held.
            let nudged = number + number.signum() * f64::EPSILON * number.abs();
            Value::Float(format!("{nudged:.places$}").parse().unwrap_or(number))
        }
        number => number.whole(f64::round),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(name: &str, a: Value, b: Value) -> String {
        let made = apply(name, &a, &Args { positional: vec![b], named: Vec::new() });
        made.map_or_else(|fault| format!("{fault:?}"), |value| value.unwrap_or(Value::Nil).printed().into_owned())
    }

    #[test]
    fn numbers_are_reckoned_as_ruby_does() {
        let (int, float) = (Value::Int, Value::Float);
        assert_eq!(applied("plus", float(0.1), float(0.2)), "0.3");
        assert_eq!(applied("divided_by", int(-7), int(2)), "-4");
        assert_eq!(applied("divided_by", int(7), float(2.0)), "3.5");
        assert_eq!(applied("modulo", int(-7), int(3)), "2");
        assert_eq!(applied("times", Value::text("3.5 "), Value::text("2x")), "7.0");
        assert_eq!(applied("round", float(2.675), int(2)), "2.68");
        assert_eq!(applied("round", float(-2.5), Value::Nil), "-3");
        assert_eq!(applied("divided_by", int(i64::MIN), int(-1)), i64::MAX.to_string());
        assert!(applied("modulo", int(1), Value::Nil).contains("divided by 0"));
    }
}
