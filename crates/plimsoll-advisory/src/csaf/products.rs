//! What the product ids of a CSAF document stand for (CSAF 2.0, section 3.2.2).

use std::cell::Cell;
use std::collections::HashMap;

use plimsoll_types::PackageUrl;

use super::{Branch, Document, MAX_BRANCH_DEPTH, MAX_PRODUCTS, Product, Relationship};
use crate::openvex::hash_name;
use crate::sources::{SourceError, text};

/// How many relationships one product may stand on. Red Hat's modules need two.
const MAX_STEPS: usize = 16;
/// The longest id of a product, in bytes. Longer ones stand for nothing: looking up what many refer to costs its length
/// each time.
const MAX_ID: usize = 2_048;
/// How many members the product groups of a document may be unfolded to, all references together.
const MAX_MEMBERS: usize = 20_000_000;

/// The architectures that RPM package names end with.
const ARCHES: &[&str] = &[
    "aarch64",
    "aarch64_ilp32",
    "amd64",
    "armv6hl",
    "armv7hl",
    "athlon",
    "i386",
    "i486",
    "i586",
    "i686",
    "ia32e",
    "ia64",
    "loongarch64",
    "noarch",
    "nosrc",
    "ppc",
    "ppc64",
    "ppc64iseries",
    "ppc64le",
    "ppc64pseries",
    "riscv64",
    "s390",
    "s390x",
    "src",
    "x86_64",
];

/// The index of a document's product tree.
#[derive(Debug)]
pub struct Products<'a> {
    plain: HashMap<&'a str, &'a Product>,
    related: HashMap<&'a str, &'a Relationship>,
    groups: HashMap<&'a str, &'a [String]>,
    path: &'a str,
    members_left: Cell<usize>,
}

/// What a product id stands for.
#[derive(Debug, Clone)]
pub struct Resolved<'a> {
    /// The package, or the product itself when it is part of nothing.
    pub component: &'a Product,
    /// The product that the package is part of; `None` when it is part of nothing.
    pub platform: Option<&'a Product>,
    /// What stands between the two, such as an RPM module, outermost first.
    pub between: Vec<&'a Product>,
}

/// An RPM package as a product id, a package URL or a name gives it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RpmPackage {
    /// The name, without version and module.
    pub name: String,
    /// `[epoch:]version-release`, without an epoch of 0; empty when the statement is about no version.
    pub version: String,
    /// The architecture; `src` for a source package, empty when the statement is about any.
    pub arch: String,
    /// The module and stream, such as `nodejs:18`; empty for none.
    pub module: String,
    /// The name of the source package that it is built from, where that is stated.
    pub upstream: String,
}

impl Document {
    /// The index of the product tree.
    ///
    /// # Errors
    ///
    /// When the tree is deeper than [`MAX_BRANCH_DEPTH`] or has more products than [`MAX_PRODUCTS`].
    pub fn products<'a>(&'a self, path: &'a str) -> Result<Products<'a>, SourceError> {
        let tree = &self.product_tree;
        let refuse = |message: String| SourceError::Shape { path: path.to_owned(), message };
        let mut products = Products {
            plain: HashMap::new(),
            related: HashMap::new(),
            groups: HashMap::new(),
            path,
            members_left: Cell::new(MAX_MEMBERS),
        };
        let short = |ids: &[&String]| ids.iter().all(|id| id.len() <= MAX_ID);
        // Where an id is given twice, the first one stands.
        for product in tree.full_product_names.iter().filter(|product| short(&[&product.product_id])) {
            products.plain.entry(&product.product_id).or_insert(product);
        }
        let mut waiting: Vec<(&Branch, usize)> =
            tree.branches.iter().rev().map(|branch| (branch, 1)).collect();
        while let Some((branch, depth)) = waiting.pop() {
            if depth > MAX_BRANCH_DEPTH {
                return Err(refuse(format!(
                    "the product tree is deeper than the limit of {MAX_BRANCH_DEPTH}"
                )));
            }
            if let Some(product) = branch.product.as_ref().filter(|product| short(&[&product.product_id])) {
                products.plain.entry(&product.product_id).or_insert(product);
            }
            waiting.extend(branch.branches.iter().rev().map(|branch| (branch, depth.saturating_add(1))));
        }
        for relationship in &tree.relationships {
            let (part, whole) = (&relationship.product_reference, &relationship.relates_to_product_reference);
            if !short(&[&relationship.full_product_name.product_id, part, whole]) {
                continue;
            }
            products.related.entry(&relationship.full_product_name.product_id).or_insert(relationship);
        }
        for group in tree.product_groups.iter().filter(|group| short(&[&group.group_id])) {
            products.groups.entry(&group.group_id).or_insert(&group.product_ids);
        }
        if products.plain.len().saturating_add(products.related.len()) > MAX_PRODUCTS {
            return Err(refuse(format!("more products than the limit of {MAX_PRODUCTS}")));
        }
        Ok(products)
    }
}

