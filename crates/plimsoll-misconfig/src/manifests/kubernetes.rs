//! Kubernetes manifests: the pods in them (Kubernetes API, `core/v1`, `apps/v1`, `batch/v1`).

use super::workload::{At, Form, Limit, Mount, Port, Workload, list, text, truth};
use super::yaml::Node;

/// How deep lists of objects may lie in each other.
const MAX_LISTS: usize = 4;

/// Adds the containers of an object.
pub(super) fn workloads(object: &Node, out: &mut Vec<Workload>) {
    object_workloads(object, 0, out);
}

fn object_workloads(object: &Node, depth: usize, out: &mut Vec<Workload>) {
    let (Some(kind), Some(_)) =
        (object.get("kind").and_then(Node::text), object.get("apiVersion").and_then(Node::text))
    else {
        return;
    };
    if kind == "List" || (kind.ends_with("List") && object.get("items").is_some()) {
        if depth < MAX_LISTS {
            let items = object.get("items").into_iter().flat_map(Node::items);
            items.for_each(|item| object_workloads(item, depth + 1, out));
        }
        return;
    }
    let template: &[&str] = match kind {
        "Pod" => &[],
        "PodTemplate" => &["template"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template"],
        "Deployment"
        | "DaemonSet"
        | "StatefulSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Job"
        | "Rollout" => &["spec", "template"],
        _ => return,
    };
    let Some(pod) = object.path(template) else { return };
    let Some(spec) = pod.get("spec") else { return };
    let name = object.path(&["metadata", "name"]).and_then(Node::text);
    let name =
        name.or_else(|| object.path(&["metadata", "generateName"]).and_then(Node::text)).unwrap_or("?");
    let namespace = object.path(&["metadata", "namespace"]).and_then(Node::text);
    let named = namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"));
    for (list, init) in [("initContainers", true), ("containers", false), ("ephemeralContainers", false)] {
        for container in spec.get(list).into_iter().flat_map(Node::items) {
            let name = container.get("name").and_then(Node::text).unwrap_or("?");
            let resource = format!("{kind} {named}, container {name}");
            let mut workload = Workload::new(resource, name, container.line, Form::Kubernetes);
            workload.namespace = namespace.unwrap_or_default().to_owned();
            workload.init = init || list == "ephemeralContainers";
            of_pod(&mut workload, pod, spec, name);
            of_container(&mut workload, spec, container);
            out.push(workload);
        }
    }
}

/// What the pod says for all of its containers.
fn of_pod(workload: &mut Workload, pod: &Node, spec: &Node, container: &str) {
    for (key, name, host) in [
        ("hostNetwork", "network", true),
        ("hostPID", "PID", true),
        ("hostIPC", "IPC", true),
        ("hostUsers", "user", true),
    ] {
        if let Some(found) = truth(spec.get(key)).filter(|found| found.value == host) {
            workload.host_namespaces.push(At::new(name, found.line));
        }
    }
    for (key, value) in pod.path(&["metadata", "labels"]).into_iter().flat_map(Node::entries) {
        workload.labels.push(format!("{key}={}", value.text().unwrap_or_default()));
    }
    workload.token = truth(spec.get("automountServiceAccountToken"));
    for sysctl in spec.path(&["securityContext", "sysctls"]).into_iter().flat_map(Node::items) {
        workload.sysctls.extend(text(sysctl.get("name")));
    }
    // Before there was a field for it, an annotation said which profile a container has.
    let annotations = pod.path(&["metadata", "annotations"]);
    for (key, value) in annotations.into_iter().flat_map(Node::entries) {
        if key.strip_prefix("container.apparmor.security.beta.kubernetes.io/") == Some(container) {
            workload.apparmor = text(Some(value));
        }
    }
}

fn of_container(workload: &mut Workload, spec: &Node, container: &Node) {
    let pod = spec.get("securityContext");
    let own = container.get("securityContext");
    // What the container says goes before what the pod says.
    let both = |keys: &[&str]| {
        own.and_then(|context| context.path(keys)).or_else(|| pod.and_then(|context| context.path(keys)))
    };
    let own = |keys: &[&str]| own.and_then(|context| context.path(keys));
    workload.image = text(container.get("image"));
    for part in ["command", "args"] {
        let words = container.get(part).into_iter().flat_map(Node::items).filter_map(Node::text);
        workload.command.extend(words.map(str::to_owned));
    }
    for variable in container.get("env").into_iter().flat_map(Node::items) {
        workload.env.extend(variable.get("name").and_then(Node::text).map(str::to_owned));
    }
    workload.pull_policy = text(container.get("imagePullPolicy"));
    workload.privileged = truth(own(&["privileged"]));
    workload.user = text(both(&["runAsUser"]));
    workload.non_root = truth(both(&["runAsNonRoot"]));
    workload.read_only_root = truth(own(&["readOnlyRootFilesystem"]));
    workload.proc_mount = text(own(&["procMount"]));
    workload.no_new_privileges =
        truth(own(&["allowPrivilegeEscalation"])).map(|found| At::new(!found.value, found.line));
    workload.seccomp = text(both(&["seccompProfile", "type"]));
    if let Some(profile) = text(both(&["appArmorProfile", "type"])) {
        workload.apparmor = Some(profile);
    }
    for key in ["type", "user", "role"] {
        let label = text(both(&["seLinuxOptions", key]));
        workload.selinux.extend(label.map(|label| At::new(format!("{key}:{}", label.value), label.line)));
    }
    workload.added = list(own(&["capabilities", "add"]));
    workload.dropped = list(own(&["capabilities", "drop"]));
    let limits = container.path(&["resources", "limits"]);
    let limit = |key: &str| {
        let stated = limits.and_then(|limits| limits.get(key));
        Limit::of(stated.is_some(), stated.and_then(Node::text).and_then(quantity))
    };
    workload.memory_limit = match limit("memory") {
        Limit::At(bytes) => Limit::At(bytes as i64),
        Limit::Stated => Limit::Stated,
        Limit::None => Limit::None,
    };
    workload.cpu_limit = limit("cpu");
    // The kubelet limits processes, not the pod.
    workload.pids_limit = Limit::Stated;
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"];
    workload.health = (!workload.init).then(|| probes.iter().any(|probe| container.get(probe).is_some()));
    for port in container.get("ports").into_iter().flat_map(Node::items) {
        workload.ports.push(Port {
            host_ip: port.get("hostIP").and_then(Node::text).unwrap_or_default().to_owned(),
            host_port: port.get("hostPort").and_then(Node::number).filter(|port| *port != 0),
            container_port: port.get("containerPort").and_then(Node::number),
            protocol: port.get("protocol").and_then(Node::text).unwrap_or("tcp").to_ascii_lowercase(),
            line: port.line,
        });
    }
    for mount in container.get("volumeMounts").into_iter().flat_map(Node::items) {
        let Some(name) = mount.get("name").and_then(Node::text) else { continue };
        let mut volumes = spec.get("volumes").into_iter().flat_map(Node::items);
        let volume = volumes.find(|volume| volume.get("name").and_then(Node::text) == Some(name));
        let path = volume.and_then(|volume| volume.path(&["hostPath", "path"]));
        // A stateful set brings its volumes elsewhere: those are claims.
        let kind = volume.and_then(|volume| volume.entries().map(|(key, _)| key).find(|key| *key != "name"));
        workload.mounts.push(Mount {
            kind: if path.is_some() { "bind" } else { kind.unwrap_or("persistentVolumeClaim") }.to_owned(),
            source: path.map_or(Some(name), Node::text).unwrap_or_default().to_owned(),
            destination: mount.get("mountPath").and_then(Node::text).unwrap_or_default().to_owned(),
            read_only: mount.get("readOnly").and_then(Node::truth).unwrap_or(false),
            propagation: mount.get("mountPropagation").and_then(Node::text).unwrap_or_default().to_owned(),
            line: path.map_or(mount.line, |path| path.line),
        });
    }
}

/// A quantity (Kubernetes API, `resource.Quantity`): `500m`, `1.5`, `128Mi`, `2e3`.
fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some(number);
    }
    let end = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(end);
    let factor = match unit {
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024f64,
        "Mi" => 1024f64.powi(2),
        "Gi" => 1024f64.powi(3),
        "Ti" => 1024f64.powi(4),
        "Pi" => 1024f64.powi(5),
        "Ei" => 1024f64.powi(6),
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}
