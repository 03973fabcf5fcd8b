//! Compose files (Compose specification).

use super::workload::{At, Form, Mount, Port, Workload};
use super::yaml::{Node, Value};

/// Adds the services of a file.
pub(super) fn workloads(file: &Node, out: &mut Vec<Workload>) {
    for (name, service) in file.get("services").into_iter().flat_map(Node::entries) {
        // Templates that other services extend are named so.
        if matches!(service.value, Value::Map(_)) {
            out.push(of_service(name, service));
        }
    }
}

fn text(node: Option<&Node>) -> Option<At<String>> {
    let node = node?;
    Some(At::new(node.text()?.to_owned(), node.line))
}

fn truth(node: Option<&Node>) -> Option<At<bool>> {
    let node = node?;
    Some(At::new(node.truth()?, node.line))
}

fn list(node: Option<&Node>) -> Vec<At<String>> {
    node.into_iter().flat_map(Node::items).filter_map(|item| text(Some(item))).collect()
}

fn of_service(name: &str, service: &Node) -> Workload {
    let mut workload = Workload::new(format!("service {name}"), service.line, Form::Compose);
    workload.image = text(service.get("image"));
    workload.privileged = truth(service.get("privileged"));
    workload.user = text(service.get("user"));
    workload.added = list(service.get("cap_add"));
    workload.dropped = list(service.get("cap_drop"));
    for (key, what) in
        [("network_mode", "network"), ("pid", "PID"), ("ipc", "IPC"), ("uts", "UTS"), ("userns_mode", "user")]
    {
        if let Some(mode) = text(service.get(key)).filter(|mode| mode.value == "host") {
            workload.host_namespaces.push(At::new(what, mode.line));
        }
    }
    for option in list(service.get("security_opt")) {
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
    let limit = |key: &str| limits.and_then(|limits| limits.get(key)).is_some();
    workload.memory_limit = service.get("mem_limit").is_some() || limit("memory");
    workload.cpu_limit = limit("cpus")
        || ["cpus", "cpu_quota", "cpu_shares", "cpu_count", "cpu_percent"]
            .iter()
            .any(|key| service.get(key).is_some());
    let pids = service.get("pids_limit").or_else(|| limits.and_then(|limits| limits.get("pids")));
    workload.pids_limit = pids.and_then(Node::number).is_some_and(|number| number > 0);
    workload.cgroup_parent = text(service.get("cgroup_parent"));
    workload.devices = list(service.get("devices"));
    for device in service.get("devices").into_iter().flat_map(Node::items) {
        workload.devices.extend(text(device.get("source")));
    }
    match service.get("sysctls") {
        Some(node) if matches!(node.value, Value::Map(_)) => {
            workload.sysctls.extend(node.entries().map(|(key, value)| At::new(key.to_owned(), value.line)));
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
    workload.health = (off || none).then_some(false);
    for volume in service.get("volumes").into_iter().flat_map(Node::items) {
        workload.mounts.extend(mount(volume));
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

/// `SOURCE:TARGET[:OPTIONS]`, or the long form with `type: bind`. Named volumes are none of the host's.
fn mount(volume: &Node) -> Option<Mount> {
    if let Some(short) = volume.text() {
        let mut parts = short.split(':');
        let (source, _target) = (parts.next()?, parts.next()?);
        let options: Vec<&str> = parts.next().unwrap_or_default().split(',').collect();
        if !source.starts_with(['/', '.', '~', '$']) {
            return None;
        }
        return Some(Mount {
            source: source.to_owned(),
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
    if volume.get("type").and_then(Node::text) != Some("bind") {
        return None;
    }
    let source = volume.get("source")?;
    Some(Mount {
        source: source.text()?.to_owned(),
        read_only: volume.get("read_only").and_then(Node::truth).unwrap_or(false),
        propagation: volume
            .path(&["bind", "propagation"])
            .and_then(Node::text)
            .unwrap_or_default()
            .to_owned(),
        line: source.line,
    })
}

/// `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, each a port or a range, or the long form.
fn port(entry: &Node) -> Port {
    let first = |text: &str| text.split('-').next().and_then(|port| port.trim().parse().ok());
    if let Some(short) = entry.text() {
        let short = short.split('/').next().unwrap_or_default();
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
            line: entry.line,
        };
    }
    Port {
        host_ip: entry.get("host_ip").and_then(Node::text).unwrap_or_default().to_owned(),
        host_port: entry.get("published").and_then(Node::text).and_then(first),
        container_port: entry.get("target").and_then(Node::text).and_then(first),
        line: entry.line,
    }
}
