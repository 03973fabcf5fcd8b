//! Which statements are answered: one that reads. Everything else is refused by what it says, before the engine sees it.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    DescribeAlias, Query, Select, SetExpr, ShowStatementIn, Statement, Visit, Visitor,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::engine::QueryError;

/// The most bytes of a query.
const MAX_BYTES: usize = 64 << 10;

/// The most words and signs of a query: a chain of operators makes a tree as deep as it is long, and many functions of the engine
/// walk it recursively.
const MAX_TOKENS: usize = 4_000;

/// How deep expressions and queries may nest.
const MAX_DEPTH: usize = 50;

/// What is asked for.
pub(crate) enum Request {
    /// A query, for the engine.
    Query(Box<Statement>),
    /// `SHOW TABLES`.
    Tables,
    /// `SHOW COLUMNS FROM …`, with the table's name.
    Columns(String),
}

/// Reads a statement.
pub(crate) fn read(sql: &str) -> Result<Request, QueryError> {
    let parse = |error: &dyn std::fmt::Display| QueryError::Syntax(error.to_string());
    if sql.len() > MAX_BYTES {
        return Err(QueryError::TooLong(format!("more than {MAX_BYTES} bytes")));
    }
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, sql).tokenize_with_location().map_err(|error| parse(&error))?;
    let counted = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).count();
    if counted > MAX_TOKENS {
        return Err(QueryError::TooLong(format!("more than {MAX_TOKENS} words")));
    }
    // What is no query is told by its first word, whether or not the rest of it can be read.
    let first = tokens.iter().find(|token| !matches!(token.token, Token::Whitespace(_)));
    if let Some(Token::Word(word)) = first.map(|token| &token.token)
        && !READS.iter().any(|reads| word.value.eq_ignore_ascii_case(reads))
    {
        return Err(QueryError::Refused(word.value.to_ascii_uppercase().chars().take(40).collect()));
    }
    let statements = Parser::new(&dialect)
        .with_recursion_limit(MAX_DEPTH)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|error| parse(&error))?;
    let mut statements = statements.into_iter();
    let (Some(statement), None) = (statements.next(), statements.next()) else {
        return Err(QueryError::NotOne);
    };
    match &statement {
        Statement::Query(_) => {}
        Statement::Explain { statement: inner, describe_alias: DescribeAlias::Explain, .. } => {
            if !matches!(inner.as_ref(), Statement::Query(_)) {
                return Err(QueryError::Refused(format!("EXPLAIN {}", word(inner))));
            }
        }
        Statement::ShowTables { .. } => return Ok(Request::Tables),
        Statement::ShowColumns { show_options, .. } => {
            let table = show_options
                .show_in
                .as_ref()
                .and_then(|place: &ShowStatementIn| place.parent_name.as_ref().map(ToString::to_string));
            return table.map(Request::Columns).ok_or_else(|| parse(&"SHOW COLUMNS wants FROM and a table"));
        }
        other => return Err(QueryError::Refused(word(other))),
    }
    if let ControlFlow::Break(what) = statement.visit(&mut Writes { outermost: true }) {
        return Err(QueryError::Refused(what));
    }
    Ok(Request::Query(Box::new(statement)))
}

/// The words with which a statement that only reads begins.
const READS: &[&str] = &["select", "with", "values", "explain", "show"];

fn word(statement: &Statement) -> String {
    statement.to_string().split_whitespace().next().unwrap_or_default().to_ascii_uppercase()
}

/// Looks for what writes inside of a query.
struct Writes {
    outermost: bool,
}

impl Visitor for Writes {
    type Break = String;

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<String> {
        let outermost = std::mem::replace(&mut self.outermost, false);
        match statement {
            Statement::Query(_) => ControlFlow::Continue(()),
            Statement::Explain { .. } if outermost => ControlFlow::Continue(()),
            other => ControlFlow::Break(word(other)),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        if !query.locks.is_empty() {
            return ControlFlow::Break("SELECT FOR UPDATE".to_owned());
        }
        match query.body.as_ref() {
            SetExpr::Insert(statement)
            | SetExpr::Update(statement)
            | SetExpr::Delete(statement)
            | SetExpr::Merge(statement) => ControlFlow::Break(word(statement)),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<String> {
        if select.into.is_some() {
            ControlFlow::Break("SELECT INTO".to_owned())
        } else {
            ControlFlow::Continue(())
        }
    }
}
