//! Compose files (Compose specification).

use super::variables;
use super::workload::{At, Form, Limit, Modes, Mount, Port, Workload, list, text, truth};
use super::yaml::{Node, Value};

/// How many services may extend each other.
const MAX_EXTENDS: usize = 10;
/// How many values may be put together for services that extend others.
const MAX_EXTENDED: usize = 200_000;

/// Adds the services of a file.
pub(super) fn workloads(file: &Node, out: &mut Vec<Workload>) {
    let project = file.get("name").and_then(Node::text).unwrap_or_default();
    let services = file.get("services");
    let mut budget = MAX_EXTENDED;
    for (name, service) in services.into_iter().flat_map(Node::entries) {
        if matches!(service.value, Value::Map(_)) {
            let extended =
                services.and_then(|services| extended(services, service, MAX_EXTENDS, &mut budget));
            let mut workload = of_service(name, extended.as_ref().unwrap_or(service));
            workload.namespace = project.to_owned();
            for mount in &mut workload.mounts {
                bind_of_volume(file, mount);
            }
            out.push(workload);
        }
    }
}

/// The service with what it takes over from another one of the same file, if it does; other files are not there to read.
fn extended(services: &Node, service: &Node, depth: usize, budget: &mut usize) -> Option<Node> {
    let extends = service.get("extends")?;
    if extends.get("file").is_some() {
        return None;
    }
    let base = services.get(extends.text().or_else(|| extends.get("service")?.text())?)?;
    let above = (depth > 0).then(|| extended(services, base, depth - 1, budget)).flatten();
    Some(service.over(above.as_ref().unwrap_or(base), &["command", "entrypoint", "test"], budget))
}

/// A named volume may be a directory of the host under another name (the local driver's `o: bind`).
fn bind_of_volume(file: &Node, mount: &mut Mount) {
    if mount.kind != "volume" || mount.source.is_empty() {
        return;
    }
    let Some(options) = file.path(&["volumes", &mount.source, "driver_opts"]) else { return };
    let option = |key: &str| options.get(key).and_then(Node::text);
    let bind =
        option("o").is_some_and(|how| how.split(',').any(|how| matches!(how.trim(), "bind" | "rbind")));
    if let Some(device) = option("device").filter(|_| bind) {
        mount.kind = "bind".to_owned();
        mount.source = device.to_owned();
    }
}

/// The texts of a list, or a text alone.
fn words(node: Option<&Node>) -> Vec<String> {
    match node.and_then(Node::text) {
        Some(text) => vec![text.to_owned()],
        None => list(node).into_iter().map(|item| item.value).collect(),
    }
}

/// A mapping, or a list of `key=value`, as the latter.
fn pairs(node: Option<&Node>) -> Vec<String> {
    match node {
        Some(node) if matches!(node.value, Value::Map(_)) => {
            let text = |value: &Node| value.text().unwrap_or_default().to_owned();
            node.entries().into_iter().map(|(key, value)| format!("{key}={}", text(value))).collect()
        }
        node => words(node),
    }
}

/// A size as Compose files write it: a number with `b`, `k`, `m`, `g`, each also with a `b` behind it; a kilobyte has 1,024 bytes.
fn bytes(text: &str) -> Option<i64> {
    let lower = text.trim().to_ascii_lowercase();
    let end = lower.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(lower.len());
    let (number, unit) = lower.split_at(end);
    let power = match unit.trim() {
        "" | "b" => 0,
        "k" | "kb" => 1,
        "m" | "mb" => 2,
        "g" | "gb" => 3,
        "t" | "tb" => 4,
        _ => return None,
    };
    // The cast saturates.
    Some((number.parse::<f64>().ok()? * 1024f64.powi(power)) as i64)
}

