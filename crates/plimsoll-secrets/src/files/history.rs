//! Histories of shells and database clients: what was typed, passwords included.

use super::dotenv::assigned;
use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "history", title: "shell and client history", is, max_size: 16 << 20, find };

const NAMES: &[&str] = &[
    ".bash_history",
    ".zsh_history",
    ".zhistory",
    ".sh_history",
    ".ash_history",
    ".history",
    ".histfile",
    "fish_history",
    ".psql_history",
    ".python_history",
    ".mysql_history",
    ".mariadb_history",
    ".rediscli_history",
    ".sqlite_history",
    ".node_repl_history",
    ".irb_history",
    ".irb-history",
    ".dbshell",
    ".mongosh_history",
    ".mongodb_history",
    "mongosh_repl_history",
    ".influx_history",
    ".php_history",
    ".lesshst",
    ".viminfo",
    ".scapy_history",
];

fn is(path: &[u8]) -> bool {
    path::named(path, NAMES)
}

/// Options that take a secret as their next word or after `=`.
const OPTIONS: &[&str] = &[
    "--password",
    "--passwd",
    "--pass",
    "--token",
    "--secret",
    "--api-key",
    "--apikey",
    "--client-secret",
    "--secret-key",
    "--access-token",
    "--secret-access-key",
    "--auth-token",
    "--passphrase",
    "--http-password",
    "--ftp-password",
    "--proxy-password",
    "--registry-token",
    "--db-password",
    "--admin-password",
    "-passin",
    "-passout",
    "-storepass",
    "-keypass",
    "-srcstorepass",
    "-deststorepass",
];

/// Programs with an option of their own for a secret: program, option, whether the secret may follow without a space.
const PROGRAMS: &[(&str, &str, bool)] = &[
    ("mysql", "-p", true),
    ("mysqldump", "-p", true),
    ("mysqladmin", "-p", true),
    ("mariadb", "-p", true),
    ("mariadb-dump", "-p", true),
    ("sshpass", "-p", true),
    ("docker", "-p", false),
    ("podman", "-p", false),
    ("az", "-p", false),
    ("redis-cli", "-a", false),
    ("mongo", "-p", false),
    ("mongosh", "-p", false),
    ("mongodump", "-p", false),
    ("sqlcmd", "-P", false),
    ("ldapsearch", "-w", false),
    ("ldapadd", "-w", false),
    ("ldapmodify", "-w", false),
    ("htpasswd", "-b", false),
    ("useradd", "-p", false),
    ("usermod", "-p", false),
    ("zip", "-P", false),
    ("unzip", "-P", false),
];

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let sql = path::named(
        path,
        &[".psql_history", ".mysql_history", ".mariadb_history", ".sqlite_history", ".dbshell"],
    );
    for line in Text::whole(bytes).lines().filter(|line| line.len() < 16 << 10) {
        // zsh: `: 1700000000:0;command`; fish: `- cmd: command`.
        let command = match line.strip_prefix(": ").and_then(|rest| rest.split_once(b';')) {
            Some((_, command)) => command,
            None => line.strip_prefix("- cmd: ").unwrap_or(line),
        };
        if sql {
            statement(&mut sink, command);
        }
        if command.contains("://") {
            sink.urls("history-url", command);
        }
        words(&mut sink, command);
    }
    for found in sink.found() {
        if found.class != DBURL {
            found.class = SHELLHIST;
        }
        found.severity = Some(found.severity.unwrap_or(Severity::High));
        if found.confidence == Confidence::High {
            found
                .notes
                .push("A history with a secret in it is worse than the class' default says.".to_owned());
        }
    }
}

fn add(sink: &mut Sink<'_>, rule: &str, value: Text<'_>, message: String) {
    if values::plausible(value.bytes()) || value.len() > 4 {
        sink.secret(SHELLHIST, rule, value, message);
    }
}

