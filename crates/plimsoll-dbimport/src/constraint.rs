//! Version constraints as advisory databases write them for packages of programming languages: `>=4.2.0, <4.2.7`,
//! `^1.2 || ~2.3`, `~> 1.2.3`, `[1.0,2.0)`.
//!
//! Comparators beside one another hold together, `||` separates alternatives. What `~`, `^` and a version with few numbers
//! mean differs: in npm's grammar `<=1.2` includes 1.2.9, elsewhere it does not.

use plimsoll_advisory::sources::intervals::{Bound, Interval, MAX_INTERVALS, between};
use plimsoll_advisory::{Affected, Event};
use plimsoll_types::Status;
use plimsoll_version::VersionScheme;

/// The most pairs of intervals that are held against one another for one record.
const MAX_PAIRS: usize = 200_000;

/// What a constraint is read with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grammar {
    /// How versions are ordered.
    pub(crate) versions: &'static dyn VersionScheme,
    /// Whether a version with fewer than three numbers stands for all that begin with them, as npm has it.
    pub(crate) partial: bool,
}

impl Grammar {
    /// The grammar of an ecosystem as OSV spells it.
    pub(crate) fn of(ecosystem: &str) -> Grammar {
        let spec = plimsoll_catalog::ecosystem_for_advisories(ecosystem);
        let versions = spec.map_or(&plimsoll_version::GENERIC as &dyn VersionScheme, |spec| spec.versions);
        Grammar { versions, partial: ecosystem == "npm" }
    }

    fn is(&self, scheme: &str) -> bool {
        self.versions.id() == scheme
    }

    /// Whether versions have three numbers, no more and no fewer, as Semantic Versioning has it.
    fn has_three_numbers(&self) -> bool {
        matches!(self.versions.id(), "hex" | "npm" | "pub" | "semver")
    }
}

/// What an advisory says of a package's versions.
#[derive(Debug, Default)]
pub(crate) struct Stated {
    /// Affected.
    pub(crate) vulnerable: Vec<String>,
    /// Fixed.
    pub(crate) patched: Vec<String>,
    /// Never affected.
    pub(crate) unaffected: Vec<String>,
}

