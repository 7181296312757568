//! `include`, `include_cached` and `include_relative`.

use std::sync::Arc;

use crate::posts::liquid::{Fault, Run, Value};

use super::Jekyll;

impl Jekyll<'_> {
    pub(super) fn include(&self, tag: &str, markup: &str, run: &mut Run<'_>) -> Result<String, Fault> {
        let (written, params) = split(markup);
        let name = if written.contains("{{") { run.include(written, [])? } else { written.to_owned() };
        check(&name)?;
        let text = match tag {
            "include_relative" => self.beside(&name),
            _ => self.settings.library.includes.get(&name).cloned(),
        };
        let text = text.ok_or_else(|| Fault::said(format!("there is no file `{name}` to include")))?;
        let params = match params {
            "" => None,
            params => Some(("include", parameters(params, run)?)),
        };
        run.include(&text, params).map_err(|fault| match fault {
            Fault::Said(why) => Fault::said(format!("in `{name}`: {why}")),
            spent @ Fault::Spent => spent,
        })
    }

    /// A file in the post's own directory, or below it.
    fn beside(&self, name: &str) -> Option<Arc<str>> {
        let dir = self.post.path.rsplit_once('/').map_or("", |(dir, _)| dir);
        self.pages.text(&format!("{dir}/{name}"))
    }
}

/// The file's name, which may hold outputs, and the parameters behind it.
fn split(markup: &str) -> (&str, &str) {
    let outputs = markup.rfind("}}").map_or(0, |at| at + 2);
    // An output among the parameters belongs to them.
    let first = markup.find(char::is_whitespace).unwrap_or(markup.len());
    let from = if markup[..first].contains("{{") { outputs.max(first) } else { first };
    let end = markup[from..].find(char::is_whitespace).map_or(markup.len(), |at| from + at);
    (markup[..end].trim(), markup[end..].trim())
}

/// Includes stay inside their directory.
fn check(name: &str) -> Result<(), Fault> {
    let is_allowed = |c: char| c.is_alphanumeric() || "_/.-()+~#@".contains(c);
    let leaves = ["..", "//", "./", "/."].iter().any(|sequence| name.contains(sequence));
    if name.is_empty() || leaves || name.starts_with('/') || !name.chars().all(is_allowed) {
        return Err(Fault::said(format!("`{name}` is no name of a file to include")));
    }
    Ok(())
}

/// `key="text" other='text' third=variable`
fn parameters(written: &str, run: &mut Run<'_>) -> Result<Value, Fault> {
    let unsound = || Fault::said(format!("the parameters of an include are `name=\"value\"`, not `{written}`"));
    let (mut all, mut rest) = (Vec::new(), written);
    while !rest.is_empty() {
        let (key, value) = rest.split_once('=').ok_or_else(unsound)?;
        let (key, value) = (key.trim(), value.trim_start());
        let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let len = match quote {
            Some(quote) => quoted_len(value, quote).ok_or_else(unsound)?,
            None => value.find(char::is_whitespace).unwrap_or(value.len()),
        };
        let (this, after) = value.split_at(len);
        if !is_key || this.is_empty() || !(after.is_empty() || after.starts_with(char::is_whitespace)) {
            return Err(unsound());
        }
        let value = match quote {
            Some(quote) => Value::text(this[1..len - 1].replace(&format!("\\{quote}"), &quote.to_string())),
            None => run.evaluate(this)?,
        };
        all.push((Arc::from(key), value));
        rest = after.trim_start();
    }
    Ok(Value::map(all))
}

/// How long a text in quotes is, in which a backslash keeps the next character from ending it.
fn quoted_len(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}
