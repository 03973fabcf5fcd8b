//! From the facts of layers to what the image holds: which facts are still alive, which files a link makes
//! interesting, who brought a package, and which package owns another's files.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use plimsoll_analysis::{
    BString, ByteSlice, DistroFact, Fact, FactProblem, FileFacts, Found, LayerFacts, NodeKind, PackageFact,
    ResolveError, Selection, View, join,
};
use plimsoll_db::JarIndex;
use plimsoll_image::Image;
use plimsoll_types::{Distro, Location, Package, PackageUrl, Problem, ProblemCode, SourcePackage};

use crate::{ScanError, Scanner, jars};

/// The layers of a target with their facts, and the way back to their bytes.
pub(crate) struct Layers<'a> {
    pub(crate) facts: &'a [LayerFacts],
    pub(crate) image: Option<&'a Image>,
    pub(crate) root: Option<&'a Path>,
}

/// What a target holds.
pub(crate) struct Merged<'a> {
    /// What was stated of files that are there, second looks included.
    pub(crate) live: Vec<Live<'a>>,
    pub(crate) distro: Option<Distro>,
    pub(crate) packages: Vec<Package>,
    pub(crate) problems: Vec<Problem>,
}

/// The facts of one file that is there in the merged image.
pub(crate) struct Live<'a> {
    pub(crate) layer: usize,
    pub(crate) file: Cow<'a, FileFacts>,
}

/// A file that a link or a companion makes worth a second look.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Look {
    pub(crate) layer: usize,
    /// Where its content is.
    pub(crate) path: Vec<u8>,
    /// The path under which the analyzers want it.
    pub(crate) seen_as: Vec<u8>,
    pub(crate) selection: Selection,
    /// Companions: the ending, the layer and the path.
    pub(crate) companions: Vec<(&'static str, usize, Vec<u8>)>,
}

