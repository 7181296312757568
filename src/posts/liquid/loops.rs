//! What loops run over.

use std::sync::Arc;

use super::expression::Expr;
use super::scan;
use super::value::{Object, Value};

/// `item in list reversed limit: 2 offset: 1`
#[derive(Debug)]
pub(super) struct Loop<'a> {
    pub(super) variable: &'a str,
    pub(super) list: Expr<'a>,
    /// As templates see it.
    pub(super) name: String,
    pub(super) reversed: bool,
    pub(super) limit: Option<Expr<'a>>,
    pub(super) offset: Offset<'a>,
    /// Of a table.
    pub(super) columns: Option<Expr<'a>>,
}

#[derive(Debug)]
pub(super) enum Offset<'a> {
    None,
    /// Where the last loop of this name stopped.
    Continue,
    At(Expr<'a>),
}

/// `name: a, b, c`
#[derive(Debug)]
pub(super) struct Cycle<'a> {
    /// `None`: what is in it names it.
    pub(super) name: Option<Expr<'a>>,
    pub(super) values: Vec<Expr<'a>>,
    pub(super) written: &'a str,
}

/// `forloop` in a loop, `tablerowloop` in a table.
#[derive(Debug)]
pub(super) struct Position {
    pub(super) name: Arc<str>,
    pub(super) len: usize,
    pub(super) index: usize,
    /// The loop around it.
    pub(super) around: Value,
    /// 0 if it is no table.
    pub(super) columns: usize,
}

impl<'a> Loop<'a> {
    /// `None` if it does not say what runs over what.
    pub(super) fn parse(markup: &'a str) -> Option<Self> {
        let variable = &markup[..markup.find(char::is_whitespace)?];
        let rest = markup[variable.len()..].trim_start().strip_prefix("in")?;
        let rest = Some(rest).filter(|rest| rest.starts_with(|c: char| c.is_whitespace() || c == '('))?;
        let range = scan::fragment(rest, 0)?;
        let (written, rest) = (&rest[range.clone()], &rest[range.end..]);
        let reversed = scan::word(rest.trim_start()) == "reversed";
        let mut read = Self {
            variable,
            list: Expr::parse(written),
            name: format!("{variable}-{written}"),
            reversed,
            limit: None,
            offset: Offset::None,
            columns: None,
        };
        for (key, value) in scan::attributes(rest) {
            match key {
                "limit" => read.limit = Some(Expr::parse(value)),
                "offset" if value == "continue" => read.offset = Offset::Continue,
                "offset" => read.offset = Offset::At(Expr::parse(value)),
                "cols" => read.columns = Some(Expr::parse(value)),
                _ => {}
            }
        }
        Some(read)
    }
}

impl<'a> Cycle<'a> {
    pub(super) fn parse(markup: &'a str) -> Self {
        let first = scan::starts_with_fragment(markup).unwrap_or_default();
        let (name, list) = match markup[first.len()..].trim_start().strip_prefix(':') {
            Some(rest) => (Some(Expr::parse(first)), rest),
            // The colon may stand close to the name.
            None => match first.strip_suffix(':') {
                Some(name) => (Some(Expr::parse(name)), &markup[first.len()..]),
                None => (None, markup),
            },
        };
        let parts = scan::unquoted(list, ',').filter_map(|part| scan::fragment(part, 0).map(|range| &part[range]));
        Self { name, values: parts.map(Expr::parse).collect(), written: markup }
    }
}

/// What of a list a loop runs over, made item by item: a range may be long.
pub(super) fn items(
    list: &Value,
    from: usize,
    limit: Option<usize>,
    reversed: bool,
) -> Box<dyn ExactSizeIterator<Item = Value> + '_> {
    let take = |len: usize| {
        let from = from.min(len);
        from..limit.map_or(len, |limit| (from.saturating_add(limit)).min(len))
    };
    let places = take(len(list));
    let at = move |place: usize| item(list, place);
    match reversed {
        true => Box::new(places.rev().map(at)),
        false => Box::new(places.map(at)),
    }
}

fn len(list: &Value) -> usize {
    match list {
        Value::Text(text) => usize::from(!text.is_empty()),
        list => list.len().unwrap_or(0),
    }
}

fn item(list: &Value, place: usize) -> Value {
    match list {
        Value::List(_) => list.as_items().and_then(|items| items.get(place)).cloned().unwrap_or(Value::Nil),
        Value::Map(map) => match map.entries().get(place) {
            Some((key, value)) => Value::list(vec![Value::Text(Arc::clone(key)), value.clone()]),
            None => Value::Nil,
        },
        Value::Range(from, _) => {
            i64::try_from(place).map_or(Value::Nil, |place| Value::Int(from.saturating_add(place)))
        }
        other => other.clone(),
    }
}

impl Object for Position {
    fn get(&self, key: &str) -> Option<Value> {
        let Self { index, len, columns, .. } = *self;
        let number = |number: usize| Some(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)));
        let is = |is| Some(Value::Bool(is));
        match key {
            "length" => number(len),
            "index" => number(index + 1),
            "index0" => number(index),
            "rindex" => number(len - index),
            "rindex0" => number(len - index - 1),
            "first" => is(index == 0),
            "last" => is(index + 1 == len),
            "name" if columns == 0 => Some(Value::Text(Arc::clone(&self.name))),
            "parentloop" if columns == 0 => Some(self.around.clone()),
            "col" if columns > 0 => number(index % columns + 1),
            "col0" if columns > 0 => number(index % columns),
            "row" if columns > 0 => number(index / columns + 1),
            "col_first" if columns > 0 => is(index.is_multiple_of(columns)),
            "col_last" if columns > 0 => is((index + 1).is_multiple_of(columns)),
            _ => None,
        }
    }

    fn whole(&self) -> Value {
        // What Ruby prints of it is the name of a class.
        Value::text(if self.columns == 0 { "Liquid::ForloopDrop" } else { "Liquid::TablerowloopDrop" })
    }
}