impl<'a> Products<'a> {
    /// The product with this id, a plain one or one made of two others.
    pub fn get(&self, id: &str) -> Option<&'a Product> {
        self.plain.get(id).copied().or_else(|| self.related.get(id).map(|related| &related.full_product_name))
    }

    /// What a product id stands for; `None` when the tree does not say.
    pub fn resolve(&self, id: &str) -> Option<Resolved<'a>> {
        let Some(mut relationship) = self.related.get(id).copied() else {
            return self.plain.get(id).map(|product| Resolved {
                component: product,
                platform: None,
                between: Vec::new(),
            });
        };
        let mut between = Vec::new();
        let mut component = relationship.product_reference.as_str();
        let mut whole = relationship.relates_to_product_reference.as_str();
        for _ in 0..MAX_STEPS {
            if let Some(outer) = self.related.get(whole) {
                // The package is part of a module that is part of the platform.
                relationship = outer;
                between.extend(self.plain.get(relationship.product_reference.as_str()));
                whole = &relationship.relates_to_product_reference;
            } else if let Some(inner) = self.related.get(component) {
                between.extend(self.plain.get(inner.relates_to_product_reference.as_str()));
                component = &inner.product_reference;
            } else {
                between.reverse();
                return Some(Resolved {
                    component: self.plain.get(component)?,
                    platform: Some(self.plain.get(whole)?),
                    between,
                });
            }
        }
        None
    }

    /// Both the products listed and the members of the groups listed.
    ///
    /// # Errors
    ///
    /// When the groups of the document have been unfolded to more members than the limit.
    pub fn members<'b>(
        &self,
        products: &'b [String],
        groups: &'b [String],
    ) -> Result<impl Iterator<Item = &'b str>, SourceError>
    where
        'a: 'b,
    {
        let members: Vec<&'b [String]> =
            groups.iter().filter_map(|group| self.groups.get(group.as_str()).copied()).collect();
        let count = members.iter().fold(0usize, |sum, members| sum.saturating_add(members.len()));
        let left = self.members_left.get().checked_sub(count).ok_or_else(|| SourceError::Shape {
            path: self.path.to_owned(),
            message: format!("the product groups stand for more products than the limit of {MAX_MEMBERS}"),
        })?;
        self.members_left.set(left);
        let members = members.into_iter().flatten().filter(|id| id.len() <= MAX_ID);
        Ok(products.iter().chain(members).map(String::as_str))
    }
}

impl Product {
    /// Every identifier that the product has outside of the document: package URL, CPE, hashes; its name when there is none.
    pub fn ids(&self) -> Vec<String> {
        let helper = &self.product_identification_helper;
        let stated = [&helper.purl, &helper.cpe].into_iter().filter(|id| !id.is_empty()).cloned();
        let hashes = helper.hashes.iter().flat_map(|file| &file.file_hashes);
        let hashes =
            hashes.map(|hash| format!("{}:{}", hash_name(&hash.algorithm), hash.value.to_ascii_lowercase()));
        let ids = text::unique(stated.chain(hashes));
        if ids.is_empty() { vec![self.name.clone()] } else { ids }
    }

