//! What expressions are worth while a template runs.

use super::Fault;
use super::expression::{Chain, Expr, Key};
use super::filters::{self, Args};
use super::run::Run;
use super::value::Value;

impl Run<'_> {
    pub(super) fn chain(&mut self, chain: &Chain<'_>) -> Result<Value, Fault> {
        let mut value = self.value(&chain.start)?;
        for filter in &chain.filters {
            let mut args = Args::default();
            for arg in &filter.args {
                args.positional.push(self.value(arg)?);
            }
            for (name, arg) in &filter.named {
                args.named.push(((*name).to_owned(), self.value(arg)?));
            }
            self.fuel.spend(value.width())?;
            let host = self.host;
            value = match host.filter(filter.name, &value, &args, self)? {
                Some(made) => made,
                // As in Jekyll, a filter that nobody knows changes nothing.
                None => match filters::apply(filter.name, &value, &args, &self.fuel)? {
                    Some(made) => made,
                    None => self.unknown(filter.name).map(|_| value)?,
                },
            };
            self.fuel.spend(value.width())?;
        }
        Ok(value)
    }

    pub(super) fn value(&mut self, expr: &Expr<'_>) -> Result<Value, Fault> {
        self.fuel.spend(4)?;
        Ok(match expr {
            Expr::Literal(value) => value.clone(),
            Expr::Range(from, to) => {
                let bound = |value: Value| filters::to_i(&value);
                Value::Range(bound(self.value(from)?), bound(self.value(to)?))
            }
            Expr::Name(name) => self.named(name).map_or_else(|| self.unknown(name), Ok)?,
            Expr::Path(root, keys) => self.path(root, keys)?,
        })
    }

    fn path(&mut self, root: &Expr<'_>, keys: &[Key<'_>]) -> Result<Value, Fault> {
        let name = match root {
            Expr::Name(name) => (*name).to_owned(),
            other => self.value(other)?.printed().into_owned(),
        };
        let mut keys = keys.iter();
        let mut value = match self.variable(&name) {
            Some(value) => value,
            // The parts of the host's own variables are asked for one by one: all of them would be a lot.
            None => match keys.next() {
                Some(key) => {
                    let key = self.key(key)?;
                    match key.as_ref().and_then(|key| self.host.part(&name, key)) {
                        Some(part) => part,
                        None => return self.unknown(&name),
                    }
                }
                None => return self.host.variable(&name).map_or_else(|| self.unknown(&name), Ok),
            },
        };
        for key in keys {
            value = self.step(&value, key)?;
        }
        Ok(value)
    }

    /// A key as text.
    fn key(&mut self, key: &Key<'_>) -> Result<Option<String>, Fault> {
        Ok(match key {
            Key::Name(name) => Some((*name).to_owned()),
            Key::Index(expr) => match self.value(expr)? {
                Value::Text(text) => Some(text.as_ref().to_owned()),
                _ => None,
            },
        })
    }

    fn step(&mut self, value: &Value, key: &Key<'_>) -> Result<Value, Fault> {
        self.fuel.spend(4)?;
        let found = match key {
            Key::Name(name) => value.get(name).or_else(|| command(value, name)),
            Key::Index(expr) => match self.value(expr)? {
                Value::Int(index) => value.at(index),
                Value::Text(key) => value.get(&key),
                _ => None,
            },
        };
        Ok(found.unwrap_or(Value::Nil))
    }

    /// A variable of the template's own.
    fn variable(&self, name: &str) -> Option<Value> {
        let own = self.scopes.iter().rev().find_map(|scope| scope.get(name));
        own.cloned().or_else(|| self.counters.get(name).map(|number| Value::Int(*number)))
    }

    /// What is made of something that nothing is known of.
    fn unknown(&self, name: &str) -> Result<Value, Fault> {
        if self.host.is_lax() { Ok(Value::Nil) } else { Err(Fault::said(format!("`{name}` is not known here"))) }
    }

    fn named(&self, name: &str) -> Option<Value> {
        self.variable(name).or_else(|| self.host.variable(name))
    }
}

/// `.size`, `.first` and `.last`.
fn command(value: &Value, name: &str) -> Option<Value> {
    match name {
        "size" => value.len().map(|len| Value::Int(i64::try_from(len).unwrap_or(i64::MAX))),
        "first" => filters::end_of(value, true),
        "last" => filters::end_of(value, false),
        _ => None,
    }
}
