//! The parts of a date as they were written, before anybody asks whether there is such a day.

use std::ops::Range;

use super::tokens::{Tokens, is_weekday, month};
use super::zone::{self, Zone};

/// A date's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) year: i32,
    pub(super) month: u32,
    pub(super) day: u32,
    pub(super) clock: Clock,
    pub(super) zone: Option<Zone>,
    /// It has the form of a YAML 1.1 timestamp with a time.
    pub(super) is_timestamp: bool,
    /// Where in the text something stands that has no meaning.
    pub(super) ignored: Option<Range<usize>>,
}

/// A time of day; midnight by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Clock {
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
}

/// Finds a date in `text`.
pub(super) fn read(text: &str) -> Option<Written> {
    let mut tokens = Tokens::of(text);
    let time = take_time(&mut tokens);
    let (clock, zone) = time.unwrap_or_default();
    let (year, month, day, clock) = match take_named_month(&mut tokens).or_else(|| take_numbers(&mut tokens)) {
        Some((year, month, day)) => (year, month, day, clock),
        None => take_digits(&mut tokens, clock)?,
    };
    Some(Written { year, month, day, clock, zone, is_timestamp: is_timestamp(text), ignored: tokens.left() })
}

/// Two digits mean 1969 to 2068.
pub(super) fn full_year(year: i32) -> i32 {
    if year < 69 { year + 2000 } else { year + 1900 }
}

fn take_time(tokens: &mut Tokens) -> Option<(Clock, Option<Zone>)> {
    let (start, clock, end) =
        (0..tokens.len()).find_map(|at| clock_at(tokens, at).map(|(clock, end)| (at, clock, end)))?;
    tokens.mark(start..end);
    let named_date = |word: &str| month(word).is_some() || is_weekday(word);
    let zone = zone::at(tokens, tokens.after_space(end)).filter(|(zone, _)| !zone.is_named(named_date));
    if let Some((_, zone_end)) = &zone {
        tokens.mark(end..*zone_end);
    }
    Some((clock, zone.map(|(zone, _)| zone)))
}

/// `16:38`, `16:38:45.5`, `4:38pm`, `4 p.m.`, or the second half of `20251108T163845`, and where it ends.
fn clock_at(tokens: &Tokens, at: usize) -> Option<(Clock, usize)> {
    let digits = tokens.number(at)?;
    if at >= 2 && tokens.word(at - 1) == Some("t") && tokens.number(at - 2).is_some_and(|date| date.len() == 8) {
        return compact_clock(digits).map(|clock| (clock, at + 1));
    }
    let mut clock = Clock { hour: small(digits)?, ..Clock::default() };
    let mut end = at + 1;
    let minute = part_after_colon(tokens, end);
    if let Some((minute, after)) = minute {
        (clock.minute, end) = (minute, after);
        if let Some((second, after)) = part_after_colon(tokens, end) {
            (clock.second, end) = (second, after);
            let fraction = (tokens.is_sign(end, '.') || tokens.is_sign(end, ',')) && tokens.number(end + 1).is_some();
            end += if fraction { 2 } else { 0 };
        }
    }
    match half_of_day(tokens, tokens.after_space(end)) {
        Some((hours, after)) => {
            clock.hour = clock.hour % 12 + hours;
            Some((clock, after))
        }
        None => minute.map(|_| (clock, end)),
    }
}

fn part_after_colon(tokens: &Tokens, at: usize) -> Option<(u32, usize)> {
    let colon = tokens.after_space(at);
    let number = tokens.after_space(colon + 1);
    let digits = tokens.number(number).filter(|_| tokens.is_sign(colon, ':'))?;
    Some((small(digits)?, number + 1))
}

/// The hours that `am` (0) or `pm` (12) add, and where it ends.
fn half_of_day(tokens: &Tokens, at: usize) -> Option<(u32, usize)> {
    match tokens.word(at)? {
        "am" => Some((0, at + 1)),
        "pm" => Some((12, at + 1)),
        half @ ("a" | "p") if tokens.is_sign(at + 1, '.') && tokens.word(at + 2) == Some("m") => {
            let end = if tokens.is_sign(at + 3, '.') { at + 4 } else { at + 3 };
            Some((if half == "a" { 0 } else { 12 }, end))
        }
        _ => None,
    }
}