impl Scanner<'_> {
    pub(crate) fn merge<'a>(&self, layers: &Layers<'a>, view: &View<'a>) -> Result<Merged<'a>, ScanError> {
        let mut problems = Vec::new();
        let skip = |path: &[u8]| self.options.skip.skips(path);

        let mut live: Vec<Live<'_>> = Vec::new();
        for (layer, facts) in layers.facts.iter().enumerate() {
            for file in &facts.files {
                if view.is_alive(&file.path, layer) && !skip(&file.path) {
                    live.push(Live { layer, file: Cow::Borrowed(file) });
                }
            }
            for (path, fault) in &facts.problems {
                // A file that is gone by now need not have been read.
                let gone = facts.index.get(path).is_some() && !view.is_alive(path, layer);
                if !gone && (path.is_empty() || !skip(path)) {
                    problems.push(problem(layers, layer, "", path, fault));
                }
            }
        }
        let looks = self.looks(view, &live, &mut problems);
        let looks: Vec<Look> = looks.into_iter().filter(|look| !skip(&look.seen_as)).collect();
        for (look, files) in self.take_looks(layers, looks, &mut problems)? {
            // With companions, what was said without them is out of date.
            if !look.companions.is_empty() {
                live.retain(|old| !(old.layer == look.layer && old.file.path == look.seen_as));
            }
            live.extend(files.into_iter().map(|file| Live { layer: look.layer, file: Cow::Owned(file) }));
        }
        for found in &live {
            for fault in &found.file.problems {
                problems.push(problem(layers, found.layer, &found.file.analyzer, &found.file.path, fault));
            }
        }
        let distro = distro(&live);
        let mut packages = packages(view, layers, &live, distro.as_ref(), self.jars);
        let facts = || live.iter().flat_map(|live| &live.file.facts);
        crate::exposure::mark(view, layers.image.map(|image| &image.config), facts, &mut packages);
        let os_packages = packages.iter().filter(|package| package.ecosystem.os).count();
        let known = distro.as_ref().and_then(plimsoll_catalog::distro_spec);
        if os_packages == 0 && known.is_some() {
            let os_database = |live: &Live<'_>| {
                let id = live.file.analyzer.split('/').next().unwrap_or_default();
                plimsoll_catalog::ecosystem(id).is_some_and(|spec| spec.os)
            };
            if !live.iter().any(os_database) {
                let name = known.map(|spec| spec.title).unwrap_or_default();
                problems.push(Problem {
                    code: ProblemCode::NoPackageDatabase,
                    analyzer: String::new(),
                    path: String::new(),
                    layer: None,
                    message: format!("the image is {name} but has no package database that could be read"),
                });
            }
        }
        if os_packages > 0 && distro.is_none() {
            problems.push(Problem {
                code: ProblemCode::UnknownDistribution,
                analyzer: String::new(),
                path: String::new(),
                layer: None,
                message: format!(
                    "{os_packages} packages are installed but no file says of which distribution"
                ),
            });
        }
        Ok(Merged { live, distro, packages, problems })
    }

    /// The files that links and companions make worth a second look.
    fn looks(&self, view: &View<'_>, live: &[Live<'_>], problems: &mut Vec<Problem>) -> Vec<Look> {
        let matcher = self.driver.matcher();
        let analyzers = self.driver.analyzers();
        let seen: HashSet<(usize, &[u8], &str)> =
            live.iter().map(|live| (live.layer, &**live.file.path, live.file.analyzer.as_str())).collect();
        // Whoever looked at a file and found nothing left no facts; that it would have looked is known from its path.
        let looked = |found: &Found<'_>, bit: usize| {
            view.is_alive(&found.path, found.layer)
                && (matcher.by_path(&found.path) & (1 << bit) != 0
                    || seen.contains(&(found.layer, &found.path[..], analyzers[bit].id())))
        };
        let mut looks: BTreeMap<Vec<u8>, Look> = BTreeMap::new();
        let mut want = |seen_as: Vec<u8>, found: Found<'_>, selection: Selection| {
            let selection = (0..analyzers.len())
                .filter(|&bit| selection & (1 << bit) != 0 && !looked(&found, bit))
                .fold(0, |selection, bit| selection | 1 << bit);
            if selection != 0 && found.kind() == NodeKind::File && found.path != seen_as {
                looks.entry(seen_as.clone()).and_modify(|look| look.selection |= selection).or_insert(Look {
                    layer: found.layer,
                    path: found.path,
                    seen_as,
                    selection,
                    companions: Vec::new(),
                });
            }
        };
        for (path, selection) in matcher.paths() {
            match view.resolve(path) {
                Ok(Some(found)) => want(path.to_vec(), found, selection),
                Ok(None) => {}
                // A file of interest that cannot be reached: were it a package database, its packages would be
                // missing without a word.
                Err(error) if !self.options.skip.skips(path) => problems.push(broken(path, error)),
                Err(_) => {}
            }
        }
        for (directory, _) in matcher.directories() {
            let Ok(Some(found)) = view.resolve(directory) else { continue };
            if found.kind() == NodeKind::Directory && found.path != directory {
                for child in view.children(&found.path) {
                    let seen_as = join(directory, &child.path);
                    let selection = matcher.named(&seen_as);
                    if selection != 0
                        && let Ok(Some(found)) = view.resolve(&child.path)
                    {
                        want(seen_as, found, selection);
                    }
                }
            }
        }
        for (layer, index) in view.layers().iter().enumerate() {
            for node in index.nodes() {
                if !matches!(node.kind, NodeKind::Symlink | NodeKind::HardLink) {
                    continue;
                }
                let path = index.path(node);
                let selection = matcher.named(path);
                if selection != 0
                    && view.is_alive(path, layer)
                    && let Ok(Some(found)) = view.resolve(path)
                {
                    want(path.to_vec(), found, selection);
                }
            }
        }
        let mut looks: Vec<Look> = looks.into_values().collect();
        // Companions: an empty one says nothing.
        for (bit, analyzer) in analyzers.iter().enumerate() {
            for ending in analyzer.interest().companions {
                let main: Vec<(usize, Vec<u8>, Vec<u8>)> = live
                    .iter()
                    .filter(|live| live.file.analyzer == analyzer.id())
                    .map(|live| (live.layer, live.file.path.to_vec(), live.file.path.to_vec()))
                    .chain(
                        looks
                            .iter()
                            .filter(|look| look.selection & (1 << bit) != 0)
                            .map(|look| (look.layer, look.path.clone(), look.seen_as.clone())),
                    )
                    .collect();
                for (layer, path, seen_as) in main {
                    let beside = [&path[..], ending.as_bytes()].concat();
                    let Ok(Some(found)) = view.resolve(&beside) else { continue };
                    if found.node.is_none_or(|node| node.size == 0 || node.kind != NodeKind::File) {
                        continue;
                    }
                    let companion = (*ending, found.layer, found.path);
                    match looks.iter_mut().find(|look| look.seen_as == seen_as) {
                        Some(look) => look.companions.push(companion),
                        None => {
                            let selection = 1 << bit;
                            looks.push(Look { layer, path, seen_as, selection, companions: vec![companion] });
                        }
                    }
                }
            }
        }
        looks
    }
}

