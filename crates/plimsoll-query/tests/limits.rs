//! Queries that never end or want everything are stopped. In a test binary of their own, and one after the other: the memory that
//! is watched is that of the process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use plimsoll_query::{Database, Limits, QueryError, Tables};
use plimsoll_types::Timestamp;

static TURN: Mutex<()> = Mutex::new(());

const LIMITS: Limits = Limits { time: Duration::from_secs(1), rows: 1_000, memory: 64 << 20 };

fn database() -> Database {
    Database::new(Tables::default(), Timestamp::from_seconds(1_700_000_000), LIMITS).unwrap()
}

/// What becomes of a query, which must not take much longer than it may.
#[track_caller]
fn stopped(sql: &str) -> QueryError {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let database = database();
    let start = Instant::now();
    let result = database.query(sql);
    let took = start.elapsed();
    let error = result.map(|answer| answer.rows.len()).expect_err(sql);
    assert!(took < Duration::from_secs(4), "{sql}: {took:?}");
    // Whether it could be stopped or had to be left alone, what comes next gets an answer of one kind or the other.
    let next = database.query("SELECT 1");
    assert!(next.is_ok() || next == Err(QueryError::Stuck), "{next:?}");
    error
}

const SERIES: &str = "generate_series(1, 100000000000)";

#[test]
fn endless_queries_are_stopped_by_the_clock() {
    for sql in [
        format!("SELECT count(*) FROM {SERIES}"),
        format!("SELECT count(*) FROM {SERIES} AS a(x) WHERE x % 2 = 3"),
        "SELECT count(*) FROM generate_series(1, 100000) AS a(x) CROSS JOIN generate_series(1, 100000) AS b(y) CROSS JOIN \
         generate_series(1, 100000) AS c(z) WHERE x + y + z = 1"
            .to_owned(),
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT 1 FROM t) SELECT count(*) FROM t".to_owned(),
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT n FROM t WHERE n > 1".to_owned(),
    ] {
        let error = stopped(&sql);
        // What keeps rows may want memory before its time is up.
        let keeps = sql.contains("JOIN") || sql.contains("RECURSIVE");
        let hungry = keeps && error == QueryError::Memory(64);
        assert!(hungry || error == QueryError::Time(LIMITS.time), "{sql}: {error}");
    }
}

#[test]
fn hungry_queries_are_stopped_by_memory_or_the_clock() {
    for sql in [
        format!("SELECT x FROM {SERIES} AS a(x) ORDER BY x DESC"),
        format!("SELECT x * 7 % 1000000007 AS y, count(*) FROM {SERIES} AS a(x) GROUP BY y"),
        format!("SELECT array_agg(x) FROM {SERIES} AS a(x)"),
        format!("SELECT string_agg(x::text, ',') FROM {SERIES} AS a(x)"),
        "WITH RECURSIVE t(s) AS (SELECT 'x' UNION ALL SELECT s || s FROM t) SELECT max(length(s)) FROM t"
            .to_owned(),
        "SELECT length(repeat('x', 2000000000))".to_owned(),
        "SELECT length(lpad('x', 2000000000))".to_owned(),
        "SELECT repeat('x', 10000000) FROM generate_series(1, 900)".to_owned(),
    ] {
        let error = stopped(&sql);
        assert!(
            matches!(
                error,
                QueryError::Memory(64) | QueryError::Time(_) | QueryError::Invalid(_) | QueryError::Engine(_)
            ),
            "{sql}: {error}"
        );
    }
}

#[test]
fn rows_are_limited() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let database = database();
    let answer = database.query("SELECT * FROM generate_series(1, 100000000000)").unwrap();
    assert_eq!((answer.rows.len(), answer.truncated), (1_000, true));
    let answer = database.query("SELECT * FROM generate_series(1, 1000)").unwrap();
    assert_eq!((answer.rows.len(), answer.truncated), (1_000, false));
}