fn compact_clock(digits: &str) -> Option<Clock> {
    let part = |at: usize| digits.get(at..at + 2).map_or(Some(0), small);
    matches!(digits.len(), 4 | 6).then_some(())?;
    Some(Clock { hour: part(0)?, minute: part(2)?, second: part(4)? })
}

/// `8 Nov 2025`, `November 8, 2025`, `2025-Nov-08`: of two numbers beside a month, the longer is the year.
fn take_named_month(tokens: &mut Tokens) -> Option<(i32, u32, u32)> {
    let (at, month) = (0..tokens.len()).find_map(|at| Some((at, tokens.word(at).and_then(month)?)))?;
    let [first, second] = tokens.numbers()[..] else { return None };
    let (first_digits, second_digits) = (tokens.number(first)?, tokens.number(second)?);
    let (year, day) =
        if first_digits.len() > 2 { (first_digits, second_digits) } else { (second_digits, first_digits) };
    let date = (year_of(year)?, month, small(day)?);
    tokens.mark(first.min(at)..second.max(at) + 1);
    Some(date)
}

/// `2025-11-08`, `2025/11/08`, `8.11.2025`: the year is first, unless the last number is longer than two digits.
fn take_numbers(tokens: &mut Tokens) -> Option<(i32, u32, u32)> {
    let is_date = |at: &usize| {
        let joined = |sign| tokens.is_sign(at + 1, sign) && tokens.is_sign(at + 3, sign);
        // A fourth number, as in `2025-11-08-09`, leaves open which of them are the date.
        let is_longer = |sign| {
            let before = *at >= 2 && tokens.is_sign(at - 1, sign) && tokens.number(at - 2).is_some();
            before || (tokens.is_sign(at + 5, sign) && tokens.number(at + 6).is_some())
        };
        ['-', '/', '.'].into_iter().any(|sign| joined(sign) && !is_longer(sign))
            && [0, 2, 4].into_iter().all(|step| tokens.number(at + step).is_some())
    };
    let at = (0..tokens.len()).find(is_date)?;
    let (first, second, third) = (tokens.number(at)?, tokens.number(at + 2)?, tokens.number(at + 4)?);
    let (year, day) = if third.len() > 2 && first.len() <= 2 { (third, first) } else { (first, third) };
    let date = (year_of(year)?, small(second)?, small(day)?);
    tokens.mark(at..at + 5);
    Some(date)
}

/// `20251108` and `20251108163845`.
fn take_digits(tokens: &mut Tokens, clock: Clock) -> Option<(i32, u32, u32, Clock)> {
    let [at] = tokens.numbers()[..] else { return None };
    let digits = tokens.number(at)?;
    let clock = match digits.len() {
        8 => clock,
        14 => compact_clock(&digits[8..])?,
        _ => return None,
    };
    let date = (year_of(&digits[..4])?, small(&digits[4..6])?, small(&digits[6..8])?, clock);
    tokens.mark(at..at + 1);
    Some(date)
}

fn year_of(digits: &str) -> Option<i32> {
    let year = digits.parse().ok().filter(|_| digits.len() <= 6)?;
    Some(if digits.len() <= 2 { full_year(year) } else { year })
}

fn small(digits: &str) -> Option<u32> {
    digits.parse().ok().filter(|_| digits.len() <= 4)
}

/// The form that YAML 1.1 resolves to a timestamp with a time: `2025-11-08 16:38:45`, with `T`, a fraction, an offset.
fn is_timestamp(text: &str) -> bool {
    let mut rest = text;
    let mut digits = |min: usize, max: usize, then: &[char]| {
        let len = rest.bytes().take_while(u8::is_ascii_digit).count();
        let after = &rest[len..];
        let sound = (min..=max).contains(&len) && (then.is_empty() || after.starts_with(then));
        rest = if then.is_empty() { after } else { after.get(1..).unwrap_or_default().trim_start() };
        sound
    };
    let date_and_time = digits(4, 4, &['-'])
        && digits(1, 2, &['-'])
        && digits(1, 2, &['T', 't', ' ', '\t'])
        && digits(1, 2, &[':'])
        && digits(2, 2, &[':'])
        && digits(2, 2, &[]);
    let fraction = rest.strip_prefix('.').map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let zone = fraction.trim();
    let is_offset =
        |zone: &str| zone.starts_with(['+', '-']) && zone[1..].bytes().all(|b| b.is_ascii_digit() || b == b':');
    date_and_time && (matches!(zone, "" | "Z") || is_offset(zone))
}