fn broken(path: &[u8], error: ResolveError) -> Problem {
    Problem {
        code: ProblemCode::BrokenLink,
        analyzer: String::new(),
        path: path.to_str_lossy().into_owned(),
        layer: None,
        message: error.to_string(),
    }
}

fn problem(layers: &Layers<'_>, layer: usize, analyzer: &str, path: &[u8], fault: &FactProblem) -> Problem {
    let code = ProblemCode::ALL.into_iter().find(|code| code.code() == fault.code);
    Problem {
        code: code.unwrap_or(ProblemCode::UnreadableFile),
        analyzer: analyzer.to_owned(),
        path: path.to_str_lossy().into_owned(),
        layer: layer_number(layers, layer),
        message: fault.message.clone(),
    }
}

pub(crate) fn layer_number(layers: &Layers<'_>, layer: usize) -> Option<u32> {
    layers.image.and_then(|_| u32::try_from(layer).ok())
}

/// Puts together what the files say of the distribution.
fn distro(live: &[Live<'_>]) -> Option<Distro> {
    let mut facts: Vec<&DistroFact> = live
        .iter()
        .flat_map(|live| &live.file.facts)
        .filter_map(|fact| if let Fact::Distro(fact) = fact { Some(fact) } else { None })
        .collect();
    facts.sort_by_key(|fact| std::cmp::Reverse(fact.rank));
    /// Above this rank a file is exact about the version but does not decide which distribution it is: derivatives
    /// keep their parent's version file.
    const VERSION_ONLY: u8 = 20;
    let first = facts.iter().find(|fact| fact.rank <= VERSION_ONLY).or_else(|| facts.first())?;
    let mut distro = Distro { id: first.id.clone(), ..Distro::default() };
    for fact in facts.iter().filter(|fact| fact.id == first.id) {
        let fill = |into: &mut String, from: &str| {
            if into.is_empty() {
                from.clone_into(into);
            }
        };
        fill(&mut distro.name, &fact.name);
        fill(&mut distro.version, &fact.version);
        fill(&mut distro.codename, &fact.codename);
        fill(&mut distro.pretty_name, &fact.pretty_name);
        fill(&mut distro.variant, &fact.variant);
        fill(&mut distro.cpe, &fact.cpe);
        if distro.id_like.is_empty() {
            distro.id_like.clone_from(&fact.id_like);
        }
    }
    let sets: BTreeSet<&String> = live
        .iter()
        .flat_map(|live| &live.file.facts)
        .filter_map(|fact| if let Fact::ContentSets(sets) = fact { Some(sets) } else { None })
        .flatten()
        .collect();
    distro.content_sets = sets.into_iter().cloned().collect();
    Some(distro)
}

/// What makes two facts one package: ecosystem, name, version, architecture and modularity label.
type Key<'a> = (&'a str, Cow<'a, str>, Cow<'a, str>, &'a str, &'a str);

