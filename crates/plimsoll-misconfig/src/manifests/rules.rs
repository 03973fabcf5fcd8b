//! What is wrong with the way in which a container is to run: the Pod Security Standards (baseline and restricted), section 5 of
//! the CIS Docker Benchmark, and what users of other scanners expect. A rule looks at one container.

use plimsoll_types::classes::runtime;
use plimsoll_types::{Class, Severity};

use super::compose::is_drive;
use super::variables;
use super::workload::{At, Form, Mount, Workload};

/// Something that is wrong with a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) class: &'static Class,
    /// The rule inside the class.
    pub(crate) rule: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) line: u32,
    /// The Pod Security Standard that forbids it: `baseline`, `restricted`, or empty.
    pub(crate) standard: &'static str,
}

const BASELINE: &str = "baseline";
const RESTRICTED: &str = "restricted";
const NONE: &str = "";

/// Capabilities that an engine gives without being asked; the baseline standard allows adding them.
const USUAL: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Capabilities with which a container owns its host, or as good as.
const MIGHTY: &[&str] = &[
    "ALL",
    "SYS_ADMIN",
    "SYS_MODULE",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_BOOT",
    "DAC_READ_SEARCH",
    "BPF",
    "PERFMON",
    "NET_ADMIN",
    "SYSLOG",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
];

/// Sockets of engines, and the directories in which they lie.
const SOCKETS: &[&str] = &[
    "docker.sock",
    "containerd.sock",
    "crio.sock",
    "podman.sock",
    "buildkitd.sock",
    "cri-dockerd.sock",
    "dockershim.sock",
];
/// Named pipes of engines on Windows.
const PIPES: &[&str] = &["docker_engine", "dockerdesktoplinuxengine", "containerd-containerd"];
const SOCKET_FOLDERS: &[&str] = &[
    "/run",
    "/var/run",
    "/run/docker",
    "/run/containerd",
    "/var/run/containerd",
    "/run/crio",
    "/run/podman",
];

/// Places of a host whose content decides what the host does.
const SENSITIVE: &[&str] = &[
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/proc",
    "/root",
    "/sys",
    "/usr",
    "/bin",
    "/sbin",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/lib/kubelet",
    "/var/log",
    "/home",
    // The same on Windows, where letters have no case.
    "c:/windows",
    "c:/program files",
    "c:/programdata",
    "c:/users",
];

/// Sysctls that affect the pod alone.
const SAFE_SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

/// A path of a host as the lists above have it: without a slash at its end, and if it is one of Windows with slashes and small letters.
fn place(path: &str) -> String {
    let windows = is_drive(path) || path.starts_with(r"\\") || path.starts_with("//./pipe/");
    let path = if windows { path.replace('\\', "/").to_ascii_lowercase() } else { path.to_owned() };
    match path.trim_end_matches('/') {
        "" if path.is_empty() => path,
        "" => "/".to_owned(),
        drive if windows && drive.len() == 2 => format!("{drive}/"),
        path => path.to_owned(),
    }
}

/// The faults of a container, in the order of the rules.
pub(crate) fn check(workload: &Workload) -> Vec<Fault> {
    let mut faults = Faults { workload, found: Vec::new() };
    faults.privileges();
    faults.capabilities();
    faults.namespaces();
    faults.mounts();
    faults.confinement();
    faults.users();
    faults.resources();
    faults.ports();
    faults.lifetime();
    faults.image();
    faults.found
}

struct Faults<'a> {
    workload: &'a Workload,
    found: Vec<Fault>,
}

