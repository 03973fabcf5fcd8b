//! `RUN`: how containers are to be run.

use crate::{Class, Method, Scanner, Severity};

/// The classes of this family, in the order in which they are listed.
pub(super) const CLASSES: &[&Class] = &[
    PRIV, SOCK, MOUNT, NS, CAP, MAC, NNP, ROOT, ROFS, LIMIT, PORT, DEVICE, PROC, SYSCTL, TOKEN, IMAGE,
    HEALTH, RESTART, PROBE,
];

/// See its title.
pub const PRIV: &Class = &Class {
    code: "RUN-PRIV",
    title: "a container is privileged",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Critical,
    cwes: &[250],
    explanation: "A privileged container has every capability, every device of the host and no filter of system calls. Taking it over is taking over the host.",
    remedy: "Take privileged away, and give the one capability or device that is really needed.",
    aliases: &["CIS-5.5", "CKV_K8S_16", "KSV-0017", "KSV-0103"],
    in_deleted_files: false,
};

/// See its title.
pub const SOCK: &Class = &Class {
    code: "RUN-SOCK",
    title: "the socket of a container engine is mounted",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Critical,
    cwes: &[250, 668],
    explanation: "Through the socket of Docker, containerd, CRI-O or Podman, or through a directory in which it lies, a container can start others with any rights, and so is root on the host.",
    remedy: "Do not mount it. Tools that build or watch containers have modes without it; a proxy that allows single calls is the second best.",
    aliases: &["CIS-5.32", "CKV_K8S_27", "KSV-0006"],
    in_deleted_files: false,
};

/// See its title.
pub const MOUNT: &Class = &Class {
    code: "RUN-MOUNT",
    title: "a sensitive directory of the host is mounted",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[668],
    explanation: "What is in the directory decides what the host does, or tells its secrets. Mounts that are shared back let the container change what the host sees. In Kubernetes every directory of the host counts.",
    remedy: "Use a volume instead. Where it must be the host's, mount the one file that is needed, read-only.",
    aliases: &["CIS-5.6", "CIS-5.20", "KSV-0023", "KSV-0028", "KSV-0121"],
    in_deleted_files: false,
};

/// See its title.
pub const NS: &Class = &Class {
    code: "RUN-NS",
    title: "a container shares a namespace of the host",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[653],
    explanation: "In the host's network namespace a container reaches services that listen for the host alone; in its PID namespace it sees and signals all processes; in IPC, UTS and user namespaces other walls are missing.",
    remedy: "Take the host mode away, and publish the ports that are needed.",
    aliases: &[
        "CIS-5.10",
        "CIS-5.16",
        "CIS-5.17",
        "CIS-5.21",
        "CIS-5.31",
        "CKV_K8S_17",
        "CKV_K8S_18",
        "CKV_K8S_19",
        "KSV-0008",
        "KSV-0009",
        "KSV-0010",
    ],
    in_deleted_files: false,
};

/// See its title.
pub const CAP: &Class = &Class {
    code: "RUN-CAP",
    title: "a container has capabilities that it may not need",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[250],
    explanation: "Capabilities are parts of root's power. Added ones such as SYS_ADMIN are as good as root on the host; those that are there without being asked for, such as NET_RAW, are rarely needed.",
    remedy: "Drop all capabilities and add those that the program really uses.",
    aliases: &[
        "CIS-5.4",
        "CKV_K8S_25",
        "CKV_K8S_28",
        "CKV_K8S_37",
        "CKV_K8S_39",
        "KSV-0003",
        "KSV-0004",
        "KSV-0005",
        "KSV-0022",
        "KSV-0106",
        "KSV-0119",
        "KSV-0120",
    ],
    in_deleted_files: false,
};

/// See its title.
pub const MAC: &Class = &Class {
    code: "RUN-MAC",
    title: "mandatory confinement is off",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[693],
    explanation: "AppArmor, SELinux or the filter of system calls (seccomp) is switched off for the container, or in Kubernetes no seccomp profile is set. They are what holds when a program in the container is taken over.",
    remedy: "Take the option away, or name a profile: RuntimeDefault in Kubernetes.",
    aliases: &[
        "CIS-5.2",
        "CIS-5.3",
        "CIS-5.22",
        "CKV_K8S_31",
        "KSV-0002",
        "KSV-0025",
        "KSV-0030",
        "KSV-0104",
    ],
    in_deleted_files: false,
};

/// See its title.
pub const NNP: &Class = &Class {
    code: "RUN-NNP",
    title: "processes can gain privileges",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[250],
    explanation: "Without no-new-privileges a set-uid program in the image gives whoever runs it more rights than the container was started with.",
    remedy: "Set allowPrivilegeEscalation: false, or security_opt: no-new-privileges:true.",
    aliases: &["CIS-5.26", "CKV_K8S_20", "KSV-0001"],
    in_deleted_files: false,
};

/// See its title.
pub const ROOT: &Class = &Class {
    code: "RUN-ROOT",
    title: "a container may run as root",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[250],
    explanation: "The manifest names user 0, or leaves it to the image. Root in a container is one fault of the kernel or the engine away from root on the host.",
    remedy: "Set runAsNonRoot: true and a runAsUser above 0, or user in a Compose file.",
    aliases: &["CKV_K8S_23", "KSV-0012", "KSV-0020", "KSV-0021", "KSV-0105"],
    in_deleted_files: false,
};