fn of_service(name: &str, service: &Node) -> Workload {
    let mut workload = Workload::new(format!("service {name}"), name, service.line, Form::Compose);
    workload.image = text(service.get("image"));
    workload.privileged = truth(service.get("privileged"));
    workload.user = text(service.get("user"));
    workload.added = list(service.get("cap_add"));
    workload.dropped = list(service.get("cap_drop"));
    for (key, what) in [
        ("network_mode", "network"),
        ("pid", "PID"),
        ("ipc", "IPC"),
        ("uts", "UTS"),
        ("userns_mode", "user"),
        ("cgroup", "cgroup"),
    ] {
        if let Some(mode) = text(service.get(key)).filter(|mode| mode.value == "host") {
            workload.host_namespaces.push(At::new(what, mode.line));
        }
    }
    let mode = |key: &str| service.get(key).and_then(Node::text).unwrap_or_default().to_owned();
    workload.modes = Modes {
        network: mode("network_mode"),
        pid: mode("pid"),
        ipc: mode("ipc"),
        uts: mode("uts"),
        user: mode("userns_mode"),
    };
    workload.networks = match service.get("networks") {
        Some(node) if matches!(node.value, Value::Map(_)) => {
            node.entries().into_iter().map(|(name, _)| name.to_owned()).collect()
        }
        node => words(node),
    };
    workload.command = [words(service.get("entrypoint")), words(service.get("command"))].concat();
    workload.env = pairs(service.get("environment"))
        .into_iter()
        .map(|pair| pair.split('=').next().unwrap_or_default().to_owned())
        .collect();
    workload.labels = pairs(service.get("labels"));
    workload.exposed = words(service.get("expose"))
        .into_iter()
        .map(|port| if port.contains('/') { port } else { format!("{port}/tcp") })
        .collect();
    for option in list(service.get("security_opt")) {
        workload.security_opt.push(option.value.clone());
        // Both signs are in use between name and value.
        let (key, value) = option.value.split_once(['=', ':']).unwrap_or((&option.value, "true"));
        match key.trim() {
            "apparmor" => workload.apparmor = Some(At::new(value.to_owned(), option.line)),
            "seccomp" => workload.seccomp = Some(At::new(value.to_owned(), option.line)),
            "label" => workload.selinux.push(At::new(value.to_owned(), option.line)),
            "no-new-privileges" => {
                workload.no_new_privileges = Some(At::new(!value.eq_ignore_ascii_case("false"), option.line));
            }
            _ => {}
        }
    }
    workload.read_only_root = truth(service.get("read_only"));
    let limits = service.path(&["deploy", "resources", "limits"]);
    let limit = |key: &str| limits.and_then(|limits| limits.get(key));
    let memory = service.get("mem_limit").or_else(|| limit("memory"));
    workload.memory_limit = Limit::of(memory.is_some(), memory.and_then(Node::text).and_then(bytes));
    let cpus = service.get("cpus").or_else(|| limit("cpus"));
    let weighed = ["cpu_quota", "cpu_shares", "cpu_count", "cpu_percent"];
    let stated = cpus.is_some() || weighed.iter().any(|key| service.get(key).is_some());
    workload.cpu_limit =
        Limit::of(stated, cpus.and_then(Node::text).and_then(|text| text.trim().parse().ok()));
    workload.cpu_shares = service.get("cpu_shares").and_then(Node::number);
    let pids = service.get("pids_limit").or_else(|| limit("pids"));
    let pids = pids.and_then(|pids| Some((pids.text()?, pids.number())));
    workload.pids_limit = Limit::of(
        pids.is_some_and(|(text, _)| variables::is_open(text)),
        pids.and_then(|(_, number)| number).filter(|number| *number > 0),
    );
    for (name, value) in service.get("ulimits").into_iter().flat_map(Node::entries) {
        let of = |key: &str| value.get(key).and_then(Node::text).or_else(|| value.text()).unwrap_or_default();
        workload.ulimits.push(format!("{name}={}:{}", of("soft"), of("hard")));
    }
    workload.cgroup_parent = text(service.get("cgroup_parent"));
    workload.engine_socket = truth(service.get("use_api_socket"));
    workload.devices = list(service.get("devices"));
    for device in service.get("devices").into_iter().flat_map(Node::items) {
        workload.devices.extend(text(device.get("source")));
    }
    match service.get("sysctls") {
        Some(node) if matches!(node.value, Value::Map(_)) => {
            let entries = node.entries().into_iter();
            workload.sysctls.extend(entries.map(|(key, value)| At::new(key.to_owned(), value.line)));
        }
        node => {
            workload.sysctls.extend(list(node).into_iter().map(|entry| {
                At::new(entry.value.split('=').next().unwrap_or_default().to_owned(), entry.line)
            }))
        }
    }
    workload.restart = restart(service);
    // An image may bring its own check, which the file does not show; only one that is switched off is known.
    let off = service.path(&["healthcheck", "disable"]).and_then(Node::truth) == Some(true);
    let none = service.path(&["healthcheck", "test"]).is_some_and(|test| {
        test.text() == Some("NONE") || test.items().next().and_then(Node::text) == Some("NONE")
    });
    let stated = service.path(&["healthcheck", "test"]).is_some();
    workload.health = (off || none || stated).then_some(!off && !none);
    for volume in service.get("volumes").into_iter().flat_map(Node::items) {
        workload.mounts.extend(mount(volume));
    }
    if let Some(node) = service.get("tmpfs") {
        workload.mounts.extend(words(Some(node)).into_iter().map(|path| Mount {
            kind: "tmpfs".to_owned(),
            source: String::new(),
            destination: path.split(':').next().unwrap_or_default().to_owned(),
            read_only: false,
            propagation: String::new(),
            line: node.line,
        }));
    }
    for entry in service.get("ports").into_iter().flat_map(Node::items) {
        workload.ports.push(port(entry));
    }
    workload
}

