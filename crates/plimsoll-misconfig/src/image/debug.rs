//! CFG-DEBUG: modes and interfaces for developers, in the environment and in the command. Names are those of each program's documentation.

use plimsoll_types::classes::configuration::DEBUG;
use plimsoll_types::{Detection, Place, PlaceKind, Severity};

use super::{Look, config_place, detection, env_place};
use crate::evidence;

/// Variables, the values that switch something on, what that is, and how bad it is.
const VARIABLES: &[(&str, &[&str], &str, Severity)] = &[
    ("FLASK_DEBUG", TRUE, "the debugger of Flask, which runs code of visitors", Severity::Medium),
    ("FLASK_ENV", &["development"], "the development mode of Flask", Severity::Medium),
    ("WERKZEUG_DEBUG_PIN", &["off"], "the debugger of Werkzeug without its PIN", Severity::High),
    ("DJANGO_DEBUG", TRUE, "the debug mode of Django, which shows its settings", Severity::Medium),
    ("APP_DEBUG", TRUE, "the debug mode of the framework, which shows its settings", Severity::Medium),
    ("RAILS_ENV", &["development"], "the development mode of Rails", Severity::Medium),
    ("RACK_ENV", &["development"], "the development mode of Rack", Severity::Low),
    ("NODE_ENV", &["development"], "the development mode of Node.js frameworks", Severity::Low),
    ("ASPNETCORE_ENVIRONMENT", &["development"], "the development mode of ASP.NET Core", Severity::Medium),
    ("DOTNET_ENVIRONMENT", &["development"], "the development mode of .NET", Severity::Medium),
    (
        "XDEBUG_MODE",
        &["debug", "debug,develop", "develop,debug"],
        "the remote debugger of PHP",
        Severity::Medium,
    ),
    ("PHP_DISPLAY_ERRORS", TRUE, "the display of errors of PHP", Severity::Low),
];

const TRUE: &[&str] = &["1", "true", "on", "yes"];

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    for (name, value) in look.env() {
        if let Some((message, severity)) = variable(look, name, value) {
            let mut found = detection(DEBUG, "environment", env_place(name), message);
            found.severity = severity;
            found.evidence = evidence::text(&format!("{name}={value}"));
            out.push(found);
        } else if let Some((rule, message)) = listens(value, name == "NODE_OPTIONS") {
            let mut found = detection(DEBUG, rule, env_place(name), message);
            found.severity = Severity::High;
            found.evidence = evidence::text(&format!("{name}={value}"));
            out.push(found);
        }
    }
    let command = look.command().join(" ");
    if let Some((rule, message, severity)) = started(&command) {
        let mut found = detection(DEBUG, rule, config_place("Cmd"), message);
        found.severity = severity;
        found.evidence = evidence::text(&command);
        out.push(found);
    }
    let devtools = |name: &str| name.ends_with(":spring-boot-devtools");
    let package = look.context.packages.iter().position(|package| devtools(&package.name));
    if package.is_some() {
        let place =
            Place { kind: PlaceKind::Package, name: "spring-boot-devtools".to_owned(), ..Place::default() };
        let mut found =
            detection(DEBUG, "devtools", place, "the developer tools of Spring Boot are in the image");
        found.severity = Severity::Low;
        found.package = package;
        out.push(found);
    }
}

/// What a variable switches on.
fn variable(look: &Look<'_>, name: &str, value: &str) -> Option<(String, Severity)> {
    let value = value.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    if let Some((_, _, what, severity)) =
        VARIABLES.iter().find(|(known, values, ..)| *known == name && values.contains(&value.as_str()))
    {
        return Some((format!("{name} switches on {what}"), *severity));
    }
    match name {
        // The word means something else to every program: it counts where a framework that reads it is there.
        "DEBUG" if TRUE.contains(&value.as_str()) => {
            let framework =
                look.package(|name| matches!(name.to_ascii_lowercase().as_str(), "django" | "flask"))?;
            Some((format!("DEBUG is set, which settings of {framework} often read"), Severity::Low))
        }
        "JUPYTER_TOKEN" | "JUPYTER_PASSWORD" if value.is_empty() => {
            Some((format!("{name} is empty, so the notebook server lets everyone in"), Severity::High))
        }
        _ => None,
    }
}