/// Writes into `affected` which versions are: those that are vulnerable, where nothing is said of that all of them, but
/// for those that are patched or unaffected.
///
/// # Errors
///
/// What cannot be read, for people.
pub(crate) fn fill(affected: &mut Affected, stated: &Stated, grammar: Grammar) -> Result<(), String> {
    let all = || vec![Interval::default()];
    let Stated { vulnerable, patched, unaffected } = stated;
    // An empty constraint, in the words of the database's own client: "we should detect it anyway".
    let anyway = vulnerable.iter().chain(patched).any(|text| text.trim().is_empty());
    let (mut ends, mut ignored) = (Vec::new(), Vec::new());
    let mut found =
        if anyway || vulnerable.is_empty() { all() } else { parse_all(vulnerable, grammar, &mut ends)? };
    let mut fixes = Vec::new();
    if !anyway {
        if vulnerable.is_empty() && patched.is_empty() && unaffected.is_empty() {
            return Ok(());
        }
        let read = |texts: &[String], ignored: &mut Vec<String>| {
            let mut found = Vec::new();
            for text in texts {
                match parse_all(std::slice::from_ref(text), grammar, ignored) {
                    Ok(mut intervals) => found.append(&mut intervals),
                    // What is vulnerable stands by itself; what is only known by its opposite does not.
                    Err(_) if !vulnerable.is_empty() => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(found)
        };
        let mut safe = read(patched, &mut ignored)?;
        let lowers = safe.iter().filter_map(|safe| safe.lower.as_ref()).filter(|lower| lower.inclusive);
        fixes = lowers.map(|lower| lower.version.clone()).collect();
        safe.append(&mut read(unaffected, &mut ignored)?);
        if !safe.is_empty() {
            let gaps = between(grammar.versions, safe.into_iter().map(|safe| (safe, ())).collect());
            let gaps: Vec<Interval> = gaps.into_iter().map(|(gap, _)| gap).collect();
            found = intersect(&found, &gaps, grammar.versions)?;
        }
    }
    let is_fix = |version: &str| {
        if patched.is_empty() {
            ends.iter().any(|end| end == version)
        } else {
            fixes.iter().any(|fix| {
                fix == version || grammar.versions.compare(fix, version).is_ok_and(|order| order.is_eq())
            })
        }
    };
    for mut interval in found {
        // Nothing comes before the zero with which every line of versions begins.
        let before_all =
            interval.upper.as_ref().is_some_and(|upper| upper.version == "0" && !upper.inclusive);
        if before_all || interval.is_empty(grammar.versions) {
            continue;
        }
        if let Some(version) = interval.single() {
            affected.versions.push(version.to_owned());
            continue;
        }
        // `<=1.5.1` with the fix 1.5.2: no version lies between, so that the fix can be named.
        if let Some(upper) = interval.upper.as_mut().filter(|upper| upper.inclusive)
            && let Some(fix) = next(&upper.version).filter(|next| fixes.contains(next))
        {
            *upper = Bound { version: fix, inclusive: false };
        }
        let fixed = interval.upper.as_ref().is_some_and(|upper| !upper.inclusive && is_fix(&upper.version));
        if fixed {
            affected.status = Status::Fixed;
        }
        let end = if fixed { Event::Fixed } else { Event::Limit };
        affected.ranges.push(interval.range(successor(grammar), end));
    }
    Ok(())
}

/// Reads alternatives. The versions of which `<` says that they are the first that is not affected are added to `ends`.
fn parse_all(texts: &[String], grammar: Grammar, ends: &mut Vec<String>) -> Result<Vec<Interval>, String> {
    let mut found = Vec::new();
    for text in texts {
        for alternative in text.split("||") {
            parse(alternative, grammar, ends, &mut found)
                .ok_or_else(|| format!("not a constraint: {text}"))?;
            if found.len() > 10 * MAX_INTERVALS {
                return Err("too many alternatives".to_owned());
            }
        }
    }
    Ok(found)
}

fn parse(text: &str, grammar: Grammar, ends: &mut Vec<String>, out: &mut Vec<Interval>) -> Option<()> {
    let text = text.trim();
    if text.starts_with(['[', '(']) {
        return brackets(text, grammar, ends, out);
    }
    let mut set = vec![Interval::default()];
    let mut rest = text;
    let mut any = false;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.is_empty() {
            break;
        }
        let (operator, after) = split(rest, |c| !matches!(c, '<' | '>' | '=' | '!' | '~' | '^'));
        let after = after.trim_start();
        let (version, mut after) = split(after, |c| c.is_whitespace() || matches!(c, ',' | '<' | '>' | '='));
        // `1.0!=1.2` is two comparators, `1!0` is a version with an epoch.
        let version = match version.strip_suffix('!') {
            Some(version) if after.starts_with('=') => {
                after = rest.get(rest.len() - after.len() - 1..)?;
                version
            }
            _ => version,
        };
        if version.is_empty() {
            return None;
        }
        rest = after;
        any = true;
        let part = match (operator, rest.trim_start().strip_prefix("- ")) {
            // `1.2.3 - 2.3.4`
            ("", Some(after)) if rest.starts_with(char::is_whitespace) => {
                let (last, after) = split(after.trim_start(), |c| c.is_whitespace() || c == ',');
                rest = after;
                let low = comparator(">=", version, grammar, ends)?;
                intersect(&low, &comparator("<=", last, grammar, ends)?, grammar.versions).ok()?
            }
            _ => comparator(operator, version, grammar, ends)?,
        };
        set = intersect(&set, &part, grammar.versions).ok()?;
        if set.len() > MAX_INTERVALS {
            return None;
        }
    }
    // A constraint that is empty would hold for everything; where that is meant, a star says so.
    any.then(|| out.append(&mut set))
}

fn split(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at_checked(text.find(ends).unwrap_or(text.len())).unwrap_or((text, ""))
}

/// One comparator, such as `>=1.2`, `~> 1.2.3`, `1.x`; a list, because `!=1.2` has two sides.
fn comparator(
    operator: &str,
    version: &str,
    grammar: Grammar,
    ends: &mut Vec<String>,
) -> Option<Vec<Interval>> {
    let scheme = grammar.versions;
    let mut interval = Interval::default();
    let os = matches!(scheme.id(), "apk" | "dpkg" | "rpm");
    let stripped = match version.strip_prefix(['v', 'V']) {
        Some(stripped) if !os && !grammar.is("golang") => stripped,
        _ => version,
    };
    if matches!(stripped, "*" | "x" | "X") && !os {
        return matches!(operator, "" | "=" | "==" | ">=" | "<=" | "~" | "^").then(|| vec![interval]);
    }
    let mut wild = None;
    if !os && let Some(at) = stripped.find(['*', 'x', 'X']) {
        let (start, rest) = stripped.split_at_checked(at)?;
        // The rest must be wild too: `1.x.x`.
        let all = rest.split('.').all(|part| matches!(part, "*" | "x" | "X"));
        wild = start.strip_suffix('.').filter(|_| all);
    }
    let (version, given) = match wild {
        Some(start) => (start, numbers(start)?.len()),
        None => (stripped, numbers(stripped).map_or(0, |numbers| numbers.len())),
    };
    let is_partial = wild.is_some() || (grammar.partial && given < 3);
    let low = lowest(version, grammar);
    scheme.compare(&low, &low).ok()?;
    // The first version that begins with other numbers.
    let beyond = |place: usize| raise(version, place, grammar);
    match operator {
        "" | "=" | "==" if is_partial => {
            interval.from(scheme, &begin(&low, grammar), true);
            interval.to(scheme, &beyond(given)?, false);
        }
        "" | "=" | "==" | "===" => {
            interval.from(scheme, &low, true);
            interval.to(scheme, &low, true);
        }
        "!=" => {
            let (from, to) =
                if is_partial { (begin(&low, grammar), beyond(given)?) } else { (low.clone(), low) };
            let before = Interval { lower: None, upper: Some(Bound { version: from, inclusive: false }) };
            let after = Interval { lower: Some(Bound { version: to, inclusive: is_partial }), upper: None };
            return Some(vec![before, after]);
        }
        ">=" | "=>" if is_partial => interval.from(scheme, &begin(&low, grammar), true),
        ">=" | "=>" => interval.from(scheme, &low, true),
        ">" if is_partial => interval.from(scheme, &beyond(given)?, true),
        ">" => interval.from(scheme, &low, false),
        "<" => {
            interval.to(scheme, &low, false);
            ends.push(low);
        }
        "<=" | "=<" if is_partial => interval.to(scheme, &beyond(given)?, false),
        "<=" | "=<" => interval.to(scheme, &low, true),
        // Gem and PEP 440 drop the last number; so does Composer with its single tilde.
        "~>" | "~=" => {
            interval.from(scheme, &low, true);
            interval.to(scheme, &beyond(given.saturating_sub(1).max(1))?, false);
        }
        "~" => {
            let place = if grammar.is("composer") { given.saturating_sub(1).max(1) } else { given.min(2) };
            interval.from(scheme, &if is_partial { begin(&low, grammar) } else { low }, true);
            interval.to(scheme, &beyond(place)?, false);
        }
        "^" => {
            let leading = numbers(version)?.iter().position(|number| *number != 0).map_or(given, |at| at + 1);
            interval.from(scheme, &if is_partial { begin(&low, grammar) } else { low }, true);
            interval.to(scheme, &beyond(leading.min(given))?, false);
        }
        _ => return None,
    }
    Some(vec![interval])
}

/// Ranges in Maven's and NuGet's notation: `[1.0,2.0)`, `(,1.0]`, `[1.0]`, several after one another.
fn brackets(text: &str, grammar: Grammar, ends: &mut Vec<String>, out: &mut Vec<Interval>) -> Option<()> {
    let mut rest = text;
    while !rest.is_empty() {
        let close = rest.find([']', ')'])?;
        let from = rest.starts_with('[');
        let to = rest.get(close..)?.starts_with(']');
        let inside = rest.get(1..close)?;
        let mut interval = Interval::default();
        let (low, high) = inside.split_once(',').unwrap_or((inside, inside));
        let (low, high) = (low.trim(), high.trim());
        for (version, lower, inclusive) in [(low, true, from), (high, false, to)] {
            if version.is_empty() {
                continue;
            }
            grammar.versions.compare(version, version).ok()?;
            if lower {
                interval.from(grammar.versions, version, inclusive);
            } else {
                interval.to(grammar.versions, version, inclusive);
                if !inclusive {
                    ends.push(version.to_owned());
                }
            }
        }
        out.push(interval);
        if out.len() > MAX_INTERVALS {
            return None;
        }
        rest = rest.get(close + 1..)?.trim_start_matches([',', ' ']);
        if !rest.is_empty() && !rest.starts_with(['[', '(']) {
            return None;
        }
    }
    Some(())
}

/// What lies in both.
fn intersect(a: &[Interval], b: &[Interval], versions: &dyn VersionScheme) -> Result<Vec<Interval>, String> {
    if a.len().saturating_mul(b.len()) > MAX_PAIRS {
        return Err("too many alternatives".to_owned());
    }
    let mut both = Vec::with_capacity(a.len().max(b.len()));
    for a in a {
        for b in b {
            let mut interval = a.clone();
            if let Some(lower) = &b.lower {
                interval.from(versions, &lower.version, lower.inclusive);
            }
            if let Some(upper) = &b.upper {
                interval.to(versions, &upper.version, upper.inclusive);
            }
            if !interval.is_empty(versions) {
                both.push(interval);
            }
        }
    }
    Ok(both)
}

/// The numbers that a version begins with.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let numbers: Option<Vec<u64>> = version
        .get(..end)?
        .split('.')
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect();
    numbers.filter(|numbers| !numbers.is_empty() && numbers.len() <= 16)
}

