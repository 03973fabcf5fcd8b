//! A container as a manifest wants it to run, whatever the manifest's form: what the rules look at.

/// A value and the line on which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) line: u32,
}

impl<T> At<T> {
    pub(crate) fn new(value: T, line: u32) -> At<T> {
        At { value, line }
    }
}

/// Which form the manifest has: some things are said in one form only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Kubernetes,
    Compose,
}

/// Something of the host, or of another place, in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) source: String,
    pub(crate) read_only: bool,
    pub(crate) propagation: String,
    pub(crate) line: u32,
}

/// A port that is reachable from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Port {
    /// Empty for every interface.
    pub(crate) host_ip: String,
    pub(crate) host_port: Option<i64>,
    pub(crate) container_port: Option<i64>,
    pub(crate) line: u32,
}

/// A container. What is `None` or empty is not said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Workload {
    /// `Deployment default/web, container app`; `service web`.
    pub(crate) resource: String,
    /// Where its definition begins.
    pub(crate) line: u32,
    pub(crate) form: Form,
    /// It does its work before the others begin, and ends.
    pub(crate) init: bool,
    pub(crate) image: Option<At<String>>,
    pub(crate) privileged: Option<At<bool>>,
    pub(crate) user: Option<At<String>>,
    pub(crate) non_root: Option<At<bool>>,
    pub(crate) added: Vec<At<String>>,
    pub(crate) dropped: Vec<At<String>>,
    /// Namespaces of the host: `network`, `PID`, `IPC`, `UTS`, `user`.
    pub(crate) host_namespaces: Vec<At<&'static str>>,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) devices: Vec<At<String>>,
    pub(crate) apparmor: Option<At<String>>,
    pub(crate) selinux: Vec<At<String>>,
    pub(crate) seccomp: Option<At<String>>,
    pub(crate) no_new_privileges: Option<At<bool>>,
    pub(crate) read_only_root: Option<At<bool>>,
    pub(crate) memory_limit: bool,
    pub(crate) cpu_limit: bool,
    pub(crate) pids_limit: bool,
    pub(crate) ports: Vec<Port>,
    /// The policy and the number of attempts.
    pub(crate) restart: Option<At<(String, Option<i64>)>>,
    pub(crate) health: Option<bool>,
    pub(crate) sysctls: Vec<At<String>>,
    pub(crate) proc_mount: Option<At<String>>,
    /// Whether the token of the service account is put into it.
    pub(crate) token: Option<At<bool>>,
    pub(crate) pull_policy: Option<At<String>>,
    pub(crate) cgroup_parent: Option<At<String>>,
}

impl Workload {
    pub(crate) fn new(resource: String, line: u32, form: Form) -> Workload {
        Workload {
            resource,
            line,
            form,
            init: false,
            image: None,
            privileged: None,
            user: None,
            non_root: None,
            added: Vec::new(),
            dropped: Vec::new(),
            host_namespaces: Vec::new(),
            mounts: Vec::new(),
            devices: Vec::new(),
            apparmor: None,
            selinux: Vec::new(),
            seccomp: None,
            no_new_privileges: None,
            read_only_root: None,
            memory_limit: false,
            cpu_limit: false,
            pids_limit: false,
            ports: Vec::new(),
            restart: None,
            health: None,
            sysctls: Vec::new(),
            proc_mount: None,
            token: None,
            pull_policy: None,
            cgroup_parent: None,
        }
    }
}
