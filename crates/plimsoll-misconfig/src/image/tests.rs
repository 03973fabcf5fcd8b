//! Images and what is found in them: configurations as engines write them, and small file systems.

use plimsoll_analysis::{
    BString, File, FileFacts, IndexBuilder, Matcher, NewNode, NodeKind, Output, SeenFile, View,
};
use plimsoll_image::Image;
use plimsoll_types::{TargetKind, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::files::analyzers;

/// A file of an image: path, mode, content. A path that ends with a slash is a directory, one with ` -> ` a link.
type Entry<'a> = (&'a str, u32, &'a str);

/// What is found: `CODE/rule place severity`.
fn told(run: Value, history: &[&str], files: &[Entry<'_>]) -> Vec<String> {
    found("/image.tar", run, history, files)
        .iter()
        .filter(|found| {
            found.class.code != "CFG-HEALTH" && (found.class.code != "CFG-ROOT" || found.rule == "unknown")
        })
        .map(|found| format!("{} {} {}", found.id(), found.place, found.severity.word()))
        .collect()
}

fn found(name: &str, run: Value, history: &[&str], files: &[Entry<'_>]) -> Vec<Detection> {
    tagged(name, Vec::new(), run, history, files)
}

fn tagged(
    name: &str,
    tags: Vec<String>,
    run: Value,
    history: &[&str],
    files: &[Entry<'_>],
) -> Vec<Detection> {
    let digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let config = json!({
        "os": "linux", "architecture": "amd64", "config": run,
        "rootfs": {"type": "layers", "diff_ids": [digest]},
        "history": history.iter().map(|text| json!({
            "created_by": text.trim_start_matches('~'), "empty_layer": text.starts_with('~'),
        })).collect::<Vec<_>>(),
    });
    let config = Config::parse(config.to_string().as_bytes(), "test").unwrap();
    let image = Image::new(digest.parse().unwrap(), None, tags, config, Vec::new(), None);
    let mut index = IndexBuilder::default();
    let matcher = Matcher::new(&analyzers());
    let mut stated = Vec::new();
    for (path, mode, content) in files {
        let (path, link) = path.split_once(" -> ").unwrap_or((path, ""));
        let kind = match (path.ends_with('/'), link.is_empty()) {
            (true, _) => NodeKind::Directory,
            (false, false) => NodeKind::Symlink,
            _ => NodeKind::File,
        };
        let path = path.trim_end_matches('/').as_bytes();
        // `@` and a number stand for a file of that size.
        let size = content.strip_prefix('@').map_or(content.len() as u64, |size| size.parse().unwrap());
        let new = NewNode {
            path,
            link: link.as_bytes(),
            kind,
            mode: *mode,
            size,
            offset: 0,
            sparse: false,
            uid: 0,
            gid: 0,
        };
        index.push(&new).unwrap();
        let bytes = content.as_bytes().to_vec();
        for (bit, analyzer) in analyzers().iter().enumerate() {
            if matcher.by_path(path) & 1 << bit != 0 && kind == NodeKind::File {
                let mut out = Output::default();
                analyzer.analyze(&File::new(path, *mode, &bytes), &mut out).unwrap();
                stated.push(FileFacts {
                    path: BString::from(path),
                    analyzer: analyzer.id().to_owned(),
                    facts: out.facts,
                    problems: out.problems,
                });
            }
        }
    }
    let index = index.finish();
    let seen: Vec<SeenFile<'_>> =
        stated.iter().map(|facts| SeenFile { layer: 0, hidden_by: None, facts }).collect();
    let view = View::new(vec![&index]);
    let context = ImageContext {
        name,
        kind: TargetKind::Image,
        image: Some(&image),
        view: &view,
        layers: &[],
        files: &seen,
        packages: &[],
        findings: &[],
        started: &Default::default(),
        distro: None,
        lifecycle: None,
        now: Timestamp::default(),
        settings: &[],
        derived: Default::default(),
    };
    let mut out = Vec::new();
    ImageFaults.check(&context, &mut out);
    for found in &out {
        assert!(!found.message.is_empty() && !found.message.ends_with('.'), "{found:?}");
        assert!(found.notes.iter().all(|note| note.ends_with('.')), "{found:?}");
    }
    out
}

const PASSWD: Entry<'_> = (
    "etc/passwd",
    0o644,
    "root:x:0:0:root:/root:/bin/sh\nadmin:x:0:0::/:/bin/sh\napp:x:10:10::/:/bin/sh\n7:x:0:0::/:\n",
);

#[test]
fn the_user() {
    let root = |user: &str, files: &[Entry<'_>]| {
        let found = found("/a.tar", json!({"User": user}), &[], files);
        let root: Vec<_> = found.iter().filter(|found| found.class.code == "CFG-ROOT").collect();
        assert!(root.len() < 2);
        root.first().map(|found| if found.rule == "unknown" { "unknown" } else { "root" })
    };
    for user in [
        "",
        "root",
        "0",
        "00",
        "+0",
        "0:0",
        "root:root",
        "0:1000",
        ":1000",
        " root ",
        "admin",
        "admin:app",
        "7",
    ] {
        assert_eq!(root(user, &[PASSWD]), Some("root"), "{user:?}");
    }
    for user in ["app", "10", "1000:0", "65534", "app:root", "10001"] {
        assert_eq!(root(user, &[PASSWD]), None, "{user:?}");
    }
    assert_eq!(root("gone", &[PASSWD]), Some("unknown"));
    assert_eq!(root("app", &[]), Some("unknown"));
    assert_eq!(root("1000", &[]), None);
    assert_eq!(root("root", &[]), Some("root"));
}

#[test]
fn the_health_check() {
    let health = |run: Value| {
        let found = found("/a.tar", run, &[], &[]);
        found.iter().any(|found| found.class.code == "CFG-HEALTH")
    };
    assert!(health(json!({})));
    assert!(health(json!({"Healthcheck": {"Test": ["NONE"]}})));
    assert!(health(json!({"Healthcheck": {"Test": []}})));
    assert!(!health(json!({"Healthcheck": {"Test": ["CMD", "true"]}})));
    assert!(!health(json!({"Healthcheck": {"Test": ["CMD-SHELL", "curl x"]}})));
}

#[test]
fn the_name() {
    for (name, tag, expected) in [
        ("nginx", "nginx:latest", true),
        ("nginx:latest", "nginx:latest", true),
        ("docker.io/library/nginx", "nginx:latest", true),
        ("nginx (linux/arm64)", "nginx:latest", true),
        ("registry.example.org:5000/team/app", "registry.example.org:5000/team/app:latest", true),
        ("docker:nginx", "nginx:latest", true),
        ("nginx:1.25", "nginx:1.25", false),
        ("nginx@sha256:00", "", false),
        ("nginx:latest@sha256:00", "nginx:latest", false),
        ("folder", "nginx:latest", false),
        ("folder", "", false),
        ("./nginx", "nginx:latest", false),
        ("nginx.tar", "nginx.tar:latest", false),
        ("oci:nginx", "nginx:latest", false),
    ] {
        let tags = if tag.is_empty() { Vec::new() } else { vec![tag.to_owned()] };
        let found = tagged(name, tags, json!({}), &[], &[]);
        assert_eq!(found.iter().any(|found| found.class.code == "CFG-LATEST"), expected, "{name} {tag}");
    }
}

#[test]
fn ssh_servers() {
    let sshd: Entry<'_> = ("usr/sbin/sshd", 0o755, "x");
    let config = |text: &'static str| -> Entry<'static> { ("etc/ssh/sshd_config", 0o644, text) };
    let started = json!({"Cmd": ["/usr/sbin/sshd", "-D"]});
    assert_eq!(
        told(started.clone(), &[], &[sshd]),
        ["CFG-SSHD/started config Cmd medium", "CFG-SSHWEAK/default usr/sbin/sshd medium"]
    );
    assert_eq!(
        told(json!({"ExposedPorts": {"22/tcp": {}}}), &[], &[]),
        ["CFG-SSHD/exposed config ExposedPorts low"]
    );
    assert_eq!(told(json!({}), &[], &[sshd]), ["CFG-SSHD/installed usr/sbin/sshd low"]);
    assert_eq!(told(json!({"Cmd": ["sshd-exporter", "/etc/sshd_config"]}), &[], &[]), [""; 0]);
    let weak = "PermitRootLogin yes\nPermitRootLogin no\nPasswordAuthentication no\n";
    assert_eq!(
        told(started.clone(), &[], &[sshd, config(weak)])[1..],
        ["CFG-SSHWEAK/root etc/ssh/sshd_config:1 high"]
    );
    // Included first, so that is what counts.
    let included = "Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication no\n";
    let drop: Entry<'_> = ("etc/ssh/sshd_config.d/a.conf", 0o644, "PasswordAuthentication yes\n");
    assert_eq!(
        told(started.clone(), &[], &[sshd, config(included), drop])[1..],
        ["CFG-SSHWEAK/password etc/ssh/sshd_config.d/a.conf:1 high"]
    );
    assert_eq!(told(started.clone(), &[], &[sshd, config("PasswordAuthentication no\n"), drop]).len(), 1);
    let matched = "PasswordAuthentication no\nMatch User a\n  PermitEmptyPasswords yes\n";
    assert_eq!(
        told(started.clone(), &[], &[sshd, config(matched)])[1..],
        ["CFG-SSHWEAK/empty-password etc/ssh/sshd_config:3 high"]
    );
    let endless = "Include sshd_config\nInclude sshd_config.d/*.conf\nPasswordAuthentication no\n";
    let again: Entry<'_> = (
        "etc/ssh/sshd_config.d/a.conf",
        0o644,
        "Include /etc/ssh/sshd_config\nInclude sshd_config.d/a.conf\n",
    );
    assert_eq!(told(started.clone(), &[], &[sshd, config(endless), again]).len(), 1);
    assert_eq!(
        told(json!({}), &[], &[sshd, config("PermitRootLogin yes\n")])[1..],
        ["CFG-SSHWEAK/root etc/ssh/sshd_config:1 medium"]
    );
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0aVdhNiJ6zT1vH8s7m5r0p2q4w6e8t0y2u4i6o8p0a me\n";
    let keys: Entry<'_> = ("root/.ssh/authorized_keys", 0o600, key);
    assert_eq!(told(json!({}), &[], &[keys]), ["CFG-AUTHKEYS root/.ssh/authorized_keys:1 medium"]);
    assert_eq!(told(json!({}), &[], &[keys, sshd])[1..], ["CFG-AUTHKEYS root/.ssh/authorized_keys:1 high"]);
}

#[test]
fn ports_and_volumes() {
    let ports = json!({"ExposedPorts": {"2375/tcp": {}, "8080/tcp": {}, "5432/tcp": {}, "23": {}, "1-65535/tcp": {}, "x": {}}});
    assert_eq!(
        told(ports, &[], &[]),
        [
            "CFG-PORT/administration config ExposedPorts medium",
            "CFG-PORT/administration config ExposedPorts high",
            "CFG-PORT/database config ExposedPorts negligible"
        ]
    );
    let volumes = json!({"Volumes": {"/data": {}, "/etc": {}, "/proc/x": {}, "/var/run/docker.sock": {}, "/etc/app": {}, "/": {}}});
    assert_eq!(
        told(volumes, &[], &[]),
        [
            "CFG-VOLUME/system config Volumes medium",
            "CFG-VOLUME/system config Volumes medium",
            "CFG-VOLUME/system config Volumes medium",
            "CFG-VOLUME/socket config Volumes high"
        ]
    );
}

#[test]
fn the_environment() {
    let env = |variable: &str| {
        told(
            json!({"Env": [variable]}),
            &[],
            &[
                ("tmp/", 0o1777, ""),
                ("opt/open/", 0o777, ""),
                ("usr/bin/", 0o755, ""),
                ("usr/lib/", 0o755, ""),
            ],
        )
    };
    for (variable, expected) in [
        ("NODE_TLS_REJECT_UNAUTHORIZED=0", &["CFG-TLSENV env NODE_TLS_REJECT_UNAUTHORIZED high"][..]),
        ("NODE_TLS_REJECT_UNAUTHORIZED=1", &[]),
        ("GIT_SSL_NO_VERIFY=true", &["CFG-TLSENV env GIT_SSL_NO_VERIFY high"]),
        ("GIT_SSL_NO_VERIFY=false", &[]),
        ("PYTHONHTTPSVERIFY=0", &["CFG-TLSENV env PYTHONHTTPSVERIFY high"]),
        ("LD_PRELOAD=/usr/lib/libjemalloc.so.2", &["CFG-PRELOAD/library env LD_PRELOAD negligible"]),
        ("LD_PRELOAD=/tmp/libjemalloc.so", &["CFG-PRELOAD/library env LD_PRELOAD high"]),
        ("LD_PRELOAD=/opt/x.so", &["CFG-PRELOAD/library env LD_PRELOAD high"]),
        ("LD_PRELOAD=", &[]),
        ("LD_LIBRARY_PATH=/usr/lib:/opt/open", &["CFG-PRELOAD/writable env LD_LIBRARY_PATH high"]),
        ("LD_LIBRARY_PATH=:/usr/lib", &["CFG-PRELOAD/relative env LD_LIBRARY_PATH medium"]),
        ("LD_LIBRARY_PATH=/usr/local/nvidia/lib:/usr/lib", &[]),
        ("PATH=/usr/bin:/bin", &[]),
        ("PATH=/usr/bin:.", &["CFG-PRELOAD/relative env PATH medium"]),
        ("PATH=/tmp:/usr/bin", &["CFG-PRELOAD/writable env PATH high"]),
        ("PATH=$PATH:/usr/bin", &[]),
        ("PYTHONPATH=.", &["CFG-PRELOAD/relative env PYTHONPATH low"]),
        ("NODE_OPTIONS=--require ./x.js", &["CFG-PRELOAD/script env NODE_OPTIONS medium"]),
        ("NODE_OPTIONS=--max-old-space-size=4096", &[]),
        ("NODE_OPTIONS=--inspect=0.0.0.0:9229", &["CFG-DEBUG/inspect env NODE_OPTIONS high"]),
        ("NODE_OPTIONS=--inspect=127.0.0.1", &[]),
        ("FLASK_DEBUG=1", &["CFG-DEBUG/environment env FLASK_DEBUG medium"]),
        ("FLASK_DEBUG=0", &[]),
        ("RAILS_ENV=development", &["CFG-DEBUG/environment env RAILS_ENV medium"]),
        ("RAILS_ENV=production", &[]),
        // Without a framework that reads it, the word says nothing.
        ("DEBUG=true", &[]),
        (
            "JAVA_TOOL_OPTIONS=-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:5005",
            &["CFG-DEBUG/jdwp env JAVA_TOOL_OPTIONS high"],
        ),
        ("JAVA_TOOL_OPTIONS=-agentlib:jdwp=transport=dt_socket,server=y,address=5005", &[]),
        ("JUPYTER_TOKEN=", &["CFG-DEBUG/environment env JUPYTER_TOKEN high"]),
        ("novalue", &[]),
    ] {
        assert_eq!(env(variable), expected, "{variable}");
    }
}

#[test]
fn commands_that_debug() {
    let command = |words: &[&str]| told(json!({"Entrypoint": words}), &[], &[]);
    for (words, expected) in [
        (&["node", "--inspect=0.0.0.0:9229", "app.js"][..], &["CFG-DEBUG/inspect config Cmd high"][..]),
        (&["node", "--inspect", "app.js"], &[]),
        (
            &["java", "-agentlib:jdwp=transport=dt_socket,server=y,address=0.0.0.0:5005", "-jar", "a.jar"],
            &["CFG-DEBUG/jdwp config Cmd high"],
        ),
        (&["jupyter", "lab", "--ServerApp.token=''"], &["CFG-DEBUG/jupyter config Cmd high"]),
        (&["jupyter", "lab", "--ServerApp.token=abc"], &[]),
        (&["python", "manage.py", "runserver"], &["CFG-DEBUG/django config Cmd low"]),
        (&["flask", "run", "--debug"], &["CFG-DEBUG/flask config Cmd medium"]),
        (&["gunicorn", "app:app"], &[]),
    ] {
        assert_eq!(command(words), expected, "{words:?}");
    }
}

#[test]
fn labels() {
    let label = |key: &str, value: &str| told(json!({"Labels": {key: value}}), &[], &[]);
    for (key, value, expected) in [
        ("RUN", "podman run --privileged -v /:/host IMAGE", &["CFG-PRIVHINT label RUN medium"][..]),
        ("run", "docker run --net=host IMAGE", &["CFG-PRIVHINT label run low"]),
        ("RUN", "podman run --rm IMAGE", &[]),
        (
            "devcontainer.metadata",
            "[{\"privileged\": true}]",
            &["CFG-PRIVHINT label devcontainer.metadata medium"],
        ),
        ("devcontainer.metadata", "[{\"privileged\": false}]", &[]),
        ("org.opencontainers.image.description", "a --privileged thing", &[]),
        (
            "org.label-schema.docker.cmd",
            "docker run -v /var/run/docker.sock:/var/run/docker.sock x",
            &["CFG-PRIVHINT label org.label-schema.docker.cmd medium"],
        ),
    ] {
        assert_eq!(label(key, value), expected, "{key}={value}");
    }
}

#[test]
fn files_that_are_there() {
    for (files, expected) in [
        (
            &[("var/lib/apt/lists/a_Packages", 0o644, "@20000000")][..],
            &["CFG-CACHE/apt var/lib/apt/lists negligible"][..],
        ),
        (&[("var/lib/apt/lists/lock", 0o644, "")], &[]),
        (&[("home/app/.cache/pip/x", 0o644, "@3000000")], &["CFG-CACHE/pip home/app/.cache/pip negligible"]),
        (
            &[("app/Dockerfile", 0o644, "x"), ("app/.git/", 0o755, "")],
            &["CFG-LEFTOVER app/Dockerfile negligible"],
        ),
        (&[("usr/share/doc/x/Dockerfile", 0o644, "x"), ("a/node_modules/b/.travis.yml", 0o644, "x")], &[]),
        (&[("usr/bin/sudo", 0o4755, "x")], &["CFG-SUDO/installed usr/bin/sudo low"]),
        (&[("usr/bin/sudo", 0o755, "x")], &["CFG-SUDO/installed usr/bin/sudo negligible"]),
        (
            &[("usr/bin/sudo", 0o4755, "x"), ("etc/sudoers", 0o440, "ALL ALL=(ALL) ALL\n")],
            &["CFG-SUDO/installed usr/bin/sudo medium"],
        ),
        (
            &[
                ("usr/bin/sudo", 0o4755, "x"),
                ("etc/sudoers", 0o440, "%sudo ALL=(ALL) ALL\n"),
                ("etc/group", 0o644, "sudo:x:27:\n"),
            ],
            &["CFG-SUDO/installed usr/bin/sudo low"],
        ),
        (&[("usr/local/bin/nmap", 0o755, "x")], &["CFG-DEVTOOLS image low"]),
        (&[("usr/bin/nc -> busybox", 0o777, "")], &[]),
        (&[("etc/shadow", 0o640, "root::1:::::\napp:*:1:\n")], &["CFG-EMPTYPW etc/shadow:1 critical"]),
        (&[("etc/shadow.bak", 0o640, "root::1:::::\n")], &["CFG-EMPTYPW etc/shadow.bak:1 high"]),
        (
            &[("etc/shadow", 0o640, "d::1:::::\n"), ("etc/passwd", 0o644, "d:x:5:5::/:/usr/sbin/nologin\n")],
            &["CFG-EMPTYPW etc/shadow:1 medium"],
        ),
    ] {
        assert_eq!(told(json!({}), &[], files), expected, "{files:?}");
    }
}

#[test]
fn the_history() {
    let history = [
        "/bin/sh -c #(nop) ADD file:6c3a in / ",
        "~/bin/sh -c #(nop)  CMD [\"sh\"]",
        "RUN /bin/sh -c curl http://x | sh # buildkit",
    ];
    let found = found("/a.tar", json!({}), &history, &[]);
    let pipe = found.iter().find(|found| found.class.code == "CFG-PIPESH").unwrap();
    assert_eq!((pipe.place.to_string().as_str(), pipe.place.layer), ("history step 3", None));
    assert!(!found.iter().any(|found| found.class.code == "CFG-ADD"));
    let inherited = ["RUN /bin/sh -c curl http://x | sh", "~CMD [\"sh\"]", "RUN /bin/sh -c a"];
    let found = self::found("/a.tar", json!({}), &inherited, &[]);
    let pipe = found.iter().find(|found| found.class.code == "CFG-PIPESH").unwrap();
    assert!(pipe.notes.iter().any(|note| note.contains("base image")), "{pipe:?}");
}

#[test]
fn commands_and_triggers() {
    let run = json!({"Cmd": ["sh", "-c", "curl http://example.org/x | sh"], "OnBuild": ["RUN chmod 777 /x", "ADD . /app"]});
    assert_eq!(
        told(run.clone(), &[], &[]),
        [
            "CFG-PIPESH/pipe config Cmd high",
            "CFG-ADD/copy config OnBuild low",
            "CFG-CHMOD config OnBuild low"
        ]
    );
    // The history says it already.
    let history = ["~CMD [\"sh\", \"-c\", \"curl http://example.org/x | sh\"]"];
    let found = told(run, &history, &[]);
    assert!(
        found.contains(&"CFG-PIPESH/pipe history step 1 high".to_owned()) && found.len() == 3,
        "{found:?}"
    );
    assert_eq!(told(json!({"Cmd": ["sh", "-c", "echo a"]}), &history, &[]).len(), 1);
}

#[test]
fn windows_is_left_alone_and_ids_are_in_order() {
    assert!(RULES.is_sorted_by(|a, b| a.id < b.id));
    assert!(crate::rules::BUILD_RULES.is_sorted_by(|a, b| a.id < b.id));
    let config = json!({"os": "windows", "architecture": "amd64", "config": {}, "rootfs": {"type": "layers", "diff_ids": []}});
    let config = Config::parse(config.to_string().as_bytes(), "test").unwrap();
    let digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let image = Image::new(digest.parse().unwrap(), None, Vec::new(), config, Vec::new(), None);
    let view = View::new(Vec::new());
    let context = ImageContext {
        name: "x",
        kind: TargetKind::Image,
        image: Some(&image),
        view: &view,
        layers: &[],
        files: &[],
        packages: &[],
        findings: &[],
        started: &Default::default(),
        distro: None,
        lifecycle: None,
        now: Timestamp::default(),
        settings: &[],
        derived: Default::default(),
    };
    let mut out = Vec::new();
    ImageFaults.check(&context, &mut out);
    assert_eq!(out, []);
}
