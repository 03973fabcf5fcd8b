//! Files whose name, or first bytes, say enough: version control, histories of commands, dumps.

use plimsoll_archive::path::file_name;
use plimsoll_types::{Confidence, Severity, class};

use super::findings::Findings;
use crate::filters::Verdict;

/// Histories: the file's name, and whose it is.
const HISTORIES: &[(&[u8], &str)] = &[
    (b".ash_history", "ash"),
    (b".bash_history", "bash"),
    (b".dbshell", "the MongoDB shell"),
    (b".history", "a shell"),
    (b".irb_history", "irb"),
    (b".ksh_history", "ksh"),
    (b".mongosh_history", "the MongoDB shell"),
    (b".mysql_history", "the MySQL client"),
    (b".mariadb_history", "the MariaDB client"),
    (b".node_repl_history", "Node.js"),
    (b".psql_history", "the PostgreSQL client"),
    (b".python_history", "Python"),
    (b".rediscli_history", "the Redis client"),
    (b".sh_history", "sh"),
    (b".sqlite_history", "the SQLite client"),
    (b".zhistory", "zsh"),
    (b".zsh_history", "zsh"),
    (b"ConsoleHost_history.txt", "PowerShell"),
    (b"fish_history", "fish"),
];

/// Folders of version control: a file that each has exactly once, and its name.
const REPOSITORIES: &[(&[u8], &str)] = &[
    (b".git/HEAD", "git"),
    (b".svn/entries", "Subversion"),
    (b".hg/requires", "Mercurial"),
    (b".bzr/branch-format", "Bazaar"),
    (b"CVS/Root", "CVS"),
];

/// The first bytes of dumps.
const DUMPS: &[(&[u8], &str)] = &[
    (b"JAVA PROFILE 1.0", "a heap dump of a Java program"),
    (b"MDMP", "a minidump"),
    (b"PGDMP", "a dump of a PostgreSQL database"),
    (b"-- MySQL dump ", "a dump of a MySQL database"),
    (b"-- MariaDB dump ", "a dump of a MariaDB database"),
    (b"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump", "a dump of a MariaDB database"),
    (b"--\n-- PostgreSQL database dump", "a dump of a PostgreSQL database"),
    (b"--\n-- PostgreSQL database cluster dump", "a dump of a PostgreSQL server"),
    (b"REDIS0", "a dump of a Redis database"),
];

/// An ELF file's type for core dumps (gABI, `ET_CORE`).
const ET_CORE: u8 = 4;

pub(super) fn find(path: &[u8], head: &[u8], size: u64, findings: &mut Findings<'_>) {
    if size == 0 {
        return;
    }
    let name = file_name(path);
    for (file, title) in REPOSITORIES {
        let below =
            path.strip_suffix(*file).is_some_and(|folder| folder.is_empty() || folder.ends_with(b"/"));
        if below {
            state(path, findings, "SEC-VCS", format!("the data of a {title} repository is in the image"));
        }
    }
    if let Some((_, whose)) = HISTORIES.iter().find(|(history, _)| *history == name) {
        state(path, findings, "SEC-SHELLHIST", format!("the history of {whose} is in the image"));
    }
    let dump = DUMPS.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what);
    // A minidump's four letters may begin any text.
    let dump = dump.filter(|what| *what != "a minidump" || head.get(4..6) == Some(&[0x93, 0xa7]));
    let core = head.starts_with(b"\x7fELF") && {
        // The type's two bytes are in the order that the sixth byte names.
        let place = if head.get(5) == Some(&2) { 17 } else { 16 };
        head.get(place) == Some(&ET_CORE) && head.get(33 - place) == Some(&0)
    };
    if let Some(what) = dump.or(core.then_some("a core dump of a program")) {
        state(path, findings, "SEC-DUMP", format!("{what} is in the image"));
    }
}

/// States it, lower where the path is that of a sample.
fn state(path: &[u8], findings: &mut Findings<'_>, code: &'static str, message: String) {
    let Some(class) = class(code) else { return };
    let place = findings.place(path);
    let mut verdict = Verdict { severity: None, confidence: Confidence::High, notes: Vec::new() };
    if place.is_sample() {
        let severity = if place.is_vendored() { Severity::Negligible } else { Severity::Low };
        verdict.lower(class.severity, severity, "The path is that of a test, an example or documentation.");
    }
    findings.whole(code, "", message, verdict);
}
