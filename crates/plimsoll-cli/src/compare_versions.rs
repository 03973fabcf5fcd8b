//! `plimsoll compare-versions`: how an ecosystem orders versions, for everyone who wonders why something matched.

use std::cmp::Ordering;
use std::io::{self, BufRead, BufWriter, Write};

use anyhow::Context;
use plimsoll_version::VersionScheme;

use crate::args::CompareVersions;
use crate::exit::{Exit, message, usage};

/// Reads a pair a line and prints its order. A pair that cannot be compared prints `?` in its place and the reason to
/// standard error; it does not end the run but shows in the exit code.
pub(crate) fn run(arguments: &CompareVersions) -> anyhow::Result<Exit> {
    let Some(scheme) = find(&arguments.ecosystem) else {
        let ids: Vec<_> =
            plimsoll_catalog::ecosystems::ECOSYSTEMS.iter().map(|entry| entry.spec.id).collect();
        return Err(usage(format!(
            "there is no ecosystem '{}'; there is {}",
            arguments.ecosystem,
            ids.join(", ")
        )));
    };
    let mut input = io::stdin().lock();
    let mut output = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    let written = "cannot write to standard output";
    let mut line = Vec::new();
    let mut number = 0_u64;
    let mut failed = false;
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).context("cannot read standard input")? == 0 {
            break;
        }
        number += 1;
        let order = str::from_utf8(&line).map_err(|_| "not UTF-8".to_owned()).and_then(|text| {
            let mut words = text.split_ascii_whitespace();
            match (words.next(), words.next(), words.next()) {
                (Some(a), Some(b), None) => scheme.compare(a, b).map_err(|error| error.to_string()),
                _ => Err("expected two versions".to_owned()),
            }
        });
        let sign: &[u8] = match order {
            Ok(Ordering::Less) => b"<\n",
            Ok(Ordering::Equal) => b"=\n",
            Ok(Ordering::Greater) => b">\n",
            Err(reason) => {
                failed = true;
                message("error", &format!("line {number}: {reason}"));
                b"?\n"
            }
        };
        output.write_all(sign).context(written)?;
    }
    output.flush().context(written)?;
    Ok(if failed { Exit::Usage } else { Exit::Success })
}

/// The grammar that a word means: an ecosystem's, a distribution's, or its own name.
fn find(word: &str) -> Option<&'static dyn VersionScheme> {
    let word = word.to_ascii_lowercase();
    let of_ecosystem = |id: &str| plimsoll_catalog::ecosystem(id).map(|spec| spec.versions);
    of_ecosystem(&word)
        .or_else(|| {
            let distro = plimsoll_catalog::distros::DISTROS
                .iter()
                .find(|entry| entry.spec.id == word || entry.spec.os_release_ids.contains(&word.as_str()))?;
            of_ecosystem(distro.spec.package_ecosystem)
        })
        .or_else(|| plimsoll_version::scheme(&word))
}
