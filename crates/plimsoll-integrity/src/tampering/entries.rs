//! Entries of layers that no builder writes (`TMP-LAYER`), times in the future (`TMP-TIME`) and programs at paths where nobody
//! looks (`TMP-HIDDEN`).

use std::collections::BTreeMap;

use bstr::ByteSlice;
use plimsoll_analysis::{Content, ImageContext, ImageRules, Live, Oddity, OddityKind};
use plimsoll_archive::path::file_name;
use plimsoll_types::classes::tampering;
use plimsoll_types::{Detection, Place, PlaceKind, Scanner, Severity, Timestamp};

use crate::shown::{in_layer, shortened, text};

/// See the module.
pub(crate) struct Entries;

/// The most findings of one kind in one layer.
const MAX_OF_A_KIND: usize = 10;
/// The most programs at hidden paths that get a finding of their own.
const MAX_HIDDEN: usize = 50;
/// How far ahead a clock may be.
const AHEAD: i64 = 48 * 3600;

impl ImageRules for Entries {
    fn id(&self) -> &'static str {
        "integrity/entries"
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn check(&self, context: &ImageContext<'_>, out: &mut Vec<Detection>) {
        for (layer, facts) in context.layers.iter().enumerate() {
            odd(context, layer, &facts.evidence.oddities, out);
        }
        times(context, out);
        let mut hidden = context.view.merged().live().filter_map(|live| Some((live, hidden(&live)?)));
        for (live, why) in hidden.by_ref().take(MAX_HIDDEN) {
            let shown = shortened(&text(live.path()).replace(' ', "\u{2420}"), 200);
            let message = format!("/{shown} holds a program: {why}{}", in_layer(context, live.layer));
            out.push(Detection::new(tampering::HIDDEN, context.place(&live), message));
        }
    }
}

fn odd(context: &ImageContext<'_>, layer: usize, oddities: &[Oddity], out: &mut Vec<Detection>) {
    let mut counts: BTreeMap<OddityKind, usize> = BTreeMap::new();
    for oddity in oddities {
        // A path that leaves the root has the `..` with which it does.
        let told = |other: &Oddity| other.kind == OddityKind::Unsafe && other.path == oddity.path;
        if usual(oddity) || oddity.kind == OddityKind::ParentPath && oddities.iter().any(told) {
            continue;
        }
        let count = counts.entry(oddity.kind).or_default();
        *count += 1;
        if *count > MAX_OF_A_KIND {
            continue;
        }
        // Shown so that what is deceptive about it shows.
        let path = oddity.path.to_str_lossy().escape_debug().to_string();
        let detail = oddity.detail.to_str_lossy().escape_debug().to_string();
        let (rule, severity, message) = match oddity.kind {
            OddityKind::Unsafe => {
                ("path", Severity::High, format!("the entry '{path}' was left out: {detail}"))
            }
            OddityKind::ParentPath => {
                ("path", Severity::Medium, format!("the entry '{path}' climbs up with '..' on its way"))
            }
            OddityKind::EscapingLink => {
                ("link", Severity::Low, format!("the link '{path}' climbs above the root: '{detail}'"))
            }
            OddityKind::Device => ("device", Severity::Medium, format!("'{path}' is a device ({detail})")),
            OddityKind::Duplicate => (
                "duplicate",
                Severity::Medium,
                format!("'{path}' stands twice in the layer, with different content"),
            ),
            OddityKind::DeceptiveName => (
                "name",
                Severity::Medium,
                format!("the name '{path}' holds characters that do not show or turn text around"),
            ),
            OddityKind::TrailingData => {
                ("trailing", Severity::Medium, "the layer has data behind the end of its archive".to_owned())
            }
        };
        let mut normal = Vec::new();
        let name = match plimsoll_archive::path::normalize(&oddity.path, &mut normal) {
            Ok(()) => text(&normal),
            Err(_) => text(&oddity.path),
        };
        let place = Place {
            kind: if name.is_empty() { PlaceKind::Image } else { PlaceKind::File },
            name,
            layer: context.layer(layer),
            ..Place::default()
        };
        out.push(Detection {
            rule: rule.to_owned(),
            severity,
            ..Detection::new(tampering::LAYER, place, message)
        });
    }
}

