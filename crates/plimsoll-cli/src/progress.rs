//! The progress display on a terminal: a line a layer, with its bytes while it is read.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use plimsoll_scan::Progress;

/// Shows how far a download is, on standard error: what to tell it bytes and their number. It has the download broken off
/// when the time is over.
pub(crate) fn download(
    wanted: bool,
    limit: Option<Duration>,
) -> impl Fn(u64, Option<u64>) -> ControlFlow<()> {
    let wanted = wanted && std::io::stderr().is_terminal();
    let bar = if wanted { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let template = "advisory database {bar:24} {bytes:>10} of {total_bytes:>10}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    let begun = Instant::now();
    move |bytes, total| {
        if let Some(total) = total {
            bar.set_length(total);
        }
        bar.set_position(bytes);
        let over = limit.is_some_and(|limit| begun.elapsed() > limit);
        if over || total == Some(bytes) {
            bar.finish_and_clear();
        }
        if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

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
