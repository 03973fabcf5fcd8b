//! NuGet's package sources: <https://learn.microsoft.com/nuget/reference/nuget-config-file#packagesourcecredentials>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "nuget", title: "NuGet configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    let name = path::name(path);
    name.eq_ignore_ascii_case(b"nuget.config")
        || (name.ends_with(b".config") && path::below(path, "NuGet/config"))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let root = xml::parse(Text::whole(bytes));
    root.each(&mut |element| {
        if element.name.is("packageSourceCredentials") {
            for source in &element.children {
                let value = |key: &str| {
                    let add = source
                        .children
                        .iter()
                        .find(|add| add.attribute("key").is_some_and(|name| name.is(key)));
                    add.and_then(|add| add.attribute("value"))
                };
                let name = source.name.shown().replace("_x0020_", " ");
                let user = of_user(value("Username"));
                if let Some(password) = value("ClearTextPassword") {
                    sink.secret(
                        CREDFILE,
                        "nuget-password",
                        password,
                        format!("the password{user} for the source '{name}'"),
                    );
                }
                if let Some(password) = value("Password") {
                    let message = format!("the encrypted password{user} for the source '{name}'");
                    if let Some(found) = sink.secret(CREDFILE, "nuget-encrypted-password", password, message)
                    {
                        lower(
                            found,
                            Severity::Low,
                            Confidence::High,
                            "It is encrypted for one account of one Windows machine.",
                        );
                    }
                }
            }
        } else if element.name.is("apikeys") {
            for add in &element.children {
                if let (Some(source), Some(key)) = (add.attribute("key"), add.attribute("value")) {
                    let message = format!("the encrypted API key for {}", host_of(source));
                    if let Some(found) = sink.secret(CREDFILE, "nuget-api-key", key, message) {
                        lower(
                            found,
                            Severity::Low,
                            Confidence::High,
                            "It is encrypted for one account of one Windows machine.",
                        );
                    }
                }
            }
        } else if element.name.is("add")
            && let (Some(key), Some(value)) = (element.attribute("key"), element.attribute("value"))
        {
            if key.is("http_proxy.password") {
                sink.secret(CREDFILE, "nuget-proxy-password", value, "the password for NuGet's proxy");
            } else {
                sink.urls("nuget-url", value);
            }
        }
    });
}
