//! What is refused: everything that does more than read, and what cannot be understood.

use plimsoll_query::{Database, QueryError, Tables};

use crate::place::{CONTAINER, ask, database, inspected, refused};

fn place() -> Database {
    database(inspected(&[CONTAINER]))
}

#[test]
fn statements_that_do_more_than_read_are_refused() {
    let database = place();
    for (sql, word) in [
        ("DELETE FROM containers", "DELETE"),
        ("  delete from containers", "DELETE"),
        ("INSERT INTO containers (id) VALUES ('x')", "INSERT"),
        ("UPDATE containers SET name = 'x'", "UPDATE"),
        ("TRUNCATE containers", "TRUNCATE"),
        ("DROP TABLE containers", "DROP"),
        ("CREATE TABLE t AS SELECT 1", "CREATE"),
        ("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'", "CREATE"),
        ("COPY containers TO '/tmp/x'", "COPY"),
        ("COPY (SELECT 1) TO '/tmp/x'", "COPY"),
        ("SET datafusion.execution.batch_size = 1", "SET"),
        ("BEGIN", "BEGIN"),
        ("CALL f()", "CALL"),
        ("DO $$ BEGIN END $$", "DO"),
        ("GRANT SELECT ON containers TO x", "GRANT"),
        ("VACUUM", "VACUUM"),
        ("PREPARE p AS SELECT 1", "PREPARE"),
        ("LOAD 'x'", "LOAD"),
        ("ATTACH 'x'", "ATTACH"),
        ("PRAGMA x", "PRAGMA"),
        ("SHOW ALL", "SHOW"),
        ("EXPLAIN DELETE FROM containers", "EXPLAIN DELETE"),
        ("EXPLAIN ANALYZE INSERT INTO containers (id) VALUES ('x')", "EXPLAIN INSERT"),
        ("WITH d AS (DELETE FROM containers RETURNING id) SELECT * FROM d", "DELETE"),
        ("WITH d AS (INSERT INTO containers (id) VALUES ('x') RETURNING id) SELECT * FROM d", "INSERT"),
        (
            "SELECT * FROM (WITH d AS (UPDATE containers SET id = 'x' RETURNING id) SELECT * FROM d) AS t",
            "UPDATE",
        ),
        ("SELECT * INTO t FROM containers", "SELECT INTO"),
        ("SELECT * FROM containers FOR UPDATE", "SELECT FOR UPDATE"),
    ] {
        let error = refused(&database, sql);
        assert_eq!(error, QueryError::Refused(word.to_owned()), "{sql}");
        assert!(error.to_string().starts_with(&format!("{word} is refused: tables are read only")));
    }
    assert_eq!(ask(&database, "SELECT count(*) FROM containers"), ["1"]);
}

#[test]
fn one_statement_is_answered() {
    let database = place();
    assert_eq!(refused(&database, "SELECT 1; DELETE FROM containers"), QueryError::NotOne);
    assert_eq!(refused(&database, "SELECT 1; SELECT 2"), QueryError::NotOne);
    assert_eq!(refused(&database, ""), QueryError::NotOne);
    assert_eq!(refused(&database, "-- nothing"), QueryError::NotOne);
    assert_eq!(ask(&database, "SELECT 1;"), ["1"]);
    assert_eq!(ask(&database, "/* a */ SELECT 1 -- b"), ["1"]);
}

#[test]
fn files_are_out_of_reach() {
    let database = place();
    for sql in [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM \"/etc/passwd\"",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT * FROM information_schema.df_settings",
    ] {
        let error = refused(&database, sql);
        assert!(matches!(error, QueryError::Invalid(_)), "{sql}: {error:?}");
    }
}

#[test]
fn faults_are_told_in_a_line() {
    let database = place();
    for (sql, told) in [
        ("SELEC 1", "SELEC is refused"),
        ("SELECT (", "the query cannot be read"),
        ("SELECT * FROM container", "there is no table 'container'; there is containers, mounts"),
        ("SHOW COLUMNS FROM container", "there is no table 'container'"),
        ("SELECT nam FROM containers", "nam"),
        ("SELECT nosuch(1)", "nosuch"),
        ("SELECT name FROM containers WHERE privileged > 'maybe'", "Boolean"),
        ("SELECT 'x'::int", "x"),
        ("SELECT array_repeat('x', 1000000000000)", "array_repeat"),
        ("SELECT generate_series(1, 1000000000000)", "generate_series"),
    ] {
        let error = refused(&database, sql).to_string();
        assert!(error.contains(told) && !error.contains('\n'), "{sql}: {error}");
        assert!(!error.to_lowercase().contains("datafusion"), "{sql}: {error}");
    }
}

#[test]
fn depth_and_length_are_limited() {
    let database = place();
    let deep = format!("SELECT {}1{}", "(".repeat(2_000), ")".repeat(2_000));
    assert!(matches!(refused(&database, &deep), QueryError::Syntax(_) | QueryError::TooLong(_)));
    let long = format!("SELECT 1{}", " + 1".repeat(20_000));
    assert!(matches!(refused(&database, &long), QueryError::TooLong(_)));
    let wide = format!("SELECT '{}'", "x".repeat(70_000));
    assert!(matches!(refused(&database, &wide), QueryError::TooLong(_)));
    assert_eq!(ask(&database, &format!("SELECT 1{}", " + 1".repeat(400))), ["401"]);
    assert_eq!(
        ask(&database, &format!("SELECT count(*) FROM (SELECT 1{}) AS t", " UNION ALL SELECT 1".repeat(200))),
        ["201"]
    );
    // As long as is let through: the clock may end it, the stack does not.
    for (sql, expected) in [
        (format!("SELECT 1{}", " + 1".repeat(1_900)), "1901"),
        (format!("SELECT count(*) FROM (SELECT 1{}) AS t", " UNION ALL SELECT 1".repeat(900)), "901"),
    ] {
        let database = place();
        match database.query(&sql) {
            Ok(answer) => assert_eq!(crate::place::lines(&answer), [expected]),
            Err(error) => assert!(matches!(error, QueryError::Time(_)), "{error}"),
        }
    }
}

#[test]
fn every_beginning_of_a_query_is_answered_or_refused() {
    let database = database(Tables::default());
    let sql = "WITH a AS (SELECT name, severity FROM (SELECT code AS name, severity FROM findings) AS f) SELECT name, max(severity) \
               FROM a WHERE severity >= 'low' GROUP BY name ORDER BY 2 DESC LIMIT 3";
    for end in 0..=sql.len() {
        let _ = database.query(&sql[..end]);
    }
    assert_eq!(ask(&database, sql), [""; 0]);
}
