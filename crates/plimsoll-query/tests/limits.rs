//! Queries that never end or want everything are stopped. Each runs in a process of its own: the memory that is watched is that of the
//! process, and a query that had to be left alone goes on taking it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::Command;
use std::time::{Duration, Instant};

use plimsoll_query::{Database, Limits, QueryError, Tables};
use plimsoll_types::Timestamp;

const LIMITS: Limits = Limits { time: Duration::from_secs(1), rows: 1_000, memory: 64 << 20 };

/// How much longer than it may a query may take on a busy machine.
const SOON: Duration = Duration::from_secs(10);

/// Where the query of a process of its own stands.
const QUERY: &str = "PLIMSOLL_TEST_QUERY";

/// What begins the line that says what became of it.
const VERDICT: &str = "verdict: ";

fn database(limits: Limits) -> Database {
    Database::new(Tables::default(), Timestamp::from_seconds(1_700_000_000), limits).unwrap()
}

/// What becomes of a query in a process of its own: `time`, `memory`, `invalid` or `engine`.
#[track_caller]
fn stopped(sql: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "in_a_process_of_its_own", "--ignored", "--nocapture"])
        .env(QUERY, sql)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{sql}: {text}{}", String::from_utf8_lossy(&output.stderr));
    let verdict = text.lines().find_map(|line| Some(line.split_once(VERDICT)?.1));
    verdict.unwrap_or_else(|| panic!("{sql}: {text}")).to_owned()
}

#[test]
#[ignore = "other tests start it in a process of its own"]
fn in_a_process_of_its_own() {
    let sql = std::env::var(QUERY).expect("a query");
    let database = database(LIMITS);
    let start = Instant::now();
    let result = database.query(&sql);
    let took = start.elapsed();
    let error = result.map(|answer| answer.rows.len()).expect_err("an answer");
    assert!(took < LIMITS.time + SOON, "{took:?}");
    // Whether it could be stopped or had to be left alone, what comes next gets an answer of one kind or the other.
    let next = database.query("SELECT 1");
    assert!(next.is_ok() || next == Err(QueryError::Stuck), "{next:?}");
    let verdict = match error {
        QueryError::Time(time) if time == LIMITS.time => "time",
        QueryError::Memory(64) => "memory",
        QueryError::Invalid(_) => "invalid",
        QueryError::Engine(_) => "engine",
        other => panic!("{other}"),
    };
    println!("\n{VERDICT}{verdict}");
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
        let verdict = stopped(&sql);
        // What keeps rows may want memory before its time is up.
        let keeps = sql.contains("JOIN") || sql.contains("RECURSIVE");
        assert!(verdict == "time" || keeps && verdict == "memory", "{sql}: {verdict}");
    }
}

#[test]
fn hungry_queries_are_stopped() {
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
        let verdict = stopped(&sql);
        println!("{verdict}: {sql}");
    }
}

#[test]
fn rows_are_limited() {
    let database = database(Limits { time: Duration::from_secs(60), ..LIMITS });
    let answer = database.query("SELECT * FROM generate_series(1, 100000000000)").unwrap();
    assert_eq!((answer.rows.len(), answer.truncated), (1_000, true));
    let answer = database.query("SELECT * FROM generate_series(1, 1000)").unwrap();
    assert_eq!((answer.rows.len(), answer.truncated), (1_000, false));
}
