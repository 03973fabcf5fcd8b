//! The rows of the tables, each declared once. What is not known is NULL; a list that is known to be empty is empty.

use plimsoll_types::{Severity, Timestamp};

use super::cell::Member;
use super::{Cell, Column, Row, Table};

/// Declares a row: `"table" of "what a row is"`, then each column with its type and its meaning.
macro_rules! row {
    ($row:ident, $table:literal, $about:literal, { $($column:ident: $kind:ty = $meaning:literal),* $(,)? }) => {
        #[doc = $about]
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $row {
            $(#[doc = $meaning] pub $column: $kind,)*
        }

        impl Row for $row {
            const TABLE: Table = Table {
                name: $table,
                about: $about,
                columns: &[$(Column {
                    name: stringify!($column),
                    kind: <$kind as Member>::KIND,
                    about: $meaning,
                }),*],
            };

            fn cells(self) -> Vec<Cell> {
                vec![$(self.$column.cell()),*]
            }
        }
    };
}

row!(ContainerRow, "containers", "A container: one that an engine knows, or one that a manifest describes.", {
    id: String = "The container's id; for a manifest the file and the object in it.",
    name: String = "Its name, without the slash that the engine puts before it.",
    image_name: String = "The image as the container names it.",
    image_id: Option<String> = "The id of the image that it was made from.",
    source: String = "Where the row comes from: inspect, engine, compose or kubernetes.",
    file: Option<String> = "The file that describes it; NULL for a live engine.",
    namespace: Option<String> = "The namespace or project that it belongs to.",
    created: Option<Timestamp> = "When it was made.",
    state: Option<String> = "created, running, paused, restarting, removing, exited or dead; NULL for a manifest.",
    run_as: Option<String> = "The user that it runs as, as stated; empty when none is, NULL when a manifest leaves it to the image.",
    runs_as_root: Option<bool> = "True when that user is root by name or number, or none is stated; NULL when a manifest leaves it to the image.",
    command: Vec<String> = "The command with its arguments.",
    env_names: Vec<String> = "The names of its environment variables. Values are left out, since they may be secrets.",
    labels: Vec<String> = "Its labels, as key=value.",
    privileged: Option<bool> = "True when it runs privileged.",
    read_only_root: Option<bool> = "True when its root file system is read-only.",
    no_new_privileges: Option<bool> = "True when its processes can gain no privileges.",
    cap_add: Vec<String> = "Capabilities that are added, without CAP_, in capitals; ALL for all.",
    cap_drop: Vec<String> = "Capabilities that are dropped, spelt alike.",
    capabilities: Vec<String> = "The capabilities that result: the engine's default, with what is added and without what is dropped. ALL for all.",
    security_opt: Vec<String> = "Security options, as stated.",
    apparmor_profile: Option<String> = "The AppArmor profile; empty when there is none.",
    seccomp_profile: Option<String> = "The seccomp profile: default, unconfined, or what is stated.",
    selinux_label: Option<String> = "The SELinux label; empty when there is none, disabled when it is switched off.",
    network_mode: Option<String> = "The network mode: host, bridge, none, container:…, or a network's name.",
    networks: Vec<String> = "The networks that it is connected to.",
    pid_mode: Option<String> = "host when it shares the host's processes; empty or private when not.",
    ipc_mode: Option<String> = "host when it shares the host's IPC.",
    uts_mode: Option<String> = "host when it shares the host's name.",
    userns_mode: Option<String> = "host when it opts out of user namespaces.",
    cgroup_parent: Option<String> = "The cgroup under which it is put; empty for the engine's choice.",
    memory_limit: Option<i64> = "The limit on memory in bytes; 0 for none, NULL for one that is not known.",
    cpu_shares: Option<i64> = "The CPU weight; 0 when none is stated.",
    cpu_limit: Option<f64> = "The limit on processors; 0 for none, NULL for one that is not known.",
    pids_limit: Option<i64> = "The limit on processes; 0 for none, NULL for one that is not known.",
    ulimits: Vec<String> = "Limits that replace the engine's, as name=soft:hard.",
    devices: Vec<String> = "Devices of the host that it can use; requests for devices as driver:count, rules for device cgroups as stated.",
    restart_policy: Option<String> = "The restart policy: no, always, unless-stopped or on-failure.",
    restart_max_retries: Option<i64> = "How often it is restarted at most under on-failure; 0 for without end.",
    healthcheck: Option<bool> = "True when its health is checked.",
    health: Option<String> = "What the check said last: starting, healthy or unhealthy.",
    exposed_ports: Vec<String> = "Ports that its image says it uses, such as 443/tcp.",
});

row!(MountRow, "mounts", "Something that is mounted into a container.", {
    container_id: String = "The container's id.",
    container_name: String = "The container's name.",
    kind: String = "bind, volume, tmpfs, or another kind as the engine or Kubernetes calls it.",
    name: Option<String> = "The volume's name.",
    source: String = "The path on the host; empty for what has none.",
    destination: String = "The path in the container.",
    writable: Option<bool> = "True when the container can write to it.",
    propagation: Option<String> = "How mounts below it spread: rprivate, rshared, …",
});

row!(PortRow, "ports", "A port of a container.", {
    container_id: String = "The container's id.",
    container_name: String = "The container's name.",
    container_port: Option<i64> = "The port in the container.",
    protocol: String = "tcp, udp or sctp.",
    host_ip: Option<String> = "The address of the host at which it is published; NULL when it is not.",
    host_port: Option<i64> = "The port of the host; NULL when it is not published, or the engine chooses.",
});

row!(HostRow, "hosts", "A host with its engine, as the engine describes it.", {
    name: String = "The host's name.",
    engine_version: Option<String> = "The engine's version.",
    os: Option<String> = "The operating system.",
    kernel: Option<String> = "The kernel's version.",
    swarm_state: Option<String> = "inactive, active, pending, …",
    security_options: Vec<String> = "What the engine says of security, such as name=apparmor.",
    apparmor: Option<bool> = "True when the engine uses AppArmor.",
    selinux: Option<bool> = "True when the engine uses SELinux.",
    no_new_privileges: Option<bool> = "True when the engine denies new privileges to all containers.",
    user_namespaces: Option<bool> = "True when the engine gives containers user namespaces.",
});

row!(ImageRow, "images", "An image that was scanned, or that an engine knows.", {
    id: Option<String> = "The image's id: the digest of its configuration.",
    name: String = "The target as it was named; for an engine the first tag.",
    source: String = "Where the row comes from: report, inspect or engine.",
    kind: String = "image, or filesystem for a directory.",
    tags: Vec<String> = "The tags under which it is known.",
    digest: Option<String> = "The digest of its manifest.",
    created: Option<Timestamp> = "When it was built.",
    scan_time: Option<Timestamp> = "When it was scanned; NULL when it was not.",
    complete: Option<bool> = "True when everything in it was analysed; NULL when it was not scanned.",
    scanners: Vec<String> = "What the scan looked for, such as vuln and secret; empty when it was not scanned.",
    os: Option<String> = "The platform's operating system.",
    architecture: Option<String> = "The platform's architecture.",
    distro: Option<String> = "The distribution's id, such as debian.",
    distro_version: Option<String> = "The distribution's version.",
    support_ends: Option<Timestamp> = "When the distribution's support ends.",
    run_as: Option<String> = "The user of its configuration; empty when none is stated.",
    runs_as_root: Option<bool> = "True when that user is root by name or number, or none is stated.",
    command: Vec<String> = "Entry point and arguments.",
    env_names: Vec<String> = "The names of its environment variables; empty when they are not known.",
    exposed_ports: Vec<String> = "The ports of its configuration, such as 443/tcp.",
    volumes: Vec<String> = "The volumes of its configuration; empty when they are not known.",
    labels: Vec<String> = "Its labels, as key=value.",
    healthcheck: Option<bool> = "True when its configuration has a health check.",
    layers: Option<i64> = "How many layers it has.",
    base_name: Option<String> = "The image that it was built on, as it states it.",
    base_digest: Option<String> = "The digest of that image, as it states it.",
    base_layers: Option<i64> = "How many of its lowest layers are that image's, as its history shows.",
    size: Option<i64> = "Its size in bytes.",
    risk: Option<f64> = "The risk of the image as a whole.",
});

row!(LayerRow, "layers", "A layer of an image.", {
    image_name: String = "The image, as images.name.",
    image_id: Option<String> = "The image's id.",
    position: i64 = "The layer's place, from 0 at the base.",
    diff_id: String = "The digest of its uncompressed content.",
    digest: Option<String> = "The digest of its blob.",
    size: Option<i64> = "The size of its blob in bytes.",
    created_by: Option<String> = "The command that made it.",
});

row!(PackageRow, "packages", "A package in an image.", {
    image_name: String = "The image, as images.name.",
    image_id: Option<String> = "The image's id.",
    name: String = "The package's name.",
    version: String = "Its version; empty when it is not known.",
    ecosystem: String = "The ecosystem, such as deb, pypi or maven.",
    architecture: Option<String> = "Its architecture.",
    purl: String = "Its package URL.",
    source_name: Option<String> = "The source package that it was built from.",
    source_version: Option<String> = "That package's version.",
    licenses: Vec<String> = "Licences as declared.",
    vendor: Option<String> = "Vendor or maintainer as declared.",
    path: Option<String> = "The first file that shows it.",
    layer: Option<i64> = "The layer that brought it.",
    exposure: Vec<String> = "How it is exposed: entry_point, entry_closure, set_uid.",
    confidence: String = "How sure its name and version are: high, medium or low.",
});

row!(FindingRow, "findings", "Something that is wrong with an image: a vulnerability or a detection. What was held back is left out.", {
    image_name: String = "The image, as images.name.",
    image_id: Option<String> = "The image's id.",
    scan_time: Option<Timestamp> = "When it was found.",
    kind: String = "vulnerability or detection.",
    scanner: String = "What found it: vuln, secret, misconfig, malware, integrity or license.",
    code: String = "The class' code, such as CFG-ROOT; for a vulnerability its identifier.",
    rule: Option<String> = "The rule inside the class.",
    severity: Severity = "How bad it is.",
    confidence: String = "How sure it is: high, medium or low.",
    title: String = "What it is, in a line.",
    message: Option<String> = "What was seen here.",
    package: Option<String> = "The package that it is about.",
    package_version: Option<String> = "That package's version.",
    fixed_version: Option<String> = "The version to take instead.",
    status: Option<String> = "What the source says of a vulnerability: affected, fixed, will_not_fix, …",
    place_kind: Option<String> = "What the place is: file, config, env, label, history, package or image.",
    place: Option<String> = "Where: a path, a variable, a step's number, …",
    line: Option<i64> = "The line in a file.",
    resource: Option<String> = "The object in a manifest.",
    layer: Option<i64> = "The layer.",
    hidden_by: Option<i64> = "The layer that deletes or replaces the file, so that it is in the image but not in the container.",
    cwes: Vec<String> = "Weaknesses, such as CWE-250.",
    risk: Option<f64> = "The finding's risk.",
    remedy: Option<String> = "What to do about it.",
});

row!(FileRow, "files", "A file that packages or findings name, or that a reader of file systems saw.", {
    image_name: String = "The image, as images.name.",
    image_id: Option<String> = "The image's id.",
    path: String = "The path, from the root, without a leading slash.",
    layer: Option<i64> = "The layer that holds it.",
    hidden_by: Option<i64> = "The layer that deletes or replaces it.",
    packages: i64 = "How many packages were found by it.",
    findings: i64 = "How many detections are about it.",
    mode: Option<i64> = "Its permissions as a number; NULL when they are not known.",
    owner: Option<i64> = "The number of its owner; NULL when it is not known.",
    size: Option<i64> = "Its size in bytes; NULL when it is not known.",
});

row!(UserRow, "users", "A user that an image or container runs as, or an account that a reader of file systems saw.", {
    image_name: String = "The image.",
    container_name: Option<String> = "The container, where it is a container's.",
    source: String = "configured for the user of a configuration, passwd for an account.",
    name: Option<String> = "The user's name; NULL when only a number is stated.",
    uid: Option<i64> = "The user's number; NULL when only a name is stated.",
    group_name: Option<String> = "The group's name or number, as stated.",
    root: Option<bool> = "True for root, by name or number.",
    home: Option<String> = "The home folder of an account.",
    shell: Option<String> = "The shell of an account.",
    empty_password: Option<bool> = "True for an account without a password.",
});

row!(ScanResultRow, "scan_results", "A vulnerability of an image as a scan found it: one row for each vulnerability and package.", {
    image_name: String = "The image, as images.name.",
    image_id: Option<String> = "The image's id.",
    scan_time: Option<Timestamp> = "When the image was scanned.",
    id: String = "The identifier: the CVE where there is one.",
    aliases: Vec<String> = "Its other identifiers.",
    severity: Severity = "How bad it is.",
    score: Option<f64> = "The CVSS base score.",
    package: String = "The package's name.",
    version: String = "The package's version.",
    ecosystem: String = "The package's ecosystem.",
    purl: String = "The package's URL.",
    fixed_version: Option<String> = "The version to take instead.",
    status: String = "affected, fixed, will_not_fix, …",
    title: Option<String> = "A line for people.",
    published: Option<Timestamp> = "When it was first published.",
    known_exploited: bool = "True when it is known to be exploited.",
    public_exploit: bool = "True when a public exploit is known.",
    epss: Option<f64> = "How likely exploitation is in the next 30 days, from 0 to 1.",
    risk: Option<f64> = "The finding's risk.",
    confidence: String = "How sure it is that the package is meant: high, medium or low.",
    path: Option<String> = "The first file that shows the package.",
    layer: Option<i64> = "The layer that brought the package.",
});
