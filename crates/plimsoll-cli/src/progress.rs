//! The progress display on a terminal: a line a layer, with its bytes while it is read.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use plimsoll_scan::Progress;

/// Shows how far a scan is, on standard error.
pub(crate) struct Display {
    lines: MultiProgress,
    layers: Mutex<HashMap<usize, ProgressBar>>,
}

impl Display {
    /// A display, silent unless `wanted` and standard error is a terminal.
    pub(crate) fn new(wanted: bool) -> Display {
        let target = if wanted && std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Display { lines: MultiProgress::with_draw_target(target), layers: Mutex::default() }
    }

    /// Takes the display off the screen.
    pub(crate) fn clear(&self) {
        self.layers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let _ = self.lines.clear();
    }

    fn with(&self, layer: usize, f: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = self.layers.lock().unwrap_or_else(PoisonError::into_inner).get(&layer) {
            f(bar);
        }
    }
}

impl Progress for Display {
    fn layer_begins(&self, layer: usize, label: &str, bytes: u64) {
        if self.lines.is_hidden() {
            return;
        }
        let bar = self.lines.add(ProgressBar::new(bytes));
        let template = "layer {prefix} {bar:24} {bytes:>10} of {total_bytes:>10} {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(label.chars().skip("sha256:".len()).take(12).collect::<String>());
        bar.set_message("analysing");
        self.layers.lock().unwrap_or_else(PoisonError::into_inner).insert(layer, bar);
    }

    fn layer_bytes(&self, layer: usize, bytes: u64) {
        if !self.lines.is_hidden() {
            self.with(layer, |bar| bar.inc(bytes));
        }
    }

    fn layer_ends(&self, layer: usize, cached: bool) {
        self.with(layer, |bar| bar.finish_with_message(if cached { "cached" } else { "done" }));
    }
}
