//! Red Hat's CSAF documents: advisories (`rhsa-2024_1234.json`) and VEX (`cve-2024-1234.json`).
//! Red Hat Security Data Guidelines, "CSAF", "VEX", "CPE" and "Package URL".
//!
//! - **Ecosystem.** The product's CPE decides: the main line of RHEL is `Red Hat:enterprise_linux:9`, lines that stay at a
//!   minor version are `Red Hat:rhel_eus:9.2`, `Red Hat:rhel_aus:8.4`, …, other products `Red Hat:openshift:4.16`. The CPE
//!   itself stands in [`Affected::cpes`](crate::Affected::cpes). CPEs of unfixed packages name the product without the
//!   repository (`cpe:/o:redhat:enterprise_linux:9`) and hold for all repositories of it.
//! - **Source and binary.** Fixed packages are binaries with an architecture; the source package beside them is left out. VEX
//!   documents of before 2026 name what is unfixed by its source package alone. Such a statement is about every binary that is
//!   built from that source: it has the source's name as package and `["src"]` as architectures, and that is the only use
//!   of this architecture. A matcher looks a package up by its own name and, for these, by its source's name. Newer documents
//!   list the binaries beside the source, with `upstream=` in their package URLs; the source's statement is left out then.
//! - **Modules.** `rpmmod=nodejs:18:8090020231…:a75119d5` in a package URL, a product between package and platform, and
//!   `nodejs:18/nodejs` in an id all give `nodejs:18`. Documents of 2026 name what is fixed in a module by the module's own
//!   build (`python39@3.9-8100020240826142629.d47b87a4`), with which no package can be compared; that is left to the
//!   advisories, which list the packages.
//! - **State of unfixed packages** comes from remediations: `Will not fix`, `Fix deferred`, `Out of support scope`, `Affected`.
//! - Images, jars and other packages than RPMs are left out. A document without any RPM is refused and counted.

use super::vendor_csaf::{self, Place, Vendor};
use super::{Sink, SourceError, SourceSpec};
use crate::csaf::{self, Products};
use crate::ecosystem::redhat_ecosystem;

/// Red Hat's CSAF advisories and VEX documents.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: "redhat-csaf",
    title: "Red Hat CSAF",
    description: "Red Hat's security advisories and VEX documents in CSAF 2.0.",
    recognises: |path, head| {
        vendor_csaf::is_csaf(path, head, &["access.redhat.com", "Red Hat, Inc.", "https://www.redhat.com"])
    },
    parse,
};

const VENDOR: Vendor = Vendor {
    source: "redhat",
    namespace: "redhat.com",
    place,
    fixed: |vulnerability| {
        vec![&vulnerability.product_status.fixed, &vulnerability.product_status.first_fixed]
    },
    title_prefix: "Red Hat Security Advisory",
    not_security: &["RHBA-", "RHEA-"],
};

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    vendor_csaf::convert(&VENDOR, path, &csaf::read(path, bytes)?, out)
}

fn place(products: &Products<'_>, id: &str) -> Option<Place> {
    let resolved = products.resolve(id)?;
    let cpe = resolved.platform_cpe();
    let ecosystem = redhat_ecosystem(cpe)?;
    let mut package = resolved.rpm()?;
    // The oldest documents name components without a package URL. Without a version they are source packages.
    let bare = resolved.component.product_identification_helper.purl.is_empty();
    if bare && package.version.is_empty() && package.arch.is_empty() {
        package.arch = "src".to_owned();
    }
    Some(Place { ecosystem, cpe: cpe.to_owned(), package })
}