    /// Whether the product has an identifier outside of the document.
    pub fn is_identified(&self) -> bool {
        let helper = &self.product_identification_helper;
        !helper.purl.is_empty() || !helper.cpe.is_empty() || !helper.hashes.is_empty()
    }

    /// The package URL in its parts.
    pub fn purl(&self) -> Option<PackageUrl> {
        self.product_identification_helper.purl.parse().ok()
    }
}

impl Resolved<'_> {
    /// The CPE of the platform; empty when it has none.
    pub fn platform_cpe(&self) -> &str {
        self.platform.map_or("", |platform| platform.product_identification_helper.cpe.as_str())
    }

    /// The RPM package, from the package URL or, where there is none, from the product's id; `None` when it is something
    /// else: an image, a jar, a module as a whole.
    pub fn rpm(&self) -> Option<RpmPackage> {
        let mut package = match self.component.product_identification_helper.purl.as_str() {
            "" => rpm_of_id(&self.component.product_id)?,
            url => rpm_of_purl(&url.parse().ok()?)?,
        };
        if package.module.is_empty()
            && let Some(module) = self.between.iter().rev().find_map(|product| module(product))
        {
            package.module = module;
        }
        text::is_name(&package.name).then_some(package)
    }
}

/// The module and stream that a product is.
fn module(product: &Product) -> Option<String> {
    match product.purl() {
        Some(purl) if purl.kind == "rpmmod" => stream(&format!("{}:{}", purl.name, purl.version)),
        Some(_) => None,
        None => stream(&product.product_id),
    }
}

/// `name:stream` of `name:stream[:version[:context]]`. Red Hat also writes directories of a product (`el8`, `rhel10`) in
/// that place; they are no modules.
fn stream(text: &str) -> Option<String> {
    let mut parts = text.splitn(3, ':');
    let (name, stream) = (parts.next()?, parts.next()?);
    (!name.is_empty() && !stream.is_empty()).then(|| format!("{name}:{stream}"))
}

fn rpm_of_purl(url: &PackageUrl) -> Option<RpmPackage> {
    let qualifier = |key| url.qualifier(key).unwrap_or_default();
    let module = match url.kind.as_str() {
        "rpm" => stream(qualifier("rpmmod")).unwrap_or_default(),
        // `pkg:rpmmod/redhat/postgresql:15/postgresql` is a package; `pkg:rpmmod/redhat/postgresql@15` is the module.
        "rpmmod" => stream(url.namespace.rsplit_once('/')?.1)?,
        _ => return None,
    };
    let epoch = qualifier("epoch");
    let version = match (url.version.as_str(), epoch) {
        (version, "" | "0") => version.strip_prefix("0:").unwrap_or(version).to_owned(),
        ("", _) => String::new(),
        (version, _) if version.contains(':') => version.to_owned(),
        (version, epoch) => format!("{epoch}:{version}"),
    };
    // A module as a whole is written as if it were a package: `python39@3.9-8100020240826142629.d47b87a4`.
    let version = if is_module_build(&version) { String::new() } else { version };
    let upstream = qualifier("upstream");
    // `pki-deps:10.6/resteasy`: binaries state their module with their source only.
    let module = match upstream.rsplit_once('/') {
        Some((directory, _)) if module.is_empty() => stream(directory).unwrap_or_default(),
        _ => module,
    };
    Some(RpmPackage {
        // Some package URLs repeat the module in front of the name.
        name: url.name.rsplit('/').next().unwrap_or_default().to_owned(),
        version,
        // What is named inside a module without a package type of its own is a source package.
        arch: match qualifier("arch") {
            "" if url.kind == "rpmmod" => "src".to_owned(),
            arch => arch.to_owned(),
        },
        module,
        // `mailx-12.5-1.87.src.rpm`, `mailx.src.rpm`, `openssl`, `pki-deps:10.6/resteasy`.
        upstream: match upstream.strip_suffix(".rpm").and_then(split_nevra) {
            Some(source) => source.name,
            None => upstream.trim_end_matches(".src.rpm").rsplit('/').next().unwrap_or_default().to_owned(),
        },
    })
}

