//! Rules over whole images: over the configuration, the merged files, and what this crate's analyzers stated of single files.

mod accounts;
mod cache;
mod debug;
mod health;
pub(crate) mod latest;
mod leftover;
pub(crate) mod port;
mod preload;
mod privhint;
pub(crate) mod root;
mod ssh;
mod sudo;
pub(crate) mod tls;
mod tools;
pub(crate) mod volume;

#[cfg(test)]
mod tests;

use plimsoll_analysis::{ByteSlice, Found, ImageContext, ImageRules, NodeKind, SeenFile};
use plimsoll_image::Config;
use plimsoll_types::classes::configuration::PIPESH;
use plimsoll_types::{Class, Detection, Place, PlaceKind, Scanner};

use crate::build::{Build, Instruction, Keyword, Origin, from_config};
use crate::evidence;
use crate::rules::pipesh::runs;
use crate::rules::{Fault, check_build};
use crate::shell::Script;

/// The rules of this crate over whole images.
pub(crate) struct ImageFaults;

/// A rule over whole images.
struct ImageRule {
    /// The name, that of its file.
    #[cfg_attr(not(test), allow(dead_code))]
    id: &'static str,
    /// Looks at an image.
    check: fn(&Look<'_>, &mut Vec<Detection>),
}

/// The rules, each in the file of its name.
const RULES: &[ImageRule] = &[
    ImageRule { id: "accounts", check: accounts::check },
    ImageRule { id: "cache", check: cache::check },
    ImageRule { id: "debug", check: debug::check },
    ImageRule { id: "health", check: health::check },
    ImageRule { id: "latest", check: latest::check },
    ImageRule { id: "leftover", check: leftover::check },
    ImageRule { id: "port", check: port::check },
    ImageRule { id: "preload", check: preload::check },
    ImageRule { id: "privhint", check: privhint::check },
    ImageRule { id: "root", check: root::check },
    ImageRule { id: "ssh", check: ssh::check },
    ImageRule { id: "sudo", check: sudo::check },
    ImageRule { id: "tls", check: tls::check },
    ImageRule { id: "tools", check: tools::check },
    ImageRule { id: "volume", check: volume::check },
];

impl ImageRules for ImageFaults {
    fn id(&self) -> &'static str {
        "misconfig/image"
    }

    fn scanner(&self) -> Scanner {
        Scanner::Misconfiguration
    }

    fn check(&self, context: &ImageContext<'_>, out: &mut Vec<Detection>) {
        let config = context.image.map(|image| &image.config);
        // What is said here of accounts, shells and paths does not hold for Windows.
        if config.is_some_and(|config| config.platform.os.eq_ignore_ascii_case("windows")) {
            return;
        }
        let look = Look { context, config };
        if let Some(config) = config {
            let build = Build::new(from_config(config));
            let faults = check_build(&build);
            out.extend(command(config, &build, &faults));
            out.extend(triggers(config));
            out.extend(faults.into_iter().map(|fault| from_fault(&look, &build, fault)));
        }
        for rule in RULES {
            (rule.check)(&look, out);
        }
    }
}

/// A fault of a step of the history as a detection.
fn from_fault(look: &Look<'_>, build: &Build, fault: Fault) -> Detection {
    let step = build.steps.get(fault.step);
    let (name, layer) = match step.map(|step| step.instruction.origin) {
        Some(Origin::History { step, layer }) => ((step + 1).to_string(), layer),
        _ => (String::new(), None),
    };
    // Lines say something only where a step has several.
    let has_lines = step.is_some_and(|step| step.instruction.text().trim_end().contains('\n'));
    let place = Place {
        kind: PlaceKind::History,
        name,
        layer: layer.and_then(|layer| look.context.layer(layer)),
        line: has_lines.then(|| fault.line.saturating_add(1)),
        ..Place::default()
    };
    let mut notes = fault.notes;
    if step.is_some_and(|step| step.instruction.inherited) {
        notes.push("The step seems to be one of the base image.".to_owned());
    }
    Detection {
        rule: fault.rule.to_owned(),
        severity: fault.severity,
        confidence: fault.confidence,
        evidence: fault.evidence,
        notes,
        ..Detection::new(fault.class, place, fault.message)
    }
}

