//! URLs with a user and a password (RFC 3986, 3.2.1).

use super::Text;

/// What a URL says of who logs in where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Login<'a> {
    /// The scheme, such as `https`.
    pub(crate) scheme: Text<'a>,
    /// The user; empty in `redis://:password@host`.
    pub(crate) user: Text<'a>,
    /// The password; empty where there is none.
    pub(crate) password: Text<'a>,
    /// Host and port.
    pub(crate) host: Text<'a>,
}

impl Login<'_> {
    /// True for schemes of databases, brokers and the like.
    pub(crate) fn is_database(&self) -> bool {
        const SCHEMES: &[&str] = &[
            "postgres",
            "postgresql",
            "mysql",
            "mysql2",
            "mariadb",
            "mongodb",
            "mongodb+srv",
            "redis",
            "rediss",
            "amqp",
            "amqps",
            "mssql",
            "sqlserver",
            "oracle",
            "cockroachdb",
            "clickhouse",
            "cassandra",
            "couchdb",
            "neo4j",
            "bolt",
            "ldap",
            "ldaps",
            "nats",
            "elasticsearch",
            "pgsql",
            "postgis",
            "snowflake",
        ];
        // SQLAlchemy names the driver: `postgresql+psycopg2`.
        let family = self.scheme.split_once(b'+').map_or(self.scheme, |(family, _)| family);
        self.scheme.is_any(SCHEMES) || family.is_any(SCHEMES)
    }
}

/// The URLs in a text that have a user.
pub(crate) fn logins(text: Text<'_>) -> impl Iterator<Item = Login<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + memchr::memmem::find(text.bytes().get(from..)?, b"://")?;
            from = at + 3;
            if let Some(login) = login(text, at) {
                return Some(login);
            }
        }
    })
}

fn login(text: Text<'_>, at: usize) -> Option<Login<'_>> {
    let before = text.part(0, at);
    let scheme = before.bytes().iter().rposition(|b| !(b.is_ascii_alphanumeric() || b"+.-".contains(b)));
    let scheme = before.from(scheme.map_or(0, |at| at + 1));
    let rest = text.from(at + 3);
    // A password may hold `/` or `#` though it should not; what ends it for sure is white space, quotes and brackets.
    let end = rest.bytes().iter().take(2048).position(|b| b" \t\r\n\"'<>`".contains(b));
    let rest = rest.part(0, end.unwrap_or(rest.len().min(2048)));
    let authority = rest.bytes().iter().position(|b| b"/?#".contains(b)).unwrap_or(rest.len());
    let sign = memchr::memrchr(b'@', rest.part(0, authority).bytes())?;
    let info = rest.part(0, sign);
    let host = rest.part(sign + 1, authority);
    let (user, password) = info.split_once(b':').unwrap_or((info, info.from(info.len())));
    let host_ok = host.bytes().iter().all(|b| b.is_ascii_alphanumeric() || b".-_:[],${}%".contains(b));
    (!scheme.is_empty() && !host.is_empty() && host_ok).then_some(Login { scheme, user, password, host })
}
