//! What package databases say of the files that packages brought.

pub(crate) mod apk;
pub(crate) mod dpkg;
pub(crate) mod rpm;

use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output};
use plimsoll_types::Scanner;

/// Asks the driver for the digests of files that a package manager could own. It looks at no file itself.
pub(crate) struct Sums;

impl Analyzer for Sums {
    fn id(&self) -> &'static str {
        "integrity/sums"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn interest(&self) -> Interest {
        Interest { wants: |_| false, ..Interest::NONE }
    }

    fn sums(&self) -> Option<fn(&[u8]) -> bool> {
        Some(is_system_path)
    }

    fn analyze(&self, _file: &File<'_>, _out: &mut Output) -> Result<(), AnalyzeError> {
        Ok(())
    }
}

/// Whether packages of the operating system bring files at `path`: the directories of the Filesystem Hierarchy Standard for
/// programs, libraries, data and configuration. Not `/usr/local` and `/usr/src`, nor `/home`, `/opt`, `/root`, `/srv`, `/var` and
/// what an image has beside them: there applications live, and what packages have there changes as it runs.
pub(crate) fn is_system_path(path: &[u8]) -> bool {
    let Some(slash) = memchr::memchr(b'/', path) else { return false };
    let (first, rest) = path.split_at(slash);
    match first {
        b"bin" | b"sbin" | b"lib" | b"lib32" | b"lib64" | b"libx32" | b"boot" | b"etc" => true,
        b"usr" => !rest.starts_with(b"/local/") && !rest.starts_with(b"/src/"),
        _ => false,
    }
}

/// Reads hexadecimal digits into bytes, as many as `out` holds; false when they are none.
pub(crate) fn hex(digits: &[u8], out: &mut [u8]) -> bool {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    digits.len() == out.len() * 2
        && digits.chunks_exact(2).zip(out.iter_mut()).all(|(pair, byte)| match *pair {
            [high, low] => match (value(high), value(low)) {
                (Some(high), Some(low)) => {
                    *byte = high << 4 | low;
                    true
                }
                _ => false,
            },
            _ => false,
        })
}

/// A path of a database relative to the root.
pub(crate) fn relative(path: &[u8]) -> &[u8] {
    let path = path.strip_prefix(b".").filter(|rest| rest.starts_with(b"/")).unwrap_or(path);
    let slashes = path.iter().take_while(|&&byte| byte == b'/').count();
    &path[slashes..]
}