impl Faults<'_> {
    fn add(
        &mut self,
        class: &'static Class,
        rule: &'static str,
        severity: Severity,
        standard: &'static str,
        line: u32,
        message: impl Into<String>,
    ) {
        self.found.push(Fault { class, rule, severity, message: message.into(), line, standard });
    }

    /// True where a value is what a rule wants; else the line on which to say that it is not.
    fn unless(&self, value: Option<&At<bool>>, wanted: bool) -> Option<u32> {
        match value {
            Some(found) if found.value == wanted => None,
            Some(found) => Some(found.line),
            None => Some(self.workload.line),
        }
    }

    fn kubernetes(&self) -> bool {
        self.workload.form == Form::Kubernetes
    }

    fn privileges(&mut self) {
        let privileged =
            self.workload.privileged.as_ref().filter(|found| found.value).map(|found| found.line);
        if let Some(line) = privileged {
            let message = "the container is privileged: it has every capability and every device of the host";
            self.add(runtime::PRIV, "", Severity::Critical, BASELINE, line, message);
        }
        let process = self.workload.host_process.as_ref().filter(|found| found.value).map(|found| found.line);
        if let Some(line) = process {
            let message = "the container is a process of its Windows host, with the host's files and network";
            self.add(runtime::PRIV, "host-process", Severity::Critical, BASELINE, line, message);
        }
        // Windows has no set-uid programs.
        let line = self.unless(self.workload.no_new_privileges.as_ref(), true);
        if let Some(line) = line.filter(|_| !self.workload.windows) {
            let what = match (self.kubernetes(), self.workload.no_new_privileges.is_some()) {
                (true, _) => "allowPrivilegeEscalation is not false",
                (false, true) => "no-new-privileges is switched off",
                (false, false) => "no-new-privileges is not among security_opt",
            };
            let message = format!("{what}: set-uid programs give a process more rights than it began with");
            self.add(runtime::NNP, "", Severity::Medium, RESTRICTED, line, message);
        }
    }

    fn capabilities(&mut self) {
        let name = |text: &str| text.trim().to_ascii_uppercase().trim_start_matches("CAP_").to_owned();
        for added in self.workload.added.clone() {
            let capability = name(&added.value);
            let (severity, standard) = if MIGHTY.contains(&capability.as_str()) {
                (Severity::High, BASELINE)
            } else if capability == "NET_BIND_SERVICE" {
                continue;
            } else if USUAL.contains(&capability.as_str()) {
                (Severity::Low, RESTRICTED)
            } else {
                (Severity::Medium, BASELINE)
            };
            self.add(
                runtime::CAP,
                "added",
                severity,
                standard,
                added.line,
                format!("the capability {capability} is added"),
            );
        }
        let dropped: Vec<String> = self.workload.dropped.iter().map(|dropped| name(&dropped.value)).collect();
        let added_raw =
            self.workload.added.iter().any(|added| matches!(name(&added.value).as_str(), "NET_RAW" | "ALL"));
        if !self.workload.windows && !dropped.iter().any(|dropped| dropped == "ALL") {
            let line = self.workload.dropped.first().map_or(self.workload.line, |dropped| dropped.line);
            let raw = if dropped.iter().any(|dropped| dropped == "NET_RAW") || added_raw {
                ""
            } else {
                "; NET_RAW, which forges packets, is kept"
            };
            let message = format!("not all capabilities are dropped{raw}");
            self.add(runtime::CAP, "kept", Severity::Low, RESTRICTED, line, message);
        }
    }

    fn namespaces(&mut self) {
        for namespace in self.workload.host_namespaces.clone() {
            // In Kubernetes that is what everybody has, and few clusters can have otherwise.
            if namespace.value == "user" && self.kubernetes() {
                continue;
            }
            let rule = match namespace.value {
                "network" => "network",
                "PID" => "pid",
                "IPC" => "ipc",
                "UTS" => "uts",
                "cgroup" => "cgroup",
                _ => "user",
            };
            let message = format!("the container is in the host's {} namespace", namespace.value);
            self.add(runtime::NS, rule, Severity::High, BASELINE, namespace.line, message);
        }
    }

    fn mounts(&mut self) {
        if let Some(line) = self.workload.engine_socket.as_ref().filter(|found| found.value).map(|at| at.line)
        {
            let message = "the API of the container engine is passed in: who can use it is root on the host";
            self.add(runtime::SOCK, "", Severity::Critical, BASELINE, line, message);
        }
        let host = |mount: &Mount| matches!(mount.kind.as_str(), "bind" | "npipe");
        for mount in self.workload.mounts.clone().into_iter().filter(host) {
            let source = place(&mount.source);
            let source = source.as_str();
            let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
            // Where the host keeps it may be left to a variable; what it is for is then said by where it is mounted.
            let known =
                if variables::is_open(source) { place(&mount.destination) } else { source.to_owned() };
            let socket = SOCKETS.contains(&last(&known).as_str())
                || (known.contains("/pipe/") && PIPES.contains(&last(&known).as_str()));
            if socket || SOCKET_FOLDERS.contains(&source) {
                let message = format!(
                    "'{source}' of the host, with the socket of its container engine, is mounted: who can write to it is root on the host"
                );
                self.add(runtime::SOCK, "", Severity::Critical, BASELINE, mount.line, message);
                continue;
            }
            let below = |root: &&&str| {
                source == **root || source.strip_prefix(**root).is_some_and(|rest| rest.starts_with('/'))
            };
            let how = if mount.read_only { "read-only" } else { "writable" };
            if matches!(source, "/" | "c:/") {
                let message = format!("the host's whole file system is mounted, {how}");
                self.add(
                    runtime::MOUNT,
                    "root",
                    if mount.read_only { Severity::High } else { Severity::Critical },
                    BASELINE,
                    mount.line,
                    message,
                );
            } else if let Some(root) = SENSITIVE.iter().find(below) {
                // Time zones and host names are what people mount from /etc, and they harm nobody.
                let harmless = mount.read_only
                    && matches!(
                        source,
                        "/etc/localtime" | "/etc/timezone" | "/etc/hosts" | "/etc/machine-id"
                    );
                let severity = match (harmless, mount.read_only) {
                    (true, _) => Severity::Negligible,
                    (false, true) => Severity::Medium,
                    (false, false) => Severity::High,
                };
                let message = format!("'{source}' of the host is mounted, {how}: it is in {root}");
                self.add(runtime::MOUNT, "sensitive", severity, BASELINE, mount.line, message);
            } else if self.kubernetes() {
                let message = format!("'{source}' of the host is mounted, {how}");
                self.add(runtime::MOUNT, "host-path", Severity::Medium, BASELINE, mount.line, message);
            }
            if matches!(mount.propagation.as_str(), "Bidirectional" | "shared" | "rshared") {
                let message = format!("what the container mounts below '{source}' appears on the host");
                self.add(runtime::MOUNT, "propagation", Severity::High, NONE, mount.line, message);
            }
        }
        for volume in self.workload.pod_volumes.clone() {
            let source = &volume.source;
            if host(&volume) {
                let message =
                    format!("'{source}' of the host is a volume of the pod, which no container mounts");
                self.add(runtime::MOUNT, "host-path", Severity::Low, BASELINE, volume.line, message);
            } else if volume.kind == "gitRepo" {
                let message = "a volume is cloned from a git repository, whose hooks run on the node";
                self.add(runtime::MOUNT, "volume-type", Severity::High, RESTRICTED, volume.line, message);
            } else {
                let message = format!(
                    "the volume '{source}' names its storage in the pod ({}), not through a claim",
                    volume.kind
                );
                self.add(
                    runtime::MOUNT,
                    "volume-type",
                    Severity::Negligible,
                    RESTRICTED,
                    volume.line,
                    message,
                );
            }
        }
        for device in self.workload.devices.clone() {
            let message = format!("the host's device '{}' is passed in", device.value);
            self.add(runtime::DEVICE, "", Severity::High, NONE, device.line, message);
        }
    }

    fn confinement(&mut self) {
        let unconfined = |profile: &str| profile.eq_ignore_ascii_case("unconfined");
        let kubernetes = self.kubernetes();
        // Annotations are not checked by the API, so that any text may stand there.
        let no_profile = |profile: &str| {
            unconfined(profile)
                || (kubernetes
                    && !matches!(profile, "" | "RuntimeDefault" | "Localhost" | "runtime/default")
                    && !profile.starts_with("localhost/"))
        };
        if let Some(profile) = self.workload.apparmor.clone().filter(|profile| no_profile(&profile.value)) {
            let message = if unconfined(&profile.value) {
                "AppArmor is switched off for the container".to_owned()
            } else {
                format!("'{}' is no AppArmor profile", profile.value)
            };
            self.add(runtime::MAC, "apparmor", Severity::High, BASELINE, profile.line, message);
        }
        match self.workload.seccomp.clone() {
            Some(profile) if unconfined(&profile.value) => {
                self.add(
                    runtime::MAC,
                    "seccomp",
                    Severity::High,
                    BASELINE,
                    profile.line,
                    "the filter of system calls (seccomp) is switched off",
                );
            }
            // An engine has a default profile; a kubelet has one only when it is told so.
            None if kubernetes && !self.workload.windows => {
                let annotation = self.workload.seccomp_annotation.clone();
                let off = annotation.clone().filter(|annotation| unconfined(&annotation.value));
                if let Some(annotation) = off {
                    let message = "the filter of system calls (seccomp) is switched off";
                    self.add(runtime::MAC, "seccomp", Severity::High, BASELINE, annotation.line, message);
                } else {
                    let (line, message) = match annotation {
                        Some(annotation) => (
                            annotation.line,
                            "the seccomp profile is set by an annotation, which clusters from 1.27 on do not read",
                        ),
                        None => (
                            self.workload.line,
                            "no seccomp profile is set: most clusters then run the container without one",
                        ),
                    };
                    self.add(runtime::MAC, "seccomp-missing", Severity::Low, RESTRICTED, line, message);
                }
            }
            _ => {}
        }
        for label in self.workload.selinux.clone() {
            let (key, value) = label.value.split_once(':').unwrap_or((&label.value, ""));
            let wrong = match key {
                "disable" => Some("SELinux separation is switched off for the container"),
                "type"
                    if !matches!(
                        value,
                        "container_t" | "container_init_t" | "container_kvm_t" | "container_engine_t"
                    ) =>
                {
                    Some("the SELinux type is none of those for containers")
                }
                "user" | "role" => Some("an SELinux user or role of its own is set"),
                _ => None,
            };
            if let Some(message) = wrong {
                self.add(runtime::MAC, "selinux", Severity::High, BASELINE, label.line, message);
            }
        }
        if let Some(mask) = self.workload.proc_mount.clone().filter(|mask| mask.value != "Default") {
            // In a user namespace of its own the container has no rights over what it then sees of the kernel.
            let (severity, standard) = if self.workload.user_namespace {
                (Severity::Low, RESTRICTED)
            } else {
                (Severity::High, BASELINE)
            };
            let message = "/proc is not masked: the container sees and changes more of the kernel";
            self.add(runtime::PROC, "", severity, standard, mask.line, message);
        }
        for sysctl in self.workload.sysctls.clone() {
            if !SAFE_SYSCTLS.contains(&sysctl.value.as_str()) {
                let message = format!("the sysctl '{}' affects more than this container", sysctl.value);
                self.add(runtime::SYSCTL, "", Severity::Medium, BASELINE, sysctl.line, message);
            }
        }
    }

    fn users(&mut self) {
        let root = |user: &str| {
            let user = user.split(':').next().unwrap_or_default().trim();
            user == "root" || user.parse::<u64>() == Ok(0)
        };
        // Root in a user namespace of its own is nobody on the host, and the standard allows it there (from 1.35 on).
        let (severity, standard) = if self.workload.user_namespace {
            (Severity::Negligible, NONE)
        } else {
            (Severity::Medium, RESTRICTED)
        };
        if let Some(user) = self.workload.user.clone().filter(|user| root(&user.value)) {
            let message = "the container is told to run as root";
            self.add(runtime::ROOT, "run-as-user", severity, standard, user.line, message);
        } else if self.kubernetes() {
            let numbered = self.workload.user.as_ref().is_some_and(|user| user.value.parse::<u64>().is_ok());
            if let Some(line) = self.unless(self.workload.non_root.as_ref(), true).filter(|_| !numbered) {
                let message =
                    "runAsNonRoot is not set, so the image decides whether the container runs as root";
                self.add(runtime::ROOT, "run-as-non-root", severity, standard, line, message);
            }
        }
        // Only what asks for it is told: that it is the default is the cluster's matter, once and not for each container.
        if let Some(token) = self.workload.token.clone().filter(|token| token.value && !self.workload.init) {
            self.add(
                runtime::TOKEN,
                "",
                Severity::Low,
                NONE,
                token.line,
                "the token of the service account is put into the container",
            );
        }
        let line = self.unless(self.workload.read_only_root.as_ref(), true);
        if let Some(line) = line.filter(|_| !self.workload.windows) {
            self.add(
                runtime::ROFS,
                "",
                Severity::Low,
                NONE,
                line,
                "the container can write to its root file system",
            );
        }
    }

    fn resources(&mut self) {
        let line = self.workload.line;
        for (there, rule, what) in [
            (self.workload.memory_limit.is_stated(), "memory", "memory"),
            (self.workload.cpu_limit.is_stated(), "cpu", "processor time"),
            (self.workload.pids_limit.is_stated(), "pids", "the number of processes"),
        ] {
            if !there && !self.workload.init {
                self.add(
                    runtime::LIMIT,
                    rule,
                    Severity::Low,
                    NONE,
                    line,
                    format!("there is no limit on {what}"),
                );
            }
        }
    }

    fn ports(&mut self) {
        for port in self.workload.ports.clone() {
            let outside = port.host_port;
            if let Some(number) = outside.filter(|number| *number > 0 && *number < 1024) {
                let message =
                    format!("port {number} of the host, a privileged one, is mapped into the container");
                self.add(runtime::PORT, "privileged", Severity::Low, NONE, port.line, message);
            }
            if self.kubernetes() && outside.is_some() {
                let message = format!("the container takes port {} of its host", outside.unwrap_or_default());
                self.add(runtime::PORT, "host-port", Severity::Low, BASELINE, port.line, message);
            } else if outside.is_some() && matches!(port.host_ip.as_str(), "" | "0.0.0.0" | "::" | "*") {
                let message =
                    format!("port {} is open on every interface of the host", outside.unwrap_or_default());
                self.add(runtime::PORT, "every-interface", Severity::Low, NONE, port.line, message);
            }
            if port.container_port == Some(22) || outside == Some(22) {
                self.add(
                    runtime::PORT,
                    "ssh",
                    Severity::Medium,
                    NONE,
                    port.line,
                    "an SSH server is reachable in the container",
                );
            }
        }
    }

    fn lifetime(&mut self) {
        if let Some(restart) = self.workload.restart.clone() {
            let (policy, attempts) = &restart.value;
            let endless = matches!(policy.as_str(), "always" | "unless-stopped" | "any");
            let many = policy == "on-failure" && attempts.is_none_or(|attempts| attempts > 5);
            if (endless && attempts.is_none_or(|attempts| attempts > 5)) || many {
                let message = format!("the container is restarted without end ('{policy}')");
                self.add(runtime::RESTART, "policy", Severity::Negligible, NONE, restart.line, message);
            }
        }
        if let Some(parent) = self.workload.cgroup_parent.clone() {
            let message = format!("the container is put under the control group '{}'", parent.value);
            self.add(runtime::RESTART, "cgroup-parent", Severity::Negligible, NONE, parent.line, message);
        }
        for host in self.workload.probe_hosts.clone() {
            let message = format!("a probe or hook makes the node connect to '{}'", host.value);
            self.add(runtime::PROBE, "", Severity::Medium, BASELINE, host.line, message);
        }
        if self.workload.health == Some(false) {
            let line = self.workload.line;
            let message = if self.kubernetes() {
                "no probe says whether the container works"
            } else {
                "the health check is switched off"
            };
            self.add(runtime::HEALTH, "", Severity::Negligible, NONE, line, message);
        }
    }

    fn image(&mut self) {
        let Some(image) = self.workload.image.clone() else { return };
        // What a variable brings is not known here.
        if image.value.contains(['$', '{']) || image.value.contains('@') {
            return;
        }
        let name = image.value.rsplit('/').next().unwrap_or_default();
        let tag = name.split_once(':').map(|(_, tag)| tag);
        if tag.is_none_or(|tag| tag == "latest") {
            let message = format!(
                "the image '{}' has no fixed version: what runs changes without a change here",
                image.value
            );
            self.add(runtime::IMAGE, "", Severity::Low, NONE, image.line, message);
        }
    }
}
