//! What waivers ask of detections.

use plimsoll_types::{Detection, Package, PlaceKind, class};

use super::{Criterion, path_matches};
use crate::purl;

/// Whether a criterion holds for a detection. One about something that detections do not have does not.
pub(super) fn holds(criterion: &Criterion, detection: &Detection, packages: &[Package]) -> bool {
    let package = || detection.package.and_then(|index| packages.get(index));
    match criterion {
        Criterion::Id(ids) => ids.iter().any(|id| is_named(detection, id)),
        Criterion::Name(name) => {
            package().is_some_and(|package| package.name == *name)
                || (detection.place.kind == PlaceKind::Package && detection.place.name == *name)
        }
        Criterion::Version(version) => package().is_some_and(|package| package.version == *version),
        Criterion::Purl(purls) => {
            package().is_some_and(|package| purls.iter().any(|wanted| purl::covers(wanted, &package.purl)))
        }
        Criterion::Path(patterns) => {
            let on_file = detection.place.kind == PlaceKind::File;
            let places = package().into_iter().flat_map(|package| &package.locations);
            let paths = on_file.then_some(&detection.place.name).into_iter();
            let mut paths = paths.chain(places.map(|location| &location.path));
            paths.any(|path| patterns.iter().any(|pattern| path_matches(pattern, path)))
        }
        Criterion::Scanner(scanners) => scanners.contains(&detection.class.scanner),
        Criterion::NamePattern(_)
        | Criterion::Ecosystem(_)
        | Criterion::Upstream(_)
        | Criterion::Namespace(_)
        | Criterion::Status(_)
        | Criterion::MatchedBy(_)
        | Criterion::VexStatus(_)
        | Criterion::VexJustification(_)
        | Criterion::Never => false,
    }
}

/// True when `id` is the class' code or one of its other names, the rule, or both as `CLASS/rule`.
fn is_named(detection: &Detection, id: &str) -> bool {
    let rule = !detection.rule.is_empty()
        && (detection.rule.eq_ignore_ascii_case(id) || detection.id().eq_ignore_ascii_case(id));
    rule || class(id).is_some_and(|class| class.code == detection.class.code)
}
