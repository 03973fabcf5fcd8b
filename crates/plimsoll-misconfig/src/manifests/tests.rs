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
