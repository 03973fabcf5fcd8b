//! Answers: rows of plain values, with names and types as PostgreSQL has them.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{
    DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Schema, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::{Number, Value};

use crate::engine::{Limits, QueryError};
use crate::tables::{TABLES, Table};

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerColumn {
    /// Its name.
    pub name: String,
    /// True for numbers, which tables align to the right.
    pub numeric: bool,
}

/// The answer to a query.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// The columns.
    pub columns: Vec<AnswerColumn>,
    /// The rows, each with a value for each column. Times are RFC 3339 texts, lists are arrays.
    pub rows: Vec<Vec<Value>>,
    /// True when there are more rows than the limit lets through.
    pub truncated: bool,
}

impl Answer {
    fn texts(columns: &[&str], rows: Vec<Vec<Value>>) -> Answer {
        let columns =
            columns.iter().map(|name| AnswerColumn { name: (*name).to_owned(), numeric: false }).collect();
        Answer { columns, rows, truncated: false }
    }

    /// The answer to `SHOW TABLES`.
    pub(crate) fn tables() -> Answer {
        let rows = TABLES.iter().map(|table| vec![table.name.into(), table.about.into()]).collect();
        Answer::texts(&["table_name", "description"], rows)
    }

    /// The answer to `SHOW COLUMNS`.
    pub(crate) fn columns(table: &Table) -> Answer {
        let row = |column: &crate::tables::Column| {
            vec![column.name.into(), column.kind.sql().into(), column.about.into()]
        };
        Answer::texts(&["column_name", "data_type", "description"], table.columns.iter().map(row).collect())
    }
}

/// Takes the engine's batches.
pub(crate) struct Collector {
    answer: Answer,
    limits: Limits,
    bytes: usize,
}

impl Collector {
    pub(crate) fn new(schema: &Schema, limits: Limits) -> Collector {
        let column = |field: &std::sync::Arc<datafusion::arrow::datatypes::Field>| AnswerColumn {
            name: field.name().clone(),
            numeric: field.data_type().is_numeric(),
        };
        let columns = schema.fields().iter().map(column).collect();
        Collector { answer: Answer { columns, ..Answer::default() }, limits, bytes: 0 }
    }

    /// Takes a batch; false when no more are wanted.
    pub(crate) fn take(&mut self, batch: &RecordBatch) -> Result<bool, QueryError> {
        for row in 0..batch.num_rows() {
            if self.answer.rows.len() >= self.limits.rows {
                self.answer.truncated = true;
                return Ok(false);
            }
            let mut values = Vec::with_capacity(batch.num_columns());
            for column in batch.columns() {
                let value = value(column, row)?;
                self.bytes = self.bytes.saturating_add(weight(&value));
                values.push(value);
            }
            if self.bytes > self.limits.memory {
                return Err(QueryError::Memory(self.limits.memory >> 20));
            }
            self.answer.rows.push(values);
        }
        Ok(true)
    }

    pub(crate) fn finish(self) -> Answer {
        self.answer
    }
}

/// About how many bytes a value takes.
fn weight(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(values) => values.iter().map(weight).sum(),
            _ => 0,
        }
}

fn value(array: &ArrayRef, row: usize) -> Result<Value, QueryError> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    // What JSON has no number for, such as infinity, is text.
    let float =
        |number: f64| Number::from_f64(number).map_or_else(|| number.to_string().into(), Value::Number);
    Ok(match array.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Float32 => float(array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).into(),
        DataType::Utf8View => array.as_string_view().value(row).into(),
        DataType::List(_) => list(&array.as_list::<i32>().value(row))?,
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row))?,
        _ => formatted(array, row)?,
    })
}

fn list(values: &ArrayRef) -> Result<Value, QueryError> {
    (0..values.len()).map(|row| value(values, row)).collect::<Result<_, _>>().map(Value::Array)
}

fn formatted(array: &ArrayRef, row: usize) -> Result<Value, QueryError> {
    let failed = |error: datafusion::arrow::error::ArrowError| QueryError::Engine(error.to_string());
    let options = FormatOptions::default();
    let text = ArrayFormatter::try_new(array.as_ref(), &options).map_err(failed)?.value(row).try_to_string();
    Ok(text.map_err(failed)?.into())
}
