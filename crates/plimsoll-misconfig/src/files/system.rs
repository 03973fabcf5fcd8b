//! Jobs that cron starts (crontab(5)), what every program loads (ld.so(8)), pages that print the configuration of PHP, and notebook
//! servers that let everyone in.

use plimsoll_analysis::{AnalyzeError, Analyzer, ByteSlice, File, Interest, Output};
use plimsoll_types::classes::configuration::{CRON, DEBUG, PRELOAD};
use plimsoll_types::{Scanner, Severity};

use super::{MAX_FILE, found, lines, show};
use crate::evidence;
use crate::rules::pipesh::runs;
use crate::shell::Script;

/// Directories of tables with a column for the user.
const WITH_USER: &[&str] = &["etc/crontab", "etc/cron.d/"];

/// Reads what a system starts by itself.
pub struct System;

impl Analyzer for System {
    fn id(&self) -> &'static str {
        "misconfig/system"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Misconfiguration
    }

    fn interest(&self) -> Interest {
        Interest {
            paths: &["etc/crontab", "etc/anacrontab", "etc/ld.so.preload"],
            children_of: &[
                "etc/cron.d",
                "etc/cron.hourly",
                "etc/cron.daily",
                "etc/cron.weekly",
                "etc/cron.monthly",
                "etc/crontabs",
                "etc/periodic/15min",
                "etc/periodic/hourly",
                "etc/periodic/daily",
                "etc/periodic/weekly",
                "etc/periodic/monthly",
                "var/spool/cron",
                "var/spool/cron/crontabs",
                "var/spool/cron/tabs",
            ],
            names: &[
                "phpinfo.php",
                "info.php",
                "jupyter_notebook_config.py",
                "jupyter_server_config.py",
                "jupyter_lab_config.py",
            ],
            wants: |path| !path.contains_str("node_modules/") && !path.contains_str("-packages/"),
            max_size: MAX_FILE,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let path = file.path().as_bytes();
        match file.name().as_bytes() {
            b"ld.so.preload" => preload(&bytes, out),
            name if name.ends_with(b".php") => php(path, &bytes, out),
            name if name.starts_with(b"jupyter_") => jupyter(&bytes, out),
            _ if path.contains_str("cron.d/")
                || !path.starts_with(b"etc/cron.") && !path.contains_str("periodic/") =>
            {
                table(path, &bytes, out);
            }
            _ => script(&bytes, out),
        }
        Ok(())
    }
}

/// The most lines of a table.
const MAX_JOBS: usize = 5_000;

fn table(path: &[u8], bytes: &[u8], out: &mut Output) {
    let with_user = WITH_USER.iter().any(|known| path.starts_with(known.as_bytes()));
    for (number, line) in lines(bytes).take(MAX_JOBS) {
        let Some(command) = job(&line, with_user) else { continue };
        if fetches_and_runs(command) {
            let message = "a scheduled job fetches code and runs it";
            show(found(out, CRON, "", number, message), command, None);
        }
    }
}

/// The command of a line of a table; `None` for a comment or a variable.
fn job(line: &str, with_user: bool) -> Option<&str> {
    let line = line.trim();
    if line.starts_with('#') || line.is_empty() {
        return None;
    }
    let is_time = |c: char| c.is_ascii_digit() || c == '*' || c == '@';
    if !line.starts_with(is_time) {
        return None;
    }
    let fields = if line.starts_with('@') { 1 } else { 5 } + usize::from(with_user);
    let mut rest = line;
    for _ in 0..fields {
        rest = rest.split_once([' ', '\t'])?.1.trim_start();
    }
    (!rest.is_empty()).then_some(rest)
}

fn script(bytes: &[u8], out: &mut Output) {
    let text = String::from_utf8_lossy(bytes);
    let first = text.lines().next().unwrap_or_default();
    if first.starts_with("#!") && !first.contains("sh") {
        return;
    }
    let script = Script::parse(&text);
    for run in runs(&script).into_iter().filter(|run| matches!(run.rule, "pipe" | "substitution" | "file")) {
        let Some(command) = script.commands.get(run.command) else { continue };
        let message = "a scheduled script fetches code and runs it";
        let evidence = evidence::pipeline(&script, run.command);
        show(found(out, CRON, "", command.line.saturating_add(1), message), &evidence, None);
    }
}

fn fetches_and_runs(command: &str) -> bool {
    // A quick look before the long one.
    ["curl", "wget", "fetch", "urlopen", "lynx", "http"].iter().any(|word| command.contains(word))
        && runs(&Script::parse(command))
            .iter()
            .any(|run| matches!(run.rule, "pipe" | "substitution" | "file"))
}

fn preload(bytes: &[u8], out: &mut Output) {
    for (number, line) in lines(bytes) {
        let libraries = line.split('#').next().unwrap_or_default().trim();
        if libraries.is_empty() {
            continue;
        }
        let message = format!("every program loads {}", evidence::text(libraries));
        let is_allocator = ["jemalloc", "tcmalloc", "mimalloc"].iter().any(|known| libraries.contains(known));
        let severity = is_allocator.then_some(Severity::Low);
        show(found(out, PRELOAD, "library", number, message), libraries, severity);
    }
}

fn php(path: &[u8], bytes: &[u8], out: &mut Output) {
    let is_served =
        ["var/www/", "htdocs/", "html/", "public/", "public_html/", "webroot/", "usr/share/nginx/"]
            .iter()
            .any(|root| path.contains_str(root));
    if !is_served {
        return;
    }
    if let Some((number, line)) = lines(bytes).find(|(_, line)| line.contains("phpinfo(")) {
        let message = "a page prints the configuration of PHP with its environment";
        show(found(out, DEBUG, "phpinfo", number, message), &line, None);
    }
}

fn jupyter(bytes: &[u8], out: &mut Output) {
    for (number, line) in lines(bytes) {
        let line = line.trim();
        let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
        let name = name.trim();
        let is_token = name.starts_with("c.") && name.ends_with(".token");
        if is_token && matches!(value.trim(), "''" | "\"\"" | "u''" | "None") {
            let message = "the notebook server has no token, so it runs code of everyone";
            show(found(out, DEBUG, "jupyter", number, message), line, Some(Severity::High));
        }
    }
}