fn restart(service: &Node) -> Option<At<(String, Option<i64>)>> {
    if let Some(policy) = service.path(&["deploy", "restart_policy"]) {
        let condition = policy.get("condition").and_then(Node::text).unwrap_or("any").to_owned();
        return Some(At::new((condition, policy.get("max_attempts").and_then(Node::number)), policy.line));
    }
    let node = service.get("restart")?;
    let text = node.text()?;
    let (policy, attempts) = text.split_once(':').unwrap_or((text, ""));
    Some(At::new((policy.to_owned(), attempts.parse().ok()), node.line))
}

/// True for `C:` at the beginning of a text and nothing before it.
pub(super) fn is_drive(text: &str) -> bool {
    matches!(text.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

/// What stands before the next colon, and what stands behind it if there is one. The colon of a drive of Windows is part of a path;
/// a text of two characters or fewer is no such path.
fn section(text: &str) -> (&str, Option<&str>) {
    let skip = if text.len() > 2 && is_drive(text) { 2 } else { 0 };
    match text[skip..].find(':') {
        Some(at) => (&text[..skip + at], Some(&text[skip + at + 1..])),
        None => (text, None),
    }
}

/// True for a path of the host, be it one of Windows or one that a variable begins, and not for the name of a volume.
fn is_path(source: &str) -> bool {
    source.starts_with(['/', '.', '~', '$']) || source.starts_with(r"\\") || is_drive(source)
}

/// `[SOURCE:]TARGET[:OPTIONS]`, or the long form. A source that is no path names a volume, which is none of the host's.
fn mount(volume: &Node) -> Option<Mount> {
    if let Some(short) = volume.text() {
        let (first, rest) = section(short);
        let (source, destination, options) = match rest {
            Some(rest) => {
                let (destination, options) = section(rest);
                (first, destination, options.unwrap_or_default())
            }
            None => ("", first, ""),
        };
        let options: Vec<&str> = options.split(',').collect();
        return Some(Mount {
            kind: if is_path(source) { "bind" } else { "volume" }.to_owned(),
            source: source.to_owned(),
            destination: destination.to_owned(),
            read_only: options.contains(&"ro"),
            propagation: options
                .iter()
                .find(|option| option.contains("shared"))
                .copied()
                .unwrap_or_default()
                .to_owned(),
            line: volume.line,
        });
    }
    let text = |key: &str| volume.get(key).and_then(Node::text).unwrap_or_default().to_owned();
    let kind = volume.get("type")?.text()?;
    let source = volume.get("source");
    if kind == "bind" && source.and_then(Node::text).is_none() {
        return None;
    }
    Some(Mount {
        kind: kind.to_owned(),
        source: text("source"),
        destination: text("target"),
        read_only: volume.get("read_only").and_then(Node::truth).unwrap_or(false),
        propagation: volume
            .path(&["bind", "propagation"])
            .and_then(Node::text)
            .unwrap_or_default()
            .to_owned(),
        line: source.map_or(volume.line, |source| source.line),
    })
}

/// `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, each a port or a range, or the long form.
fn port(entry: &Node) -> Port {
    let first = |text: &str| text.split('-').next().and_then(|port| port.trim().parse().ok());
    if let Some(short) = entry.text() {
        let (short, protocol) = short.split_once('/').unwrap_or((short, "tcp"));
        let (rest, container) = short.rsplit_once(':').unwrap_or(("", short));
        // An address of version 6 stands in brackets.
        let (ip, host) = match rest.rsplit_once(':') {
            Some((ip, host)) => (ip.trim_matches(['[', ']']), host),
            None => ("", rest),
        };
        return Port {
            host_ip: ip.to_owned(),
            host_port: first(host),
            container_port: first(container),
            protocol: protocol.to_ascii_lowercase(),
            line: entry.line,
        };
    }
    Port {
        host_ip: entry.get("host_ip").and_then(Node::text).unwrap_or_default().to_owned(),
        host_port: entry.get("published").and_then(Node::text).and_then(first),
        container_port: entry.get("target").and_then(Node::text).and_then(first),
        protocol: entry.get("protocol").and_then(Node::text).unwrap_or("tcp").to_ascii_lowercase(),
        line: entry.line,
    }
}