/// The devices that root file systems come with, by their numbers (Linux, `admin-guide/devices.txt`).
fn usual(oddity: &Oddity) -> bool {
    if oddity.kind != OddityKind::Device {
        return false;
    }
    let path = oddity.path.strip_prefix(b"./").unwrap_or(&oddity.path);
    let Some(name) = path.strip_prefix(b"dev/") else { return false };
    let numbers: &[u8] = match name {
        b"null" => b"1:3",
        b"zero" => b"1:5",
        b"full" => b"1:7",
        b"random" => b"1:8",
        b"urandom" => b"1:9",
        b"tty" => b"5:0",
        b"console" => b"5:1",
        b"ptmx" | b"pts/ptmx" => b"5:2",
        b"fuse" => b"10:229",
        _ if name.starts_with(b"tty") => return oddity.detail.starts_with(b"4:"),
        _ => return false,
    };
    oddity.detail == numbers
}

fn times(context: &ImageContext<'_>, out: &mut Vec<Detection>) {
    let limit = context.now.seconds().saturating_add(AHEAD);
    // Without a time that counts as now there is no future.
    if context.now.seconds() <= 0 {
        return;
    }
    let late = |time: Option<Timestamp>| time.filter(|time| time.seconds() > limit);
    if let Some(image) = context.image {
        if let Some(created) = late(image.config.created) {
            let place = Place { kind: PlaceKind::Config, name: "created".to_owned(), ..Place::default() };
            out.push(Detection::new(
                tampering::TIME,
                place,
                format!("the image says that it was built at {created}"),
            ));
        }
        let steps = image.config.history.iter().enumerate();
        if let Some((number, created)) = steps.filter_map(|(n, step)| Some((n, late(step.created)?))).next() {
            let place =
                Place { kind: PlaceKind::History, name: (number + 1).to_string(), ..Place::default() };
            out.push(Detection::new(
                tampering::TIME,
                place,
                format!("a step of the history says that it ran at {created}"),
            ));
        }
    }
    for (layer, facts) in context.layers.iter().enumerate() {
        let Some((time, path)) = &facts.evidence.newest else { continue };
        if *time > limit {
            let place = Place {
                kind: PlaceKind::File,
                name: text(path.trim_start_with(|c| c == '.' || c == '/')),
                layer: context.layer(layer),
                ..Place::default()
            };
            let message = format!("a file was modified at {}", Timestamp::from_seconds(*time));
            out.push(Detection::new(tampering::TIME, place, message));
        }
    }
}

/// Why a program at this path is hidden.
fn hidden(live: &Live<'_>) -> Option<&'static str> {
    let program = live.node.content != Content::Other;
    if !program && !live.is_executable() {
        return None;
    }
    let path = live.path();
    for part in path.split(|&byte| byte == b'/') {
        let (first, last) = (part.first().copied(), part.last().copied());
        if part.len() > 2 && part.iter().all(|&byte| byte == b'.') {
            return Some("a name of dots alone is easily taken for '..'");
        }
        if last == Some(b' ') || first == Some(b' ') || part == b".. " || part == b". " {
            return Some("a name that begins or ends with a space is easily overlooked");
        }
    }
    if path.starts_with(b"dev/") {
        return Some("no program belongs below /dev");
    }
    let shared: [&[u8]; 4] = [b"tmp/", b"var/tmp/", b"run/", b"var/run/"];
    let dotted = path.split(|&byte| byte == b'/').any(|part| part.starts_with(b"."));
    if program && dotted && shared.iter().any(|head| path.starts_with(head)) && file_name(path) != b".keep" {
        return Some("a name that begins with a dot, where files come and go");
    }
    None
}
