//! Compose files and Kubernetes objects in the tables. What a field means where it is not stated is taken from the Compose
//! specification and the Kubernetes API reference.

use plimsoll_query::{Tables, manifests};

use crate::place::{ask, database};

const COMPOSE: &str = "\
name: shop
services:
  web:
    image: nginx:1.27
    privileged: true
    user: \"0:0\"
    command: [nginx, -g, daemon off;]
    environment: {TOKEN: hidden, MODE: live}
    labels: [tier=front]
    network_mode: host
    pid: host
    mem_limit: 1g
    cpus: 1.5
    pids_limit: 200
    cap_add: [CAP_SYS_ADMIN]
    cap_drop: [NET_RAW]
    security_opt: [no-new-privileges:true, seccomp=unconfined]
    ulimits: {nofile: {soft: 10, hard: 20}, nproc: 5}
    restart: on-failure:3
    expose: [9000]
    ports: [\"8443:443\", \"127.0.0.1:53:53/udp\", 80]
    volumes:
      - /var/run/docker.sock:/s:ro
      - data:/data
      - {type: tmpfs, target: /t}
    healthcheck: {test: [CMD, true]}
  quiet:
    image: busybox@sha256:0
    mem_limit: ${LIMIT}
";

const KUBERNETES: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      hostPID: true
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      volumes:
      - {name: logs, hostPath: {path: /var/log}}
      - {name: conf, configMap: {name: web}}
      initContainers: [{name: init, image: 'busybox:1', securityContext: {runAsUser: 0, runAsNonRoot: false}}]
      containers:
      - name: app
        image: registry.example/app:1
        args: [serve]
        env: [{name: TOKEN, value: hidden}]
        resources: {limits: {memory: 128Mi, cpu: 500m}}
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        ports: [{containerPort: 8080}, {containerPort: 53, hostPort: 5353, protocol: UDP}]
        volumeMounts: [{name: logs, mountPath: /l, readOnly: true}, {name: conf, mountPath: /c}]
";

fn tables() -> Tables {
    let mut tables = Tables::default();
    assert_eq!(manifests::read("deploy/compose.yaml", COMPOSE.as_bytes(), &mut tables), Ok(2));
    assert_eq!(manifests::read("deploy/web.yaml", KUBERNETES.as_bytes(), &mut tables), Ok(2));
    tables
}

#[test]
fn compose_files_fill_the_tables() {
    let database = database(tables());
    let of =
        |columns: &str| ask(&database, &format!("SELECT {columns} FROM containers WHERE source = 'compose'"));
    assert_eq!(
        of("id, name, namespace, file, image_name"),
        [
            "deploy/compose.yaml: service web|web|shop|deploy/compose.yaml|nginx:1.27",
            "deploy/compose.yaml: service quiet|quiet|shop|deploy/compose.yaml|busybox@sha256:0",
        ]
    );
    assert_eq!(
        of(
            "privileged, run_as, runs_as_root, command, env_names, labels, seccomp_profile, no_new_privileges"
        ),
        [
            "true|0:0|true|{nginx,-g,\"daemon off;\"}|{TOKEN,MODE}|{tier=front}|unconfined|true",
            "false|||{}|{}|{}|default|false"
        ]
    );
    assert_eq!(
        of("memory_limit, cpu_limit, pids_limit, ulimits, restart_policy, restart_max_retries, healthcheck"),
        ["1073741824|1.5|200|{nofile=10:20,nproc=5:5}|on-failure|3|true", "|0.0|0|{}|no|0|"]
    );
    assert_eq!(of("network_mode, pid_mode, capabilities, exposed_ports")[0], "host|host|{ALL}|{9000/tcp}");
    assert_eq!(
        ask(
            &database,
            "SELECT kind, name, source, destination, writable FROM mounts WHERE container_id LIKE '%service web'"
        ),
        ["bind||/var/run/docker.sock|/s|false", "volume|data||/data|true", "tmpfs|||/t|true"]
    );
    assert_eq!(
        ask(
            &database,
            "SELECT container_port, protocol, host_ip, host_port FROM ports WHERE container_id LIKE '%service web'"
        ),
        ["443|tcp|0.0.0.0|8443", "53|udp|127.0.0.1|53", "80|tcp|0.0.0.0|"]
    );
}

#[test]
fn kubernetes_objects_fill_the_tables() {
    let database = database(tables());
    let of = |columns: &str| {
        ask(&database, &format!("SELECT {columns} FROM containers WHERE source = 'kubernetes' ORDER BY name"))
    };
    assert_eq!(
        of("id, name, namespace, image_name"),
        [
            "deploy/web.yaml: Deployment shop/web, container app|app|shop|registry.example/app:1",
            "deploy/web.yaml: Deployment shop/web, container init|init|shop|busybox:1",
        ]
    );
    assert_eq!(
        of("run_as, runs_as_root, command, env_names, labels, seccomp_profile, no_new_privileges, pid_mode"),
        ["|false|{serve}|{TOKEN}|{app=web}|default|true|host", "0|true|{}|{}|{app=web}|default|false|host"]
    );
    assert_eq!(
        of("memory_limit, cpu_limit, pids_limit, capabilities, cap_drop, restart_policy"),
        [
            "134217728|0.5||{}|{ALL}|",
            "0|0.0||{AUDIT_WRITE,CHOWN,DAC_OVERRIDE,FOWNER,FSETID,KILL,MKNOD,NET_BIND_SERVICE,NET_RAW,SETFCAP,SETGID,\
             SETPCAP,SETUID,SYS_CHROOT}|{}|"
        ]
    );
    let app = "WHERE container_name = 'app'";
    assert_eq!(
        ask(&database, &format!("SELECT kind, name, source, destination, writable FROM mounts {app}")),
        ["bind||/var/log|/l|false", "configMap|conf||/c|true"]
    );
    assert_eq!(
        ask(&database, &format!("SELECT container_port, protocol, host_ip, host_port FROM ports {app}")),
        ["8080|tcp||", "53|udp|0.0.0.0|5353"]
    );
}

#[test]
fn what_is_no_manifest_is_told_apart_from_what_is_broken() {
    let mut tables = Tables::default();
    assert_eq!(manifests::read("values.yaml", b"replicas: 3\n", &mut tables), Ok(0));
    // A Compose file is known by its name.
    assert_eq!(manifests::read("stack.yaml", COMPOSE.as_bytes(), &mut tables), Ok(0));
    for (name, text, reason) in [
        ("a.yaml", "apiVersion: v1\nkind: [", "it is not YAML"),
        ("t.yaml", "apiVersion: v1\nkind: Pod\n{{- if .Values.x }}\n", "it is a template"),
    ] {
        let error = manifests::read(name, text.as_bytes(), &mut tables).unwrap_err();
        assert!(error.starts_with(reason), "{error}");
    }
    assert_eq!(tables, Tables::default());
    for text in [COMPOSE, KUBERNETES] {
        for end in 0..text.len() {
            let _ = manifests::read("compose.yaml", &text.as_bytes()[..end], &mut tables);
        }
    }
}
