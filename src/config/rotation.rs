//! A webhook's secrets where one replaces the other: the one in use, and below it those that it replaced, each with its end.
//!
//! In: the text of a secret's file. Out: the secrets, or the text of the file after a rotation. Never: a secret in an error,
//! or one that has ended kept.
//!
//! ```text
//! # Whatever follows a number sign at the beginning of a line is ignored.
//! whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
//! whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD until 2026-11-23T12:00:00Z
//! ```

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::Secret;

/// Each makes a signature: more than anybody needs would only make headers long.
const MOST: usize = 10;
const UNTIL: &str = " until ";

/// Why a secret is not replaced.
pub const PAIR: &str = "an ed25519 key, whose public half its receiver knows: make another pair by hand";

/// Reads the text of a secret's file: one secret, or the one in use and those that it replaced, newest first.
///
/// # Errors
///
/// Which line is wrong, and why.
pub(super) fn parse(text: &str) -> Result<Vec<Secret>, String> {
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let secrets: Vec<Secret> = lines.map(|(at, line)| entry(at + 1, line)).collect::<Result<_, _>>()?;
    if secrets.first().is_some_and(|first| first.until().is_some()) {
        return Err("its first secret has an end, so there is none for the time after it".to_owned());
    }
    if secrets.iter().skip(1).any(|secret| secret.until().is_none()) {
        return Err("only its first secret may have no end: write `until` and a time behind the others".to_owned());
    }
    if secrets.len() > MOST {
        return Err(format!("it holds more than {MOST} secrets: delete the oldest"));
    }
    Ok(secrets)
}

/// The text of the file once `new` is in use. What it replaces ends after `overlap`, or when it would have ended anyway.
///
/// # Errors
///
/// As [`parse`].
pub fn rotate(text: &str, new: &Secret, now: DateTime<Utc>, overlap: Duration) -> Result<String, String> {
    let old = parse(text)?;
    if old.first().is_some_and(|old| is_pair(old.expose())) {
        return Err(format!("it holds {PAIR}"));
    }
    let end = TimeDelta::from_std(overlap).ok().and_then(|overlap| now.checked_add_signed(overlap));
    let end = end.unwrap_or(DateTime::<Utc>::MAX_UTC);
    let mut rotated = format!("{}\n", new.expose());
    for old in old {
        let until = old.until().map_or(end, |until| until.min(end));
        if until > now {
            let until = until.to_rfc3339_opts(SecondsFormat::Secs, true);
            rotated.push_str(&format!("{}{UNTIL}{until}\n", old.expose()));
        }
    }
    parse(&rotated).map(|_| rotated)
}

/// Whether a secret has a public half, which its receivers know.
#[must_use]
pub fn is_pair(secret: &str) -> bool {
    secret.trim().starts_with("whsk_")
}

fn entry(number: usize, line: &str) -> Result<Secret, String> {
    let Some((secret, until)) = line.split_once(UNTIL) else { return Ok(Secret::new(line)) };
    let until = DateTime::parse_from_rfc3339(until.trim())
        .map_err(|_| format!("line {number}: what follows `until` is no time like 2026-11-23T12:00:00Z"))?;
    Ok(Secret::new(secret.trim()).ending(until.to_utc()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: &str = "2026-11-22T12:00:00Z";

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn read(text: &str) -> Vec<(String, Option<DateTime<Utc>>)> {
        parse(text).unwrap().iter().map(|secret| (secret.expose().to_owned(), secret.until())).collect()
    }

    #[test]
    fn a_file_holds_one_secret_or_those_that_it_replaced_too() {
        assert_eq!(read("whsec_a\n"), [("whsec_a".to_owned(), None)]);
        let text = "# mine\r\n\nwhsec_b\r\n  whsec_a until 2026-11-23T12:00:00+09:00 \n";
        let expected = [("whsec_b".to_owned(), None), ("whsec_a".to_owned(), Some(at("2026-11-23T03:00:00Z")))];
        assert_eq!(read(text), expected);
        assert!(read("# nothing\n").is_empty());
    }

    #[test]
    fn what_has_no_end_or_a_wrong_one_is_refused_without_a_word_of_it() {
        let many = format!("hunter2\n{}", "hunter2 until 2026-11-23T12:00:00Z\n".repeat(MOST));
        for text in ["hunter2 until 2026-11-23T12:00:00Z", "a\nhunter2", "hunter2\na until tomorrow", &many] {
            let error = parse(text).unwrap_err();
            assert!(!error.contains("hunter2") && !error.contains("tomorrow"), "{error}");
        }
    }

    #[test]
    fn a_rotation_puts_the_new_one_first_and_gives_the_old_one_an_end() {
        let rotate = |text: &str, overlap| rotate(text, &Secret::new("new"), at(NOW), Duration::from_secs(overlap));
        let first = rotate("old\n", 3600).unwrap();
        assert_eq!(first, "new\nold until 2026-11-22T13:00:00Z\n");
        let both = "c\nb until 2026-11-22T12:30:00Z\na until 2026-11-22T11:00:00Z\n";
        assert_eq!(rotate(both, 3600).unwrap(), "new\nc until 2026-11-22T13:00:00Z\nb until 2026-11-22T12:30:00Z\n");
        assert_eq!(rotate(both, 0).unwrap(), "new\n", "without an overlap the old ones end now");
        assert_eq!(rotate("", 3600).unwrap(), "new\n");
    }

    #[test]
    fn a_pair_is_not_replaced_by_what_its_receiver_cannot_use() {
        let error = rotate("whsk_hunter2\n", &Secret::new("new"), at(NOW), Duration::from_secs(60)).unwrap_err();
        assert!(error.contains("ed25519") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_file_that_is_full_takes_no_further_secret() {
        let full = format!("a\n{}", "b until 2026-11-23T12:00:00Z\n".repeat(MOST - 1));
        assert!(rotate(&full, &Secret::new("new"), at(NOW), Duration::from_secs(60)).is_err());
    }

    proptest! {
        #[test]
        fn whatever_a_file_holds_a_rotation_leaves_what_can_be_read(
            text in "(whsec_[a-z]{1,4}( until (2026-11-2[0-9]T12:00:00Z|x))?|#.?|.{0,3}|\n){0,12}",
            hours in 0..100_u64,
        ) {
            let overlap = Duration::from_secs(hours * 3600);
            prop_assert_eq!(rotate(&text, &Secret::new("new"), at(NOW), overlap).is_ok(), {
                let old = parse(&text);
                old.is_ok_and(|old| {
                    let stay = old.iter().filter(|old| hours > 0 && old.until().is_none_or(|until| until > at(NOW)));
                    stay.count() < MOST && !old.first().is_some_and(|old| is_pair(old.expose()))
                })
            });
            if let Ok(rotated) = rotate(&text, &Secret::new("new"), at(NOW), overlap) {
                let secrets = parse(&rotated).unwrap();
                prop_assert_eq!(secrets[0].expose(), "new");
                let end = at(NOW) + TimeDelta::hours(i64::try_from(hours).unwrap());
                prop_assert!(secrets[1..].iter().all(|old| old.until().is_some_and(|until| until > at(NOW) && until <= end)));
            }
        }
    }
}
