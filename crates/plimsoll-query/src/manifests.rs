//! Containers as manifests describe them: Compose files and Kubernetes objects. What a manifest leaves to the image or to the cluster
//! is NULL; what it leaves to the engine's default is that default.

use plimsoll_misconfig::manifests::{self, At, Form, Limit, Port, Workload};

use crate::inspect::{capabilities, capability, configured, is_root, seccomp};
use crate::tables::{ContainerRow, MountRow, PortRow, Tables};

pub use plimsoll_misconfig::manifests::{MAX_SIZE, is_name};

/// Adds the containers that the manifest in `file` describes to `tables`, and says how many they are: 0 for what is no manifest. The
/// last component of `file` is what a Compose file is known by.
///
/// # Errors
///
/// When it is a manifest and cannot be read: the reason. Nothing is added then.
pub fn read(file: &str, bytes: &[u8], tables: &mut Tables) -> Result<usize, String> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let workloads = manifests::read(name.as_bytes(), bytes)?;
    for workload in &workloads {
        add(file, workload, tables);
    }
    Ok(workloads.len())
}

fn value<T: Clone>(at: Option<&At<T>>) -> Option<T> {
    at.map(|at| at.value.clone())
}

fn stated(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A limit as the tables have it: 0 for none, NULL for one that is not known.
fn number<T: Default>(limit: Limit<T>) -> Option<T> {
    match limit {
        Limit::None => Some(T::default()),
        Limit::Stated => None,
        Limit::At(number) => Some(number),
    }
}

fn add(file: &str, workload: &Workload, tables: &mut Tables) {
    let compose = workload.form == Form::Compose;
    let id = format!("{file}: {}", workload.resource);
    let image_name = value(workload.image.as_ref()).unwrap_or_default();
    let names = |list: &[At<String>]| list.iter().map(|at| capability(&at.value)).collect::<Vec<_>>();
    let (cap_add, cap_drop) = (names(&workload.added), names(&workload.dropped));
    let privileged = value(workload.privileged.as_ref()).unwrap_or(false);
    let run_as = value(workload.user.as_ref());
    // Without a user the image decides, which the manifest does not show; only that root is refused may be said.
    let runs_as_root = match (&run_as, value(workload.non_root.as_ref())) {
        (Some(user), _) => Some(is_root(user)),
        (None, Some(true)) => Some(false),
        (None, _) => None,
    };
    let mode = |stated: &str, host: &str| {
        let shares = workload.host_namespaces.iter().any(|namespace| namespace.value == host);
        Some(if compose || !shares { stated.to_owned() } else { "host".to_owned() })
    };
    let seccomp = match (compose, value(workload.seccomp.as_ref())) {
        (true, _) => seccomp(&workload.security_opt, privileged),
        (false, Some(kind)) if kind == "RuntimeDefault" => "default".to_owned(),
        (false, Some(kind)) => kind.to_lowercase(),
        // The cluster's default, unless its nodes are set up otherwise.
        (false, None) => "unconfined".to_owned(),
    };
    let selinux: Vec<String> = workload.selinux.iter().map(|label| label.value.clone()).collect();
    let selinux_label = match selinux.as_slice() {
        [] => None,
        labels if labels.iter().any(|label| label == "disable") => Some("disabled".to_owned()),
        labels => Some(labels.join(",")),
    };
    // How often a pod is started again is not the engine's business.
    let restart = value(workload.restart.as_ref()).filter(|_| compose);
    let (restart_policy, attempts) = match restart {
        Some((policy, attempts)) => (Some(policy), Some(attempts.unwrap_or(0).max(0))),
        None if compose => (Some("no".to_owned()), Some(0)),
        None => (None, None),
    };
    if let Some(user) = &run_as {
        tables.users.push(configured(user, &image_name, Some(&workload.name)));
    }
    tables.mounts.extend(workload.mounts.iter().map(|mount| MountRow {
        container_id: id.clone(),
        container_name: workload.name.clone(),
        kind: mount.kind.clone(),
        name: stated(&mount.source).filter(|_| !matches!(mount.kind.as_str(), "bind" | "tmpfs")),
        source: if mount.kind == "bind" { mount.source.clone() } else { String::new() },
        destination: mount.destination.clone(),
        writable: Some(!mount.read_only),
        propagation: stated(&mount.propagation),
    }));
    tables.ports.extend(workload.ports.iter().map(|port| port_row(&id, workload, port)));
    tables.containers.push(ContainerRow {
        name: workload.name.clone(),
        image_name,
        source: if compose { "compose" } else { "kubernetes" }.to_owned(),
        file: Some(file.to_owned()),
        namespace: stated(&workload.namespace),
        run_as,
        runs_as_root,
        command: workload.command.clone(),
        env_names: workload.env.clone(),
        labels: workload.labels.clone(),
        privileged: Some(privileged),
        read_only_root: Some(value(workload.read_only_root.as_ref()).unwrap_or(false)),
        no_new_privileges: Some(value(workload.no_new_privileges.as_ref()).unwrap_or(false)),
        capabilities: capabilities(privileged, &cap_add, &cap_drop),
        cap_add,
        cap_drop,
        security_opt: workload.security_opt.clone(),
        apparmor_profile: value(workload.apparmor.as_ref()).map(|profile| profile.to_lowercase()),
        seccomp_profile: Some(seccomp),
        selinux_label,
        network_mode: mode(&workload.modes.network, "network"),
        networks: workload.networks.clone(),
        pid_mode: mode(&workload.modes.pid, "PID"),
        ipc_mode: mode(&workload.modes.ipc, "IPC"),
        uts_mode: mode(&workload.modes.uts, "UTS"),
        userns_mode: mode(&workload.modes.user, "user"),
        cgroup_parent: Some(value(workload.cgroup_parent.as_ref()).unwrap_or_default()),
        memory_limit: number(workload.memory_limit),
        cpu_shares: workload.cpu_shares.or(Some(0)),
        cpu_limit: number(workload.cpu_limit),
        pids_limit: number(workload.pids_limit),
        ulimits: workload.ulimits.clone(),
        devices: workload.devices.iter().map(|device| device.value.clone()).collect(),
        restart_policy,
        restart_max_retries: attempts,
        healthcheck: workload.health,
        exposed_ports: workload.exposed.clone(),
        id,
        image_id: None,
        created: None,
        state: None,
        health: None,
    });
}

/// Compose publishes what it lists under `ports`; Kubernetes only what has a port of the host.
fn port_row(id: &str, workload: &Workload, port: &Port) -> PortRow {
    let published = workload.form == Form::Compose || port.host_port.is_some();
    PortRow {
        container_id: id.to_owned(),
        container_name: workload.name.clone(),
        container_port: port.container_port,
        protocol: port.protocol.clone(),
        host_ip: published.then(|| stated(&port.host_ip).unwrap_or_else(|| "0.0.0.0".to_owned())),
        host_port: port.host_port,
    }
}
