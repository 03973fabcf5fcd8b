//! Turns a definition's logic into claims: which packages of which release are affected in which versions.
//!
//! The logic of these feeds is a tree of AND and OR whose leaves are tests. A leaf that compares a package's version,
//! or asks whether it is installed, is a claim. A leaf that asks for the release, the architecture of the machine or
//! an enabled module is a condition of the claims beside and below it in an AND. Leaves that ask who signed a package,
//! what kernel is running or how a file was verified say nothing about what an image holds and are left out.

use std::collections::HashMap;
use std::rc::Rc;

use super::document::{Items, Node, Object, Operation, State, TestKind};
use super::{SourceFault, errata};
use crate::{Event, Range};

/// The most statements of one definition: names of packages times releases times architectures and bounds.
const MAX_STATEMENTS: usize = 1_000_000;
/// The most architectures of one pattern.
const MAX_ARCHES: usize = 64;
/// The most releases, architectures and modules that stand together, each.
const MAX_CONDITIONS: usize = 1_000;

/// What a definition says of packages that share their version.
#[derive(Debug, Clone, Default)]
pub(super) struct Claim<'a> {
    /// The names; empty when the test names none and only its comment says what it is about.
    pub(super) names: &'a [String],
    /// How the version is compared; all of them hold. Empty for "installed".
    pub(super) bounds: Vec<(Operation, &'a str)>,
    /// Architectures to which the test itself is limited.
    pub(super) arches: Vec<&'a str>,
    /// The comment of the test's criterion.
    pub(super) comment: &'a str,
    /// True when the definition negates it.
    pub(super) negated: bool,
    /// What holds beside it.
    pub(super) conditions: Rc<Conditions<'a>>,
}

/// What must hold for a claim.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions<'a> {
    /// Releases, any of them: `Oracle Linux 8`.
    pub(super) platforms: Vec<&'a str>,
    /// Architectures of the machine, any of them.
    pub(super) arches: Vec<&'a str>,
    /// Modules: `nodejs:18`.
    pub(super) modules: Vec<&'a str>,
}

impl Claim<'_> {
    /// The affected range; `None` when nothing is affected or the comparison has no place in a range.
    pub(super) fn range(&self) -> Option<Range> {
        let (mut start, mut end) = (None, None);
        for (operation, version) in &self.bounds {
            let version = errata::without_zero_epoch(version);
            if !super::text::is_name(version) {
                return None;
            }
            let zero = matches!(version, "0" | "0-0");
            match operation {
                Operation::Less if zero => return None,
                Operation::Less => end = end.or(Some(Event::Fixed(version.to_owned()))),
                Operation::LessOrEqual => end = end.or(Some(Event::LastAffected(version.to_owned()))),
                Operation::Greater | Operation::GreaterOrEqual if zero => {}
                // A range has no way to say "after"; that version itself counts as affected.
                Operation::Greater | Operation::GreaterOrEqual => start = Some(version.to_owned()),
                Operation::Equal => {
                    start = Some(version.to_owned());
                    end = Some(Event::LastAffected(version.to_owned()));
                }
                Operation::Other => return None,
            }
        }
        let mut events = vec![Event::Introduced(start.unwrap_or_else(|| "0".to_owned()))];
        events.extend(end);
        Some(Range { events })
    }
}

/// The claims of a definition's logic. With `opaque` a source names the comments of tests that are claims although
/// the test is not about packages. `platforms` is how many the definition itself names, for which a claim without any
/// counts.
pub(super) fn claims<'a>(
    items: &'a Items,
    node: &'a Node,
    opaque: fn(&str) -> bool,
    platforms: usize,
) -> Result<Vec<Claim<'a>>, SourceFault> {
    let mut walk = Walk { items, opaque, platforms, left: MAX_STATEMENTS, out: Vec::new() };
    walk.node(node, &Rc::default())?;
    Ok(walk.out)
}

