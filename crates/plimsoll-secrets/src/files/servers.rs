//! Configuration of servers that keep passwords in a few lines of their own: coturn (turnserver(1)), Mosquitto's bridges
//! (mosquitto.conf(5)), Squid, keepalived, FreeRADIUS' clients, Asterisk, InfluxDB, Net-SNMP (snmpd.conf(5)), rsync
//! (rsyncd.conf(5)), RabbitMQ's Erlang terms, JAAS (`user_NAME="…"` of Kafka's and ZooKeeper's modules).

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "servers", title: "configuration of a server", is, max_size: SMALL, find };

/// How a server writes its lines.
enum Form {
    /// `word value`, `word = value`, `word: value`, with or without quotes.
    Assigned(&'static [&'static str]),
    /// `user=NAME:PASSWORD` beside assigned words.
    Coturn,
    /// `createUser NAME SHA "…" AES "…"`.
    Snmp,
    /// `NAME:PASSWORD` in every line.
    Pairs,
    /// `{default_pass, <<"…">>}`.
    Erlang,
    /// `password="…"` and `user_NAME="…"`.
    Jaas,
}

/// Names of files, and the server that reads them.
const SERVERS: &[(&[&str], &str, Form)] = &[
    (&["turnserver.conf"], "coturn", Form::Coturn),
    (&["mosquitto.conf"], "Mosquitto", Form::Assigned(&["remote_password", "password", "bridge_psk"])),
    (&["squid.conf"], "Squid", Form::Assigned(&["cachemgr_passwd"])),
    (&["keepalived.conf"], "keepalived", Form::Assigned(&["auth_pass"])),
    (&["clients.conf"], "FreeRADIUS", Form::Assigned(&["secret"])),
    (
        &["sip.conf", "iax.conf", "pjsip.conf", "manager.conf", "ari.conf", "res_odbc.conf"],
        "Asterisk",
        Form::Assigned(&["secret", "password"]),
    ),
    (&["influxdb.conf"], "InfluxDB", Form::Assigned(&["shared-secret"])),
    (&["snmpd.conf", "snmp.conf"], "Net-SNMP", Form::Snmp),
    (&["rsyncd.secrets"], "rsync", Form::Pairs),
    (&["rabbitmq.config", "advanced.config"], "RabbitMQ", Form::Erlang),
];

fn server(path: &[u8]) -> Option<(&'static str, &'static Form)> {
    if let Some((_, server, form)) = SERVERS.iter().find(|(names, ..)| path::named(path, names)) {
        return Some((server, form));
    }
    let name = path::name(path);
    let jaas = memchr::memmem::find(name, b"jaas").is_some()
        && (name.ends_with(b".conf") || name.ends_with(b".config"));
    jaas.then_some(("JAAS", &Form::Jaas))
}

fn is(path: &[u8]) -> bool {
    let name = path::name(path);
    (name.ends_with(b".conf") || name.ends_with(b".config") || name.ends_with(b".secrets"))
        && server(path).is_some()
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let Some((server, form)) = server(path) else { return };
    let mut sink = Sink::new(path, out);
    let mut say = |value: Text<'_>, what: &str| {
        sink.secret(CREDFILE, "server-password", value, format!("the password '{what}' of {server}"));
    };
    for line in Text::whole(bytes).lines() {
        let line = line.trim();
        if line.bytes().first().is_none_or(|first| matches!(first, b'#' | b';' | b'%'))
            || line.bytes().starts_with(b"//")
        {
            continue;
        }
        match form {
            Form::Assigned(words) => {
                if let Some((word, value)) = assigned(line)
                    && word.is_any(words)
                {
                    say(value, &word.shown());
                }
            }
            Form::Coturn => {
                let Some((word, value)) = assigned(line) else { continue };
                if word.is_any(&["static-auth-secret", "cli-password", "redis-password"]) {
                    say(value, &word.shown());
                } else if word.is("user")
                    && let Some((user, password)) = value.split_once(b':')
                    // A key in its place is derived from the password.
                    && password.strip_prefix("0x").is_none()
                {
                    say(password, &user.shown());
                }
            }
            Form::Snmp => {
                let words: Vec<Text<'_>> = line.words().take(8).collect();
                let Some(at) = words.iter().position(|word| word.is_any(&["createUser"])) else { continue };
                let user = words.get(at + 1).map_or_else(String::new, |user| user.shown());
                for pair in words.windows(2) {
                    if let [how, value] = pair
                        && how
                            .is_any(&["MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "DES", "AES"])
                    {
                        say(*value, &user);
                    }
                }
            }
            Form::Pairs => {
                if let Some((user, password)) = line.split_once(b':') {
                    say(password, &user.shown());
                }
            }
            Form::Erlang => {
                let Some(at) = line.find("default_pass") else { continue };
                if let Some(value) = quoted(line.from(at)) {
                    say(value, "default_pass");
                }
            }
            Form::Jaas => {
                for word in line.split(b' ') {
                    let Some((name, _)) = word.split_once(b'=') else { continue };
                    let name = name.trim();
                    if (name.is("password") || name.bytes().starts_with(b"user_"))
                        && let Some(value) = quoted(word)
                    {
                        say(value, &name.shown());
                    }
                }
            }
        }
    }
}

/// The word that begins a line, and what it is given.
fn assigned(line: Text<'_>) -> Option<(Text<'_>, Text<'_>)> {
    let end = line.bytes().iter().position(|byte| matches!(byte, b' ' | b'\t' | b'=' | b':'))?;
    let rest = line.from(end).trim();
    let rest = rest.strip_prefix("=").or_else(|| rest.strip_prefix(":")).unwrap_or(rest).trim();
    // What follows behind a space is another argument or a remark.
    Some((line.part(0, end), rest.words().next()?))
}

/// What stands between the first two double quotes.
fn quoted(text: Text<'_>) -> Option<Text<'_>> {
    let (_, rest) = text.split_once(b'"')?;
    Some(rest.split_once(b'"')?.0)
}
