//! Tables with a line of headings (RFC 4180), with commas or tabs.

use std::sync::Arc;

use crate::posts::liquid::Value;

/// Each line as a mapping by heading; what is not there is `nil`.
pub(super) fn read(text: &str, separator: char) -> Value {
    let mut rows = rows(text, separator).into_iter();
    let headings: Vec<Arc<str>> =
        rows.next().unwrap_or_default().into_iter().map(|cell| cell.unwrap_or_default().into()).collect();
    let row = |cells: Vec<Option<String>>| {
        let cells =
            cells.into_iter().map(|cell| cell.map_or(Value::Nil, Value::text)).chain(std::iter::repeat(Value::Nil));
        Value::map(headings.iter().cloned().zip(cells))
    };
    Value::list(rows.map(row).collect())
}

/// The cells of each line that is not empty; a cell with nothing in it, not even quotes, is none.
fn rows(text: &str, separator: char) -> Vec<Vec<Option<String>>> {
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    let mut chars = text.chars().filter(|c| *c != '\r').peekable();
    while chars.peek().is_some() {
        let mut cell = chars.next_if_eq(&'"').map(|_| {
            let mut cell = String::new();
            while let Some(c) = chars.next() {
                if c == '"' && chars.next_if_eq(&'"').is_none() {
                    break;
                }
                cell.push(c);
            }
            cell
        });
        while let Some(c) = chars.next_if(|c| *c != separator && *c != '\n') {
            cell.get_or_insert_default().push(c);
        }
        row.push(cell);
        if chars.next() != Some(separator) {
            let row = std::mem::take(&mut row);
            rows.extend((row != [None]).then_some(row));
        }
    }
    rows.extend((!row.is_empty()).then_some(row));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_mappings() {
        let printed = |text, separator| read(text, separator).printed().into_owned();
        assert_eq!(
            printed("a,b\r\n1,\"x, \"\"y\"\"\nz\"\n\n2\n,\"\"\n", ','),
            "{\"a\"=>\"1\", \"b\"=>\"x, \\\"y\\\"\\nz\"}{\"a\"=>\"2\", \"b\"=>nil}{\"a\"=>nil, \"b\"=>\"\"}"
        );
        assert_eq!(printed("a\tb\nc, d\te", '\t'), "{\"a\"=>\"c, d\", \"b\"=>\"e\"}");
        assert_eq!(printed("", ','), "");
    }
}
