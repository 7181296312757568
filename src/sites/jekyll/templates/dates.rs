//! Filters for dates.

use chrono::{DateTime, FixedOffset, TimeZone as _};

use crate::posts::dates::{self, Naive};
use crate::posts::front_matter::Scalar;
use crate::posts::liquid::{Args, Fault, Run, Value, strftime};

use super::Jekyll;

impl Jekyll<'_> {
    pub(super) fn date_filter(
        &self,
        name: &str,
        input: &Value,
        args: &Args,
        run: &Run<'_>,
    ) -> Result<Option<Value>, Fault> {
        if !matches!(name, "date" | "date_to_string" | "date_to_long_string" | "date_to_xmlschema" | "date_to_rfc822") {
            return Ok(None);
        }
        let (first, second) = (args.text(0, &run.fuel)?, args.text(1, &run.fuel)?);
        if (name == "date" && first.is_empty()) || input.printed().is_empty() {
            return Ok(Some(input.clone()));
        }
        let Some(at) = self.time(input) else {
            return match name {
                "date" => Ok(Some(input.clone())),
                _ => Err(Fault::said(format!("`{}` is no date", input.printed()))),
            };
        };
        run.fuel.spend(first.len() as u64 * 50)?;
        let format = match name {
            "date" => first.into_owned(),
            "date_to_string" => worded("%b", &at, &first, &second),
            "date_to_long_string" => worded("%B", &at, &first, &second),
            "date_to_xmlschema" => "%Y-%m-%dT%H:%M:%S%:z".to_owned(),
            _ => "%a, %d %b %Y %H:%M:%S %z".to_owned(),
        };
        Ok(Some(Value::text(strftime(&at, &format))))
    }

    /// What a value names, in the site's time zone. The present is the newest post's date.
    fn time(&self, value: &Value) -> Option<DateTime<FixedOffset>> {
        let zone = self.rules.site.timezone;
        let of_seconds = |seconds: i64| Some(zone.timestamp_opt(seconds, 0).single()?.fixed_offset());
        match value {
            Value::Time(at) => Some(*at),
            Value::Int(seconds) => of_seconds(*seconds),
            Value::Text(text) if matches!(text.to_lowercase().as_str(), "now" | "today") => {
                self.pages.posts().first().map(|post| post.published)
            }
            Value::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => of_seconds(text.parse().ok()?),
            Value::Text(text) => {
                let scalar = Scalar { text: text.as_ref().to_owned(), quoted: true, at: None };
                dates::read(&scalar, zone, Naive::Local).ok().map(|date| date.at)
            }
            _ => None,
        }
    }
}

fn worded(month: &str, at: &DateTime<FixedOffset>, kind: &str, style: &str) -> String {
    if kind != "ordinal" {
        return format!("%d {month} %Y");
    }
    let day: u32 = strftime(at, "%d").parse().unwrap_or(0);
    let ending = match (day % 100, day % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    if style == "US" { format!("{month} {day}{ending}, %Y") } else { format!("{day}{ending} {month} %Y") }
}