/// A debugger that options make listen for everyone.
fn listens(text: &str, is_node: bool) -> Option<(&'static str, String)> {
    if let Some(at) = text.find("jdwp=") {
        let options = text.get(at + 5..).unwrap_or_default().split(' ').next().unwrap_or_default();
        let address = options.split(',').find_map(|option| option.strip_prefix("address="));
        let is_server = options.split(',').any(|option| option == "server=y");
        // Since Java 9 a bare port means this host only (release notes of JDK 9); before, everyone.
        let host = address.and_then(|address| address.rsplit_once(':')).map_or("", |(host, _)| host);
        if is_server && matches!(host, "*" | "0.0.0.0" | "[::]" | "::") {
            return Some((
                "jdwp",
                "the Java debugger listens for everyone and runs what it is told".to_owned(),
            ));
        }
    }
    let words = || text.split([' ', '\t', '"', '\'', ',']);
    let is_inspect = words().any(|word| {
        ["--inspect", "--inspect-brk", "--inspect-port", "--inspect-wait"].iter().any(|option| {
            let host = word.strip_prefix(option).and_then(|rest| rest.strip_prefix('='));
            host.is_some_and(|host| {
                host.starts_with("0.0.0.0") || host.starts_with("[::]") || host.starts_with("::")
            })
        })
    });
    if is_inspect
        && (is_node
            || text.contains("node")
            || text.contains("npm")
            || text.contains("deno")
            || text.contains("bun"))
    {
        return Some((
            "inspect",
            "the Node.js debugger listens for everyone and runs what it is told".to_owned(),
        ));
    }
    None
}

/// What a command switches on.
fn started(command: &str) -> Option<(&'static str, String, Severity)> {
    if let Some((rule, message)) = listens(command, false) {
        return Some((rule, message, Severity::High));
    }
    let has = |text: &str| command.contains(text);
    if has("jupyter") {
        let words = || command.split([' ', '\t']);
        let is_open = words().any(|word| {
            let Some((name, value)) = word.trim_start_matches('-').split_once('=') else { return false };
            let is_token = matches!(
                name,
                "NotebookApp.token" | "ServerApp.token" | "IdentityProvider.token" | "LabApp.token"
            );
            is_token && value.trim_matches(['"', '\'']).is_empty()
        });
        if is_open {
            let message = "the notebook server has no token, so it runs code of everyone".to_owned();
            return Some(("jupyter", message, Severity::High));
        }
    }
    let found = [
        (
            "flask",
            has("flask") && (has(" --debug") || has(" --debugger")),
            "Flask runs with its debugger",
            Severity::Medium,
        ),
        ("django", has("manage.py runserver"), "Django runs with its server for development", Severity::Low),
        (
            "debugpy",
            has("debugpy") && has("0.0.0.0"),
            "the Python debugger listens for everyone",
            Severity::High,
        ),
        (
            "gdbserver",
            has("gdbserver :") || has("gdbserver 0.0.0.0"),
            "gdbserver listens for everyone",
            Severity::High,
        ),
        (
            "delve",
            has("dlv ") && has("--headless"),
            "the Go debugger waits for a connection",
            Severity::Medium,
        ),
        (
            "rails",
            has("rails") && has("-e development"),
            "Rails runs in its development mode",
            Severity::Medium,
        ),
        ("php", has("php -S 0.0.0.0"), "PHP runs with its server for development", Severity::Low),
    ];
    found
        .into_iter()
        .find(|(_, is_on, ..)| *is_on)
        .map(|(rule, _, message, severity)| (rule, message.to_owned(), severity))
}
