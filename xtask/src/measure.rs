//! Whole processes measured: what the kernel says of a child when it is waited for (wait4(2), getrusage(2)).

use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use anyhow::Context;

/// What a process used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usage {
    /// Seconds of processor time, user and system, children that it waited for included.
    pub(crate) cpu: f64,
    /// Seconds from start to end.
    pub(crate) wall: f64,
    /// The most resident memory in bytes.
    pub(crate) peak: f64,
    /// Bytes written to file systems on disks, deleted files included.
    pub(crate) written: f64,
}

/// Runs a program to its end. Its standard input and output are what the caller set (nothing, when it set none).
///
/// The child begins with this process' resident memory in its account, so this process must stay smaller than whatever
/// it measures.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<Usage> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut errors = tempfile::tempfile().context("cannot make a temporary file")?;
    command.stderr(errors.try_clone()?);
    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("cannot run {name}"))?;
    let (status, usage) = wait(child.id())?;
    let wall = start.elapsed().as_secs_f64();
    if !status.success() {
        anyhow::bail!("{name} failed ({status}): {}", last_words(&mut errors));
    }
    Ok(Usage { wall, ..usage })
}

/// A command that reads nothing and whose output goes nowhere.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// The median of each figure over `runs` runs of each program, which take turns so that a change in the machine's mood
/// meets all of them. One run more goes before and does not count: files come into the page cache.
pub(crate) fn medians<const N: usize>(
    runs: u16,
    programs: [&mut dyn FnMut() -> anyhow::Result<Usage>; N],
) -> anyhow::Result<[Usage; N]> {
    let mut all: [Vec<Usage>; N] = std::array::from_fn(|_| Vec::new());
    let mut programs = programs;
    for round in 0..=runs {
        for (program, usages) in programs.iter_mut().zip(&mut all) {
            let usage = program()?;
            if round > 0 {
                usages.push(usage);
            }
        }
    }
    Ok(all.map(|usages| Usage {
        cpu: median(usages.iter().map(|usage| usage.cpu)),
        wall: median(usages.iter().map(|usage| usage.wall)),
        peak: median(usages.iter().map(|usage| usage.peak)),
        written: median(usages.iter().map(|usage| usage.written)),
    }))
}

/// The middle one; of an even number the upper middle, which never flatters.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Waits for a child and takes its account.
// The standard library waits without giving the account, and no safe wrapper of wait4 is worth a dependency here.
#[allow(unsafe_code)]
fn wait(pid: u32) -> anyhow::Result<(ExitStatus, Usage)> {
    let pid = libc::pid_t::try_from(pid).context("a process id that does not fit")?;
    let mut status = 0;
    // SAFETY: rusage is plain numbers, for which all bits zero are a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to live locals of the right type, and `pid` is a child that nothing else waits for.
        let waited = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
        if waited == pid {
            break;
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error).context("cannot wait for a child");
        }
    }
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let usage = Usage {
        cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        wall: 0.0,
        // Linux counts in KiB; others in bytes.
        peak: usage.ru_maxrss as f64 * if cfg!(target_os = "linux") { 1024.0 } else { 1.0 },
        written: usage.ru_oublock as f64 * 512.0,
    };
    Ok((ExitStatus::from_raw(status), usage))
}

fn last_words(errors: &mut File) -> String {
    let mut text = Vec::new();
    let _ = errors.rewind().and_then(|()| errors.read_to_end(&mut text));
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.iter().skip(lines.len().saturating_sub(3)).copied().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_measured() {
        let usage =
            run(command("sh").args(["-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"])).unwrap();
        assert!(usage.cpu > 0.0 && usage.cpu < 60.0, "{usage:?}");
        assert!(usage.wall > 0.0 && usage.peak > 100_000.0, "{usage:?}");
        let error = run(command("sh").args(["-c", "echo no such thing >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("no such thing"), "{error}");
        assert!(run(&mut command("a program that is not there")).is_err());
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([1.0, 2.0].into_iter()), 2.0);
    }
}
