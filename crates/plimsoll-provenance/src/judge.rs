//! From what is attached to an image to detections.

use plimsoll_types::classes::provenance;
use plimsoll_types::{Detection, Place, PlaceKind, Severity};

use crate::attachment::{Kind, Statement, Verdict};

/// What to say of an image to which `statements` are attached. `keys` says whether there were keys to hold them against:
/// what is not signed is no fault, but says nothing to somebody who asks for signatures.
pub fn judge(statements: &[Statement], keys: bool) -> Vec<Detection> {
    let place = || Place { kind: PlaceKind::Image, ..Place::default() };
    let mut out = Vec::new();
    for statement in statements {
        if let Verdict::Failed(why) = statement.verdict {
            // Somebody else's signature beside a good one is no fault of the image.
            let good = keys && verified(statements, &statement.kind);
            if good {
                continue;
            }
            let message = format!("{} ({}): {why}", words(&statement.kind), statement.name);
            out.push(Detection::new(provenance::SIGNATURE, place(), message));
        }
    }
    let signed = statements.iter().any(|statement| statement.kind == Kind::Signature && !failed(statement));
    let origins = || statements.iter().filter(|statement| is_provenance(&statement.kind));
    let built = origins().any(|statement| match statement.verdict {
        Verdict::Verified(_) | Verdict::NotChecked => true,
        Verdict::NotSigned { of_another } => !keys && !of_another,
        Verdict::Failed(_) => false,
    });
    if !signed {
        let mut found = Detection::new(provenance::UNSIGNED, place(), "no signature of the image was found");
        // Whoever brings a key expects signatures.
        if keys {
            found.severity = Severity::High;
            found.notes.push("Raised: a key to verify signatures with was given.".to_owned());
        }
        out.push(found);
    }
    if !built {
        let mut found =
            Detection::new(provenance::NO_PROVENANCE, place(), "no statement says how the image was built");
        let not_signed =
            |statement: &Statement| statement.verdict == Verdict::NotSigned { of_another: false };
        if keys && origins().any(not_signed) {
            found
                .notes
                .push("One that is not signed was found; a key was given to hold it against.".to_owned());
        }
        out.push(found);
    }
    out
}

/// What to say of an image in a form that has no place for signatures, such as a `docker save` archive, when somebody
/// gives keys to verify them with.
pub fn no_place(form: &str) -> Detection {
    let place = Place { kind: PlaceKind::Image, ..Place::default() };
    let message = format!("no signature of the image was found: {form} cannot hold any");
    let mut found = Detection::new(provenance::UNSIGNED, place, message);
    found.severity = Severity::High;
    found.notes.push("Raised: a key to verify signatures with was given.".to_owned());
    found.notes.push("Scan the image in its registry, or from an OCI layout with its signatures.".to_owned());
    found
}

/// Why a signature does not count where nothing claims that there is one.
pub fn not_signed(of_another: bool) -> &'static str {
    if of_another { "it is not signed, and is about another image" } else { "it is not signed" }
}

/// What is attached, a line each, for people.
pub fn describe(statement: &Statement) -> String {
    let verdict = match &statement.verdict {
        Verdict::Verified(key) => format!("verified with {key}"),
        Verdict::NotChecked => "not verified: no key was given".to_owned(),
        Verdict::NotSigned { of_another } => format!("not verified: {}", not_signed(*of_another)),
        Verdict::Failed(why) => format!("not verified: {why}"),
    };
    let builder = if statement.builder.is_empty() {
        String::new()
    } else {
        format!(", built by {}", statement.builder)
    };
    match statement.kind {
        Kind::Other(_) => format!("{} ({})", words(&statement.kind), statement.name),
        _ => format!("{} ({}){builder}: {verdict}", words(&statement.kind), statement.name),
    }
}

fn failed(statement: &Statement) -> bool {
    matches!(statement.verdict, Verdict::Failed(_))
}

fn verified(statements: &[Statement], kind: &Kind) -> bool {
    statements
        .iter()
        .any(|statement| statement.kind == *kind && matches!(statement.verdict, Verdict::Verified(_)))
}

fn is_provenance(kind: &Kind) -> bool {
    matches!(kind, Kind::Attestation(kind) if kind.contains("slsa.dev/provenance"))
}

fn words(kind: &Kind) -> String {
    match kind {
        Kind::Signature => "a signature".to_owned(),
        Kind::Attestation(kind) if kind.is_empty() => "an attestation".to_owned(),
        Kind::Attestation(kind) => format!("an attestation of type {kind}"),
        Kind::Other(kind) => format!("an artifact of type {kind}"),
    }
}
