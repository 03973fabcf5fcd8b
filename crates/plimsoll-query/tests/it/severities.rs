//! Severities are ordered as a PostgreSQL enum declared from unknown to critical would be (chapter 8.7, "Enumerated Types").

use plimsoll_types::Severity::{self, Critical, High, Low, Medium, Negligible, Unknown};

use crate::place::{ask, database, refused, reports};

const ALL: &[Severity] = &[High, Unknown, Critical, Low, Negligible, Medium, High];

fn all() -> plimsoll_query::Database {
    database(reports(&[
        ("2026-05-19T08:00:00Z", "a", ALL),
        ("2026-05-19T08:00:00Z", "b", &[Low, Negligible]),
    ]))
}

#[test]
fn order_is_that_of_the_enum() {
    let database = all();
    let sorted = ask(&database, "SELECT DISTINCT severity FROM scan_results ORDER BY severity");
    assert_eq!(sorted, ["unknown", "negligible", "low", "medium", "high", "critical"]);
    let sorted = ask(
        &database,
        "SELECT id FROM scan_results WHERE image_name = 'a' ORDER BY severity DESC, id LIMIT 3",
    );
    assert_eq!(sorted, ["CVE-2026-0003", "CVE-2026-0001", "CVE-2026-0007"]);
    let sorted = ask(
        &database,
        "SELECT severity AS s, count(*) FROM scan_results GROUP BY severity ORDER BY s DESC LIMIT 2",
    );
    assert_eq!(sorted, ["critical|1", "high|2"]);
    let sorted = ask(
        &database,
        "WITH t AS (SELECT severity AS s FROM scan_results) SELECT s FROM t ORDER BY 1 DESC LIMIT 1",
    );
    assert_eq!(sorted, ["critical"]);
}

#[test]
fn the_worst_of_each_is_found_by_distinct_on() {
    let sql = "SELECT DISTINCT ON (image_name) image_name, id, severity FROM scan_results ORDER BY image_name, severity DESC, id";
    assert_eq!(ask(&all(), sql), ["a|CVE-2026-0003|critical", "b|CVE-2026-0001|low"]);
}

#[test]
fn extremes_are_those_of_the_enum() {
    let database = all();
    for (sql, expected) in [
        ("SELECT max(severity), min(severity) FROM scan_results", vec!["critical|unknown"]),
        (
            "SELECT image_name, max(severity) FROM scan_results GROUP BY image_name ORDER BY 2 DESC",
            vec!["a|critical", "b|low"],
        ),
        ("SELECT max(severity) FROM scan_results WHERE id = 'none'", vec![""]),
        (
            "SELECT max(m) FROM (SELECT image_name, min(severity) AS m FROM scan_results GROUP BY image_name) AS t",
            vec!["negligible"],
        ),
        ("SELECT image_name FROM scan_results GROUP BY image_name HAVING max(severity) >= 'high'", vec!["a"]),
        (
            "SELECT DISTINCT image_name, max(severity) OVER (PARTITION BY image_name) FROM scan_results ORDER BY image_name",
            vec!["a|critical", "b|low"],
        ),
        (
            "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY severity DESC) AS n FROM scan_results) AS t WHERE n = 1",
            vec!["CVE-2026-0003"],
        ),
        (
            "SELECT array_agg(severity ORDER BY severity DESC) FROM scan_results WHERE image_name = 'b'",
            vec!["{low,negligible}"],
        ),
        ("SELECT max(severity) FILTER (WHERE severity < 'critical') FROM scan_results", vec!["high"]),
        (
            "SELECT max(CASE WHEN severity = 'critical' THEN 'low' ELSE severity END) FROM scan_results",
            vec!["high"],
        ),
        (
            "SELECT count(*) FROM scan_results WHERE severity = (SELECT max(severity) FROM scan_results)",
            vec!["1"],
        ),
        (
            "SELECT count(*) FROM findings WHERE severity > (SELECT min(severity) FROM scan_results)",
            vec!["12"],
        ),
    ] {
        assert_eq!(ask(&database, sql), expected, "{sql}");
    }
}

#[test]
fn comparisons_are_those_of_the_enum() {
    let database = all();
    for (condition, count) in [
        ("severity >= 'high'", 3),
        ("severity > 'high'", 1),
        ("severity < 'low'", 3),
        ("severity <= 'negligible'", 3),
        ("'medium' < severity", 3),
        ("severity BETWEEN 'low' AND 'high'", 5),
        ("severity NOT BETWEEN 'low' AND 'high'", 4),
        ("severity IN ('critical', 'high')", 3),
        ("severity = 'unknown'", 1),
        ("severity <> 'unknown'", 8),
        ("NOT severity >= 'low'", 3),
        // As texts, 'critical' comes before 'high'.
        ("severity::text >= 'high'", 8),
    ] {
        let sql = format!("SELECT count(*) FROM scan_results WHERE {condition}");
        assert_eq!(ask(&database, &sql), [count.to_string()], "{condition}");
    }
    let joined = "SELECT count(*) FROM scan_results AS a JOIN scan_results AS b ON a.severity > b.severity WHERE a.image_name = 'b' AND b.image_name = 'b'";
    assert_eq!(ask(&database, joined), ["1"]);
    let correlated = "SELECT count(*) FROM scan_results AS a WHERE NOT EXISTS (SELECT 1 FROM scan_results AS b WHERE b.severity > a.severity)";
    assert_eq!(ask(&database, correlated), ["1"]);
}

// PostgreSQL: ERROR:  invalid input value for enum severity: "HIGH".
#[test]
fn words_that_are_no_severity_are_refused() {
    let database = all();
    for condition in [
        "severity = 'HIGH'",
        "severity >= 'severe'",
        "severity IN ('high', 'importnat')",
        "severity BETWEEN 'a' AND 'b'",
    ] {
        let error = refused(&database, &format!("SELECT 1 FROM findings WHERE {condition}")).to_string();
        assert!(error.starts_with("invalid input value for enum severity: \""), "{condition}: {error}");
        assert!(error.ends_with("there is critical, high, medium, low, negligible, unknown"), "{error}");
    }
}
