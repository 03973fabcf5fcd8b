//! CFG-HEALTH: no health check.

use plimsoll_types::Detection;
use plimsoll_types::classes::configuration::HEALTH;

use super::{Look, config_place, detection};

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    let Some(config) = look.config else { return };
    let first = config.healthcheck.as_deref().map(|test| test.first().map_or("", String::as_str));
    let message = match first {
        None | Some("") => "the image has no health check",
        Some("NONE") => "the health check is switched off (NONE)",
        Some(_) => return,
    };
    let mut found = detection(HEALTH, "", config_place("Healthcheck"), message);
    // Docker's builders leave traces; what other builders made may never have been able to hold one.
    let docker = config.history.iter().any(|step| {
        step.comment.contains("buildkit")
            || step.created_by.contains("#(nop)")
            || step.created_by.contains("# buildkit")
    });
    if first.is_none() && !docker {
        found.notes.push("Images in the OCI format cannot hold a health check.".to_owned());
    }
    out.push(found);
}
