//! `cargo xtask compare-syft`: the packages that Plimsoll finds held against those that Syft finds, image by image, and
//! what Plimsoll finds in an archive held against what it finds in the layout of the same image.
//!
//! Differences that are understood stand in docs/syft-differences.tsv with their reason; any other is a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use crate::note;

/// The differences that are understood.
const KNOWN: &str = "docs/syft-differences.tsv";
/// The page for people.
const PAGE: &str = "docs/compared-with-syft.md";
const HEADER: &str = "image\tside\ttype\tname\tversion\treason";

#[derive(Args)]
pub(crate) struct Options {
    /// Folder of images: layouts NAME/ and archives NAME.tar, .tar.gz
    #[arg(long, env = "PLIMSOLL_IMAGES", value_name = "DIR")]
    images: PathBuf,
    /// Images beside those of the folder
    extra: Vec<PathBuf>,
    /// Compare the images only whose name contains the text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Syft
    #[arg(long, default_value = "syft", value_name = "PROGRAM")]
    syft: PathBuf,
    /// Plimsoll, when it is not to be built
    #[arg(long, value_name = "PROGRAM")]
    plimsoll: Option<PathBuf>,
    /// Write docs/compared-with-syft.md
    #[arg(long)]
    write: bool,
}

/// What a package is on both sides: what its package URL says without the qualifiers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// The type in the package URL, or Syft's own where it gives none.
    kind: String,
    /// Namespace and name.
    name: String,
    version: String,
}

impl Key {
    fn of_purl(purl: &str) -> Option<Key> {
        let rest = purl.strip_prefix("pkg:")?.split(['?', '#']).next()?;
        let (kind, rest) = rest.split_once('/')?;
        let (name, version) = rest.rsplit_once('@').unwrap_or((rest, ""));
        Some(Key { kind: kind.to_owned(), name: percent_decoded(name), version: percent_decoded(version) })
    }

    /// Syft names the layer that has the last copy of a package database, Plimsoll the one that brought the package.
    fn has_comparable_layer(&self) -> bool {
        !matches!(&*self.kind, "apk" | "deb" | "rpm")
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.kind, self.name, self.version)
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code =
            after.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match code.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A file without its leading slash and the diff ID of its layer.
type Place = (String, String);

/// The packages of an image, each with the places where it was seen.
#[derive(Debug, Default)]
struct Inventory {
    packages: BTreeMap<Key, BTreeSet<Place>>,
    /// Language packages that Plimsoll states as part of a package of the operating system.
    contained: BTreeSet<Key>,
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Inventory {
    /// From Syft's own JSON (schema 16).
    fn of_syft(report: &Value) -> Inventory {
        let mut inventory = Inventory::default();
        for artifact in items(&report["artifacts"]) {
            let key = Key::of_purl(&text(&artifact["purl"])).unwrap_or_else(|| Key {
                kind: text(&artifact["type"]),
                name: text(&artifact["name"]),
                version: text(&artifact["version"]),
            });
            // Beside the evidence Syft names files that only support it, such as a list of checksums.
            let primary = |location: &&Value| location["annotations"]["evidence"] == "primary";
            let places = items(&artifact["locations"]).iter().filter(primary);
            let places = places.map(|location| {
                (text(&location["path"]).trim_start_matches('/').to_owned(), text(&location["layerID"]))
            });
            inventory.packages.entry(key).or_default().extend(places);
        }
        inventory
    }

    /// From Plimsoll's report on one image.
    fn of_plimsoll(report: &Value) -> anyhow::Result<Inventory> {
        let mut inventory = Inventory::default();
        let target = &report["targets"][0];
        let key =
            |purl: &Value| Key::of_purl(&text(purl)).with_context(|| format!("not a package URL: {purl}"));
        for package in items(&target["packages"]) {
            let places = items(&package["locations"]).iter().map(|location| {
                let layer = location["layer"].as_u64().and_then(|layer| usize::try_from(layer).ok());
                let layer = layer.map(|layer| text(&target["image"]["layers"][layer]["diffId"]));
                // Syft names the outermost archive.
                let path = text(&location["path"]);
                (path.split("!/").next().unwrap_or_default().to_owned(), layer.unwrap_or_default())
            });
            inventory.packages.entry(key(&package["purl"])?).or_default().extend(places);
            for purl in items(&package["contains"]) {
                inventory.contained.insert(key(purl)?);
            }
        }
        Ok(inventory)
    }
}

/// In what the two differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    /// Only Syft has the package.
    Syft,
    /// Only Plimsoll has it.
    Plimsoll,
    /// Both have it, in other files or layers.
    Place,
}

impl Side {
    const ALL: [(Side, &str); 3] =
        [(Side::Syft, "syft"), (Side::Plimsoll, "plimsoll"), (Side::Place, "place")];

