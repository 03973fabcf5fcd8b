//! The tables of `docs/query.md` are those that there are. Run with `PLIMSOLL_UPDATE_SNAPSHOTS=1` to write them anew.

use std::fmt::Write as _;
use std::path::Path;

use plimsoll_query::TABLES;

const BEGIN: &str = "<!-- tables -->\n";

#[test]
fn every_column_is_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/query.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (head, tail) = document.split_once(BEGIN).unwrap();
    let mut expected = String::new();
    for table in TABLES {
        write!(
            expected,
            "\n### `{}`\n\n{}\n\n| column | type | meaning |\n| --- | --- | --- |\n",
            table.name, table.about
        )
        .unwrap();
        for column in table.columns {
            let about = column.about.replace('|', "\\|");
            writeln!(expected, "| `{}` | {} | {about} |", column.name, column.kind.sql()).unwrap();
        }
    }
    if std::env::var_os("PLIMSOLL_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{expected}")).unwrap();
        return;
    }
    assert!(tail == expected, "docs/query.md has other tables; run with PLIMSOLL_UPDATE_SNAPSHOTS=1");
}

#[test]
fn names_are_plain() {
    for table in TABLES {
        for name in std::iter::once(table.name).chain(table.columns.iter().map(|column| column.name)) {
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        }
        let sentence = |text: &str| text.ends_with(['.', '…']);
        assert!(sentence(table.about), "{}", table.name);
        for column in table.columns {
            assert!(sentence(column.about), "{}.{}", table.name, column.name);
        }
    }
}
