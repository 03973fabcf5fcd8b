//! Answers as text: a table for people, JSON and CSV for programs. What comes from outside reaches a terminal as text only.

use serde_json::{Map, Value, json};
use unicode_width::UnicodeWidthStr;

use crate::Answer;

/// The widest column of a table; what is longer is cut.
const WIDEST: usize = 80;

/// A value in a line: lists as PostgreSQL writes them, nothing for NULL.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let texts: Vec<String> = values.iter().map(text_in_list).collect();
            format!("{{{}}}", texts.join(","))
        }
        other => other.to_string(),
    }
}

fn text_in_list(value: &Value) -> String {
    let text = if value.is_null() { return "NULL".to_owned() } else { text(value) };
    let plain = !text.is_empty()
        && !text.eq_ignore_ascii_case("null")
        && !text.contains(|c: char| matches!(c, '{' | '}' | ',' | '"' | '\\') || c.is_whitespace());
    if plain { text } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
}

/// Takes out what a terminal would not show as text.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn cut(text: &str) -> String {
    if text.width() <= WIDEST {
        return text.to_owned();
    }
    let mut width = 0;
    let mut cut: String = text
        .chars()
        .take_while(|c| {
            width += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
            width < WIDEST
        })
        .collect();
    cut.push('…');
    cut
}

/// A table for people, with the number of rows below it.
pub fn table(answer: &Answer) -> String {
    let head: Vec<String> = answer.columns.iter().map(|column| cut(&plain(&column.name))).collect();
    let rows: Vec<Vec<String>> =
        answer.rows.iter().map(|row| row.iter().map(|value| cut(&plain(&text(value)))).collect()).collect();
    let mut widths: Vec<usize> = head.iter().map(|name| name.width()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut out = String::new();
    let mut line = |cells: &[String]| {
        let mut line = String::new();
        for (position, cell) in cells.iter().enumerate() {
            if position > 0 {
                line.push_str("  ");
            }
            let width = widths.get(position).copied().unwrap_or_default();
            let space = " ".repeat(width.saturating_sub(cell.width()));
            if answer.columns.get(position).is_some_and(|column| column.numeric) {
                line.push_str(&space);
                line.push_str(cell);
            } else {
                line.push_str(cell);
                line.push_str(&space);
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    };
    line(&head);
    for row in &rows {
        line(row);
    }
    let count = rows.len();
    let more = if answer.truncated { ", and more" } else { "" };
    out.push_str(&format!("({count} row{}{more})\n", if count == 1 { "" } else { "s" }));
    out
}

/// JSON: the names of the columns, each row as an object, and whether there are more. Of columns with the same name the last one
/// counts in the objects.
pub fn json(answer: &Answer) -> String {
    let columns: Vec<&str> = answer.columns.iter().map(|column| column.name.as_str()).collect();
    let object = |row: &Vec<Value>| {
        Value::Object(
            columns.iter().map(|name| (*name).to_owned()).zip(row.iter().cloned()).collect::<Map<_, _>>(),
        )
    };
    let rows: Vec<Value> = answer.rows.iter().map(object).collect();
    let document = json!({ "columns": columns, "rows": rows, "truncated": answer.truncated });
    format!("{document:#}\n")
}

/// CSV (RFC 4180) with the names of the columns in the first line.
///
/// # Errors
///
/// Never in practice: everything is written to memory.
pub fn csv(answer: &Answer) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(answer.columns.iter().map(|column| column.name.as_str()))?;
    for row in &answer.rows {
        writer.write_record(row.iter().map(text))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
