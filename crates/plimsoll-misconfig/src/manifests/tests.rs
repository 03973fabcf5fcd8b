//! Manifests with faults, and the same without.

use plimsoll_analysis::{Analyzer, Fact, File, Output};

use super::Manifests;

/// What is found in a file: `CLASS/rule line` in the order of the file.
fn check(path: &str, text: &str) -> Vec<String> {
    let mut out = Output::default();
    Manifests.analyze(&File::new(path.as_bytes(), 0o644, &text.as_bytes()), &mut out).unwrap();
    let mut found: Vec<(u32, String)> = out
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Detection(fact) => {
                Some((fact.line, format!("{}/{} {} {}", fact.class, fact.rule, fact.line, fact.severity)))
            }
            _ => None,
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, text)| text).collect()
}

/// A pod that keeps to the restricted standard (Kubernetes documentation, "Pod Security Standards").
const RESTRICTED: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: good}
spec:
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: app
    image: registry.example/app:1.2.3
    livenessProbe: {httpGet: {path: /, port: 8080}}
    resources: {limits: {memory: 1Gi, cpu: 1}}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}
    ports: [{containerPort: 8080}]
";

#[test]
fn a_pod_within_the_restricted_standard_has_no_faults() {
    assert_eq!(check("deploy/pod.yaml", RESTRICTED), Vec::<String>::new());
}

#[test]
fn a_deployment_with_every_fault() {
    let text = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: bad, namespace: shop}