/// Makes the packages of the merged image.
fn packages(
    view: &View<'_>,
    layers: &Layers<'_>,
    live: &[Live<'_>],
    distro: Option<&Distro>,
    jars: Option<&JarIndex>,
) -> Vec<Package> {
    let spec = distro.and_then(plimsoll_catalog::distro_spec);
    let distro = distro.map(|distro| (distro, spec.map_or("", |spec| spec.id)));
    let mut merged: BTreeMap<Key<'_>, Package> = BTreeMap::new();
    for found in live {
        let older = if found.file.facts.iter().any(|fact| matches!(fact, Fact::Package(_))) {
            older(view, layers, found)
        } else {
            Vec::new()
        };
        for fact in &found.file.facts {
            let Fact::Package(fact) = fact else { continue };
            let Some(ecosystem) = plimsoll_catalog::ecosystem(&fact.ecosystem) else { continue };
            let layer = introduced(found, &older, fact);
            let location = Location {
                path: format!("{}{}", found.file.path.to_str_lossy(), fact.inside),
                layer: layer_number(layers, layer),
            };
            let jars::Identity { name, version, confidence } = jars::identify(fact, jars);
            let named = if *name == fact.name && *version == fact.version {
                Cow::Borrowed(fact)
            } else {
                let (name, version) = (name.clone().into_owned(), version.clone().into_owned());
                Cow::Owned(PackageFact { name, version, ..fact.clone() })
            };
            let key = (ecosystem.id, name, version, fact.arch.as_str(), fact.modularity.as_str());
            let package = merged.entry(key).or_insert_with(|| Package {
                ecosystem,
                name: named.name.clone(),
                version: named.version.clone(),
                arch: fact.arch.clone(),
                source: (!fact.source_name.is_empty()).then(|| SourcePackage {
                    name: fact.source_name.clone(),
                    version: fact.source_version.clone(),
                }),
                licenses: fact.licenses.clone(),
                vendor: fact.vendor.clone(),
                modularity: fact.modularity.clone(),
                locations: Vec::new(),
                purl: plimsoll_catalog::package_url(ecosystem, &named, distro),
                contains: Vec::new(),
                found_by: found.file.analyzer.clone(),
                cpes: fact.cpes.clone(),
                exposure: Vec::new(),
                confidence,
            });
            // Two jars can be the same artifact, of which one says so itself.
            package.confidence = package.confidence.max(confidence);
            package.locations.push(location);
        }
    }
    let mut packages: Vec<Package> = merged.into_values().collect();
    for package in &mut packages {
        package.locations.sort();
        package.locations.dedup();
    }
    give_to_owners(view, live, &mut packages);
    packages
}

/// The packages of a file as a lower layer has it: name, version, architecture and place inside the file.
type Older<'a> = HashSet<(&'a str, &'a str, &'a str, &'a str)>;

/// The lower layers' versions of a file, from the top, as far down as each replaces the next and no layer between
/// deletes it.
fn older<'a>(view: &View<'_>, layers: &Layers<'a>, found: &Live<'_>) -> Vec<(usize, Older<'a>)> {
    let mut chain = Vec::new();
    let mut above = found.layer;
    for layer in (0..found.layer).rev() {
        let facts = &layers.facts[layer];
        let Some(node) = facts.index.get(&found.file.path) else { continue };
        if node.kind != NodeKind::File || view.hidden_by(&found.file.path, layer) != Some(above) {
            break;
        }
        let at = facts.files.partition_point(|file| file.path < found.file.path);
        let packages = facts.files[at..]
            .iter()
            .take_while(|file| file.path == found.file.path)
            .filter(|file| file.analyzer == found.file.analyzer)
            .flat_map(|file| &file.facts)
            .filter_map(|fact| match fact {
                Fact::Package(package) => Some(identity(package)),
                _ => None,
            });
        chain.push((layer, packages.collect()));
        above = layer;
    }
    chain
}

fn identity(package: &PackageFact) -> (&str, &str, &str, &str) {
    (&package.name, &package.version, &package.arch, &package.inside)
}

/// The layer that brought a package: the lowest from which on every version of the file names it.
fn introduced(found: &Live<'_>, older: &[(usize, Older<'_>)], package: &PackageFact) -> usize {
    older
        .iter()
        .take_while(|(_, packages)| packages.contains(&identity(package)))
        .last()
        .map_or(found.layer, |(layer, _)| *layer)
}