    fn parse(name: &str) -> Option<Side> {
        Side::ALL.into_iter().find(|(_, known)| *known == name).map(|(side, _)| side)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Side::ALL.into_iter().find(|(side, _)| side == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Difference {
    side: Side,
    key: Key,
}

/// How many packages both have, and every difference.
fn compare(syft: &Inventory, plimsoll: &Inventory) -> (usize, Vec<Difference>) {
    let mut both = 0;
    let mut differences = Vec::new();
    let mut differs = |side, key: &Key| differences.push(Difference { side, key: key.clone() });
    for (key, places) in &syft.packages {
        match plimsoll.packages.get(key) {
            Some(own) => {
                both += 1;
                let comparable = |places: &BTreeSet<Place>| -> BTreeSet<Place> {
                    let layer = key.has_comparable_layer();
                    let places = places.iter();
                    places
                        .map(|(path, id)| (path.clone(), id.clone()))
                        .map(|(path, id)| (path, if layer { id } else { String::new() }))
                        .collect()
                };
                if comparable(places) != comparable(own) {
                    differs(Side::Place, key);
                }
            }
            None if plimsoll.contained.contains(key) => both += 1,
            None => differs(Side::Syft, key),
        }
    }
    for key in plimsoll.packages.keys().filter(|key| !syft.packages.contains_key(key)) {
        differs(Side::Plimsoll, key);
    }
    differences.sort();
    (both, differences)
}

/// A line of the list of differences that are understood.
#[derive(Debug)]
struct Known {
    /// The image's name; `*` for any.
    image: String,
    difference: Difference,
    reason: String,
}

fn parse_known(list: &str) -> anyhow::Result<Vec<Known>> {
    let mut lines = list.lines();
    anyhow::ensure!(lines.next() == Some(HEADER), "the first line is not '{}'", HEADER.replace('\t', " "));
    lines
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(i, line)| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [image, side, kind, name, version, reason] = fields[..] else {
                anyhow::bail!("line {} has {} fields and not 6", i + 2, fields.len());
            };
            let side = Side::parse(side).with_context(|| format!("line {}: the side '{side}'", i + 2))?;
            anyhow::ensure!(!reason.trim().is_empty(), "line {} gives no reason", i + 2);
            let key = Key { kind: kind.to_owned(), name: name.to_owned(), version: version.to_owned() };
            Ok(Known {
                image: image.to_owned(),
                difference: Difference { side, key },
                reason: reason.to_owned(),
            })
        })
        .collect()
}

/// An image by its name, with what of it is there.
#[derive(Debug, Default)]
struct Image {
    layout: Option<PathBuf>,
    archive: Option<PathBuf>,
}

fn images(options: &Options) -> anyhow::Result<BTreeMap<String, Image>> {
    let mut images: BTreeMap<String, Image> = BTreeMap::new();
    let folder = &options.images;
    let entries = fs::read_dir(folder).with_context(|| format!("cannot open {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    paths.extend(options.extra.iter().cloned());
    for path in paths {
        let path = path.canonicalize().with_context(|| format!("cannot open {}", path.display()))?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = file.strip_suffix(".gz").unwrap_or(&file);
        if let Some(name) = name.strip_suffix(".tar") {
            images.entry(name.to_owned()).or_default().archive = Some(path);
        } else if path.join("oci-layout").is_file() {
            images.entry(file).or_default().layout = Some(path);
        }
    }
    images.retain(|name, _| options.only.as_ref().is_none_or(|only| name.contains(only.as_str())));
    anyhow::ensure!(!images.is_empty(), "there are no images in {}", folder.display());
    Ok(images)
}

/// Runs a program that writes JSON.
fn json(command: &mut Command) -> anyhow::Result<Value> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {name}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{name} failed ({}): {}", output.status, errors.trim());
    serde_json::from_slice(&output.stdout).with_context(|| format!("the output of {name} is not JSON"))
}

fn scan(plimsoll: &Path, image: &Path) -> anyhow::Result<Value> {
    let mut command = Command::new(plimsoll);
    command.arg("scan").arg(image).args([
        "-f",
        "json",
        "--no-cache",
        "--db",
        "builtin",
        "--offline",
        "--quiet",
    ]);
    json(&mut command)
}

/// Syft's view of an image. Syft does not open compressed archives of images, so it gets them inflated.
fn catalog(syft: &Path, image: &Path) -> anyhow::Result<Value> {
    let mut inflated = None;
    if image.extension().is_some_and(|ending| ending == "gz") {
        let mut file = tempfile::Builder::new().suffix(".tar").tempfile()?;
        std::io::copy(&mut flate2::read::MultiGzDecoder::new(File::open(image)?), &mut file)?;
        inflated = Some(file);
    }
    let source = match &inflated {
        Some(file) => archive_source(file.path())?,
        None if image.is_dir() => format!("oci-dir:{}", image.display()),
        None => archive_source(image)?,
    };
    let mut command = Command::new(syft);
    command.args(["-q", &source, "-o", "json"]).env("SYFT_CHECK_FOR_APP_UPDATE", "false");
    json(&mut command)
}

/// An archive of an image as Syft wants it named.
fn archive_source(path: &Path) -> anyhow::Result<String> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut oci = false;
    for entry in tar::Archive::new(file).entries_with_seek()? {
        match &*entry?.path_bytes() {
            b"manifest.json" | b"./manifest.json" => return Ok(format!("docker-archive:{}", path.display())),
            b"oci-layout" | b"./oci-layout" => oci = true,
            _ => {}
        }
    }
    anyhow::ensure!(oci, "{} is not an archive of an image", path.display());
    Ok(format!("oci-archive:{}", path.display()))
}

/// What was found out of one image.
#[derive(Debug)]
struct Outcome {
    image: String,
    syft: usize,
    plimsoll: usize,
    both: usize,
    /// Each with its reason; `None` when it has none.
    differences: Vec<(Difference, Option<String>)>,
    /// Archive and layout give the same packages; `None` when one of them is not there.
    same: Option<bool>,
}

impl Outcome {
    fn failed(&self) -> bool {
        self.same == Some(false) || self.differences.iter().any(|(_, reason)| reason.is_none())
    }

