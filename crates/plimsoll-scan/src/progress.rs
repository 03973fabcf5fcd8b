//! Word of how far a scan is, for whoever shows it.

/// Is told how far a scan is. Called from several threads.
pub trait Progress: Sync {
    /// A layer's reading begins. `label` is its digest, `bytes` the size of its blob, 0 when unknown.
    fn layer_begins(&self, layer: usize, label: &str, bytes: u64);

    /// So many more bytes of the layer's blob were read.
    fn layer_bytes(&self, layer: usize, bytes: u64);

    /// A layer is done. `cached` says that nothing of it had to be analysed.
    fn layer_ends(&self, layer: usize, cached: bool);
}

/// Tells nobody.
pub struct NoProgress;

impl Progress for NoProgress {
    fn layer_begins(&self, _: usize, _: &str, _: u64) {}

    fn layer_bytes(&self, _: usize, _: u64) {}

    fn layer_ends(&self, _: usize, _: bool) {}
}
