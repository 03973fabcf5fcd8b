//! The advisory database on the command line: which one is used, and the `db` commands.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use plimsoll_db::Index;
use plimsoll_dbbuild::{BuildOptions, BuildReport};
use plimsoll_types::{DatabaseInfo, Timestamp};

use crate::args::Db;
use crate::exit::{Exit, usage};
use crate::output;

/// The word for the starter set.
const BUILT_IN: &str = "builtin";

/// The cache folder: as asked for, or the user's.
pub(crate) fn cache_folder(asked: Option<&Path>) -> Option<PathBuf> {
    let from_environment =
        |key: &str| std::env::var_os(key).filter(|value| !value.is_empty()).map(PathBuf::from);
    asked.map(Path::to_owned).or_else(|| {
        from_environment("XDG_CACHE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| Some(from_environment("HOME")?.join(".cache")))
            .map(|base| base.join("plimsoll"))
    })
}

fn installed(cache_dir: Option<&Path>) -> Option<PathBuf> {
    Some(
        cache_folder(cache_dir)?
            .join("db")
            .join(format!("advisories-v{}.index", plimsoll_db::FORMAT_VERSION)),
    )
}

/// The current time, or the one that `SOURCE_DATE_EPOCH` names, for output that can be made again byte for byte.
pub(crate) fn now() -> Timestamp {
    let named = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|value| value.parse().ok());
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64);
    Timestamp::from_seconds(named.unwrap_or_else(clock))
}

/// Opens the database that was asked for, else the installed one, else the starter set.
pub(crate) fn open(asked: Option<&str>, cache_dir: Option<&Path>) -> anyhow::Result<(Index, DatabaseInfo)> {
    let path = match asked {
        Some(BUILT_IN) => None,
        Some(path) => Some(PathBuf::from(path)),
        None => installed(cache_dir).filter(|path| path.exists()),
    };
    let index = match &path {
        Some(path) => Index::open(path).context("the advisory database cannot be used")?,
        None => starter()?,
    };
    let mut info = index.info().context("the advisory database cannot be used")?;
    info.name = path.map_or_else(|| "built-in".to_owned(), |path| path.display().to_string());
    Ok((index, info))
}

fn starter() -> anyhow::Result<Index> {
    let compile = || -> anyhow::Result<Index> {
        let date = plimsoll_advisory::STARTER_DATE.parse().context("the date of the built-in advisories")?;
        let bytes = plimsoll_dbbuild::compile(plimsoll_advisory::starter(), Some(date))?;
        Ok(Index::from_bytes(bytes)?)
    };
    compile().context("the built-in advisories cannot be used")
}

/// The `db` commands.
pub(crate) fn run(command: &Db) -> anyhow::Result<Exit> {
    match command {
        Db::Build { from, output, cache_dir, quiet } => {
            let output = output.clone().or_else(|| installed(cache_dir.as_deref())).ok_or_else(|| {
                usage("there is no place for the database: neither --output nor --cache-dir nor HOME is set")
            })?;
            if let Some(folder) = output.parent() {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("cannot make {}", folder.display()))?;
            }
            let threads = std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN);
            let options = BuildOptions { threads, ..BuildOptions::new(now()) };
            let report = plimsoll_dbbuild::build(from, &output, &options)?;
            output::standard(build_text(&report, &output, *quiet)?.as_bytes())?;
            Ok(Exit::Success)
        }
        Db::Status { db, cache_dir } => {
            let (_, info) = open(db.as_deref(), cache_dir.as_deref())?;
            output::standard(status_text(&info)?.as_bytes())?;
            Ok(Exit::Success)
        }
        Db::Verify { db, cache_dir } => {
            let (index, info) = open(db.as_deref(), cache_dir.as_deref())?;
            index.verify().with_context(|| format!("{} is damaged", info.name))?;
            output::standard(format!("{}: sound\n", info.name).as_bytes())?;
            Ok(Exit::Success)
        }
    }
}

fn status_text(info: &DatabaseInfo) -> anyhow::Result<String> {
    let mut text = String::new();
    writeln!(text, "database    {}", info.name)?;
    if let Some(built) = info.built {
        writeln!(text, "built       {built}")?;
    }
    if !info.digest.is_empty() {
        writeln!(text, "digest      {}", info.digest)?;
    }
    writeln!(text, "advisories  {}", info.advisories)?;
    for source in &info.sources {
        let newest = source.newest.map_or_else(String::new, |newest| format!(", newest {newest}"));
        writeln!(text, "  {:<20} {:>8}{newest}", source.id, source.advisories)?;
    }
    Ok(text)
}

fn build_text(report: &BuildReport, output: &Path, quiet: bool) -> anyhow::Result<String> {
    let mut text = String::new();
    if !quiet {
        for form in &report.forms {
            writeln!(text, "{}: {} files, {} records, {} kept", form.id, form.files, form.read(), form.kept)?;
            for (reason, count) in &form.refused {
                writeln!(text, "  {count} refused: {reason}")?;
            }
        }
        for source in &report.sources {
            write!(text, "{}: {} read", source.id, source.read)?;
            if source.withdrawn > 0 {
                write!(text, ", {} withdrawn", source.withdrawn)?;
            }
            writeln!(text, ", {} in the database", source.advisories)?;
        }
        for dropped in &report.dropped {
            let plimsoll_dbbuild::Dropped { reason, ecosystem, count, example } = dropped;
            writeln!(text, "left out: {count} of {ecosystem}: {reason} (such as {example})")?;
        }
        if report.unrecognised > 0 {
            writeln!(text, "{} files are no advisories", report.unrecognised)?;
        }
    }
    writeln!(
        text,
        "{} advisories, {} facts, {} ecosystems, {} bytes: {}",
        report.advisories,
        report.facts,
        report.ecosystems.len(),
        report.bytes,
        output.display()
    )?;
    Ok(text)
}
