//! To what an OSV record's statement is limited: symbols, platforms and products.

use super::super::text;
use super::loose::Lenient;
use super::record::{Affects, Import};

/// The most symbols of one package.
const MAX_SYMBOLS: usize = 10_000;

/// What a statement is limited to; empty lists for no limit.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Platforms {
    /// `import/path.Symbol`, an import path, or a path in a Rust crate.
    pub(super) symbols: Vec<String>,
    /// As Go's `GOOS` spells them.
    pub(super) oses: Vec<String>,
    /// As Go's `GOARCH` spells them.
    pub(super) arches: Vec<String>,
}

/// Reads Go's imports and RustSec's platforms.
pub(super) fn platforms(
    imports: Option<Lenient<Vec<Import>>>,
    affects: Option<Lenient<Affects>>,
) -> Platforms {
    let imports = imports.and_then(Lenient::read).unwrap_or_default();
    let mut found = Platforms::default();
    // A statement is limited to a platform only when each of its imports is.
    let limited = |list: fn(&Import) -> &[String]| {
        let all = !imports.is_empty() && imports.iter().all(|import| !list(import).is_empty());
        let words = imports.iter().filter(|_| all).flat_map(list).cloned();
        names(words)
    };
    found.oses = limited(|import| &import.goos.0);
    found.arches = limited(|import| &import.goarch.0);
    for import in imports {
        let Some(path) = import.path.0.filter(|path| text::is_name(path)) else { continue };
        if import.symbols.0.is_empty() {
            found.symbols.push(path);
        } else {
            let symbols = import.symbols.0.iter().filter(|symbol| text::is_name(symbol));
            found.symbols.extend(symbols.map(|symbol| format!("{path}.{symbol}")).take(MAX_SYMBOLS));
        }
        if found.symbols.len() >= MAX_SYMBOLS {
            break;
        }
    }
    if let Some(affects) = affects.and_then(Lenient::read) {
        found.symbols.extend(names(affects.functions.0).into_iter().take(MAX_SYMBOLS));
        found.oses.extend(names(affects.os.0.into_iter().map(|os| match os.as_str() {
            "macos" => "darwin".to_owned(),
            _ => os,
        })));
        found.arches.extend(names(affects.arch.0.into_iter().map(|arch| match arch.as_str() {
            "x86_64" => "amd64".to_owned(),
            "x86" => "386".to_owned(),
            "aarch64" => "arm64".to_owned(),
            _ => arch,
        })));
    }
    found.symbols = text::unique(found.symbols);
    found
}

fn names(words: impl IntoIterator<Item = String>) -> Vec<String> {
    text::unique(words.into_iter().filter(|word| text::is_name(word)))
}
