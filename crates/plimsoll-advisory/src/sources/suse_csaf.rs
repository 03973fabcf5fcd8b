//! SUSE's CSAF documents: advisories (`suse-su-2024_0577-1.json`, `opensuse-su-….json`) and VEX (`cve-2023-47627.json`).
//!
//! - **Ecosystem.** Products are named in full (`SUSE Linux Enterprise Module for Basesystem 15 SP5`); they are folded to the
//!   release as [`crate::fold_ecosystem`] says. Products that are whole images (`Image SLES15-SP5-…`, `Container …`) are left
//!   out: their packages are filed under the release too.
//! - **Fixed** packages stand under `recommended`, which is SUSE's own use of that list.
//! - Advisories name packages with an architecture; VEX documents without, since a fix is in all of them. Older documents have
//!   no package URLs: there the id is name, version, release and architecture.
//! - VEX documents list every binary, and sources among them without telling which is which; all are filed under their names.

use super::vendor_csaf::{self, Place, Vendor};
use super::{Sink, SourceError, SourceSpec};
use crate::csaf::{self, Products, RpmPackage, split_nevra};
use crate::ecosystem::suse_ecosystem;

/// SUSE's CSAF advisories and VEX documents.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: "suse-csaf",
    title: "SUSE CSAF",
    description: "SUSE's and openSUSE's security advisories and VEX documents in CSAF 2.0.",
    recognises: |path, head| vendor_csaf::is_csaf(path, head, &["www.suse.com", "SUSE LLC"]),
    parse,
};

const VENDOR: Vendor = Vendor {
    source: "suse",
    namespace: "suse.com",
    place,
    fixed: |vulnerability| {
        let status = &vulnerability.product_status;
        vec![&status.recommended, &status.fixed, &status.first_fixed]
    },
    title_prefix: "",
    not_security: &["SUSE-RU-", "SUSE-FU-", "SUSE-OU-", "openSUSE-RU-"],
};

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    vendor_csaf::convert(&VENDOR, path, &csaf::read(path, bytes)?, out)
}

fn place(products: &Products<'_>, id: &str) -> Option<Place> {
    let (platform, package) = match products.resolve(id) {
        Some(resolved) => {
            let platform = resolved.platform?.name.clone();
            (platform, resolved.rpm()?)
        }
        // Some relationships lead to packages that are not in the tree; SUSE's ids are `product:package` throughout.
        None => {
            let (platform, name) = id.split_once(':')?;
            let package = split_nevra(name)
                .unwrap_or_else(|| RpmPackage { name: name.to_owned(), ..RpmPackage::default() });
            (platform.to_owned(), package)
        }
    };
    if platform.starts_with("Image ")
        || platform.starts_with("Container ")
        || !super::text::is_name(&package.name)
    {
        return None;
    }
    Some(Place { ecosystem: suse_ecosystem(&platform), cpe: String::new(), package })
}
