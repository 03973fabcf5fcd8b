//! Kubernetes manifests: the pods in them (Kubernetes API, `core/v1`, `apps/v1`, `batch/v1`).

use std::collections::HashSet;

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
        "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet" | "ReplicationController" | "Job" => {
            &["spec", "template"]
        }
        // Kinds that others define hold the template of a pod in the same place: DeploymentConfig, Rollout, Knative's Service.
        _ if object.path(&["spec", "template", "spec", "containers"]).is_some() => &["spec", "template"],
        _ => return,
    };
    let Some(pod) = object.path(template) else { return };
    let Some(spec) = pod.get("spec") else { return };
    let name = object.path(&["metadata", "name"]).and_then(Node::text);
    let name =
        name.or_else(|| object.path(&["metadata", "generateName"]).and_then(Node::text)).unwrap_or("?");
    let namespace = object.path(&["metadata", "namespace"]).and_then(Node::text);
    let named = namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"));
    let object = format!("{kind} {named}");
    let pod_volumes = pod_volumes(spec);
    for (list, container) in containers(spec) {
        let name = container.get("name").and_then(Node::text).unwrap_or("?");
        let mut workload =
            Workload::new(format!("{object}, container {name}"), name, container.line, Form::Kubernetes);
        workload.object.clone_from(&object);
        workload.namespace = namespace.unwrap_or_default().to_owned();
        workload.pod_volumes.clone_from(&pod_volumes);
        // A side car is listed among those that come first, and stays.
        let stays = container.get("restartPolicy").and_then(Node::text) == Some("Always");
        workload.init = list == "ephemeralContainers" || (list == "initContainers" && !stays);
        of_pod(&mut workload, pod, spec, name);
        of_container(&mut workload, spec, container);
        out.push(workload);
    }
}

/// The containers of a pod, each with the list in which it stands.
fn containers(spec: &Node) -> impl Iterator<Item = (&'static str, &Node)> {
    ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(|list| {
        spec.get(list).into_iter().flat_map(Node::items).map(move |container| (list, container))
    })
}

/// The kinds of volumes that the restricted standard allows; without a kind it is an empty directory.
const PLAIN_VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// See [`Workload::pod_volumes`].
fn pod_volumes(spec: &Node) -> Vec<Mount> {
    let name = |node: &Node| node.get("name").and_then(Node::text).map(str::to_owned);
    let mounted: HashSet<String> = containers(spec)
        .flat_map(|(_, container)| container.get("volumeMounts").into_iter().flat_map(Node::items))
        .filter_map(name)
        .collect();
    let volumes = spec.get("volumes").into_iter().flat_map(Node::items);
    volumes
        .filter_map(|volume| {
            let (kind, source) =
                volume.entries().into_iter().find(|(key, node)| *key != "name" && !node.is_null())?;
            let host = kind == "hostPath";
            let told = if host {
                !name(volume).is_some_and(|name| mounted.contains(&name))
            } else {
                !PLAIN_VOLUMES.contains(&kind)
            };
            let path = source.get("path").filter(|_| host);
            told.then(|| Mount {
                kind: if host { "bind" } else { kind }.to_owned(),
                source: path
                    .and_then(Node::text)
                    .map_or_else(|| name(volume), |path| Some(path.to_owned()))
                    .unwrap_or_default(),
                destination: String::new(),
                read_only: false,
                propagation: String::new(),
                line: path.map_or(source.line, |path| path.line),
            })
        })
        .collect()
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
    workload.windows = spec.path(&["os", "name"]).and_then(Node::text) == Some("windows");
    workload.user_namespace = spec.get("hostUsers").and_then(Node::truth) == Some(false);
    // Before there were fields for them, annotations said which profiles a container has.
    let annotation = |key: &str| text(pod.path(&["metadata", "annotations", key]));
    workload.apparmor = annotation(&format!("container.apparmor.security.beta.kubernetes.io/{container}"));
    workload.seccomp_annotation =
        annotation(&format!("container.seccomp.security.alpha.kubernetes.io/{container}"))
            .or_else(|| annotation("seccomp.security.alpha.kubernetes.io/pod"));
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
    workload.host_process = truth(both(&["windowsOptions", "hostProcess"]));
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
        let label = text(both(&["seLinuxOptions", key])).filter(|label| !label.value.is_empty());
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
    let hooks = ["postStart", "preStop"].map(|hook| container.path(&["lifecycle", hook]));
    for handler in probes.map(|probe| container.get(probe)).into_iter().chain(hooks).flatten() {
        for action in ["httpGet", "tcpSocket"] {
            let host = text(handler.path(&[action, "host"]));
            workload.probe_hosts.extend(host.filter(|host| !host.value.is_empty()));
        }
    }
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
        let host = volume.and_then(|volume| volume.get("hostPath"));
        let path = host.map(|host| host.get("path").unwrap_or(host));
        // A stateful set brings its volumes elsewhere: those are claims.
        let kind = volume
            .and_then(|volume| volume.entries().into_iter().map(|(key, _)| key).find(|key| *key != "name"));
        let text = |key: &str| mount.get(key).and_then(Node::text).unwrap_or_default();
        let source = path.map_or(Some(name), Node::text).unwrap_or_default();
        workload.mounts.push(Mount {
            kind: if host.is_some() { "bind" } else { kind.unwrap_or("persistentVolumeClaim") }.to_owned(),
            source: match text("subPath").trim_matches('/') {
                below if host.is_some() && !below.is_empty() => {
                    format!("{}/{below}", source.trim_end_matches('/'))
                }
                _ => source.to_owned(),
            },
            destination: text("mountPath").to_owned(),
            read_only: mount.get("readOnly").and_then(Node::truth).unwrap_or(false),
            propagation: text("mountPropagation").to_owned(),
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
