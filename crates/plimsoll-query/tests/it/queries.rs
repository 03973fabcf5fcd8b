//! Queries that run as they stand, and what of PostgreSQL the engine must have. The answers to what touches no table are those of
//! PostgreSQL's documentation (chapters 4, 7, 8 and 9).

use plimsoll_query::{TABLES, Tables, render};
use plimsoll_types::Severity::{Critical, High, Low, Medium};

use crate::place::{CONTAINER, IMAGE, INFO, ask, database, inspected, reports};

#[test]
fn the_queries_of_the_documentation_run_as_they_stand() {
    let mut tables = reports(&[
        ("2026-05-19T08:00:00Z", "shop/web:1.2", &[High, Low, Medium]),
        ("2026-05-18T08:00:00Z", "shop/api:3", &[Low, Critical, Medium, Low]),
        ("2026-05-01T08:00:00Z", "shop/old:1", &[Critical]),
    ]);
    let privileged = CONTAINER
        .replace("\"/web\"", "\"/builder\"")
        .replace("\"Privileged\": false", "\"Privileged\": true");
    let more = inspected(&[CONTAINER, &privileged]);
    tables.containers.extend(more.containers);
    let database = database(tables);
    let answer = database.query("SELECT * FROM containers WHERE privileged = true").unwrap();
    assert_eq!(answer.columns.len(), TABLES[0].columns.len());
    assert_eq!(answer.rows.len(), 1);
    assert_eq!(answer.rows[0][1], "builder");
    let sql = "SELECT image_name, COUNT(*) AS vulnerabilities, MAX(severity) AS max_severity FROM scan_results \
               WHERE scan_time > NOW() - INTERVAL '7 DAYS' GROUP BY image_name ORDER BY vulnerabilities DESC";
    let answer = database.query(sql).unwrap();
    let names: Vec<&str> = answer.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["image_name", "vulnerabilities", "max_severity"]);
    assert_eq!(crate::place::lines(&answer), ["shop/api:3|4|critical", "shop/web:1.2|3|high"]);
    assert_eq!(
        render::table(&answer),
        "image_name    vulnerabilities  max_severity\n\
         shop/api:3                  4  critical\n\
         shop/web:1.2                3  high\n\
         (2 rows)\n"
    );
}

#[test]
fn the_dialect_is_postgresqls() {
    let database = database(inspected(&[CONTAINER]));
    for (sql, expected) in [
        ("SELECT 7 / 2, 7 % 4, 2 ^ 3", "3|3|8.0"),
        ("SELECT 'a' || 'b' || 1", "ab1"),
        ("SELECT '42'::int + 1, CAST('1' AS bigint)", "43|1"),
        (
            "SELECT 'abc' LIKE 'a%', 'ABC' ILIKE 'a%', 'abc' ~ '^a.c$', 'abc' !~ 'd', 'ABC' ~* 'b'",
            "true|true|true|true|true",
        ),
        ("SELECT NULL IS DISTINCT FROM 1, coalesce(NULL, 2), nullif(1, 1)", "true|2|"),
        (
            "SELECT 'a' = ANY(ARRAY['a', 'b']), cardinality(ARRAY['a', 'b']), array_to_string(ARRAY['a', 'b'], '-')",
            "true|2|a-b",
        ),
        ("SELECT count(*) FILTER (WHERE x > 1) FROM (VALUES (1), (2), (3)) AS v(x)", "2"),
        ("SELECT string_agg(x, ',' ORDER BY x DESC) FROM (VALUES ('a'), ('b')) AS v(x)", "b,a"),
        ("WITH t(x) AS (VALUES (1), (2)) SELECT sum(x), avg(x) FROM t", "3|1.5"),
        (
            "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 4) SELECT max(n) FROM t",
            "4",
        ),
        (
            "SELECT x, row_number() OVER (ORDER BY x DESC) FROM (VALUES (1), (2)) AS v(x) ORDER BY x LIMIT 1",
            "1|2",
        ),
        (
            "SELECT date_trunc('day', TIMESTAMP '2026-05-20 12:30:00') = TIMESTAMP '2026-05-20 00:00:00'",
            "true",
        ),
        ("SELECT extract(year FROM now())", "2026"),
        ("SELECT now() > '2026-05-20T11:59:59Z', now() = CURRENT_TIMESTAMP", "true|true"),
        ("SELECT CASE WHEN 1 IN (1, 2) THEN 'in' ELSE 'out' END", "in"),
        (
            "SELECT substring('harbour' FROM 2 FOR 3), upper('a'), length('häfen'), strpos('abc', 'c'), split_part('a,b', ',', 2)",
            "arb|A|5|3|b",
        ),
        ("(SELECT 1) UNION (SELECT 1)", "1"),
        (
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM containers AS c WHERE NOT EXISTS (SELECT 1 FROM mounts AS m WHERE m.container_id = c.id AND m.kind = 'bind'))",
            "1",
        ),
    ] {
        assert_eq!(ask(&database, sql), [expected], "{sql}");
    }
    // Of NULLs PostgreSQL says that they sort as if larger than any other value.
    let sorted = ask(&database, "SELECT x FROM (VALUES (1), (NULL), (2)) AS v(x) ORDER BY x");
    assert_eq!(sorted, ["1", "2", ""]);
    let sorted = ask(&database, "SELECT x FROM (VALUES (1), (NULL), (2)) AS v(x) ORDER BY x DESC");
    assert_eq!(sorted, ["", "2", "1"]);
    let names = database.query("SELECT Name, \"name\" AS \"As Written\" FROM containers").unwrap();
    assert_eq!(names.columns[0].name, "name");
    assert_eq!(names.columns[1].name, "As Written");
    assert_eq!(ask(&database, "SELECT name FROM packages WHERE licenses @> ARRAY['MIT']"), [""; 0]);
    assert!(!ask(&database, "EXPLAIN SELECT 1").is_empty());
}