/// What a leaf stands for.
enum Leaf<'a> {
    Claim(Claim<'a>, /* object */ &'a str),
    Platform(&'a str),
    Arch(&'a str),
    Module(&'a str),
    Nothing,
}

struct Walk<'a> {
    items: &'a Items,
    opaque: fn(&str) -> bool,
    platforms: usize,
    /// How many statements there may still be.
    left: usize,
    out: Vec<Claim<'a>>,
}

impl<'a> Walk<'a> {
    /// Criteria nest no deeper than the reader let them.
    fn node(&mut self, node: &'a Node, conditions: &Rc<Conditions<'a>>) -> Result<(), SourceFault> {
        match node {
            Node::Extend => Ok(()),
            // A negated group would have to be turned inside out; no feed has one.
            Node::Criteria { negated: true, .. } => Ok(()),
            Node::Test { .. } => match self.leaf(node)? {
                Leaf::Claim(claim, _) => self.push(claim, conditions),
                _ => Ok(()),
            },
            Node::Criteria { any: true, children, .. } => {
                children.iter().try_for_each(|child| self.node(child, conditions))
            }
            Node::Criteria { any: false, children, .. } => self.all(children, conditions),
        }
    }

    fn all(&mut self, children: &'a [Node], outer: &Rc<Conditions<'a>>) -> Result<(), SourceFault> {
        let mut own = Conditions::default();
        let (mut claims, mut groups): (Vec<Claim<'a>>, Vec<&'a Node>) = (Vec::new(), Vec::new());
        let mut by_object: HashMap<&str, usize> = HashMap::new();
        for child in children {
            if let Node::Test { .. } = child {
                match self.leaf(child)? {
                    // Tests of the same object together are one claim: "at least 2.0" and "earlier than 2.4".
                    Leaf::Claim(claim, object) => {
                        let known = by_object.get(object).and_then(|place| claims.get_mut(*place));
                        match known.filter(|_| !claim.negated && !claim.names.is_empty()) {
                            Some(known) => {
                                known.bounds.extend(claim.bounds);
                                known.arches.extend(claim.arches);
                            }
                            None => {
                                if !claim.negated && !claim.names.is_empty() {
                                    by_object.insert(object, claims.len());
                                }
                                claims.push(claim);
                            }
                        }
                    }
                    leaf => add(&mut own, leaf),
                }
            } else if !self.conditions_only(child, &mut own)? {
                groups.push(child);
            }
        }
        let conditions = Rc::new(Conditions {
            platforms: if own.platforms.is_empty() { outer.platforms.clone() } else { own.platforms },
            arches: if own.arches.is_empty() { outer.arches.clone() } else { own.arches },
            modules: if own.modules.is_empty() { outer.modules.clone() } else { own.modules },
        });
        if [&conditions.platforms, &conditions.arches, &conditions.modules]
            .iter()
            .any(|list| list.len() > MAX_CONDITIONS)
        {
            return Err(SourceFault::TooMany(format!("more than {MAX_CONDITIONS} conditions together")));
        }
        // Beside a comparison, that another package is installed is a condition and no claim of its own.
        let compares = claims.iter().any(|claim| !claim.bounds.is_empty());
        for claim in claims {
            if !compares || !claim.bounds.is_empty() || claim.names.is_empty() {
                self.push(claim, &conditions)?;
            }
        }
        groups.into_iter().try_for_each(|group| self.node(group, &conditions))
    }

    /// Whether there is no claim in a group; if so, its conditions are added.
    fn conditions_only(&self, node: &'a Node, own: &mut Conditions<'a>) -> Result<bool, SourceFault> {
        let mut found = Conditions::default();
        let only = self.gather(node, &mut found)?;
        if only {
            own.platforms.extend(found.platforms);
            own.arches.extend(found.arches);
            own.modules.extend(found.modules);
        }
        Ok(only)
    }

    fn gather(&self, node: &'a Node, found: &mut Conditions<'a>) -> Result<bool, SourceFault> {
        match node {
            Node::Extend => Ok(true),
            Node::Test { .. } => match self.leaf(node)? {
                Leaf::Claim(..) => Ok(false),
                leaf => {
                    add(found, leaf);
                    Ok(true)
                }
            },
            Node::Criteria { children, .. } => {
                for child in children {
                    if !self.gather(child, found)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }

    fn push(&mut self, mut claim: Claim<'a>, conditions: &Rc<Conditions<'a>>) -> Result<(), SourceFault> {
        let platforms = match conditions.platforms.len() {
            0 => self.platforms,
            own => own,
        };
        let limits = [&claim.arches, &conditions.arches, &conditions.modules];
        let limits = limits.iter().fold(0usize, |sum, list| sum.saturating_add(list.len()));
        let statements = [claim.names.len(), platforms, limits, claim.bounds.len()]
            .iter()
            .fold(1usize, |product, count| product.saturating_mul((*count).max(1)));
        let Some(left) = self.left.checked_sub(statements) else {
            return Err(SourceFault::TooMany(format!("more than {MAX_STATEMENTS} packages and releases")));
        };
        self.left = left;
        claim.conditions = Rc::clone(conditions);
        self.out.push(claim);
        Ok(())
    }

    fn leaf(&self, node: &'a Node) -> Result<Leaf<'a>, SourceFault> {
        let Node::Test { reference, comment, negated } = node else { return Ok(Leaf::Nothing) };
        let missing =
            |what: &str, id: &str| SourceFault::Missing(format!("the {what} {id} is not in the file"));
        let test = self.items.tests.get(reference).ok_or_else(|| missing("test", reference))?;
        let condition = comment.strip_suffix(" is installed").map(str::trim);
        match test.kind {
            TestKind::Other if (self.opaque)(comment) => {
                let claim = Claim { comment, negated: *negated, ..Claim::default() };
                return Ok(Leaf::Claim(claim, &test.object));
            }
            TestKind::Other if test.inverted || *negated => return Ok(Leaf::Nothing),
            TestKind::Other => return Ok(condition.map_or(Leaf::Nothing, Leaf::Platform)),
            TestKind::File => {
                let module = comment
                    .trim()
                    .strip_prefix("Module ")
                    .and_then(|rest| rest.strip_suffix(" is enabled"))
                    .filter(|module| !negated && super::text::is_name(module));
                return Ok(module.map_or(Leaf::Nothing, Leaf::Module));
            }
            TestKind::Package => {}
        }
        let object = self.items.objects.get(&test.object).ok_or_else(|| missing("object", &test.object))?;
        let names: &'a [String] = match object {
            Object::Names(names) => names,
            Object::Variable(id) => self.items.variables.get(id).ok_or_else(|| missing("variable", id))?,
            Object::Other => return Ok(Leaf::Nothing),
        };
        let mut states = Vec::with_capacity(test.states.len());
        for id in &test.states {
            states.push(self.items.states.get(id).ok_or_else(|| missing("state", id))?);
        }
        if (1..=16).contains(&names.len()) && names.iter().all(|name| name.ends_with("-release")) {
            return Ok(match states.iter().find_map(|state| state.arch.as_deref()) {
                _ if test.inverted || *negated => Leaf::Nothing,
                Some(arch) => Leaf::Arch(arch),
                None => condition.map_or(Leaf::Nothing, Leaf::Platform),
            });
        }
        // Not installed at all, or installed in no such version: not a statement about what is affected.
        if test.inverted {
            return Ok(Leaf::Nothing);
        }
        let mut claim = Claim { names, comment, negated: *negated, ..Claim::default() };
        for state in &states {
            if let Some(bound) = self.bound(state)? {
                claim.bounds.push(bound);
            }
            claim.arches.extend(state.arch.as_deref().into_iter().flat_map(arches));
        }
        // States that speak of neither version nor architecture ask who signed the package.
        if !states.is_empty() && claim.bounds.is_empty() && claim.arches.is_empty() {
            return Ok(Leaf::Nothing);
        }
        Ok(Leaf::Claim(claim, &test.object))
    }

    fn bound(&self, state: &'a State) -> Result<Option<(Operation, &'a str)>, SourceFault> {
        let Some((operation, version)) = &state.evr else { return Ok(None) };
        match &state.evr_variable {
            None => Ok(Some((*operation, version))),
            Some(id) => match self.items.variables.get(id).map(Vec::as_slice) {
                Some([value]) => Ok(Some((*operation, value))),
                // Computed from the running system, or several: no version that a range could name.
                Some(_) => Ok(Some((Operation::Other, version))),
                None => Err(SourceFault::Missing(format!("the variable {id} is not in the file"))),
            },
        }
    }
}

fn add<'a>(conditions: &mut Conditions<'a>, leaf: Leaf<'a>) {
    match leaf {
        Leaf::Platform(platform) => conditions.platforms.push(platform),
        Leaf::Arch(arch) => conditions.arches.extend(arches(arch)),
        Leaf::Module(module) => conditions.modules.push(module),
        Leaf::Claim(..) | Leaf::Nothing => {}
    }
}

/// The architectures of a pattern that lists them: `aarch64|ppc64le|x86_64`, `^(i386|i686)$`.
fn arches(pattern: &str) -> impl Iterator<Item = &str> {
    let is_arch = |arch: &&str| {
        !arch.is_empty() && arch.len() <= 32 && arch.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let inner = pattern.trim().trim_start_matches('^').trim_end_matches('$');
    let inner = inner.trim_start_matches('(').trim_end_matches(')');
    inner.split('|').map(str::trim).filter(is_arch).take(MAX_ARCHES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let range = |bounds: &[(Operation, &'static str)]| {
            let claim = Claim { bounds: bounds.to_vec(), ..Claim::default() };
            claim.range().map(|range| {
                range.events.iter().map(|event| format!("{event:?}")).collect::<Vec<_>>().join(" ")
            })
        };
        use Operation::*;
        for (bounds, expected) in [
            (&[][..], Some("Introduced(\"0\")")),
            (&[(Less, "0:1.2-3")], Some("Introduced(\"0\") Fixed(\"1.2-3\")")),
            (&[(LessOrEqual, "1:1.2-3")], Some("Introduced(\"0\") LastAffected(\"1:1.2-3\")")),
            (&[(GreaterOrEqual, "0:1-1"), (Less, "0:2-1")], Some("Introduced(\"1-1\") Fixed(\"2-1\")")),
            (&[(Greater, "0:0-0")], Some("Introduced(\"0\")")),
            (&[(Equal, "0:1-1")], Some("Introduced(\"1-1\") LastAffected(\"1-1\")")),
            (&[(Less, "0:0")], None),
            (&[(Less, "0")], None),
            (&[(Less, "")], None),
            (&[(Other, "1-1")], None),
        ] {
            assert_eq!(range(bounds).as_deref(), expected, "{bounds:?}");
        }
    }

    #[test]
    fn architectures() {
        let list = |pattern| arches(pattern).collect::<Vec<_>>().join(",");
        assert_eq!(list("aarch64|ppc64le|s390x|x86_64"), "aarch64,ppc64le,s390x,x86_64");
        assert_eq!(list("^(i386|i686)$"), "i386,i686");
        assert_eq!(list(".*"), "");
    }
}