/// The version itself; SemVer knows none with fewer than three numbers, so that zeros are added.
fn lowest(version: &str, grammar: Grammar) -> String {
    let plain = version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match numbers(version) {
        Some(mut numbers) if grammar.has_three_numbers() && plain && numbers.len() < 3 => {
            numbers.resize(3, 0);
            join(&numbers)
        }
        _ => version.to_owned(),
    }
}

/// Where versions begin that start with the numbers of `version`, prereleases included, as far as the grammar counts those.
fn begin(version: &str, grammar: Grammar) -> String {
    match grammar.versions.id() {
        "pep440" => format!("{version}.dev0"),
        _ if grammar.has_three_numbers() && !version.contains('-') => format!("{version}-0"),
        // Words come before numbers, and `a` before all words.
        "rubygems" => format!("{version}.a"),
        _ => version.to_owned(),
    }
}

/// The first version in which the number at `place` (counted from 1) is greater, its prereleases included.
fn raise(version: &str, place: usize, grammar: Grammar) -> Option<String> {
    let mut numbers = numbers(version)?;
    numbers.resize(numbers.len().max(place.max(1)), 0);
    numbers.truncate(place.max(1));
    let last = numbers.last_mut()?;
    *last = last.checked_add(1)?;
    if grammar.has_three_numbers() {
        numbers.resize(3, 0);
    }
    Some(begin(&join(&numbers), grammar))
}

