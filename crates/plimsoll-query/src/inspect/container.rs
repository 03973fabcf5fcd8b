//! Containers as an engine describes them (Docker Engine API, ContainerInspect): how each may touch its host.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{Config, Origin, Words, configured, nothing, stated, time};
use crate::tables::{ContainerRow, MountRow, PortRow, Tables};

/// The capabilities that Docker gives a container (moby, `oci/caps/defaults.go`).
pub const DEFAULT_CAPABILITIES: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The other capabilities of Linux (capabilities(7)).
const OTHER_CAPABILITIES: [&str; 27] = [
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "DAC_READ_SEARCH",
    "IPC_LOCK",
    "IPC_OWNER",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "NET_ADMIN",
    "NET_BROADCAST",
    "PERFMON",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

/// A capability's name without `CAP_`, in capitals.
pub(crate) fn capability(name: &str) -> String {
    let name = name.trim().to_ascii_uppercase();
    name.strip_prefix("CAP_").map(str::to_owned).unwrap_or(name)
}

/// The capabilities of a container, sorted: Docker's default with what is added and without what is dropped; `ALL` alone when it
/// has all. Names are spelt as [`DEFAULT_CAPABILITIES`] are.
pub fn capabilities(privileged: bool, add: &[String], drop: &[String]) -> Vec<String> {
    let is_all = |names: &[String]| names.iter().any(|name| name == "ALL");
    if privileged || (is_all(add) && drop.is_empty()) {
        return vec!["ALL".to_owned()];
    }
    let mut held: BTreeSet<String> = match (is_all(add), is_all(drop)) {
        // What is dropped by name stays dropped; ALL on both sides gives what is added by name.
        (true, false) => {
            DEFAULT_CAPABILITIES.iter().chain(&OTHER_CAPABILITIES).map(|name| (*name).to_owned()).collect()
        }
        (_, true) => BTreeSet::new(),
        (false, false) => DEFAULT_CAPABILITIES.iter().map(|name| (*name).to_owned()).collect(),
    };
    for name in drop {
        held.remove(name);
    }
    held.extend(add.iter().filter(|name| *name != "ALL").cloned());
    held.into_iter().collect()
}

/// Whether a user as configurations state it (`name`, `number`, either with `:group`) is root: by name, by number however it is
/// written, or because none is stated. A name that an image's own accounts map to number 0 is not seen here.
pub fn is_root(user: &str) -> bool {
    let who = user.split(':').next().unwrap_or_default().trim();
    who.is_empty()
        || who == "root"
        || who.trim_start_matches('+').parse::<i64>().is_ok_and(|number| number == 0)
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct RawContainer {
    #[serde(deserialize_with = "nothing")]
    id: String,
    #[serde(deserialize_with = "nothing")]
    name: String,
    #[serde(deserialize_with = "nothing")]
    created: Value,
    #[serde(deserialize_with = "nothing")]
    image: String,
    #[serde(deserialize_with = "nothing")]
    path: String,
    args: Words,
    app_armor_profile: Option<String>,
    process_label: Option<String>,
    effective_caps: Option<Words>,
    #[serde(deserialize_with = "nothing")]
    state: ContainerState,
    #[serde(deserialize_with = "nothing")]
    config: Config,
    #[serde(deserialize_with = "nothing")]
    host_config: HostConfig,
    #[serde(deserialize_with = "nothing")]
    mounts: Vec<RawMount>,
    #[serde(deserialize_with = "nothing")]
    network_settings: NetworkSettings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ContainerState {
    status: Option<String>,
    health: Option<Health>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Health {
    status: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HostConfig {
    #[serde(deserialize_with = "nothing")]
    privileged: bool,
    #[serde(deserialize_with = "nothing")]
    readonly_rootfs: bool,
    cap_add: Words,
    cap_drop: Words,
    security_opt: Words,
    #[serde(deserialize_with = "nothing")]
    network_mode: String,
    #[serde(deserialize_with = "nothing")]
    pid_mode: String,
    #[serde(deserialize_with = "nothing")]
    ipc_mode: String,
    #[serde(rename = "UTSMode", deserialize_with = "nothing")]
    uts_mode: String,
    #[serde(deserialize_with = "nothing")]
    userns_mode: String,
    #[serde(deserialize_with = "nothing")]
    cgroup_parent: String,
    #[serde(deserialize_with = "nothing")]
    memory: i64,
    #[serde(deserialize_with = "nothing")]
    cpu_shares: i64,
    #[serde(deserialize_with = "nothing")]
    nano_cpus: i64,
    #[serde(deserialize_with = "nothing")]
    cpu_quota: i64,
    #[serde(deserialize_with = "nothing")]
    cpu_period: i64,
    #[serde(deserialize_with = "nothing")]
    pids_limit: i64,
    #[serde(deserialize_with = "nothing")]
    ulimits: Vec<Ulimit>,
    #[serde(deserialize_with = "nothing")]
    devices: Vec<Device>,
    #[serde(deserialize_with = "nothing")]
    device_requests: Vec<DeviceRequest>,
    device_cgroup_rules: Words,
    #[serde(deserialize_with = "nothing")]
    restart_policy: RestartPolicy,
    #[serde(deserialize_with = "nothing")]
    port_bindings: Bindings,
}

/// Ports of the container with where they are published; null where they are not.
type Bindings = BTreeMap<String, Option<Vec<Binding>>>;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Binding {
    #[serde(deserialize_with = "nothing")]
    host_ip: String,
    #[serde(deserialize_with = "nothing")]
    host_port: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Ulimit {
    #[serde(deserialize_with = "nothing")]
    name: String,
    #[serde(deserialize_with = "nothing")]
    soft: i64,
    #[serde(deserialize_with = "nothing")]
    hard: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Device {
    #[serde(deserialize_with = "nothing")]
    path_on_host: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct DeviceRequest {
    #[serde(deserialize_with = "nothing")]
    driver: String,
    #[serde(deserialize_with = "nothing")]
    count: i64,
    #[serde(rename = "DeviceIDs")]
    device_ids: Words,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RestartPolicy {
    #[serde(deserialize_with = "nothing")]
    name: String,
    #[serde(deserialize_with = "nothing")]
    maximum_retry_count: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawMount {
    #[serde(rename = "Type", deserialize_with = "nothing")]
    kind: String,
    name: Option<String>,
    #[serde(deserialize_with = "nothing")]
    source: String,
    #[serde(deserialize_with = "nothing")]
    destination: String,
    #[serde(rename = "RW")]
    writable: Option<bool>,
    propagation: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct NetworkSettings {
    #[serde(deserialize_with = "nothing")]
    ports: Bindings,
    #[serde(deserialize_with = "nothing")]
    networks: BTreeMap<String, Value>,
}

/// The value of a security option, `name=value` or `name:value`; the last one counts.
fn option<'a>(options: &'a [String], name: &str) -> Option<&'a str> {
    options.iter().rev().find_map(|option| {
        let rest = option.trim().strip_prefix(name)?;
        rest.strip_prefix(['=', ':'])
    })
}

/// `no-new-privileges`, bare or with a value: what is no true value is false, as the engine has it.
fn no_new_privileges(options: &[String]) -> bool {
    options.iter().rev().find_map(|option| {
        let rest = option.trim().strip_prefix("no-new-privileges")?;
        if rest.is_empty() {
            return Some(true);
        }
        let value = rest.strip_prefix(['=', ':'])?;
        // Go's strconv.ParseBool.
        Some(matches!(value.trim(), "1" | "t" | "T" | "true" | "TRUE" | "True"))
    }) == Some(true)
}

/// The seccomp profile that options for security give a container, as `containers.seccomp_profile` has it.
pub(crate) fn seccomp(options: &[String], privileged: bool) -> String {
    match option(options, "seccomp") {
        // A privileged container has none, unless one is asked for.
        None if privileged => "unconfined".to_owned(),
        None | Some("" | "builtin") => "default".to_owned(),
        // The command line sends the profile itself.
        Some(profile) if profile.trim_start().starts_with('{') => "custom".to_owned(),
        Some(profile) => profile.to_owned(),
    }
}

pub(super) fn add(raw: RawContainer, origin: Origin<'_>, tables: &mut Tables) {
    let host = raw.host_config;
    let name = raw.name.trim_start_matches('/').to_owned();
    let options = host.security_opt.0;
    let cap = |words: Words| words.0.iter().map(|name| capability(name)).collect::<Vec<_>>();
    let (cap_add, cap_drop) = (cap(host.cap_add), cap(host.cap_drop));
    // Podman has another default and says what results.
    let held = match raw.effective_caps {
        Some(held) if !host.privileged => {
            let mut held = cap(held);
            held.sort();
            held
        }
        _ => capabilities(host.privileged, &cap_add, &cap_drop),
    };
    let label_off = options.iter().any(|option| matches!(option.as_str(), "label=disable" | "label:disable"));
    let selinux = if label_off { Some("disabled".to_owned()) } else { raw.process_label };
    let apparmor = raw.app_armor_profile.filter(|profile| !profile.is_empty());
    let apparmor = apparmor.or_else(|| option(&options, "apparmor").map(str::to_owned)).unwrap_or_default();

    // What a stopped container will publish stands in its configuration only.
    let mut ports = raw.network_settings.ports;
    for (port, bindings) in host.port_bindings {
        if ports.get(&port).is_none_or(|found| found.as_ref().is_none_or(Vec::is_empty)) {
            ports.insert(port, bindings);
        }
    }
    for (port, bindings) in &ports {
        let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
        let row = PortRow {
            container_id: raw.id.clone(),
            container_name: name.clone(),
            container_port: number.parse().ok(),
            protocol: protocol.to_owned(),
            ..PortRow::default()
        };
        match bindings.as_deref().unwrap_or_default() {
            [] => tables.ports.push(row),
            bindings => tables.ports.extend(bindings.iter().map(|binding| PortRow {
                host_ip: Some(binding.host_ip.clone()),
                host_port: binding.host_port.parse().ok(),
                ..row.clone()
            })),
        }
    }
    for mount in raw.mounts {
        tables.mounts.push(MountRow {
            container_id: raw.id.clone(),
            container_name: name.clone(),
            kind: mount.kind,
            name: mount.name,
            source: mount.source,
            destination: mount.destination,
            writable: mount.writable,
            propagation: mount.propagation,
        });
    }
    let mut devices: Vec<String> = host.devices.into_iter().map(|device| device.path_on_host).collect();
    devices.extend(host.device_requests.into_iter().map(|request| {
        let driver = if request.driver.is_empty() { "device" } else { &request.driver };
        let count = match request.count {
            -1 => "all".to_owned(),
            0 => request.device_ids.0.join(","),
            count => count.to_string(),
        };
        format!("{driver}:{count}")
    }));
    devices.extend(host.device_cgroup_rules.0);
    let period = if host.cpu_period > 0 { host.cpu_period } else { 100_000 };
    let cpu_limit = match (host.nano_cpus, host.cpu_quota) {
        (nano, _) if nano > 0 => nano as f64 / 1e9,
        (_, quota) if quota > 0 => quota as f64 / period as f64,
        _ => 0.0,
    };
    let command: Vec<String> = if raw.path.is_empty() {
        [raw.config.entrypoint.0.clone(), raw.config.cmd.0.clone()].concat()
    } else {
        std::iter::once(raw.path).chain(raw.args.0).collect()
    };
    tables.users.push(configured(&raw.config.user, &raw.config.image, Some(&name)));
    tables.containers.push(ContainerRow {
        source: origin.source(),
        file: origin.file(),
        image_id: stated(raw.image),
        created: time(&raw.created),
        state: raw.state.status,
        runs_as_root: Some(is_root(&raw.config.user)),
        command,
        env_names: raw.config.env_names(),
        labels: raw.config.label_texts(),
        privileged: Some(host.privileged),
        read_only_root: Some(host.readonly_rootfs),
        no_new_privileges: Some(no_new_privileges(&options)),
        capabilities: held,
        cap_add,
        cap_drop,
        seccomp_profile: Some(seccomp(&options, host.privileged)),
        apparmor_profile: Some(apparmor),
        selinux_label: Some(selinux.unwrap_or_default()),
        security_opt: options,
        networks: raw.network_settings.networks.into_keys().collect(),
        network_mode: Some(host.network_mode),
        pid_mode: Some(host.pid_mode),
        ipc_mode: Some(host.ipc_mode),
        uts_mode: Some(host.uts_mode),
        userns_mode: Some(host.userns_mode),
        cgroup_parent: Some(host.cgroup_parent),
        // Engines write -1 and 0 for none.
        memory_limit: Some(host.memory.max(0)),
        cpu_shares: Some(host.cpu_shares.max(0)),
        cpu_limit: Some(cpu_limit),
        pids_limit: Some(host.pids_limit.max(0)),
        ulimits: host
            .ulimits
            .iter()
            .map(|limit| format!("{}={}:{}", limit.name, limit.soft, limit.hard))
            .collect(),
        devices,
        restart_policy: Some(if host.restart_policy.name.is_empty() {
            "no".to_owned()
        } else {
            host.restart_policy.name
        }),
        restart_max_retries: Some(host.restart_policy.maximum_retry_count.max(0)),
        healthcheck: Some(raw.config.healthcheck()),
        health: raw
            .state
            .health
            .and_then(|health| health.status)
            .filter(|status| !matches!(status.as_str(), "" | "none")),
        exposed_ports: raw.config.exposed_ports.keys().cloned().collect(),
        run_as: Some(raw.config.user),
        image_name: raw.config.image,
        id: raw.id,
        name,
        namespace: None,
    });
}
