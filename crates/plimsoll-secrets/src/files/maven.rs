//! Maven's settings: <https://maven.apache.org/settings.html#servers>, and the master password of `settings-security.xml`.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "maven", title: "Maven settings", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b".xml")
        && (path::named(path, &["settings.xml", "settings-security.xml"])
            || path::suffixed(path, "-settings.xml"))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let root = xml::parse(Text::whole(bytes));
    root.each(&mut |element| {
        if element.name.is_any(&["server", "proxy"]) {
            let id = element
                .text_of("id")
                .map_or_else(String::new, |id| format!(" for the {} '{}'", element.name.shown(), id.shown()));
            if let Some(password) = element.text_of("password") {
                let user = of_user(element.text_of("username"));
                encrypted(
                    sink.secret(CREDFILE, "maven-password", password, format!("the password{user}{id}")),
                    password,
                );
            }
            if let Some(passphrase) = element.text_of("passphrase") {
                encrypted(
                    sink.secret(
                        CREDFILE,
                        "maven-passphrase",
                        passphrase,
                        format!("the passphrase of the key{id}"),
                    ),
                    passphrase,
                );
            }
            if let Some(headers) =
                element.child("configuration").and_then(|config| config.child("httpHeaders"))
            {
                for header in &headers.children {
                    if let (Some(name), Some(value)) = (header.text_of("name"), header.text_of("value"))
                        && (values::secret_name(name.bytes()).is_some() || name.is("authorization"))
                    {
                        sink.secret(
                            CREDFILE,
                            "maven-header",
                            value,
                            format!("the header '{}'{id}", name.shown()),
                        );
                    }
                }
            }
        } else if element.name.is("settingsSecurity") {
            if let Some(master) = element.text_of("master") {
                // It is encrypted with a key that is part of Maven.
                sink.certain(
                    CREDFILE,
                    "maven-master-password",
                    master,
                    "Maven's master password, which anyone can decode",
                );
            }
        } else if element.name.is("properties") {
            for property in &element.children {
                sink.pair(CREDFILE, "maven-property", property.name, property.text);
            }
        }
    });
}

/// `{…}` is encrypted with the master password.
fn encrypted(found: Option<&mut Found>, value: Text<'_>) {
    if let Some(found) = found
        && value.bytes().starts_with(b"{")
        && value.bytes().ends_with(b"}")
    {
        lower(
            found,
            Severity::Negligible,
            Confidence::High,
            "It is encrypted with the master password of settings-security.xml.",
        );
    }
}
