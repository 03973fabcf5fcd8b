//! Which image and which packages a VEX statement's products are.

use plimsoll_advisory::vex::Product;
use plimsoll_types::{Package, PackageUrl, TargetReport};

use super::cpe;
use crate::purl;

/// What identifies a target.
pub(super) struct Image {
    /// Digests: manifest, image id, and those in the name under which it was asked for.
    digests: Vec<String>,
    /// Repositories with host, each with a tag where there is one.
    repositories: Vec<(String, Option<String>)>,
    architecture: String,
}

impl Image {
    pub(super) fn of(target: &TargetReport) -> Image {
        let Some(image) = &target.image else {
            return Image { digests: Vec::new(), repositories: Vec::new(), architecture: String::new() };
        };
        let mut digests: Vec<String> =
            image.manifest.iter().chain(&image.id).map(ToString::to_string).collect();
        let mut repositories: Vec<(String, Option<String>)> =
            image.tags.iter().filter_map(|tag| reference(tag)).collect();
        let (name, digest) = match target.name.split_once('@') {
            Some((name, digest)) => (name, digest.split(' ').next()),
            None => (target.name.as_str(), None),
        };
        digests.extend(digest.map(str::to_owned));
        // The name is a reference only where it looks like one: it may be a file's.
        if digest.is_some() {
            repositories.extend(reference(name));
        }
        Image { digests, repositories, architecture: image.platform.architecture.clone() }
    }

    /// True when `product` is about `package` in this target.
    pub(super) fn covers(&self, product: &Product, package: &Package, target: &TargetReport) -> bool {
        let part = |id: &String| names_package(id, package);
        if self.is(&product.id) {
            return product.subcomponents.is_empty() || product.subcomponents.iter().any(part);
        }
        if is_platform(&product.id, target) {
            // A platform as a whole is named together with its parts: alone it would speak of everything in it.
            return !product.subcomponents.is_empty() && product.subcomponents.iter().any(part);
        }
        if product.subcomponents.is_empty() {
            return names_package(&product.id, package);
        }
        // A part of another product: only where that product brings the part, which is told by where the two lie.
        product.subcomponents.iter().any(part)
            && (names_package(&product.id, package)
                || target
                    .packages
                    .iter()
                    .any(|other| names_package(&product.id, other) && brings(other, package)))
    }

    fn is(&self, id: &str) -> bool {
        if let Some(digest) = id.strip_prefix("sha256:").or_else(|| id.strip_prefix("sha512:")) {
            return !digest.is_empty() && self.digests.iter().any(|known| known == id);
        }
        match id.parse::<PackageUrl>() {
            Ok(purl) if purl.kind == "oci" || purl.kind == "docker" => self.is_purl(&purl),
            _ => false,
        }
    }

    fn is_purl(&self, purl: &PackageUrl) -> bool {
        if purl.qualifier("arch").is_some_and(|arch| arch != self.architecture) {
            return false;
        }
        // A docker purl's version is a tag or a digest; an oci one's is a digest.
        let by_digest = purl.version.contains(':');
        if by_digest && !self.digests.contains(&purl.version) {
            return false;
        }
        let tag = purl
            .qualifier("tag")
            .or_else(|| Some(purl.version.as_str()).filter(|version| !by_digest && !version.is_empty()));
        let repository = purl.qualifier("repository_url").map(canonical);
        let fits = self.repositories.iter().any(|(name, known_tag)| {
            let last = name.rsplit('/').next().unwrap_or(name);
            let named = last.eq_ignore_ascii_case(&purl.name)
                && (purl.namespace.is_empty()
                    || name.ends_with(&format!("/{}/{}", purl.namespace, purl.name)));
            let placed = repository.as_ref().is_none_or(|wanted| {
                // Some leave the name out of it.
                wanted == name || name.strip_prefix(wanted.as_str()) == Some(&format!("/{last}"))
            });
            // A digest says more than a tag that may have moved since.
            let tagged = by_digest || tag.is_none_or(|tag| known_tag.as_deref() == Some(tag));
            named && placed && tagged
        });
        // A digest names the content wherever it lies; an archive on disk has no repository to compare.
        fits || (by_digest && self.repositories.is_empty())
    }
}

/// True when a part's or a product's identifier is a package's.
fn names_package(id: &str, package: &Package) -> bool {
    match id.get(..4) {
        Some("pkg:") => id
            .parse()
            .is_ok_and(|wanted| purl::covers(&wanted, &package.purl) || names_source(&wanted, package)),
        Some(start) if start.eq_ignore_ascii_case("cpe:") => {
            package.cpes.iter().any(|known| cpe::covers(id, known))
        }
        _ => false,
    }
}

/// True when a package URL names the source package from which a package was built, as vendors do with `arch=src` (RPM)
/// and `arch=source` (Debian).
fn names_source(wanted: &PackageUrl, package: &Package) -> bool {
    let arch = |value: &str| wanted.qualifiers.iter().any(|(k, v)| k == "arch" && v == value);
    let rpm = wanted.kind == "rpm" && (arch("src") || arch("nosrc"));
    let deb = wanted.kind == "deb" && arch("source");
    if !(rpm || deb) {
        return false;
    }
    let (name, version) = package.source_or_self();
    let mut source = package.purl.clone();
    source.name = name.to_owned();
    source.qualifiers.retain(|(key, _)| key == "distro");
    // purl-spec keeps the epoch out of an rpm's version.
    match version.split_once(':') {
        Some((epoch, rest)) if rpm => {
            source.version = rest.to_owned();
            source.qualifiers.push(("epoch".to_owned(), epoch.to_owned()));
        }
        _ => source.version = version.to_owned(),
    }
    let mut wanted = wanted.clone();
    wanted.qualifiers.retain(|(key, _)| key != "arch");
    purl::covers(&wanted, &source)
}

/// True when a product's identifier is the distribution of the target.
fn is_platform(id: &str, target: &TargetReport) -> bool {
    target.distro.as_ref().is_some_and(|distro| !distro.cpe.is_empty() && cpe::covers(id, &distro.cpe))
}

/// True when `inner` lies in the same file as `outer`, or in an archive in it: a Go program and its modules, a jar and
/// the jars in it.
fn brings(outer: &Package, inner: &Package) -> bool {
    outer.locations.iter().any(|outer| {
        inner.locations.iter().any(|inner| {
            inner.path == outer.path
                || inner.path.strip_prefix(outer.path.as_str()).is_some_and(|rest| rest.starts_with("!/"))
        })
    })
}

/// A reference's repository, with its host, and its tag.
fn reference(text: &str) -> Option<(String, Option<String>)> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return None;
    }
    let text = text.split('@').next().unwrap_or(text);
    let (name, tag) = match text.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag.to_owned())),
        _ => (text, None),
    };
    // What a layout keeps as a tag alone names no repository.
    (!name.is_empty() && (name.contains('/') || tag.is_some())).then(|| (canonical(name), tag))
}

/// A repository with its host, by the rules of the distribution reference grammar.
fn canonical(name: &str) -> String {
    let name = name.trim_start_matches("https://").trim_end_matches('/').to_ascii_lowercase();
    let name = name
        .strip_prefix("index.docker.io/")
        .map_or_else(|| name.clone(), |rest| format!("docker.io/{rest}"));
    match name.split_once('/') {
        Some(("docker.io", rest)) if !rest.contains('/') => format!("docker.io/library/{rest}"),
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => name,
        Some(_) => format!("docker.io/{name}"),
        // A registry's host alone, as some write `repository_url`.
        None if name.contains(['.', ':']) => name,
        None => format!("docker.io/library/{name}"),
    }
}
