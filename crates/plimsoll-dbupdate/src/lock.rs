//! One update at a time: an advisory lock on a file. Readers of the index never take it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How often a lock that another process has is tried again.
const STEP: Duration = Duration::from_millis(50);

/// The lock; it ends when this is dropped, or with the process.
pub(crate) struct Lock {
    _file: File,
}

/// Takes the lock at `path`, waiting for another process at most as long as `patience` says. `None` when that has it
/// still.
pub(crate) fn acquire(path: &Path, patience: Duration) -> io::Result<Option<Lock>> {
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) if begun.elapsed() >= patience => return Ok(None),
            Err(TryLockError::WouldBlock) => thread::sleep(STEP.min(patience)),
            // A file system without locks: renaming alone keeps readers safe, the worst is a second download.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Ok(Some(Lock { _file: file }));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}
