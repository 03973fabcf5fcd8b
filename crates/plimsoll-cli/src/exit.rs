//! How a run ends: exit codes, and errors told once.

use std::io;
use std::process::ExitCode;
use std::sync::Mutex;

use plimsoll_registry::RegistryError;

/// How a run ends. The numbers are documented and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and within policy.
    Success,
    /// Done; the policy is violated. The number is the user's, 1 without one.
    Violation(u8),
    /// The command line or the configuration cannot be understood.
    Usage,
    /// Something of the target could not be analysed, and completeness was asked for.
    Incomplete,
    /// The image, the database or an output file is not available.
    Unavailable,
    /// A bug in Plimsoll.
    Bug,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Success => 0,
            Exit::Violation(code) => code,
            Exit::Usage => 2,
            Exit::Incomplete => 3,
            Exit::Unavailable => 4,
            Exit::Bug => 70,
        })
    }
}

/// An error of the command line or the configuration, found after the arguments were taken apart.
#[derive(Debug)]
pub(crate) struct UsageError(pub(crate) String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// The error for a wrong command line or configuration.
pub(crate) fn usage(message: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(UsageError(message.into()))
}

/// Tells an error with its causes and, apart from it, a hint; says how the run ends.
pub(crate) fn report(error: &anyhow::Error) -> Exit {
    // Whoever reads the report may have seen enough: `plimsoll … | head` is no failure.
    let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken_pipe) {
        return Exit::Success;
    }
    message("error", &chain(error));
    if let Some(hint) = error.chain().find_map(hint) {
        message("hint", &hint);
    }
    if error.chain().any(|cause| cause.is::<UsageError>()) { Exit::Usage } else { Exit::Unavailable }
}

/// Tells something that does not end the run.
pub(crate) fn warn(error: &anyhow::Error) {
    message("warning", &chain(error));
}

/// Prints one line to standard error. Should even that fail, there is nobody left to tell.
pub(crate) fn message(kind: &str, text: &str) {
    use io::Write;
    let _ = writeln!(io::stderr(), "{kind}: {}", plain(text));
}

/// Takes the control characters out of a text that may hold names from an image.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// An error and its causes in one line. A cause that only repeats what was said already is left out.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn hint(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(plimsoll_dbupdate::UpdateError::Failed(failures)) = cause.downcast_ref() {
        return failures.iter().find_map(|(_, error)| hint(error));
    }
    if let Some(error) = cause.downcast_ref::<plimsoll_dbupdate::FetchError>() {
        return std::error::Error::source(error).and_then(hint).or(match error {
            plimsoll_dbupdate::FetchError::Registry(error) => error.hint(),
            _ => None,
        });
    }
    if let Some(plimsoll_dbupdate::ChunkError::Registry(error)) = cause.downcast_ref() {
        return error.hint();
    }
    cause.downcast_ref::<RegistryError>().and_then(RegistryError::hint)
}

static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// Keeps a panic's message for [`bug`].
pub(crate) fn remember_panic(text: &str) {
    if let Ok(mut last) = LAST_PANIC.lock() {
        text.clone_into(&mut last);
    }
}

/// Tells that Plimsoll itself is at fault.
pub(crate) fn bug() -> Exit {
    let last = LAST_PANIC.lock().map(|last| last.clone()).unwrap_or_default();
    message("error", &format!("a bug in Plimsoll: {last}"));
    message("hint", "please report it with the command that was run");
    Exit::Bug
}
