//! Programs with capabilities (`PRM-CAPS`): the extended attribute `security.capability`, whose form is that of the kernel's
//! `linux/capability.h` (capabilities(7), "File capabilities").

use std::collections::HashMap;

use plimsoll_analysis::{ImageContext, Live, NodeKind, SumsFact};
use plimsoll_archive::path::file_name;
use plimsoll_types::classes::permissions;
use plimsoll_types::{Detection, Severity};

use crate::shown::text;

/// The capabilities by their number.
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// Those that are as good as root.
const POWERFUL: &[&str] = &[
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "setgid",
    "setuid",
    "setpcap",
    "sys_module",
    "sys_rawio",
    "sys_ptrace",
    "sys_admin",
    "mknod",
    "setfcap",
    "mac_override",
    "mac_admin",
    "bpf",
];

/// Programs that distributions give capabilities, and which.
const USUAL: &[(&str, &[&str])] = &[
    ("arping", &["net_raw"]),
    ("clockdiff", &["net_raw", "sys_nice"]),
    ("dumpcap", &["net_admin", "net_raw", "dac_override"]),
    ("fping", &["net_raw"]),
    ("gst-ptp-helper", &["net_bind_service", "net_admin", "sys_nice"]),
    ("mtr-packet", &["net_raw"]),
    ("newgidmap", &["setgid"]),
    ("newuidmap", &["setuid"]),
    ("ping", &["net_raw", "net_admin"]),
    ("ping6", &["net_raw", "net_admin"]),
    ("suexec", &["setuid", "setgid"]),
    ("systemd-detect-virt", &["dac_override", "sys_ptrace"]),
    ("traceroute6.iputils", &["net_raw"]),
];

/// What the attribute says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// What the program may get, as bits by number.
    pub permitted: u64,
    /// What it inherits, as bits by number.
    pub inheritable: u64,
    /// True when it has them from the beginning, without asking for them.
    pub effective: bool,
}

impl Capabilities {
    /// Reads the attribute's value: version 1, 2 or 3. `None` when it is none of them.
    pub fn parse(value: &[u8]) -> Option<Capabilities> {
        let word = |at: usize| {
            let bytes = value.get(at..at + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        let magic = word(0)?;
        let (pairs, length) = match magic & 0xff00_0000 {
            0x0100_0000 => (1, 12),
            0x0200_0000 => (2, 20),
            // With the number of the user who is root in the name space that it counts in.
            0x0300_0000 => (2, 24),
            _ => return None,
        };
        if value.len() != length {
            return None;
        }
        let mut found = Capabilities { permitted: 0, inheritable: 0, effective: magic & 1 != 0 };
        for pair in 0..pairs {
            found.permitted |= u64::from(word(4 + pair * 8)?) << (32 * pair);
            found.inheritable |= u64::from(word(8 + pair * 8)?) << (32 * pair);
        }
        Some(found)
    }

    fn names(bits: u64) -> Vec<String> {
        (0..64)
            .filter(|bit| bits & (1 << bit) != 0)
            .map(|bit| NAMES.get(bit).map_or_else(|| format!("{bit}"), |name| (*name).to_owned()))
            .collect()
    }

    /// As getcap(8) shows it.
    fn shown(&self) -> String {
        let list = |bits| {
            Capabilities::names(bits)
                .into_iter()
                .map(|name| format!("cap_{name}"))
                .collect::<Vec<_>>()
                .join(",")
        };
        let effective = if self.effective { "e" } else { "" };
        match (self.permitted, self.inheritable) {
            (permitted, 0) => format!("{}={effective}p", list(permitted)),
            (0, inheritable) => format!("{}={effective}i", list(inheritable)),
            (permitted, inheritable) if permitted == inheritable => {
                format!("{}={effective}ip", list(permitted))
            }
            (permitted, inheritable) => format!("{}={effective}p {}+i", list(permitted), list(inheritable)),
        }
    }
}

pub(crate) fn check(context: &ImageContext<'_>, out: &mut Vec<Detection>) {
    let mut known: HashMap<(usize, u32), &[u8]> = HashMap::new();
    for (layer, facts) in context.layers.iter().enumerate() {
        known.extend(facts.capabilities.iter().map(|(id, value)| ((layer, *id), &value[..])));
    }
    if known.is_empty() {
        return;
    }
    let found: Vec<(Live<'_>, &[u8])> = context
        .view
        .merged()
        .live()
        .filter(|live| live.node.kind == NodeKind::File)
        .filter_map(|live| Some((live, *known.get(&(live.layer, live.node.id()))?)))
        .collect();
    for (live, value) in found {
        out.extend(judge(context, &live, value));
    }
}

fn judge(context: &ImageContext<'_>, live: &Live<'_>, value: &[u8]) -> Option<Detection> {
    let path = live.path();
    let owned = context.owner(path);
    if owned.is_some_and(|owned| owned.flags & SumsFact::CAPABILITIES != 0) {
        return None;
    }
    let capabilities = Capabilities::parse(value)?;
    let names = Capabilities::names(capabilities.permitted);
    let within = |list: &[&str]| names.iter().all(|name| list.contains(&name.as_str()));
    let name = file_name(path);
    let usual = USUAL.iter().find(|(program, _)| program.as_bytes() == name);
    // Only a package's own program is the one that is meant, where it can be known.
    if (owned.is_some() || !context.has_file_lists()) && usual.is_some_and(|(_, list)| within(list)) {
        return None;
    }
    if capabilities.permitted == 0 && capabilities.inheritable == 0 {
        return None;
    }
    let powerful = names.iter().any(|name| POWERFUL.contains(&name.as_str()));
    let message = format!("/{} gives capabilities to who runs it", text(path));
    let mut found = Detection::new(permissions::CAPS, context.place(live), message);
    found.evidence = capabilities.shown();
    if powerful {
        found.severity = Severity::High;
        found.notes.push("They are as good as root.".to_owned());
    } else if within(&[
        "net_bind_service",
        "net_broadcast",
        "ipc_lock",
        "wake_alarm",
        "block_suspend",
        "kill",
    ]) {
        found.severity = Severity::Low;
        found.notes.push("They give little away.".to_owned());
    }
    found.package = owned.and_then(|owned| context.package(owned.ecosystem, owned.package, ""));
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with `setcap` (libcap 2.66), shown as `getcap` shows it, the last one with `-n 1000`.
    #[test]
    fn reads_what_setcap_writes() {
        let shown = |value: &[u8]| Capabilities::parse(value).map(|found| found.shown());
        let ping = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(shown(&ping).as_deref(), Some("cap_net_raw=ep"));
        let both = [0, 0, 0, 2, 0x80, 4, 0x20, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(shown(&both).as_deref(), Some("cap_setuid,cap_net_bind_service,cap_sys_admin,cap_bpf=p"));
        let spaced = [&[1, 0, 0, 3][..], &ping[4..], &[0xe8, 3, 0, 0]].concat();
        assert_eq!(shown(&spaced).as_deref(), Some("cap_net_raw=ep"));
        let inherited = [1, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(shown(&inherited).as_deref(), Some("cap_chown=ei"));
        for whole in [&ping[..], &both, &spaced] {
            for end in 0..whole.len() {
                // Version 3 without its last word is no version 2.
                assert_eq!(Capabilities::parse(&whole[..end]), None, "{end}");
            }
        }
        assert_eq!(Capabilities::parse(&[0xff; 20]), None);
    }
}