/// What the image fetches and runs when it starts, where the history does not say it.
fn command(config: &Config, build: &Build, faults: &[Fault]) -> Vec<Detection> {
    let is_start = |fault: &&Fault| {
        let keyword = build.steps.get(fault.step).map(|step| step.instruction.keyword);
        fault.class == PIPESH && matches!(keyword, Some(Keyword::Cmd | Keyword::Entrypoint))
    };
    if faults.iter().any(|fault| is_start(&fault)) {
        return Vec::new();
    }
    let script = Script::from_words(&config.command);
    let found = runs(&script).into_iter().filter(|run| matches!(run.rule, "pipe" | "substitution" | "file"));
    found
        .map(|run| Detection {
            evidence: evidence::pipeline(&script, run.command),
            ..detection(PIPESH, run.rule, config_place("Cmd"), run.message)
        })
        .collect()
}

/// What is wrong with the instructions for images that are built on this one.
fn triggers(config: &Config) -> Vec<Detection> {
    let read = |text: &String| Instruction::parse(text, Origin::File { line: 1, end_line: 1 });
    let build = Build::new(config.on_build.iter().take(1_000).map(read).collect());
    let found = check_build(&build).into_iter().map(|fault| Detection {
        severity: fault.severity,
        confidence: fault.confidence,
        evidence: fault.evidence,
        notes: fault.notes,
        ..detection(fault.class, fault.rule, config_place("OnBuild"), fault.message)
    });
    found.collect()
}

/// An image as rules see it.
struct Look<'a> {
    context: &'a ImageContext<'a>,
    /// The configuration; `None` for a directory.
    config: Option<&'a Config>,
}

impl<'a> Look<'a> {
    /// What is at `path`, links followed.
    fn find(&self, path: &str) -> Option<Found<'a>> {
        self.context.view.resolve(path.trim_start_matches('/').as_bytes()).ok().flatten()
    }

    /// True when a file is at `path`, links followed.
    fn has_file(&self, path: &str) -> bool {
        self.find(path).is_some_and(|found| found.kind() == NodeKind::File)
    }

    /// The first of `paths` that is a file.
    fn first_file(&self, paths: &[&'static str]) -> Option<&'static str> {
        paths.iter().copied().find(|path| self.has_file(path))
    }

    /// True when everyone may write into the directory at `path`.
    fn is_writable_by_all(&self, path: &str) -> bool {
        self.find(path)
            .and_then(|found| found.node)
            .is_some_and(|node| node.kind == NodeKind::Directory && node.mode & 0o002 != 0)
    }

    /// The environment as names and values.
    fn env(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let env = self.config.map(|config| config.env.as_slice()).unwrap_or_default();
        env.iter().filter_map(|variable| variable.split_once('='))
    }

    /// The words of what the image starts, one after the other.
    fn command(&self) -> &'a [String] {
        self.config.map(|config| config.command.as_slice()).unwrap_or_default()
    }

    /// A package of one of these names.
    fn package(&self, wanted: impl Fn(&str) -> bool) -> Option<&'a str> {
        let packages = self.context.packages.iter();
        packages.map(|package| package.name.as_str()).find(|name| wanted(name))
    }

    /// The layer and path of a file that is in the merged file system.
    fn file_place(&self, path: &str) -> Place {
        match self.find(path) {
            Some(found) => Place {
                name: found.path.to_str_lossy().into_owned(),
                layer: self.context.layer(found.layer),
                ..Place::default()
            },
            None => Place { name: path.trim_start_matches('/').to_owned(), ..Place::default() },
        }
    }

    /// The place of what an analyzer stated.
    fn seen_place(&self, seen: &SeenFile<'_>, line: Option<u32>) -> Place {
        Place {
            name: seen.facts.path.to_str_lossy().into_owned(),
            layer: self.context.layer(seen.layer),
            line,
            ..Place::default()
        }
    }
}

/// A member of the configuration.
fn config_place(member: &str) -> Place {
    Place { kind: PlaceKind::Config, name: member.to_owned(), ..Place::default() }
}

/// An environment variable.
fn env_place(name: &str) -> Place {
    Place { kind: PlaceKind::Env, name: name.to_owned(), ..Place::default() }
}

/// A detection with a rule.
fn detection(class: &'static Class, rule: &str, place: Place, message: impl Into<String>) -> Detection {
    Detection { rule: rule.to_owned(), ..Detection::new(class, place, message) }
}
