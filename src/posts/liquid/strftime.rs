//! Ruby's `strftime`.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike as _, FixedOffset, Timelike as _};

/// Wider fields are an accident.
const MAX_WIDTH: usize = 100;

/// A time in this format: directives with Ruby's flags and widths; what is no directive stays as it is.
#[must_use]
pub fn strftime(at: &DateTime<FixedOffset>, format: &str) -> String {
    let mut out = String::with_capacity(format.len() * 2);
    let mut rest = format;
    while let Some(start) = rest.find('%') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let directive = Directive::read(rest);
        let len = directive.len;
        match directive.formatted(at) {
            Some(text) => out.push_str(&text),
            None => out.push_str(&rest[..len]),
        }
        rest = &rest[len..];
    }
    out.push_str(rest);
    out
}

struct Directive {
    /// All of it, in bytes.
    len: usize,
    conversion: char,
    /// What fills it up: none for `-`.
    pad: Option<Option<char>>,
    upper: bool,
    swap: bool,
    width: Option<usize>,
    colons: usize,
}

impl Directive {
    fn read(text: &str) -> Self {
        let mut read = Self { len: 1, conversion: '%', pad: None, upper: false, swap: false, width: None, colons: 0 };
        for c in text[1..].chars() {
            read.len += c.len_utf8();
            match c {
                '-' => read.pad = Some(None),
                '0' if read.width.is_none() => read.pad = Some(Some('0')),
                '_' => read.pad = Some(Some(' ')),
                '^' => read.upper = true,
                '#' => read.swap = true,
                ':' => read.colons += 1,
                'E' | 'O' => {}
                '0'..='9' => {
                    let digit = c.to_digit(10).unwrap_or(0) as usize;
                    read.width = Some((read.width.unwrap_or(0) * 10 + digit).min(MAX_WIDTH));
                }
                c => {
                    read.conversion = c;
                    return read;
                }
            }
        }
        // A directive without an end is text.
        read.conversion = '\0';
        read
    }

    fn formatted(&self, at: &DateTime<FixedOffset>) -> Option<String> {
        let number = |value: i64, width: usize, pad: char| Some((value.to_string(), width, pad));
        let words = |spec: &str| Some((at.format(spec).to_string(), 0, ' '));
        let hour12 = i64::from(at.hour12().1);
        let (text, width, pad) = match self.conversion {
            'Y' => number(at.year().into(), 4, '0'),
            'C' => number(at.year().div_euclid(100).into(), 2, '0'),
            'y' => number(at.year().rem_euclid(100).into(), 2, '0'),
            'm' => number(at.month().into(), 2, '0'),
            'd' => number(at.day().into(), 2, '0'),
            'e' => number(at.day().into(), 2, ' '),
            'j' => number(at.ordinal().into(), 3, '0'),
            'H' => number(at.hour().into(), 2, '0'),
            'k' => number(at.hour().into(), 2, ' '),
            'I' => number(hour12, 2, '0'),
            'l' => number(hour12, 2, ' '),
            'M' => number(at.minute().into(), 2, '0'),
            'S' => number(at.second().into(), 2, '0'),
            'L' => Some((format!("{:09}", at.nanosecond())[..self.width.unwrap_or(3).min(9)].to_owned(), 0, '0')),
            'N' => Some((format!("{:09}", at.nanosecond())[..self.width.unwrap_or(9).min(9)].to_owned(), 0, '0')),
            's' => number(at.timestamp(), 0, '0'),
            'u' => number(at.weekday().number_from_monday().into(), 1, '0'),
            'w' => number(at.weekday().num_days_from_sunday().into(), 1, '0'),
            'G' => number(at.iso_week().year().into(), 4, '0'),
            'g' => number(at.iso_week().year().rem_euclid(100).into(), 2, '0'),
            'V' => number(at.iso_week().week().into(), 2, '0'),
            'U' => words("%U").map(|(text, ..)| (text, 2, '0')),
            'W' => words("%W").map(|(text, ..)| (text, 2, '0')),
            'A' => words("%A"),
            'a' => words("%a"),
            'B' => words("%B"),
            'b' | 'h' => words("%b"),
            'p' => words(if self.swap { "%P" } else { "%p" }),
            'P' => words("%P"),
            'c' => words("%a %b %e %H:%M:%S %Y"),
            'x' | 'D' => words("%m/%d/%y"),
            'X' | 'T' => words("%H:%M:%S"),
            'F' => words("%Y-%m-%d"),
            'R' => words("%H:%M"),
            'r' => words("%I:%M:%S %p"),
            'v' => words("%e-%b-%Y").map(|(text, ..)| (text.to_uppercase(), 0, ' ')),
            '+' => words("%a %b %e %H:%M:%S %z %Y"),
            'z' => Some((self.offset(at), 0, '0')),
            // Ruby has no name for a zone that it knows by its offset only.
            'Z' => Some((String::new(), 0, ' ')),
            'n' => Some(("\n".to_owned(), 0, ' ')),
            't' => Some(("\t".to_owned(), 0, ' ')),
            '%' => Some(("%".to_owned(), 0, ' ')),
            _ => None,
        }?;
        Some(self.filled(text, width, pad))
    }

    fn offset(&self, at: &DateTime<FixedOffset>) -> String {
        match self.colons {
            0 => at.format("%z"),
            1 => at.format("%:z"),
            _ => at.format("%::z"),
        }
        .to_string()
    }

    fn filled(&self, text: String, width: usize, pad: char) -> String {
        let text = if self.upper || (self.swap && self.conversion != 'p') { text.to_uppercase() } else { text };
        let (width, pad) = match self.pad {
            Some(None) => (0, pad),
            Some(Some(pad)) => (self.width.unwrap_or(width), pad),
            None => (self.width.unwrap_or(width), pad),
        };
        let missing = width.saturating_sub(text.chars().count());
        let mut out = String::with_capacity(text.len() + missing);
        // The sign stands before what is filled in.
        let (sign, digits) =
            if pad == '0' { text.split_at(usize::from(text.starts_with('-'))) } else { ("", text.as_str()) };
        // Writing to a String cannot fail.
        let _ = write!(out, "{sign}");
        out.extend(std::iter::repeat_n(pad, missing));
        out.push_str(digits);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_flags_and_widths_are_rubys() {
        let at = DateTime::parse_from_rfc3339("2025-01-05T09:07:08+09:00").unwrap();
        for (format, text) in [
            ("%Y-%m-%d %H:%M:%S %z", "2025-01-05 09:07:08 +0900"),
            ("%-d %b %Y, %e, %^a, %#B", "5 Jan 2025,  5, SUN, JANUARY"),
            ("%I:%M %p %P %l %k", "09:07 AM am  9  9"),
            ("%j %U %V %G %u %w %y %C", "005 01 01 2025 7 0 25 20"),
            ("%03d %_m %010Y %6L", "005  1 0000002025 000000"),
            ("%:z %s %F %T %D %R", "+09:00 1736035628 2025-01-05 09:07:08 01/05/25 09:07"),
            ("100%% %Q %", "100% %Q %"),
            ("日%d", "日05"),
        ] {
            assert_eq!(strftime(&at, format), text, "{format}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(format in "(%[-0_^#:]*[0-9]{0,12}[a-zA-Z%+日]?){0,10}") {
            let _ = strftime(&DateTime::default(), &format);
        }
    }
}
