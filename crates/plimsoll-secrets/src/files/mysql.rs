//! MySQL's and MariaDB's option files: <https://dev.mysql.com/doc/refman/8.4/en/option-files.html>. `.mylogin.cnf` is obfuscated with a
//! key that is part of the file (<https://dev.mysql.com/doc/refman/8.4/en/mysql-config-editor.html>).

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "mysql", title: "MySQL option files", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b".cnf")
        && (path::named(
            path,
            &[".my.cnf", "my.cnf", ".mylogin.cnf", "debian.cnf", "client.cnf", "mysql.cnf"],
        ) || path::below(path, "etc/mysql")
            || path::below(path, "etc/my.cnf.d"))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if path::named(path, &[".mylogin.cnf"]) {
        // Four unused bytes, a key of 20 bytes, then encrypted lines with their lengths before them.
        let length = bytes.get(24..28).and_then(|raw| raw.try_into().ok()).map(u32::from_le_bytes);
        if bytes.starts_with(&[0, 0, 0, 0])
            && length.is_some_and(|length| length > 0 && length.is_multiple_of(16))
        {
            let message = "MySQL log-ins that the file's own key decodes";
            sink.certain(CREDFILE, "mysql-login-path", text.part(0, 0), message);
        }
        return;
    }
    let entries = ini::entries(text, &ini::Style { trailing: b"#", ..ini::INI });
    for entry in &entries {
        let dashes = entry.key.shown().replace('-', "_").to_ascii_lowercase();
        if ["password", "master_password", "wsrep_sst_auth", "proxy_password"].contains(&dashes.as_str()) {
            let user = of_user(ini::beside(&entries, entry, "user"));
            let host = for_host(ini::beside(&entries, entry, "host"));
            let section = entry.section.shown();
            sink.secret(
                CREDFILE,
                "mysql-password",
                entry.value,
                format!("the MySQL password{user}{host} in [{section}]"),
            );
        }
    }
}
