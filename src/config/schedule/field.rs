//! One field of a cron expression.
//!
//! In: its text. Out: the values that it names, and whether it starts with a star. Never: a date.

use std::collections::BTreeSet;

use super::ScheduleError;

/// What a field may hold.
#[derive(Debug)]
pub(super) struct Kind {
    /// As messages call it.
    name: &'static str,
    min: u32,
    max: u32,
    /// Names of the values from `min` up, lower case.
    names: &'static [&'static str],
}

/// The five fields, in the order of an expression.
pub(super) const KINDS: [Kind; 5] = [
    Kind { name: "minute", min: 0, max: 59, names: &[] },
    Kind { name: "hour", min: 0, max: 23, names: &[] },
    Kind { name: "day-of-month", min: 1, max: 31, names: &[] },
    Kind {
        name: "month",
        min: 1,
        max: 12,
        names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    Kind { name: "day-of-week", min: 0, max: 7, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/// What a field names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Values {
    /// Never empty. Sunday may be in it as 0, as 7, or as both.
    pub(super) set: BTreeSet<u32>,
    /// It starts with `*`, which is what crontab(5) calls unrestricted, even where a step follows.
    pub(super) starred: bool,
}

impl Kind {
    /// Reads a list of numbers, names, ranges and steps.
    pub(super) fn parse(&self, text: &str) -> Result<Values, ScheduleError> {
        let mut set = BTreeSet::new();
        for item in text.split(',') {
            let (start, end, step) = self.item(item).map_err(|hint| self.refuse(text, &hint))?;
            set.extend((start..=end).step_by(step));
        }
        Ok(Values { set, starred: text.starts_with('*') })
    }

    /// First value, last value and step of one item of the list; what is wrong with it otherwise.
    fn item(&self, item: &str) -> Result<(u32, u32, usize), String> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(self.step(step)?)),
            None => (item, None),
        };
        let (start, end) = match range.split_once('-') {
            _ if range == "*" => (self.min, self.max),
            Some((start, end)) => self.range(start, end)?,
            None => {
                let value = self.value(range)?;
                if step.is_some() {
                    return Err(format!("a step follows `*` or a range, such as `{range}-{}/…`", self.max));
                }
                (value, value)
            }
        };
        Ok((start, end, step.unwrap_or(1)))
    }

    fn step(&self, text: &str) -> Result<usize, String> {
        let step = number(text).filter(|step| (1..=self.max).contains(step));
        let step = step.ok_or_else(|| format!("`{text}` is no step from 1 to {}", self.max))?;
        Ok(step as usize)
    }

    fn range(&self, start: &str, end: &str) -> Result<(u32, u32), String> {
        let (first, mut last) = (self.value(start)?, self.value(end)?);
        // `fri-sun` ends with the Sunday that follows.
        if end.eq_ignore_ascii_case("sun") && first > 0 {
            last = 7;
        }
        if first > last {
            return Err(format!("the range `{start}-{end}` runs backwards"));
        }
        Ok((first, last))
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let named = (self.min..).zip(self.names).find(|(_, name)| name.eq_ignore_ascii_case(text));
        named
            .map(|(value, _)| value)
            .or_else(|| number(text).filter(|value| (self.min..=self.max).contains(value)))
            .ok_or_else(|| format!("`{text}` is not one of them"))
    }

    fn refuse(&self, text: &str, hint: &str) -> ScheduleError {
        let names = match (self.names.first(), self.names.last()) {
            (Some(first), Some(last)) => format!(" or {first}–{last}"),
            _ => String::new(),
        };
        ScheduleError {
            reason: format!(
                "the {} field `{text}` cannot be read: it holds `*`, or values {}–{}{names}, as lists (`1,2`), \
                 ranges (`1-3`) and steps (`*/2`), and {hint}",
                self.name, self.min, self.max
            ),
        }
    }
}

/// Digits only: `parse` alone would take a sign too.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(kind: usize, text: &str) -> Vec<u32> {
        KINDS[kind].parse(text).unwrap().set.into_iter().collect()
    }

    #[test]
    fn lists_ranges_steps_and_names_are_read_as_crontab_reads_them() {
        for (kind, text, want) in [
            (0, "*/20", vec![0, 20, 40]),
            (0, "1-10/3", vec![1, 4, 7, 10]),
            (0, "5,3,3-4", vec![3, 4, 5]),
            (1, "22-23", vec![22, 23]),
            (2, "*/10", vec![1, 11, 21, 31]),
            (3, "jan,MAR-may", vec![1, 3, 4, 5]),
            (4, "mon-FRI", vec![1, 2, 3, 4, 5]),
            (4, "0,7", vec![0, 7]),
            (4, "fri-sun", vec![5, 6, 7]),
            (4, "sun-tue", vec![0, 1, 2]),
        ] {
            assert_eq!(values(kind, text), want, "{text}");
        }
    }

    #[test]
    fn only_a_leading_star_makes_a_field_unrestricted() {
        assert!(KINDS[2].parse("*/2").unwrap().starred);
        assert!(!KINDS[2].parse("1-31").unwrap().starred);
        assert!(!KINDS[2].parse("1,*").unwrap().starred);
    }

    #[test]
    fn what_cannot_be_read_names_the_field_its_text_and_what_it_may_hold() {
        for (kind, text, hint) in [
            (0, "60", "`60` is not one of them"),
            (0, "", "`` is not one of them"),
            (0, "1,", "`` is not one of them"),
            (0, "+5", "`+5` is not one of them"),
            (0, "-5", "`` is not one of them"),
            (0, "5/15", "a step follows `*` or a range, such as `5-59/…`"),
            (0, "*/0", "`0` is no step from 1 to 59"),
            (0, "*/90", "`90` is no step from 1 to 59"),
            (0, "*/", "`` is no step from 1 to 59"),
            (1, "20-4", "the range `20-4` runs backwards"),
            (2, "L", "`L` is not one of them"),
            (3, "january", "`january` is not one of them"),
            (4, "8", "`8` is not one of them"),
            (4, "?", "`?` is not one of them"),
            (4, "99999999999999999999", "is not one of them"),
        ] {
            let reason = KINDS[kind].parse(text).unwrap_err().reason;
            assert!(reason.starts_with(&format!("the {} field `{text}` ", KINDS[kind].name)), "{reason}");
            assert!(reason.ends_with(hint), "{reason}");
        }
        let reason = KINDS[3].parse("0").unwrap_err().reason;
        assert!(reason.contains("values 1–12 or jan–dec"), "{reason}");
    }
}
