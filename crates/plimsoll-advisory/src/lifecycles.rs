//! The built-in table of when the support of distributions' releases ends, so that an image past its end of life is
//! recognised without any feed. The facts stand in `data/lifecycles.txt`, in a form made for reviewing.

use plimsoll_types::{Lifecycle, Timestamp};

use crate::sources::eol;

const DATA: &str = include_str!("../data/lifecycles.txt");

/// The built-in table. The crate's tests make sure that every line of it can be read.
pub fn lifecycles() -> Vec<Lifecycle> {
    lines(DATA).into_iter().filter_map(Result::ok).collect()
}

/// The releases of `data`, or for each the number of the line that cannot be read.
fn lines(data: &str) -> Vec<Result<Lifecycle, usize>> {
    let mut product = "";
    let mut releases = Vec::new();
    for (number, line) in data.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with(' ') {
            releases.push(release(product, line).ok_or_else(|| number.saturating_add(1)));
        } else {
            product = line.trim();
        }
    }
    releases
}

/// `12 2023-06-10 2026-07-11 2028-06-30`.
fn release(product: &str, line: &str) -> Option<Lifecycle> {
    let mut words = line.split_whitespace();
    let ecosystem = eol::ecosystem(product, words.next()?)?;
    let mut date = || -> Option<Option<Timestamp>> {
        match words.next()? {
            "-" => Some(None),
            date => date.parse().ok().map(Some),
        }
    };
    let (released, ends, extended_ends) = (date()?, date()?, date()?);
    words.next().is_none().then_some(Lifecycle { ecosystem, released, ends, extended_ends })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_line_can_be_read_and_says_something() {
        let all = lines(DATA);
        assert!(all.len() > 120);
        let mut seen = BTreeSet::new();
        for line in all {
            let line = line.unwrap_or_else(|line| panic!("line {line}"));
            assert!(line.released < line.ends, "{}", line.ecosystem);
            assert!(line.extended_ends.is_none() || line.ends <= line.extended_ends, "{}", line.ecosystem);
            assert!(seen.insert(line.ecosystem.clone()), "{} twice", line.ecosystem);
        }
    }

    // Expected: distro-info-data 0.58+deb12u7 for Debian and Ubuntu, Red Hat's life cycle page, Alpine's release branches.
    #[test]
    fn known_ends() {
        let all = lifecycles();
        for (ecosystem, ends, extended) in [
            ("Debian:12", "2026-07-11", "2028-06-30"),
            ("Debian:10", "2022-09-10", "2024-06-30"),
            ("Ubuntu:18.04:LTS", "2023-05-31", "2028-04-26"),
            ("Ubuntu:23.10", "2024-07-11", ""),
            ("Alpine:v3.18", "2025-05-09", ""),
            ("Red Hat:enterprise_linux:7", "2024-06-30", "2028-06-30"),
            ("SUSE:Linux Enterprise Server 15 SP5", "2024-12-31", "2027-12-31"),
        ] {
            let found = all.iter().find(|one| one.ecosystem == ecosystem).unwrap();
            let date = |date: &str| date.parse::<Timestamp>().ok();
            assert_eq!((found.ends, found.extended_ends), (date(ends), date(extended)), "{ecosystem}");
        }
    }

    #[test]
    fn broken_lines_are_named() {
        for line in [
            " 12 2023-06-10 2026-07-11",
            " 12 2023-06-10 2026-07-11 - x",
            " x 2023-06-10 2026-07-11 -",
            " 12 soon - -",
        ] {
            assert!(matches!(lines(&format!("debian\n{line}\n"))[..], [Err(2)]), "{line}");
        }
    }
}
