//! What is read of an engine's words.

use plimsoll_query::inspect::{self, InspectError, Origin, capabilities, is_root};
use plimsoll_query::{TABLES, Tables};

use crate::place::{CONTAINER, IMAGE, INFO, ask, database, inspected};

#[test]
fn containers_images_and_hosts_fill_their_tables() {
    let tables = inspected(&[&format!("[{CONTAINER}, {IMAGE}]"), INFO]);
    let counts: Vec<_> = TABLES.iter().map(|table| (table.name, tables.rows(table.name).unwrap())).collect();
    assert_eq!(
        counts,
        [
            ("containers", 1),
            ("mounts", 1),
            ("ports", 1),
            ("hosts", 1),
            ("images", 1),
            ("layers", 2),
            ("packages", 0),
            ("findings", 0),
            ("files", 0),
            ("users", 2),
            ("scan_results", 0),
        ]
    );
    let database = database(tables);
    let sql = "SELECT name, image_name, source, file, state, run_as, runs_as_root, command, created, health, restart_policy, \
               restart_max_retries, memory_limit, pids_limit, networks, no_new_privileges, seccomp_profile FROM containers";
    assert_eq!(
        ask(&database, sql),
        [
            "web|shop/web:1.2|inspect|inspect.json|running|1000:1000|false|{/usr/bin/shop,--port,8080}|2026-05-01T10:00:00Z|healthy|\
          on-failure|5|268435456|100|{shop}|true|default"
        ]
    );
    // Values of the environment may be secrets.
    assert_eq!(ask(&database, "SELECT env_names FROM containers"), ["{PATH,DATABASE_PASSWORD}"]);
    assert_eq!(
        ask(&database, "SELECT name, tags, digest, size, volumes, exposed_ports, healthcheck FROM images"),
        [format!(
            "shop/web:1.2|{{shop/web:1.2}}|sha256:{}|31457280|{{/data}}|{{8080/tcp}}|true",
            "2".repeat(64)
        )]
    );
    assert_eq!(
        ask(
            &database,
            "SELECT name, engine_version, swarm_state, apparmor, selinux, no_new_privileges FROM hosts"
        ),
        ["harbour|28.1.1|inactive|true|false|false"]
    );
    assert_eq!(
        ask(&database, "SELECT container_name, host_ip, host_port, container_port, protocol FROM ports"),
        ["web|127.0.0.1|8080|8080|tcp"]
    );
    assert_eq!(
        ask(
            &database,
            "SELECT container_name, uid, group_name, root FROM users ORDER BY container_name NULLS FIRST"
        ),
        ["|1000|1000|false", "web|1000|1000|false"]
    );
}

#[test]
fn objects_one_after_the_other_are_read() {
    // docker inspect --format '{{json .}}' a b
    let one = CONTAINER.replace('\n', "");
    assert_eq!(inspected(&[&format!("{one}\n{one}\n")]).containers.len(), 2);
    assert_eq!(inspected(&["[]"]).containers.len(), 0);
}

// moby, oci/caps: what `docker run` with these flags shows in /proc/self/status.
#[test]
fn capabilities_are_those_that_result() {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let of = |add: &[&str], drop: &[&str]| capabilities(false, &words(add), &words(drop));
    assert_eq!(of(&[], &[]).len(), 14);
    assert_eq!(of(&[], &["NET_RAW"]).len(), 13);
    assert_eq!(of(&[], &["ALL"]), [""; 0]);
    assert_eq!(of(&["CHOWN"], &["ALL"]), ["CHOWN"]);
    assert_eq!(of(&["ALL"], &[]), ["ALL"]);
    assert_eq!(of(&["ALL"], &["SYS_ADMIN"]).len(), 40);
    assert!(of(&["SYS_ADMIN"], &[]).contains(&"SYS_ADMIN".to_owned()));
    assert_eq!(capabilities(true, &[], &words(&["ALL"])), ["ALL"]);
}

#[test]
fn root_is_known_however_it_is_written() {
    for root in ["", "root", "0", "0:0", "root:root", "00", "+0", ":0", "0:1000"] {
        assert!(is_root(root), "{root}");
    }
    for other in ["1000", "app", "1000:0", "rooted", "nobody:root", "65534"] {
        assert!(!is_root(other), "{other}");
    }
}

// The zero time of Go and the nulls of its maps and slices, as engines write them.
#[test]
fn what_is_missing_or_null_is_not_known() {
    let bare = r#"{"Id": "1", "Created": "0001-01-01T00:00:00Z", "HostConfig": null, "State": null, "Config": null, "Mounts": null,
                   "NetworkSettings": {"Ports": null, "Networks": null}}"#;
    let database = database(inspected(&[
        bare,
        r#"{"HostConfig": {}}"#,
        r#"{"RepoTags": null, "Config": {"Cmd": "sh"}}"#,
    ]));
    assert_eq!(
        ask(&database, "SELECT id, created, state, memory_limit, privileged FROM containers ORDER BY id"),
        ["|||0|false", "1|||0|false"]
    );
    assert_eq!(ask(&database, "SELECT command FROM images"), ["{sh}"]);
}

// podman inspect: another default, which it states.
#[test]
fn podman_says_which_capabilities_result() {
    let podman = CONTAINER.replace(
        "\"AppArmorProfile\"",
        "\"EffectiveCaps\": [\"CAP_CHOWN\", \"CAP_KILL\"], \"AppArmorProfile\"",
    );
    assert_eq!(inspected(&[&podman]).containers[0].capabilities, ["CHOWN", "KILL"]);
}

#[test]
fn what_is_no_inspect_output_is_told() {
    let read = |text: &str| {
        let mut tables = Tables::default();
        let result = inspect::read(text.as_bytes(), Origin::Engine, &mut tables);
        assert_eq!(tables, Tables::default());
        result.unwrap_err()
    };
    assert!(matches!(read(""), InspectError::Empty));
    assert!(matches!(read("{}"), InspectError::Unknown(1)));
    assert!(matches!(read(&format!("[{IMAGE}, 7]")), InspectError::Unknown(2)));
    assert!(matches!(read("Error: No such object: x"), InspectError::Json(_)));
    assert!(matches!(read(r#"{"HostConfig": {"Memory": "much"}}"#), InspectError::Json(_)));
    assert!(matches!(
        read(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))),
        InspectError::Json(_)
    ));
    let many = format!("[{}]", vec![r#"{"HostConfig":{}}"#; 100_001].join(","));
    assert!(matches!(read(&many), InspectError::TooMany));
}

#[test]
fn every_beginning_is_read_or_refused() {
    for text in [CONTAINER, IMAGE, INFO] {
        for end in 0..text.len() {
            let mut tables = Tables::default();
            assert!(
                inspect::read(&text.as_bytes()[..end], Origin::Engine, &mut tables).is_err()
                    || text[end..].trim().is_empty()
            );
        }
    }
}
