//! PostgreSQL's passwords: <https://www.postgresql.org/docs/current/libpq-pgpass.html> and `libpq-pgservice.html`.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "pgpass", title: "PostgreSQL passwords", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".pgpass", "pgpass.conf", ".pg_service.conf", "pg_service.conf", "userlist.txt"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if path.ends_with(b"service.conf") {
        let entries = ini::entries(text, &ini::INI);
        for entry in entries.iter().filter(|entry| entry.key.is("password")) {
            let user = of_user(ini::beside(&entries, entry, "user"));
            let host = for_host(ini::beside(&entries, entry, "host"));
            sink.secret(
                CREDFILE,
                "pg-service-password",
                entry.value,
                format!("the PostgreSQL password{user}{host}"),
            );
        }
        return;
    }
    if path.ends_with(b"userlist.txt") {
        // PgBouncer: "user" "password or hash".
        for line in text.lines().filter(|line| line.trim().bytes().starts_with(b"\"")) {
            let words: Vec<Text<'_>> = line.words().take(3).collect();
            let [user, password] = words[..] else { continue };
            let hashed = password.bytes().starts_with(b"SCRAM-SHA-256$")
                || (password.bytes().starts_with(b"md5") && password.len() == 35);
            let (class, what) = if hashed { (HASH, "password hash") } else { (CREDFILE, "password") };
            sink.secret(
                class,
                "pgbouncer-password",
                password,
                format!("the PgBouncer {what}{}", of_user(Some(user))),
            );
        }
        return;
    }
    for line in text.lines().filter(|line| !line.bytes().starts_with(b"#")) {
        // host:port:database:user:password, in which a backslash guards colons.
        let mut fields = Vec::new();
        let (mut start, mut at) = (0, 0);
        while at < line.len() && fields.len() < 4 {
            match line.bytes().get(at) {
                Some(b'\\') => at += 1,
                Some(b':') => {
                    fields.push(line.part(start, at));
                    start = at + 1;
                }
                _ => {}
            }
            at += 1;
        }
        if let [host, _, _, user] = fields[..] {
            let message = format!(
                "the PostgreSQL password{}{}",
                of_user(Some(user)),
                for_host(Some(host).filter(|host| host.bytes() != b"*"))
            );
            sink.secret(CREDFILE, "pgpass-password", line.from(start), message);
        }
    }
}