#[test]
fn reports_fill_their_tables() {
    let database = database(reports(&[("2026-05-19T08:00:00Z", "shop/web:1.2", &[High, Low])]));
    let images = "SELECT name, source, kind, tags, os, architecture, run_as, runs_as_root, layers, size, created, complete FROM images";
    assert_eq!(
        ask(&database, images),
        ["shop/web:1.2|report|image|{shop/web:1.2}|linux|amd64||true|2|12|2026-05-01T00:00:00Z|true"]
    );
    assert_eq!(
        ask(&database, "SELECT position, digest IS NULL, size, created_by FROM layers ORDER BY position"),
        ["0|true||ADD rootfs", "1|false|12|"]
    );
    assert_eq!(
        ask(&database, "SELECT ecosystem, name, version, purl, licenses, layer FROM packages ORDER BY name"),
        ["pypi|keel|1.0|pkg:pypi/keel@1.0|{MIT}|1", "npm|mast|3.2.1|pkg:npm/mast@3.2.1|{MIT}|1"]
    );
    assert_eq!(
        ask(
            &database,
            "SELECT kind, scanner, code, severity, package, fixed_version, place, line, layer FROM findings ORDER BY severity DESC, code"
        ),
        [
            "detection|misconfig|CFG-EMPTYPW|high|||etc/shadow|3|1",
            "vulnerability|vuln|CVE-2026-0001|high|keel|2.0|usr/lib/python3/keel-1.0.dist-info/METADATA||1",
            "detection|misconfig|CFG-ROOT|medium|||User||",
            "vulnerability|vuln|CVE-2026-0002|low|keel||usr/lib/python3/keel-1.0.dist-info/METADATA||1",
        ]
    );
    assert_eq!(
        ask(&database, "SELECT id, package, version, status, scan_time FROM scan_results ORDER BY id"),
        [
            "CVE-2026-0001|keel|1.0|affected|2026-05-19T08:00:00Z",
            "CVE-2026-0002|keel|1.0|affected|2026-05-19T08:00:00Z"
        ]
    );
    assert_eq!(
        ask(&database, "SELECT path, packages, findings FROM files ORDER BY path"),
        ["app/package-lock.json|1|0", "etc/shadow|0|1", "usr/lib/python3/keel-1.0.dist-info/METADATA|1|0"]
    );
    assert_eq!(ask(&database, "SELECT name, uid, root, source FROM users"), ["root|0|true|configured"]);
}

#[test]
fn tables_can_be_asked_for() {
    let database = database(inspected(&[CONTAINER, IMAGE, INFO]));
    let tables = ask(&database, "SHOW TABLES");
    assert_eq!(tables.len(), TABLES.len());
    assert!(tables[0].starts_with("containers|"), "{tables:?}");
    let columns = ask(&database, "SHOW COLUMNS FROM scan_results");
    assert!(columns.iter().any(|line| line.starts_with("severity|severity|")), "{columns:?}");
    assert!(columns.iter().any(|line| line.starts_with("scan_time|timestamptz|")), "{columns:?}");
    // Every table can be read as a whole, and has the columns that it says it has.
    for table in TABLES {
        let answer = database.query(&format!("SELECT * FROM {}", table.name)).unwrap();
        let names: Vec<&str> = answer.columns.iter().map(|column| column.name.as_str()).collect();
        let declared: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        assert_eq!(names, declared, "{}", table.name);
        assert_eq!(Some(0), Tables::default().rows(table.name));
    }
}

#[test]
fn answers_are_written_as_json_and_csv() {
    let database = database(inspected(&[CONTAINER]));
    let answer = database.query("SELECT name, labels, memory_limit, cpu_limit, user_name FROM (SELECT *, NULL AS user_name FROM containers) AS c").unwrap();
    let json: serde_json::Value = serde_json::from_str(&render::json(&answer)).unwrap();
    assert_eq!(
        json["rows"][0],
        serde_json::json!({
            "name": "web", "labels": ["com.example.team=shop"], "memory_limit": 268_435_456, "cpu_limit": 0.0, "user_name": null
        })
    );
    assert_eq!(json["truncated"], false);
    let answer = database.query("SELECT 'a,\"b\"' AS x, ARRAY['p q', NULL, 'r'] AS y").unwrap();
    let csv = String::from_utf8(render::csv(&answer).unwrap()).unwrap();
    // PostgreSQL: SELECT ARRAY['p q', NULL, 'r'] gives {"p q",NULL,r}.
    assert_eq!(csv, "x,y\n\"a,\"\"b\"\"\",\"{\"\"p q\"\",NULL,r}\"\n");
    let answer = database.query("SELECT E'a\\x1b[31mb' AS x").unwrap();
    assert!(!render::table(&answer).contains('\x1b'), "{}", render::table(&answer));
}