spec:
  template:
    metadata:
      annotations:
        container.apparmor.security.beta.kubernetes.io/app: unconfined
    spec:
      hostNetwork: true
      hostPID: true
      hostIPC: true
      automountServiceAccountToken: true
      securityContext:
        sysctls: [{name: kernel.msgmax, value: \"1\"}]
      volumes:
      - name: sock
        hostPath:
          path: /var/run/docker.sock
      - name: etc
        hostPath: {path: /etc/kubernetes}
      containers:
      - name: app
        image: nginx
        securityContext:
          privileged: true
          runAsUser: 0
          allowPrivilegeEscalation: true
          procMount: Unmasked
          seccompProfile:
            type: Unconfined
          seLinuxOptions: {type: spc_t}
          capabilities:
            add: [SYS_ADMIN]
        ports:
        - containerPort: 80
          hostPort: 80
        volumeMounts:
        - {name: sock, mountPath: /s}
        - {name: etc, mountPath: /e, mountPropagation: Bidirectional, readOnly: true}
";
    assert_eq!(
        check("deploy/bad.yaml", text),
        [
            "RUN-MAC/apparmor 8 high",
            "RUN-NS/network 10 high",
            "RUN-NS/pid 11 high",
            "RUN-NS/ipc 12 high",
            "RUN-TOKEN/ 13 low",
            "RUN-SYSCTL/ 15 medium",
            "RUN-SOCK/ 19 critical",
            "RUN-MOUNT/propagation 21 high",
            "RUN-MOUNT/sensitive 21 medium",
            "RUN-CAP/kept 23 low",
            "RUN-HEALTH/ 23 negligible",
            "RUN-LIMIT/cpu 23 low",
            "RUN-LIMIT/memory 23 low",
            "RUN-ROFS/ 23 low",
            "RUN-IMAGE/ 24 low",
            "RUN-PRIV/ 26 critical",
            "RUN-ROOT/run-as-user 27 medium",
            "RUN-NNP/ 28 medium",
            "RUN-PROC/ 29 high",
            "RUN-MAC/seccomp 31 high",
            "RUN-MAC/selinux 32 high",
            "RUN-CAP/added 34 high",
            "RUN-PORT/host-port 36 low",
            "RUN-PORT/privileged 36 low",
        ]
    );
}

#[test]
fn a_compose_file_in_both_syntaxes() {
    let text = "\
x-base: &base
  read_only: true
  cap_drop: [ALL]
services:
  web:
    <<: *base
    image: nginx:1.27
    privileged: \"true\"
    network_mode: host
    userns_mode: host
    security_opt: [\"seccomp:unconfined\", no-new-privileges=false, label:disable]
    volumes:
      - /run:/host
      - type: bind
        source: /
        target: /h
      - data:/data
    ports: [\"80:8080\", \"127.0.0.1:8443:443\"]
    devices: [/dev/sda:/dev/sda]
    restart: always
    mem_limit: 1g
    cpus: 1
    pids_limit: -1
    healthcheck: {disable: true}
  good:
    <<: *base
    image: registry.example/app@sha256:1111111111111111111111111111111111111111111111111111111111111111
    user: \"1000\"
    security_opt: [\"no-new-privileges:true\"]
    restart: \"on-failure:5\"
    deploy: {resources: {limits: {memory: 1g, cpus: \"1\", pids: 100}}}
    ports: [\"127.0.0.1:8080:80\"]
";
    assert_eq!(
        check("docker-compose.yml", text),
        [
            "RUN-HEALTH/ 6 negligible",
            "RUN-LIMIT/pids 6 low",
            "RUN-PRIV/ 8 critical",
            "RUN-NS/network 9 high",
            "RUN-NS/user 10 high",
            "RUN-MAC/seccomp 11 high",
            "RUN-MAC/selinux 11 high",
            "RUN-NNP/ 11 medium",
            "RUN-SOCK/ 13 critical",
            "RUN-MOUNT/root 15 critical",
            "RUN-PORT/every-interface 18 low",
            "RUN-PORT/privileged 18 low",
            "RUN-DEVICE/ 19 high",
            "RUN-RESTART/policy 20 negligible",
        ]
    );
    // The same text under a name that means nothing is something else.
    assert_eq!(check("values.yml", text), Vec::<String>::new());
}

#[test]
fn lists_jobs_and_init_containers_are_seen() {
    let text = "\
apiVersion: v1
kind: List
items:
- apiVersion: batch/v1
  kind: CronJob
  metadata: {name: nightly}
  spec:
    jobTemplate:
      spec:
        template:
          spec:
            initContainers:
            - {name: prepare, image: a:1, securityContext: {privileged: true}}
            containers:
            - {name: work, image: b:1, securityContext: {privileged: false}}
";
    let found = check("job.json", text);
    assert_eq!(found.iter().filter(|found| found.starts_with("RUN-PRIV")).count(), 1, "{found:?}");
    assert!(found.contains(&"RUN-PRIV/ 13 critical".to_owned()));
}

#[test]
fn what_cannot_be_read_is_said() {
    let error = |text: &str| {
        let mut out = Output::default();
        let bytes = text.as_bytes();
        let file = File::new(b"a.yaml", 0o644, &bytes);
        Manifests.analyze(&file, &mut out).unwrap_err().to_string()
    };
    assert!(error("apiVersion: v1\nkind: {{ .Values.kind\n").contains("template"));
    assert!(error("apiVersion: v1\nkind: [\n").starts_with("it is not YAML: "));
    for end in 0..=RESTRICTED.len() {
        let mut out = Output::default();
        let _ = Manifests.analyze(&File::new(b"a.yaml", 0o644, &&RESTRICTED.as_bytes()[..end]), &mut out);
    }
}

/// The names of the standards that a pod breaks: `CLASS/rule standard`.
fn broken(text: &str) -> Vec<String> {
    let mut out = Output::default();
    Manifests.analyze(&File::new(b"pod.yaml", 0o644, &text.as_bytes()), &mut out).unwrap();
    let mut found: Vec<String> = out
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Detection(fact) => {
                let standard = fact.notes.first()?.split('"').nth(1)?.to_owned();
                Some(format!("{}/{} {standard}", fact.class, fact.rule))
            }
            _ => None,
        })
        .collect();
    found.sort();
    found
}

/// The pod [`RESTRICTED`] with something more for the pod and for its container.
fn pod(annotation: &str, pod: &str, pod_context: &str, container: &str, context: &str) -> String {
    format!(
        "\
apiVersion: v1
kind: Pod
metadata: {{name: p, annotations: {{{annotation}}}}}
spec:
  {pod}
  securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}, {pod_context}}}
  containers:
  - name: app
    image: registry.example/app:1.2.3
    {container}
    securityContext:
      allowPrivilegeEscalation: false
      capabilities: {{drop: [ALL]}}
      {context}
"
    )
}

#[test]
fn pods_break_the_standards_where_kubernetes_says_so() {
    let (apparmor, seccomp) =
        ("container.apparmor.security.beta.kubernetes.io/app", "seccomp.security.alpha.kubernetes.io/pod");
    let windows = "os: {name: windows}";
    for (annotation, in_pod, pod_context, container, context, expected) in [
        ("", "", "", "", "", &[][..]),
        ("", "", "windowsOptions: {hostProcess: true}", "", "", &["RUN-PRIV/host-process baseline"]),
        ("", "", "windowsOptions: {hostProcess: true}", "", "windowsOptions: {hostProcess: false}", &[]),
        ("", "volumes: [{name: a, hostPath: {path: /a}}]", "", "", "", &["RUN-MOUNT/host-path baseline"]),
        (
            "",
            "volumes: [{name: a, nfs: {server: s, path: /}}]",
            "",
            "",
            "",
            &["RUN-MOUNT/volume-type restricted"],
        ),
        (
            "",
            "volumes: [{name: a, gitRepo: {repository: r}}]",
            "",
            "",
            "",
            &["RUN-MOUNT/volume-type restricted"],
        ),
        (
            "",
            "volumes: [{name: a}, {name: b, emptyDir: }, {name: c, csi: {driver: d}}, {name: d, projected: {}}]",
            "",
            "",
            "",
            &[],
        ),
        ("", "", "", "livenessProbe: {httpGet: {host: 127.0.0.1, port: 80}}", "", &["RUN-PROBE/ baseline"]),
        ("", "", "", "lifecycle: {preStop: {tcpSocket: {host: db, port: 80}}}", "", &["RUN-PROBE/ baseline"]),
        ("", "", "", "startupProbe: {httpGet: {host: \"\", port: 80}}", "", &[]),
        (&format!("{apparmor}: runtime/default"), "", "", "", "", &[]),
        (&format!("{apparmor}: localhost/mine"), "", "", "", "", &[]),
        (&format!("{apparmor}: nonsense"), "", "", "", "", &["RUN-MAC/apparmor baseline"]),
        ("", "", "appArmorProfile: {type: Unconfined}", "", "", &["RUN-MAC/apparmor baseline"]),
        ("", "", "", "", "seLinuxOptions: {type: \"\", user: \"\", level: s0}", &[]),
        ("", "", "", "", "seLinuxOptions: {role: admin_r}", &["RUN-MAC/selinux baseline"]),
        ("", "", "", "", "procMount: Unmasked", &["RUN-PROC/ baseline"]),
        ("", "hostUsers: false", "", "", "procMount: Unmasked", &["RUN-PROC/ restricted"]),
        ("", "", "", "", "runAsUser: 0", &["RUN-ROOT/run-as-user restricted"]),
        ("", "hostUsers: false", "", "", "runAsUser: 0", &[]),
        ("", "hostUsers: false", "", "", "runAsNonRoot: false", &[]),
        ("", "", "seccompProfile: ", "", "", &["RUN-MAC/seccomp-missing restricted"]),
        (
            &format!("{seccomp}: runtime/default"),
            "",
            "seccompProfile: ",
            "",
            "",
            &["RUN-MAC/seccomp-missing restricted"],
        ),
        (&format!("{seccomp}: unconfined"), "", "seccompProfile: ", "", "", &["RUN-MAC/seccomp baseline"]),
        (&format!("{seccomp}: unconfined"), "", "", "", "", &[]),
        ("", windows, "seccompProfile: ", "", "capabilities: {}\n      allowPrivilegeEscalation: true", &[]),
        ("", windows, "runAsNonRoot: false", "", "", &["RUN-ROOT/run-as-non-root restricted"]),
    ] {
        let text = pod(annotation, in_pod, pod_context, container, context);
        assert_eq!(broken(&text), expected, "{text}");
    }
}

#[test]
fn what_a_pod_says_for_all_of_its_containers_is_told_once() {
    let text = "\
apiVersion: example.org/v1
kind: Rollout
metadata: {name: two}
spec:
  template:
    spec:
      hostNetwork: true
      containers:
      - name: a
        image: a:1
      - name: b
        image: b:1
      initContainers:
      - name: side
        image: c:1
        restartPolicy: Always
";
    let mut out = Output::default();
    Manifests.analyze(&File::new(b"a.yaml", 0o644, &text.as_bytes()), &mut out).unwrap();
    let of = |class: &str| -> Vec<&str> {
        let detections = out.facts.iter().filter_map(|fact| match fact {
            Fact::Detection(fact) if fact.class == class => Some(fact.resource.as_str()),
            _ => None,
        });
        detections.collect()
    };
    assert_eq!(of("RUN-NS"), ["Rollout two"]);
    let each = ["Rollout two, container side", "Rollout two, container a", "Rollout two, container b"];
    assert_eq!(of("RUN-NNP"), each);
    // A side car stays, so that its health is worth a look.
    assert_eq!(of("RUN-HEALTH"), each);
}

/// The faults of a service that are not there without what it says.
fn service(text: &str, more: &str) -> Vec<String> {
    let quiet = "image: a:1\n    security_opt: [no-new-privileges]\n    cap_drop: [ALL]\n    read_only: true\n    \
                 mem_limit: 1g\n    cpus: 1\n    pids_limit: 9";
    check("compose.yaml", &format!("services:\n  web:\n    {quiet}\n    {text}\n{more}"))
}

#[test]
fn volumes_of_services() {
    for (volume, expected) in [
        ("data:/data", None),
        ("/data", None),
        ("./a:/a:ro", None),
        ("C:\\data", None),
        ("C:\\app:D:\\app:ro", None),
        ("${DATA:-./a}:/a", None),
        ("${DATA:?where: is it}:/a", None),
        ("$$HOME:/a", None),
        ("/:/host:ro", Some("RUN-MOUNT/root 11 high")),
        ("c:\\:/host", Some("RUN-MOUNT/root 11 critical")),
        ("C:/ProgramData/docker:/d", Some("RUN-MOUNT/sensitive 11 high")),
        ("${ROOT:-/etc}:/etc:ro", Some("RUN-MOUNT/sensitive 11 medium")),
        ("${SOCK:-/run/podman/podman.sock}:/s", Some("RUN-SOCK/ 11 critical")),
        ("${SOCK}:/var/run/docker.sock", Some("RUN-SOCK/ 11 critical")),
        ("\\\\.\\pipe\\docker_engine:\\\\.\\pipe\\docker_engine", Some("RUN-SOCK/ 11 critical")),
        ("//./pipe/docker_engine://./pipe/docker_engine", Some("RUN-SOCK/ 11 critical")),
        ("host:/x", Some("RUN-MOUNT/root 11 critical")),
    ] {
        let more = "volumes:\n  data:\n  host: {driver_opts: {type: none, o: bind, device: /}}\n";
        let found = service(&format!("volumes:\n    - '{volume}'"), more);
        assert_eq!(
            found.iter().map(String::as_str).collect::<Vec<_>>(),
            Vec::from_iter(expected),
            "{volume}"
        );
    }
    let long = "volumes:\n    - {type: npipe, source: '\\\\.\\pipe\\docker_engine', target: x}";
    assert_eq!(service(long, ""), ["RUN-SOCK/ 11 critical"]);
}

#[test]
fn services_are_judged_with_the_defaults_of_their_variables() {
    for (text, expected) in [
        ("privileged: ${P:-false}", None),
        ("privileged: ${P}", None),
        ("privileged: ${P:-true}", Some("RUN-PRIV/ 10 critical")),
        ("network_mode: \"${NET-host}\"", Some("RUN-NS/network 10 high")),
        ("cgroup: host", Some("RUN-NS/cgroup 10 high")),
        ("user: ${UID:-1000}:${GID:-0}", None),
        ("user: ${UID:-0}", Some("RUN-ROOT/run-as-user 10 medium")),
        ("pids_limit: ${PIDS}", None),
        ("ports: [\"${IP:-127.0.0.1}:${PORT:-8080}:80\"]", None),
        ("ports: [\"${PORT:-8080}:80\"]", Some("RUN-PORT/every-interface 10 low")),
        ("image: a:${TAG}", None),
        ("image: \"${IMAGE:?image: which}\"", None),
        ("image: a:${TAG:-latest}", Some("RUN-IMAGE/ 10 low")),
        ("use_api_socket: true", Some("RUN-SOCK/ 10 critical")),
    ] {
        let found = service(text, "");
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), Vec::from_iter(expected), "{text}");
    }
}

#[test]
fn services_that_extend_others_take_over_what_those_say() {
    let text = "\
services:
  base: &base
    image: a:1
    cap_drop: [ALL]
    cap_add: [SYS_ADMIN]
    security_opt: [no-new-privileges]
    deploy: {resources: {limits: {memory: 1g, cpus: 1, pids: 9}}}
  web:
    extends: {service: base}
    cap_add: [CHOWN]
    read_only: true
  merged:
    <<: *base
    read_only: true
  loop: {extends: loop2, read_only: true}
  loop2: {extends: {service: loop}}
  elsewhere: {extends: {file: other.yaml, service: base}, privileged: true}
";
    let found = check("compose.yaml", text);
    let of = |class: &str| found.iter().filter(|found| found.starts_with(class)).cloned().collect::<Vec<_>>();
    assert_eq!(of("RUN-PRIV"), ["RUN-PRIV/ 17 critical"]);
    let added = "RUN-CAP/added 5 high".to_owned();
    assert_eq!(of("RUN-CAP/added"), [added.clone(), added.clone(), added, "RUN-CAP/added 10 low".to_owned()]);
    assert_eq!(of("RUN-ROFS"), ["RUN-ROFS/ 3 low", "RUN-ROFS/ 17 low"]);
    assert_eq!(of("RUN-NNP").len(), 3);
}