/// Whether a version is a module's: stream, version (the platform's and a time), context.
fn is_module_build(version: &str) -> bool {
    let Some((_, release)) = version.rsplit_once('-') else { return false };
    let Some((number, context)) = release.split_once('.') else { return false };
    number.len() >= 18
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && context.len() == 8
        && context.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The package that a product id without a package URL names: `openssl`, `ruby:2.5/ruby`, `bash-0:5.1.8-6.el9.x86_64`.
fn rpm_of_id(id: &str) -> Option<RpmPackage> {
    let (module, name) = match id.rsplit_once('/') {
        // What else has a slash is the repository of an image.
        Some((module, name)) => (stream(module)?, name),
        None => (String::new(), id),
    };
    let package =
        split_nevra(name).unwrap_or_else(|| RpmPackage { name: name.to_owned(), ..RpmPackage::default() });
    Some(RpmPackage { module, ..package })
}

/// Takes `name-[epoch:]version-release[.arch]` apart; `None` when it is not of that form. A name may end in something that
/// looks like a version, so that this is for strings which are known to have one.
pub fn split_nevra(text: &str) -> Option<RpmPackage> {
    let (rest, arch) = match text.rsplit_once('.') {
        Some((rest, arch)) if ARCHES.contains(&arch) => (rest, arch),
        _ => (text, ""),
    };
    let (rest, release) = rest.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let (epoch, bare) = version.split_once(':').unwrap_or(("", version));
    let digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let number = |text: &str| text.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    // `python3-foo-devel` and `libMagickCore-7_Q16HDRI6-32bit` have as many hyphens. Without an architecture to vouch for the
    // form, both parts begin with a digit, and releases of all vendors have a point.
    let plain = match arch {
        "" => number(bare) && number(release) && release.contains('.'),
        _ => number(bare) || number(release),
    };
    if name.is_empty() || release.is_empty() || !digit(bare) || !digit(release) || !plain {
        return None;
    }
    let version = if matches!(epoch, "" | "0") { bare.to_owned() } else { format!("{epoch}:{bare}") };
    Some(RpmPackage {
        name: name.to_owned(),
        version: format!("{version}-{release}"),
        arch: arch.to_owned(),
        ..RpmPackage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nevras() {
        for (text, name, version, arch) in [
            ("bash-0:5.1.8-6.el9_1.x86_64", "bash", "5.1.8-6.el9_1", "x86_64"),
            ("bind-32:9.8.2-0.68.rc1.el6_10.17.src", "bind", "32:9.8.2-0.68.rc1.el6_10.17", "src"),
            (
                "python311-aiohttp-3.9.3-150400.10.14.1.aarch64",
                "python311-aiohttp",
                "3.9.3-150400.10.14.1",
                "aarch64",
            ),
            ("mailx-12.5-1.87", "mailx", "12.5-1.87", ""),
            ("libImlib2-1-1.4.5-5.1.s390x", "libImlib2-1", "1.4.5-5.1", "s390x"),
        ] {
            let found = split_nevra(text).unwrap();
            assert_eq!(
                (found.name.as_str(), found.version.as_str(), found.arch.as_str()),
                (name, version, arch)
            );
        }
        for text in [
            "",
            "-",
            "--",
            "openssl",
            "python3-foo-devel",
            "java-11-openjdk",
            "libMagickCore-7_Q16HDRI6-32bit",
            "a-b-c.x86_64",
            ".src",
            "-1-1.src",
        ] {
            assert_eq!(split_nevra(text), None, "{text}");
        }
    }
}