/// See its title.
pub const ROFS: &Class = &Class {
    code: "RUN-ROFS",
    title: "the root file system is writable",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[732],
    explanation: "A container that can write to its root file system lets whoever takes it over put programs there and change those that are there.",
    remedy: "Set readOnlyRootFilesystem: true or read_only: true, and mount what must be written as a volume or tmpfs.",
    aliases: &["CIS-5.13", "CKV_K8S_22", "KSV-0014"],
    in_deleted_files: false,
};

/// See its title.
pub const LIMIT: &Class = &Class {
    code: "RUN-LIMIT",
    title: "a resource has no limit",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[770],
    explanation: "Without a limit on memory, processor time or processes one container can take all that its host has, by a fault or on purpose.",
    remedy: "Set limits: resources.limits in Kubernetes, deploy.resources.limits or mem_limit, cpus and pids_limit in a Compose file.",
    aliases: &["CIS-5.11", "CIS-5.12", "CIS-5.29", "CKV_K8S_11", "CKV_K8S_13", "KSV-0011", "KSV-0018"],
    in_deleted_files: false,
};

/// See its title.
pub const PORT: &Class = &Class {
    code: "RUN-PORT",
    title: "a port is open wider than needed",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[1327],
    explanation: "A port below 1024 of the host is taken, a port is open on every interface, or one for SSH is. What listens there is reachable from wherever the host is.",
    remedy: "Publish on the interface that is meant (127.0.0.1:8080:80), from a port above 1023; in Kubernetes use a service instead of hostPort.",
    aliases: &["CIS-5.8", "CIS-5.9", "CIS-5.14", "CKV_K8S_26", "KSV-0024", "KSV-0117"],
    in_deleted_files: false,
};

/// See its title.
pub const DEVICE: &Class = &Class {
    code: "RUN-DEVICE",
    title: "a device of the host is passed in",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[668],
    explanation: "With a device a container reaches hardware, disks among it, past all file permissions of the host.",
    remedy: "Take it away, or limit it to reading (the third part, :r).",
    aliases: &["CIS-5.18"],
    in_deleted_files: false,
};

/// See its title.
pub const PROC: &Class = &Class {
    code: "RUN-PROC",
    title: "/proc is not masked",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[668],
    explanation: "Parts of /proc that are usually hidden in containers are visible and writable, and through them the kernel of the host.",
    remedy: "Leave procMount at Default, which hides those parts.",
    aliases: &["KSV-0027"],
    in_deleted_files: false,
};

/// See its title.
pub const SYSCTL: &Class = &Class {
    code: "RUN-SYSCTL",
    title: "a kernel parameter beyond the container is set",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[668],
    explanation: "The parameter is not kept apart by namespaces, so setting it for one container changes the host and all others.",
    remedy: "Set it on the host, or leave it as the host has it.",
    aliases: &["KSV-0026"],
    in_deleted_files: false,
};

/// See its title.
pub const TOKEN: &Class = &Class {
    code: "RUN-TOKEN",
    title: "a service account token is put into the container",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[522],
    explanation: "Whoever takes over the container can talk to the cluster's API with the rights of the service account. Most programs never do.",
    remedy: "Set automountServiceAccountToken: false where the program does not use the API.",
    aliases: &["CKV_K8S_38", "KSV-0036"],
    in_deleted_files: false,
};

/// See its title.
pub const IMAGE: &Class = &Class {
    code: "RUN-IMAGE",
    title: "an image without a fixed version is run",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[1357],
    explanation: "The image has no tag, or the tag latest, so that what runs changes without a change in the manifest, and nobody can say what ran.",
    remedy: "Name a version, or better the digest of the image.",
    aliases: &["CKV_K8S_14", "KSV-0013"],
    in_deleted_files: false,
};

/// See its title.
pub const HEALTH: &Class = &Class {
    code: "RUN-HEALTH",
    title: "nothing checks whether the container works",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Negligible,
    cwes: &[693],
    explanation: "Without a probe or health check a container that hangs keeps its place and its traffic.",
    remedy: "Add a liveness or readiness probe, or a health check.",
    aliases: &["CIS-5.27", "CKV_K8S_8", "CKV_K8S_9"],
    in_deleted_files: false,
};

/// See its title.
pub const RESTART: &Class = &Class {
    code: "RUN-RESTART",
    title: "limits of the engine are overridden",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Negligible,
    cwes: &[770],
    explanation: "The container is restarted without end, which hides crashes and lets an attacker try as often as needed, or it is put under a control group of its own.",
    remedy: "Use on-failure with at most 5 attempts, and leave the control group to the engine.",
    aliases: &["CIS-5.15", "CIS-5.19", "CIS-5.25", "CIS-5.30"],
    in_deleted_files: false,
};

/// See its title.
pub const PROBE: &Class = &Class {
    code: "RUN-PROBE",
    title: "a probe or hook makes the node connect to another host",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[918],
    explanation: "Probes and hooks of a container are carried out by the kubelet. With a host of its own, whoever may create pods makes the node send requests to services that only nodes reach, its own on 127.0.0.1 among them.",
    remedy: "Leave the host away, so that the pod itself is asked, or use an exec probe.",
    aliases: &[],
    in_deleted_files: false,
};