fn join(numbers: &[u64]) -> String {
    let mut text = String::new();
    for number in numbers {
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(&number.to_string());
    }
    text
}

/// The version whose last number is one more: no other lies between, as long as versions are plain numbers.
fn next(version: &str) -> Option<String> {
    let (start, last) = version.rsplit_once('.')?;
    if !start.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    Some(format!("{start}.{}", last.parse::<u64>().ok()?.checked_add(1)?))
}

/// The function that gives a version after another and before any that is likely to exist.
fn successor(grammar: Grammar) -> fn(&str) -> String {
    match grammar.versions.id() {
        "golang" | "hex" | "npm" | "pub" | "semver" => |version| {
            if version.contains('-') {
                return format!("{version}.0");
            }
            let version = version.split('+').next().unwrap_or(version);
            match version.rsplit_once('.').and_then(|(start, last)| Some((start, last.parse::<u64>().ok()?)))
            {
                Some((start, last)) => format!("{start}.{}-0", last.saturating_add(1)),
                None => version.to_owned(),
            }
        },
        // PEP 440: "greater than" leaves out the version's own post-releases.
        "pep440" => |version| {
            if version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
                format!("{version}.0.0.1.dev0")
            } else {
                format!("{version}.post0.dev0")
            }
        },
        "composer" | "nuget" => |version| {
            if version.contains('-') {
                return format!("{version}.0");
            }
            let numbers = version.split('.').count();
            format!("{version}{}.1", ".0".repeat(3usize.saturating_sub(numbers)))
        },
        _ => |version| format!("{version}.0.1"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn affected(ecosystem: &str, stated: &Stated) -> Result<Affected, String> {
        let mut affected = Affected::default();
        fill(&mut affected, stated, Grammar::of(ecosystem)).map(|()| affected)
    }

    fn strings(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    /// Whether a version is affected, as OSV evaluates ranges of one start and at most one end.
    fn holds(affected: &Affected, version: &str, versions: &dyn VersionScheme) -> bool {
        let compare = |a: &str, b: &str| versions.compare(a, b).unwrap();
        affected.versions.iter().any(|listed| compare(listed, version).is_eq())
            || affected.ranges.iter().any(|range| {
                range.events.iter().all(|event| match event {
                    Event::Introduced(start) => start == "0" || compare(version, start).is_ge(),
                    Event::Fixed(end) | Event::Limit(end) => compare(version, end).is_lt(),
                    Event::LastAffected(end) => compare(version, end).is_le(),
                })
            })
    }

    /// Tables of constraint × version made with node-semver 7.8.6 (`includePrerelease`), packaging 26.4, RubyGems 3.3.15
    /// and composer/semver 3.3.2.
    #[test]
    fn constraints_mean_what_the_tools_say() {
        for (ecosystem, table) in [
            ("npm", include_str!("../tests/fixtures/constraints/npm.tsv")),
            ("PyPI", include_str!("../tests/fixtures/constraints/pypi.tsv")),
            ("RubyGems", include_str!("../tests/fixtures/constraints/rubygems.tsv")),
            ("Packagist", include_str!("../tests/fixtures/constraints/packagist.tsv")),
        ] {
            let mut lines = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
            let versions = lines.next().unwrap();
            let mut wrong = Vec::new();
            for line in lines {
                let stated = Stated { vulnerable: strings(&line[..1]), ..Stated::default() };
                let affected = affected(ecosystem, &stated).unwrap();
                for (version, expected) in versions.iter().zip(&line).skip(1) {
                    if holds(&affected, version, Grammar::of(ecosystem).versions) != (*expected == "1") {
                        wrong.push(format!("{} {version}: {:?}", line[0], affected.ranges));
                    }
                }
            }
            assert!(wrong.is_empty(), "{ecosystem}:\n{}", wrong.join("\n"));
        }
    }

    fn show(affected: &Affected) -> String {
        let mut parts: Vec<String> = affected.versions.iter().map(|version| format!("={version}")).collect();
        parts.extend(affected.ranges.iter().map(|range| {
            let events = range.events.iter().map(|event| match event {
                Event::Introduced(version) => format!("i {version}"),
                Event::Fixed(version) => format!("f {version}"),
                Event::LastAffected(version) => format!("la {version}"),
                Event::Limit(version) => format!("l {version}"),
            });
            events.collect::<Vec<_>>().join(" ")
        }));
        parts.join("; ")
    }

    #[test]
    fn what_is_stated_becomes_ranges() {
        for (ecosystem, vulnerable, patched, unaffected, expected) in [
            ("npm", &["<4.17.21"][..], &["4.17.21"][..], &[][..], "i 0 f 4.17.21"),
            ("npm", &["<4.17.21"], &[], &[], "i 0 f 4.17.21"),
            // Where another version is the fix, the end of the range is none.
            ("npm", &["<2.0.0"], &["1.9.5"], &[], "i 0 f 1.9.5; i 1.9.6-0 l 2.0.0"),
            ("npm", &["<=1.5.1"], &[">=1.5.2"], &[], "i 0 f 1.5.2"),
            ("npm", &["<=1.5.1"], &[">=1.6.0"], &[], "i 0 la 1.5.1"),
            ("npm", &["=3.3.6"], &["4.0.0"], &[], "=3.3.6"),
            ("npm", &[""], &[], &[], "i 0"),
            ("npm", &["<1.0.0"], &[""], &[], "i 0"),
            ("npm", &[], &[], &[], ""),
            // What is vulnerable stands even if what is patched is no version.
            ("npm", &["<1.0.0"], &["unknown"], &[], "i 0 l 1.0.0"),
            (
                "PyPI",
                &[">=2.2, <2.2.28", ">=4.0, <4.0.4"],
                &["2.2.28", "4.0.4"],
                &[],
                "i 2.2 f 2.2.28; i 4.0 f 4.0.4",
            ),
            ("crates.io", &[">=0.0.0-0, <0.9.1"], &["0.9.1"], &[], "i 0.0.0-0 f 0.9.1"),
            ("Go", &[">=0"], &[], &[], "i 0"),
            (
                "Go",
                &["<1.18.8", ">=1.19.0-0, <1.19.3"],
                &["1.18.8", "1.19.3"],
                &[],
                "i 0 f 1.18.8; i 1.19.0-0 f 1.19.3",
            ),
            ("Maven", &["[2.0,2.17.1)", "(,1.2.17]"], &["2.17.1"], &[], "i 2.0 f 2.17.1; i 0 la 1.2.17"),
            ("Maven", &[">=2.13.0, <2.15.0"], &["2.15.0"], &[], "i 2.13.0 f 2.15.0"),
            ("NuGet", &[">= 13.0.0, < 13.0.1"], &["13.0.1"], &[], "i 13.0.0 f 13.0.1"),
            (
                "RubyGems",
                &[],
                &["~> 2.0.9, >= 2.0.9.1", ">= 2.2.3.1"],
                &["< 1.2"],
                "i 1.2 f 2.0.9.1; i 2.1.a f 2.2.3.1",
            ),
            ("RubyGems", &[], &[], &["< 1.2"], "i 1.2"),
            ("RubyGems", &[], &[">= 0"], &[], ""),
            // A world whose grammar is not known here.
            ("Erlang", &["<=1.3.20"], &[], &[], "i 0 la 1.3.20"),
        ] {
            let stated = Stated {
                vulnerable: strings(vulnerable),
                patched: strings(patched),
                unaffected: strings(unaffected),
            };
            let found = affected(ecosystem, &stated).unwrap();
            assert_eq!(show(&found), expected, "{ecosystem} {stated:?}");
            let fixed = found
                .ranges
                .iter()
                .flat_map(|range| &range.events)
                .any(|event| matches!(event, Event::Fixed(_)));
            assert_eq!(found.status == Status::Fixed, fixed);
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let many = "!=1.0.0 ".repeat(1_000) + &"!=1.0.1 ".repeat(1_000);
        for text in [
            "about 3",
            "<",
            "<<1.0.0",
            ">",
            "[1.0",
            "[1.0,2.0) or so",
            "latest",
            "\u{e9}",
            "=",
            "1.x.y.z <",
            &many,
        ] {
            let stated = Stated { vulnerable: vec![text.to_owned()], ..Stated::default() };
            let found = affected("npm", &stated);
            assert!(found.is_err() || text == many, "{text}: {found:?}");
        }
        let stated = Stated { patched: strings(&["unknown"]), ..Stated::default() };
        assert!(affected("npm", &stated).is_err());
    }
}