fn words(sink: &mut Sink<'_>, command: Text<'_>) {
    let mut program = command.part(0, 0);
    let mut before = command.part(0, 0);
    let mut third = command.part(0, 0);
    for word in command.words() {
        if program.is_empty() {
            if word.is_any(&["sudo", "export", "set", "env", "doas", "time", "exec", "nohup"]) {
                before = word;
                continue;
            }
            match word.split_once(b'=') {
                // `NAME=value command`, `export NAME=value`
                Some((name, value))
                    if !name.is_empty()
                        && name.bytes().iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') =>
                {
                    if sink.pair(SHELLHIST, "history", name, assigned(value)) {
                        sink.of("a command");
                    }
                    continue;
                }
                _ => program = word.rsplit_once(b'/').map_or(word, |(_, name)| name),
            }
        }
        let name = program.shown();
        if before.is_any(OPTIONS) && !word.bytes().starts_with(b"-") {
            let value = word.strip_prefix("pass:").unwrap_or(word);
            add(sink, "history-option", value, format!("the value of {} for {name}", before.shown()));
        } else if let Some((option, value)) = word.split_once(b'=')
            && option.is_any(OPTIONS)
        {
            add(
                sink,
                "history-option",
                assigned(value),
                format!("the value of {} for {name}", option.shown()),
            );
        } else if program.is_any(&["curl", "http", "wget"])
            && before.is_any(&["-u", "--user", "--proxy-user", "-U"])
        {
            if let Some((user, password)) = word.split_once(b':') {
                add(
                    sink,
                    "history-curl-user",
                    password,
                    format!("the password{} for {name}", of_user(Some(user))),
                );
            }
        } else if before.is_any(&["-H", "--header"]) {
            header(sink, word);
        } else if program.is("htpasswd") && third.bytes().starts_with(b"-") && third.bytes().contains(&b'b') {
            // -b: the password follows the user.
        } else {
            for (wanted, option, joined) in PROGRAMS {
                if !program.is(wanted) || wanted == &"htpasswd" {
                    continue;
                }
                if before.bytes() == option.as_bytes() && (!joined || *wanted == "sshpass") {
                    // `docker run -p 80:80` has a port there.
                    let port = word.bytes().iter().all(|b| b.is_ascii_digit() || b":./tcpudp".contains(b));
                    if !port && !word.bytes().starts_with(b"-") {
                        add(sink, "history-option", word, format!("the password for {name}"));
                    }
                } else if *joined
                    && let Some(value) = word.strip_prefix(option)
                    && value.len() > 2
                {
                    add(sink, "history-option", value.unquote(), format!("the password for {name}"));
                }
            }
        }
        third = before;
        before = word;
    }
    // `echo … | docker login --password-stdin`
    let said = command.strip_prefix("echo ").filter(|rest| {
        rest.contains("--password-stdin") || rest.contains("| sudo -S") || rest.contains("passwd --stdin")
    });
    if let Some((said, _)) = said.and_then(|rest| rest.split_once(b'|')) {
        let said = said.trim();
        let said = said.strip_prefix("-n ").unwrap_or(said).trim().unquote();
        add(sink, "history-echo", said, "a password that is echoed to a command".to_owned());
    }
    // `echo 'user:password' | chpasswd`
    if command.contains("chpasswd")
        && let Some((said, _)) = command.split_once(b'|')
        && let Some(pair) = said.trim().strip_prefix("echo ")
        && let Some((user, password)) = pair.trim().unquote().split_once(b':')
    {
        add(sink, "history-chpasswd", password, format!("the password{}", of_user(Some(user))));
    }
}

/// `Authorization: Bearer …` and other headers that carry a secret.
fn header(sink: &mut Sink<'_>, word: Text<'_>) {
    let Some((name, value)) = word.split_once(b':') else { return };
    let value = value.trim();
    if name.is("authorization") || values::secret_name(name.bytes()).is_some() {
        let secret = value.rsplit_once(b' ').map_or(value, |(_, secret)| secret);
        add(sink, "history-header", secret, format!("the header '{}' of a request", name.shown()));
    }
}

/// `IDENTIFIED BY '…'`, `PASSWORD '…'`, `pwd: "…"`.
fn statement(sink: &mut Sink<'_>, command: Text<'_>) {
    // psql writes a space as `\040`.
    let lower = command.utf8().to_ascii_lowercase().replace("\\040", "    ");
    if lower.len() != command.len() {
        return;
    }
    for (mark, what) in [
        ("identified by", "the password of a database account"),
        ("password", "a database password"),
        ("pwd", "a database password"),
    ] {
        let mut from = 0;
        while let Some(at) = lower.get(from..).and_then(|rest| rest.find(mark)) {
            from += at + mark.len();
            let rest = command.from(from);
            let gap = rest.bytes().iter().position(|b| matches!(b, b'\'' | b'"')).unwrap_or(rest.len());
            let between = lower.get(from..from + gap).unwrap_or_default();
            if between.len() < 12 && between.chars().all(|c| " :=(\"".contains(c)) {
                let Some(&quote) = rest.bytes().get(gap) else { continue };
                let value = rest.from(gap + 1);
                if let Some(end) = ini::closing(value, quote) {
                    let value = value.part(0, end);
                    match super::htpasswd::hash_kind(value) {
                        Some(_) => {}
                        None => add(sink, "history-sql-password", value, what.to_owned()),
                    }
                }
            }
        }
    }
}
