//! Values and their types: what a row's member may be, what PostgreSQL calls it, and how the engine holds it.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, StringBuilder,
    TimestampNanosecondBuilder,
};
use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};
use plimsoll_types::{Severity, Timestamp};

use crate::severity;

/// The offset of every time in a table.
pub(crate) const UTC: &str = "+00:00";

/// The same as the engine wants it.
pub(crate) fn utc() -> Arc<str> {
    UTC.into()
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// True or false.
    Bool,
    /// A point in time.
    Time,
    /// A list of texts.
    List,
    /// A severity, in the order from `unknown` to `critical`.
    Severity,
}

impl Kind {
    /// What PostgreSQL calls the type.
    pub const fn sql(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Int => "bigint",
            Kind::Float => "double precision",
            Kind::Bool => "boolean",
            Kind::Time => "timestamptz",
            Kind::List => "text[]",
            Kind::Severity => "severity",
        }
    }

    pub(super) fn field(self, name: &str) -> Field {
        let kind = match self {
            Kind::Text | Kind::Severity => DataType::Utf8,
            Kind::Int => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::Bool => DataType::Boolean,
            Kind::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some(utc())),
            Kind::List => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
        };
        let field = Field::new(name, kind, true);
        if self == Kind::Severity { severity::mark(field) } else { field }
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Not known.
    Null,
    /// See [`Kind::Text`].
    Text(String),
    /// See [`Kind::Int`].
    Int(i64),
    /// See [`Kind::Float`].
    Float(f64),
    /// See [`Kind::Bool`].
    Bool(bool),
    /// See [`Kind::Time`].
    Time(Timestamp),
    /// See [`Kind::List`].
    List(Vec<String>),
    /// See [`Kind::Severity`].
    Severity(Severity),
}

/// A type that a row's member can have.
pub(super) trait Member {
    const KIND: Kind;
    fn cell(self) -> Cell;
}

macro_rules! member {
    ($($member:ty => $kind:ident),* $(,)?) => {$(
        impl Member for $member {
            const KIND: Kind = Kind::$kind;
            fn cell(self) -> Cell {
                Cell::$kind(self)
            }
        }
    )*};
}

member! {
    String => Text, i64 => Int, f64 => Float, bool => Bool, Timestamp => Time, Vec<String> => List, Severity => Severity,
}

impl<T: Member> Member for Option<T> {
    const KIND: Kind = T::KIND;
    fn cell(self) -> Cell {
        self.map_or(Cell::Null, Member::cell)
    }
}

/// Takes a column's values. What is of another type is not known.
pub(super) enum Builder {
    Text(StringBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Bool(BooleanBuilder),
    Time(TimestampNanosecondBuilder),
    List(ListBuilder<StringBuilder>),
}

impl Builder {
    pub(super) fn new(kind: Kind) -> Builder {
        match kind {
            Kind::Text | Kind::Severity => Builder::Text(StringBuilder::new()),
            Kind::Int => Builder::Int(Int64Builder::new()),
            Kind::Float => Builder::Float(Float64Builder::new()),
            Kind::Bool => Builder::Bool(BooleanBuilder::new()),
            Kind::Time => Builder::Time(TimestampNanosecondBuilder::new().with_timezone(UTC)),
            Kind::List => Builder::List(ListBuilder::new(StringBuilder::new())),
        }
    }

    pub(super) fn push(&mut self, value: Cell) {
        match (self, value) {
            (Builder::Text(builder), Cell::Text(text)) => builder.append_value(text),
            (Builder::Text(builder), Cell::Severity(severity)) => builder.append_value(severity.word()),
            (Builder::Text(builder), _) => builder.append_null(),
            (Builder::Int(builder), Cell::Int(number)) => builder.append_value(number),
            (Builder::Int(builder), _) => builder.append_null(),
            (Builder::Float(builder), Cell::Float(number)) => builder.append_value(number),
            (Builder::Float(builder), _) => builder.append_null(),
            (Builder::Bool(builder), Cell::Bool(value)) => builder.append_value(value),
            (Builder::Bool(builder), _) => builder.append_null(),
            // A time before 1678 or after 2261, which nobody means, does not fit and is not known.
            (Builder::Time(builder), Cell::Time(time)) => {
                builder.append_option(time.seconds().checked_mul(1_000_000_000));
            }
            (Builder::Time(builder), _) => builder.append_null(),
            (Builder::List(builder), Cell::List(texts)) => {
                builder.append_value(texts.into_iter().map(Some));
            }
            (Builder::List(builder), _) => builder.append_null(),
        }
    }

    pub(super) fn finish(self) -> ArrayRef {
        match self {
            Builder::Text(mut builder) => Arc::new(builder.finish()),
            Builder::Int(mut builder) => Arc::new(builder.finish()),
            Builder::Float(mut builder) => Arc::new(builder.finish()),
            Builder::Bool(mut builder) => Arc::new(builder.finish()),
            Builder::Time(mut builder) => Arc::new(builder.finish()),
            Builder::List(mut builder) => Arc::new(builder.finish()),
        }
    }
}
