//! ODBC and FreeTDS data sources: <https://www.unixodbc.org/odbcinst.html>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "odbc", title: "ODBC data sources", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &["odbc.ini", ".odbc.ini", "odbcinst.ini", ".odbcinst.ini"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let entries = ini::entries(Text::whole(bytes), &ini::INI);
    for entry in &entries {
        if entry.key.is_any(&["PWD", "Password"]) {
            let user = ["UID", "User", "UserName", "Username"]
                .iter()
                .find_map(|key| ini::beside(&entries, entry, key));
            let message =
                format!("the password{} of the data source '{}'", of_user(user), entry.section.shown());
            sink.secret(CREDFILE, "odbc-password", entry.value, message);
        }
    }
}