    fn only(&self, side: Side) -> usize {
        self.differences.iter().filter(|(difference, _)| difference.side == side).count()
    }
}

fn examine(
    name: &str,
    image: &Image,
    plimsoll: &Path,
    syft: &Path,
    known: &[Known],
) -> anyhow::Result<Outcome> {
    let layout = image.layout.as_ref().map(|path| scan(plimsoll, path)).transpose()?;
    let archive = image.archive.as_ref().map(|path| scan(plimsoll, path)).transpose()?;
    let same = match (&layout, &archive) {
        (Some(layout), Some(archive)) => {
            let found = |report: &Value, key: &str| report["targets"][0][key].clone();
            let keys = ["packages", "findings", "problems", "distro"];
            Some(keys.iter().all(|key| found(layout, key) == found(archive, key)))
        }
        _ => None,
    };
    let report = layout.or(archive).context("no image")?;
    let own = Inventory::of_plimsoll(&report)?;
    let path = image.layout.as_ref().or(image.archive.as_ref()).context("no image")?;
    let other = Inventory::of_syft(&catalog(syft, path)?);
    let (both, differences) = compare(&other, &own);
    let reason = |difference: &Difference| {
        let applies =
            |known: &&Known| known.difference == *difference && (known.image == "*" || known.image == name);
        known.iter().find(applies).map(|known| known.reason.clone())
    };
    Ok(Outcome {
        image: name.to_owned(),
        syft: other.packages.len(),
        plimsoll: own.packages.len(),
        both,
        differences: differences
            .into_iter()
            .map(|found| {
                let why = reason(&found);
                (found, why)
            })
            .collect(),
        same,
    })
}

/// The program's own word on its version.
fn version(program: &Path, argument: &str) -> anyhow::Result<String> {
    let output = Command::new(program).arg(argument).output();
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    let words = String::from_utf8_lossy(&output.stdout);
    let line = words.lines().next().unwrap_or_default();
    Ok(line.rsplit(' ').next().unwrap_or_default().to_owned())
}

/// Compares, prints, and fails on any difference that is not understood.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let list = crate::root().join(KNOWN);
    let list = fs::read_to_string(&list).with_context(|| format!("cannot read {KNOWN}"))?;
    let known = parse_known(&list).with_context(|| format!("{KNOWN} is damaged"))?;
    let images = images(options)?;
    let plimsoll = match &options.plimsoll {
        Some(path) => path.clone(),
        None => {
            note("building");
            crate::build("plimsoll-cli", "plimsoll", "release")?
        }
    };
    let versions = (version(&plimsoll, "--version")?, version(&options.syft, "--version")?);
    let mut outcomes = Vec::new();
    let mut out = std::io::stdout().lock();
    for (name, image) in &images {
        note(name);
        let outcome = examine(name, image, &plimsoll, &options.syft, &known)
            .with_context(|| format!("cannot compare {name}"))?;
        write!(out, "{}", told(&outcome))?;
        out.flush()?;
        outcomes.push(outcome);
    }
    let seen: BTreeSet<&Difference> =
        outcomes.iter().flat_map(|outcome| outcome.differences.iter().map(|(found, _)| found)).collect();
    let stale = known.iter().filter(|line| options.only.is_none() && !seen.contains(&line.difference));
    for line in stale {
        let Difference { side, key } = &line.difference;
        note(&format!("{KNOWN} explains what these images do not show: {side} {key}"));
    }
    if options.write {
        let page = page(&versions.0, &versions.1, &outcomes);
        fs::write(crate::root().join(PAGE), page).with_context(|| format!("cannot write {PAGE}"))?;
    }
    Ok(if outcomes.iter().any(Outcome::failed) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// An image's outcome for the terminal.
fn told(outcome: &Outcome) -> String {
    let Outcome { image, syft, plimsoll, both, .. } = outcome;
    let mut text = format!("{image}: Syft {syft}, Plimsoll {plimsoll}, both {both}");
    text.push_str(match outcome.same {
        Some(true) => "; archive and layout agree\n",
        Some(false) => "; ARCHIVE AND LAYOUT DIFFER\n",
        None => "\n",
    });
    for (Difference { side, key }, reason) in &outcome.differences {
        let what = match side {
            Side::Syft => "only Syft",
            Side::Plimsoll => "only Plimsoll",
            Side::Place => "other place",
        };
        let reason = reason.as_deref().unwrap_or("NOT EXPLAINED");
        let _ = writeln!(text, "  {what}: {key}: {reason}");
    }
    text
}

/// docs/compared-with-syft.md.
fn page(plimsoll: &str, syft: &str, outcomes: &[Outcome]) -> String {
    let mut page = format!(
        "# Compared with Syft\n\n\
         `cargo xtask compare-syft --images DIR --write` makes this page: it catalogs every image with Plimsoll {plimsoll} \
         and with Syft {syft} (squashed scope, its default catalogers) and compares package by package. Two packages are \
         the same when their package URLs agree in type, namespace, name and version. For those that both have, the files \
         in which they were found are compared too, and for language packages the layers. (For packages of the operating \
         system Syft names the layer with the last copy of the package database, Plimsoll the layer that brought the \
         package.) Syft counts a package once for every place, here it counts once.\n\n\
         The command fails when a difference is not explained in [syft-differences.tsv](syft-differences.tsv), or when \
         Plimsoll's result for an archive is not that for the layout of the same image.\n\n\
         The images: Alpine's official root file systems; Debian as mmdebstrap builds it; `python-web`, `node-app` and \
         `java-spark`, which are Debian with packages of pip, of npm and with the jars of Spark; `kitchen-sink`, which is \
         all of it with a Go program; `flawed`, Debian with planted secrets.\n\n\
         | image | Syft | Plimsoll | both | only Syft | only Plimsoll | other place | archive and layout |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n"
    );
    for outcome in outcomes {
        let Outcome { image, syft, plimsoll, both, .. } = outcome;
        let [only_syft, only_plimsoll, place] = Side::ALL.map(|(side, _)| outcome.only(side));
        let same = match outcome.same {
            Some(true) => "agree",
            Some(false) => "**differ**",
            None => "one only",
        };
        let _ = writeln!(
            page,
            "| {image} | {syft} | {plimsoll} | {both} | {only_syft} | {only_plimsoll} | {place} | {same} |"
        );
    }
    page.push_str("\n## The differences\n");
    let mut classes: BTreeMap<&str, BTreeMap<&Difference, Vec<&str>>> = BTreeMap::new();
    for outcome in outcomes {
        for (difference, reason) in &outcome.differences {
            let class = classes.entry(reason.as_deref().unwrap_or("Not explained.")).or_default();
            class.entry(difference).or_default().push(&outcome.image);
        }
    }
    if classes.is_empty() {
        page.push_str("\nThere are none.\n");
    }
    for (reason, differences) in classes {
        let _ = write!(
            page,
            "\n{reason}\n\n| who | type | name | version | images |\n| --- | --- | --- | --- | --- |\n"
        );
        for (Difference { side, key }, images) in differences {
            let Key { kind, name, version } = key;
            let side = match side {
                Side::Syft => "Syft",
                Side::Plimsoll => "Plimsoll",
                Side::Place => "both, in other places",
            };
            let version = if version.is_empty() { "(none)" } else { version };
            let _ = writeln!(page, "| {side} | {kind} | {name} | {version} | {} |", images.join(", "));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(kind: &str, name: &str, version: &str) -> Key {
        Key { kind: kind.to_owned(), name: name.to_owned(), version: version.to_owned() }
    }

    #[test]
    fn a_package_url_is_taken_apart() {
        for (purl, expected) in [
            (
                "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0%2Bx?arch=amd64&distro=debian-12",
                key("deb", "debian/libstdc++6", "1:12.2.0+x"),
            ),
            ("pkg:npm/%40babel/core@7.0.0", key("npm", "@babel/core", "7.0.0")),
            ("pkg:npm/bson", key("npm", "bson", "")),
            ("pkg:golang/github.com/a/b@v1.0.0#sub/path", key("golang", "github.com/a/b", "v1.0.0")),
        ] {
            assert_eq!(Key::of_purl(purl), Some(expected), "{purl}");
        }
        assert_eq!(Key::of_purl("bash"), None);
        assert_eq!(percent_decoded("100%2x%"), "100%2x%");
    }

    #[test]
    fn every_kind_of_difference_is_found() {
        let place = |path: &str, layer: &str| json!({ "path": path, "layerID": layer, "annotations": { "evidence": "primary" } });
        let syft = Inventory::of_syft(&json!({ "artifacts": [
            { "purl": "pkg:pypi/a@1", "locations": [place("/a", "one"), json!({ "path": "/x", "layerID": "one" })] },
            { "purl": "pkg:pypi/b@1", "locations": [place("/b", "one")] },
            { "purl": "pkg:pypi/c@1", "locations": [place("/c", "one")] },
            { "purl": "pkg:pypi/d@1", "locations": [place("/d", "one")] },
            { "purl": "pkg:deb/debian/e@1", "locations": [place("/e", "two")] },
            { "purl": "", "type": "binary", "name": "f", "version": "1", "locations": [] },
        ]}));
        let plimsoll = Inventory::of_plimsoll(&json!({ "targets": [{
            "image": { "layers": [{ "diffId": "one" }, { "diffId": "two" }] },
            "packages": [
                { "purl": "pkg:pypi/a@1", "locations": [{ "path": "a!/nested", "layer": 0 }] },
                { "purl": "pkg:pypi/b@1", "locations": [{ "path": "b", "layer": 1 }] },
                { "purl": "pkg:pypi/c@2", "locations": [{ "path": "c", "layer": 0 }] },
                { "purl": "pkg:deb/debian/e@1", "locations": [{ "path": "e", "layer": 0 }], "contains": ["pkg:pypi/d@1"] },
            ],
        }]})).unwrap();
        let (both, differences) = compare(&syft, &plimsoll);
        assert_eq!(both, 4);
        let differences: Vec<String> =
            differences.iter().map(|found| format!("{} {}", found.side, found.key)).collect();
        assert_eq!(differences, ["syft binary f 1", "syft pypi c 1", "plimsoll pypi c 2", "place pypi b 1"]);
    }

    #[test]
    fn a_list_without_reasons_is_refused() {
        let line = |line: &str| parse_known(&format!("{HEADER}\n{line}\n"));
        let known = line("*\tsyft\tnpm\tbson\t\tIt has no version.").unwrap();
        assert_eq!(known[0].difference, Difference { side: Side::Syft, key: key("npm", "bson", "") });
        for wrong in ["*\tsyft\tnpm\tbson\t1\t", "*\tsyft\tnpm\tbson\t1", "*\tgrype\tnpm\tbson\t1\tno"] {
            assert!(line(wrong).is_err(), "{wrong}");
        }
        assert!(parse_known("*\tsyft\tnpm\tbson\t1\tno").is_err());
    }

    #[test]
    fn the_list_of_the_repository_is_in_order() {
        let list = fs::read_to_string(crate::root().join(KNOWN)).unwrap();
        let known = parse_known(&list).unwrap();
        let mut rows: Vec<_> = known.iter().map(|line| (&line.image, &line.difference)).collect();
        let len = rows.len();
        rows.sort();
        rows.dedup();
        assert_eq!(rows.len(), len, "a row stands in it twice");
    }

    #[test]
    fn a_difference_without_a_reason_fails() {
        let outcome = |reason: Option<&str>, same| Outcome {
            image: "i".to_owned(),
            syft: 1,
            plimsoll: 0,
            both: 0,
            differences: vec![(
                Difference { side: Side::Syft, key: key("npm", "bson", "") },
                reason.map(str::to_owned),
            )],
            same,
        };
        assert!(outcome(None, Some(true)).failed());
        assert!(outcome(Some("known"), Some(false)).failed());
        let fine = outcome(Some("It has no version."), Some(true));
        assert!(!fine.failed());
        let page = page("0.1.0", "1.18.1", &[fine]);
        assert!(page.contains("| i | 1 | 0 | 0 | 1 | 0 | 0 | agree |\n"), "{page}");
        assert!(page.contains("\nIt has no version.\n\n"), "{page}");
        assert!(page.contains("| Syft | npm | bson | (none) | i |\n"), "{page}");
    }
}
