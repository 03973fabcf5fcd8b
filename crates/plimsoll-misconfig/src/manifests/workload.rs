//! A container as a manifest wants it to run, whatever the manifest's form: what the rules look at.

use super::yaml::Node;

/// A value and the line on which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its line, from 1.
    pub line: u32,
}

impl<T> At<T> {
    pub(crate) fn new(value: T, line: u32) -> At<T> {
        At { value, line }
    }
}

/// Which form the manifest has: some things are said in one form only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// A Kubernetes object.
    #[default]
    Kubernetes,
    /// A Compose file.
    Compose,
}

/// Something of the host, or of another place, in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// `bind` for what the host has; `volume`, `tmpfs`, or the kind of volume as Kubernetes calls it.
    pub kind: String,
    /// The path on the host or the volume's name; empty for what has neither.
    pub source: String,
    /// The path in the container.
    pub destination: String,
    /// The container cannot write to it.
    pub read_only: bool,
    /// How mounts below it spread, as stated; empty when nothing is.
    pub propagation: String,
    /// Where the source stands.
    pub line: u32,
}

/// A port that is reachable from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Empty for every interface.
    pub host_ip: String,
    /// The port of the host; of a range the first.
    pub host_port: Option<i64>,
    /// The port in the container; of a range the first.
    pub container_port: Option<i64>,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// Where it stands.
    pub line: u32,
}

/// Modes of namespaces as a Compose file states them; empty where it does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modes {
    /// `network_mode`.
    pub network: String,
    /// `pid`.
    pub pid: String,
    /// `ipc`.
    pub ipc: String,
    /// `uts`.
    pub uts: String,
    /// `userns_mode`.
    pub user: String,
}

/// What a container may use at most.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Limit<T> {
    /// Nothing is said.
    #[default]
    None,
    /// Something is said that is no number yet, such as a variable.
    Stated,
    /// So much.
    At(T),
}

impl<T> Limit<T> {
    /// What a manifest states and what that is as a number.
    pub(crate) fn of(stated: bool, number: Option<T>) -> Limit<T> {
        match number {
            Some(number) => Limit::At(number),
            None if stated => Limit::Stated,
            None => Limit::None,
        }
    }

    /// True when there is one.
    pub fn is_stated(&self) -> bool {
        !matches!(self, Limit::None)
    }
}

/// A container. What is `None` or empty is not said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Workload {
    /// `Deployment default/web, container app`; `service web`.
    pub resource: String,
    /// The Kubernetes object alone, `Deployment default/web`: what its containers have in common is told of it. Empty for a service,
    /// which shares with others what a YAML anchor gives it and still is one of its own.
    pub object: String,
    /// The container's name in its pod, or the service's.
    pub name: String,
    /// The namespace of the object, or the name of the Compose project.
    pub namespace: String,
    /// Where its definition begins.
    pub line: u32,
    /// Which form the manifest has.
    pub form: Form,
    /// It does its work before the others begin, and ends.
    pub init: bool,
    /// The image.
    pub image: Option<At<String>>,
    /// The program that is started, with its arguments, where they are stated.
    pub command: Vec<String>,
    /// The names of environment variables; values may be secrets.
    pub env: Vec<String>,
    /// `key=value`.
    pub labels: Vec<String>,
    /// The pod says that it runs on Windows, where much of what confines a container on Linux does not exist.
    pub windows: bool,
    /// The pod has a user namespace of its own: root in it is nobody on the host.
    pub user_namespace: bool,
    /// It has all rights on the host.
    pub privileged: Option<At<bool>>,
    /// A container of Windows runs as a process of the host.
    pub host_process: Option<At<bool>>,
    /// Name or number of the user, `:group` with it where it stands so.
    pub user: Option<At<String>>,
    /// Whether root is refused.
    pub non_root: Option<At<bool>>,
    /// Capabilities as stated.
    pub added: Vec<At<String>>,
    /// Capabilities that are dropped, as stated.
    pub dropped: Vec<At<String>>,
    /// Namespaces of the host: `network`, `PID`, `IPC`, `UTS`, `user`.
    pub host_namespaces: Vec<At<&'static str>>,
    /// The same as a Compose file states it.
    pub modes: Modes,
    /// Networks that it is connected to.
    pub networks: Vec<String>,
    /// What is mounted into it.
    pub mounts: Vec<Mount>,
    /// Volumes of the pod that are told whether this container mounts them or not: those of the host that no container mounts, and
    /// those of kinds that name a server or a disk.
    pub pod_volumes: Vec<Mount>,
    /// The sockets of the engine are put into it without a mount that says so.
    pub engine_socket: Option<At<bool>>,
    /// Devices of the host.
    pub devices: Vec<At<String>>,
    /// Options for security as a Compose file states them.
    pub security_opt: Vec<String>,
    /// The AppArmor profile.
    pub apparmor: Option<At<String>>,
    /// What is said of SELinux, as `key:value`.
    pub selinux: Vec<At<String>>,
    /// The seccomp profile.
    pub seccomp: Option<At<String>>,
    /// The same as an annotation says it, which clusters from 1.27 on do not read.
    pub seccomp_annotation: Option<At<String>>,
    /// Processes can gain no privileges.
    pub no_new_privileges: Option<At<bool>>,
    /// The root file system cannot be written to.
    pub read_only_root: Option<At<bool>>,
    /// Memory in bytes.
    pub memory_limit: Limit<i64>,
    /// Processors.
    pub cpu_limit: Limit<f64>,
    /// The weight of processor time.
    pub cpu_shares: Option<i64>,
    /// Processes.
    pub pids_limit: Limit<i64>,
    /// Limits that replace the engine's, as `name=soft:hard`.
    pub ulimits: Vec<String>,
    /// Ports that are published, and those that a Kubernetes object only names.
    pub ports: Vec<Port>,
    /// Ports that a Compose file names for other containers, such as `80/tcp`.
    pub exposed: Vec<String>,
    /// The policy and the number of attempts.
    pub restart: Option<At<(String, Option<i64>)>>,
    /// Hosts that probes and hooks name; the node connects to them.
    pub probe_hosts: Vec<At<String>>,
    /// Whether its health is checked.
    pub health: Option<bool>,
    /// Names of kernel parameters that are set.
    pub sysctls: Vec<At<String>>,
    /// How much of `/proc` is hidden.
    pub proc_mount: Option<At<String>>,
    /// Whether the token of the service account is put into it.
    pub token: Option<At<bool>>,
    /// When the image is fetched.
    pub pull_policy: Option<At<String>>,
    /// The cgroup under which it is put.
    pub cgroup_parent: Option<At<String>>,
}

impl Workload {
    pub(crate) fn new(resource: String, name: &str, line: u32, form: Form) -> Workload {
        Workload { resource, name: name.to_owned(), line, form, ..Workload::default() }
    }
}

/// A text and its line.
pub(super) fn text(node: Option<&Node>) -> Option<At<String>> {
    let node = node?;
    Some(At::new(node.text()?.to_owned(), node.line))
}

/// A truth value and its line.
pub(super) fn truth(node: Option<&Node>) -> Option<At<bool>> {
    let node = node?;
    Some(At::new(node.truth()?, node.line))
}

/// The texts of a list, each with its line.
pub(super) fn list(node: Option<&Node>) -> Vec<At<String>> {
    node.into_iter().flat_map(Node::items).filter_map(|item| text(Some(item))).collect()
}
