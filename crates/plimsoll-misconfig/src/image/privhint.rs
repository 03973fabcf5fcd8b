//! CFG-PRIVHINT: labels that ask for a privileged container: those of atomic and `podman container runlabel` (`RUN`, `INSTALL`), of
//! Label Schema (`docker.cmd`), of development containers (`devcontainer.metadata`), and annotations of CRI-O.

use plimsoll_types::classes::configuration::PRIVHINT;
use plimsoll_types::{Detection, Place, PlaceKind, Severity};

use super::{Look, detection};
use crate::evidence;

/// What asks for more than a container has, and how bad that is. Compared without blanks around `=`, in lower case.
const WISHES: &[(&[&str], &str, Severity)] = &[
    (&["--privileged", "\"privileged\":true"], "all privileges", Severity::High),
    (&["docker.sock", "containerd.sock", "crio.sock"], "the socket of the engine", Severity::High),
    (&["-v /:", "--volume /:", "--volume=/:", "source=/,"], "the host's root directory", Severity::High),
    (&["--cap-add=all", "--cap-add all", "sys_admin"], "the capability SYS_ADMIN", Severity::Medium),
    (
        &["seccomp=unconfined", "apparmor=unconfined", "label=disable", "label:disable"],
        "no confinement",
        Severity::Medium,
    ),
    (
        &["--pid=host", "--pid host", "--ipc=host", "--ipc host", "--uts=host"],
        "the host's processes",
        Severity::Medium,
    ),
    (&["--net=host", "--net host", "--network=host", "--network host"], "the host's network", Severity::Low),
    (&["--userns=host", "userns-mode"], "the host's user namespace", Severity::Low),
];

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    let Some(config) = look.config else { return };
    for (key, value) in &config.labels {
        if !says_how_to_run(key, value) {
            continue;
        }
        let text: String = value.chars().take(64 << 10).collect::<String>().to_ascii_lowercase();
        // JSON may hold blanks behind its colons.
        let text = text.replace("\": ", "\":");
        let found: Vec<_> =
            WISHES.iter().filter(|(words, ..)| words.iter().any(|word| text.contains(word))).collect();
        let Some(worst) = found.iter().map(|(.., severity)| *severity).max() else { continue };
        let wishes: Vec<&str> = found.iter().map(|(_, what, _)| *what).collect();
        let place = Place { kind: PlaceKind::Label, name: key.clone(), ..Place::default() };
        let message = format!("the label says to run the image with {}", wishes.join(", "));
        let mut detection = detection(PRIVHINT, "", place, message);
        detection.severity = worst.min(Severity::Medium);
        detection.evidence = evidence::text(value);
        out.push(detection);
    }
}

fn says_how_to_run(key: &str, value: &str) -> bool {
    let key = key.to_ascii_lowercase();
    matches!(key.as_str(), "run" | "install" | "uninstall" | "usage" | "devcontainer.metadata")
        || key.starts_with("io.kubernetes.cri-o.")
        || key.starts_with("io.containers.")
        || key.ends_with("docker.cmd")
        || key.contains("docker.cmd.")
        || ["docker run", "podman run", "docker create", "podman create"]
            .iter()
            .any(|run| value.contains(run))
}