/// Finds the language packages whose files belong to a package of the operating system: they are reported as that
/// package. Ownership is looked at on the merged image, so it does not matter which layers the two came from.
fn give_to_owners(view: &View<'_>, live: &[Live<'_>], packages: &mut Vec<Package>) {
    let mut by_path: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for (number, package) in packages.iter().enumerate().filter(|(_, package)| !package.ecosystem.os) {
        for location in &package.locations {
            let file = location.path.split("!/").next().unwrap_or_default();
            by_path.entry(file.as_bytes().to_vec()).or_default().push(number);
        }
    }
    if by_path.is_empty() {
        return;
    }
    let mut roots = Roots { view, known: HashMap::new() };
    // Per language package: its owned locations and who owns them.
    let mut owned: HashMap<usize, BTreeSet<String>> = HashMap::new();
    let mut owners: HashMap<usize, BTreeSet<(&str, &str, &str)>> = HashMap::new();
    let mut own = |paths: &[BString]| -> Vec<(usize, String)> {
        let mut hits = Vec::new();
        for path in paths {
            let direct = by_path.get(&path[..]);
            let moved = if direct.is_none() { roots.real(path) } else { None };
            let hit = direct.or_else(|| moved.as_ref().and_then(|path| by_path.get(path)));
            for &number in hit.into_iter().flatten() {
                let path = moved.as_deref().filter(|_| direct.is_none()).unwrap_or(path);
                hits.push((number, path.to_str_lossy().into_owned()));
            }
        }
        hits
    };
    for found in live {
        for fact in &found.file.facts {
            let (ecosystem, name, arch, paths) = match fact {
                Fact::Package(package) if !package.owned.is_empty() => {
                    (package.ecosystem.as_str(), package.name.as_str(), package.arch.as_str(), &package.owned)
                }
                Fact::Owned(files) => {
                    (files.ecosystem.as_str(), files.name.as_str(), files.arch.as_str(), &files.paths)
                }
                _ => continue,
            };
            for (number, path) in own(paths) {
                owned.entry(number).or_default().insert(path);
                owners.entry(number).or_default().insert((ecosystem, name, arch));
            }
        }
    }
    let mut by_name: HashMap<(&'static str, String), Vec<usize>> = HashMap::new();
    for (number, package) in packages.iter().enumerate().filter(|(_, package)| package.ecosystem.os) {
        by_name.entry((package.ecosystem.id, package.name.clone())).or_default().push(number);
    }
    let mut gone: HashSet<usize> = HashSet::new();
    let mut contained: Vec<(usize, PackageUrl)> = Vec::new();
    for (number, paths) in &owned {
        let mut holders = Vec::new();
        for (ecosystem, name, arch) in &owners[number] {
            let ecosystem = plimsoll_catalog::ecosystem(ecosystem).map_or("", |spec| spec.id);
            let named = by_name.get(&(ecosystem, (*name).to_owned()));
            let holder =
                named.into_iter().flatten().copied().find(|&n| arch.is_empty() || packages[n].arch == *arch);
            holders.extend(holder);
        }
        // A file list without its package: the package was removed, its files may still be there for another reason.
        if holders.is_empty() {
            continue;
        }
        let package = &mut packages[*number];
        let purl = package.purl.clone();
        package
            .locations
            .retain(|location| !paths.contains(location.path.split("!/").next().unwrap_or_default()));
        if package.locations.is_empty() {
            gone.insert(*number);
        }
        contained.extend(holders.into_iter().map(|holder| (holder, purl.clone())));
    }
    for (holder, purl) in contained {
        packages[holder].contains.push(purl);
    }
    for package in packages.iter_mut() {
        package.contains.sort();
        package.contains.dedup();
    }
    let mut number = 0;
    packages.retain(|_| {
        number += 1;
        !gone.contains(&(number - 1))
    });
}

/// Where the directories at the root really are: `/lib` is `usr/lib` on a merged-/usr system, while package databases
/// still name files below `/lib`.
pub(crate) struct Roots<'a, 'b> {
    pub(crate) view: &'a View<'b>,
    pub(crate) known: HashMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Roots<'_, '_> {
    pub(crate) fn real(&mut self, path: &[u8]) -> Option<Vec<u8>> {
        let slash = path.iter().position(|&byte| byte == b'/')?;
        let (first, rest) = path.split_at(slash);
        let view = self.view;
        let real = self.known.entry(first.to_vec()).or_insert_with(|| {
            let found = view.resolve(first).ok().flatten()?;
            (found.path != first && found.kind() == NodeKind::Directory).then_some(found.path)
        });
        real.as_ref().map(|real| [&real[..], rest].concat())
    }
}
