//! The advisory database on the command line: which one is used, and the `db` commands.

mod build;
mod convert;
mod diff;
mod export;
mod fresh;
mod jars;
mod push;
mod search;
mod status;
mod update;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use plimsoll_db::Index;
use plimsoll_types::{DatabaseInfo, Timestamp};

use crate::args::{Db, Which};
use crate::exit::{Exit, usage};
use crate::output;

pub(crate) use fresh::for_scan;
pub(crate) use jars::for_scan as jars_for_scan;
pub(crate) use update::download;

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

/// The folder of databases.
fn folder(cache_dir: Option<&Path>) -> Option<PathBuf> {
    Some(cache_folder(cache_dir)?.join("db"))
}

/// Where the database is installed.
fn installed(cache_dir: Option<&Path>) -> Option<PathBuf> {
    Some(folder(cache_dir)?.join(format!("advisories-v{}.index", plimsoll_db::FORMAT_VERSION)))
}

/// The current time, or the one that `SOURCE_DATE_EPOCH` names, for output that can be made again byte for byte.
pub(crate) fn now() -> Timestamp {
    let named = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|value| value.parse().ok());
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64);
    Timestamp::from_seconds(named.unwrap_or_else(clock))
}

/// The time that this machine's clock says: what was fetched when, and how old it is, has nothing to do with the time
/// that reports are to bear.
fn clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp::from_seconds(since.map_or(0, |time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX)))
}

/// Where the database is to be installed.
fn place(cache_dir: Option<&Path>) -> anyhow::Result<PathBuf> {
    installed(cache_dir)
        .ok_or_else(|| usage("there is no place for the database: neither --cache-dir nor HOME is set"))
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

/// Opens the database that a command is about.
fn open_which(which: &Which) -> anyhow::Result<(Index, DatabaseInfo)> {
    open(which.db.as_deref(), which.cache_dir.as_deref())
}

/// The `db` commands.
pub(crate) fn run(command: &Db) -> anyhow::Result<Exit> {
    match command {
        Db::Update(arguments) => update::update(arguments),
        Db::Import { path, cache_dir, quiet } => update::import(path, cache_dir.as_deref(), *quiet),
        Db::Build { from, output, cache_dir, quiet } => {
            build::build(from, output.as_deref(), cache_dir.as_deref(), *quiet)
        }
        Db::Push(arguments) => push::push(arguments),
        Db::Status { which, format } => status::status(which, *format),
        Db::Verify { which } => {
            let (index, info) = open_which(which)?;
            index.verify().with_context(|| format!("{} is damaged", info.name))?;
            output::standard(format!("{}: sound\n", info.name).as_bytes())?;
            Ok(Exit::Success)
        }
        Db::Search { query, ecosystem, which, format } => {
            search::search(query, ecosystem.as_deref(), which, *format)
        }
        Db::Diff { before, after, format } => diff::diff(before, after, *format),
        Db::Export { which, output } => export::export(which, output.as_deref()),
    }
}
