//! How the rules of this crate show paths, commands and layers.

use bstr::ByteSlice;
use plimsoll_analysis::ImageContext;

/// A path as text.
pub(crate) fn text(path: &[u8]) -> String {
    path.to_str_lossy().into_owned()
}

/// A text in one line, without control characters, with at most `most` characters.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let mut out: String = text
        .split_whitespace()
        .flat_map(|word| word.chars().filter(|c| !c.is_control()).chain([' ']))
        .take(most + 1)
        .collect();
    if out.chars().count() > most {
        out.pop();
        out.push('…');
    }
    out.trim_end().to_owned()
}

/// Names a layer with the step of the history that made it; empty for a directory.
pub(crate) fn in_layer(context: &ImageContext<'_>, layer: usize) -> String {
    let Some(image) = context.image else { return String::new() };
    let step = image.config.created_by(layer);
    match step.trim() {
        "" => format!(" in layer {layer}"),
        step => format!(" in layer {layer} ({})", shortened(step, 100)),
    }
}
