//! The tables that queries see. Each is declared once (`rows.rs`): its row as plain data, its columns with their types, and what
//! they mean. `SHOW TABLES`, `SHOW COLUMNS`, the engine's schema and `docs/query.md` follow from that.

mod cell;
mod rows;

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::arrow::error::ArrowError;

pub(crate) use cell::utc;
pub use cell::{Cell, Kind};
pub use rows::{
    ContainerRow, FileRow, FindingRow, HostRow, ImageRow, LayerRow, MountRow, PackageRow, PortRow,
    ScanResultRow, UserRow,
};

/// A column as it is documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// What it holds.
    pub about: &'static str,
}

/// A table as it is documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What a row is.
    pub about: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
}

/// A row of a table.
pub trait Row: Clone {
    /// The table.
    const TABLE: Table;

    /// The row's values, in the order of the columns.
    fn cells(self) -> Vec<Cell>;
}

/// All tables, in the order in which they are listed.
pub const TABLES: &[Table] = &[
    ContainerRow::TABLE,
    MountRow::TABLE,
    PortRow::TABLE,
    HostRow::TABLE,
    ImageRow::TABLE,
    LayerRow::TABLE,
    PackageRow::TABLE,
    FindingRow::TABLE,
    FileRow::TABLE,
    UserRow::TABLE,
    ScanResultRow::TABLE,
];

/// The rows of all tables.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tables {
    /// See [`ContainerRow`].
    pub containers: Vec<ContainerRow>,
    /// See [`MountRow`].
    pub mounts: Vec<MountRow>,
    /// See [`PortRow`].
    pub ports: Vec<PortRow>,
    /// See [`HostRow`].
    pub hosts: Vec<HostRow>,
    /// See [`ImageRow`].
    pub images: Vec<ImageRow>,
    /// See [`LayerRow`].
    pub layers: Vec<LayerRow>,
    /// See [`PackageRow`].
    pub packages: Vec<PackageRow>,
    /// See [`FindingRow`].
    pub findings: Vec<FindingRow>,
    /// See [`FileRow`].
    pub files: Vec<FileRow>,
    /// See [`UserRow`].
    pub users: Vec<UserRow>,
    /// See [`ScanResultRow`].
    pub scan_results: Vec<ScanResultRow>,
}

impl Tables {
    /// How many rows the table with this name has; `None` when there is no such table.
    pub fn rows(&self, table: &str) -> Option<usize> {
        Some(match table {
            "containers" => self.containers.len(),
            "mounts" => self.mounts.len(),
            "ports" => self.ports.len(),
            "hosts" => self.hosts.len(),
            "images" => self.images.len(),
            "layers" => self.layers.len(),
            "packages" => self.packages.len(),
            "findings" => self.findings.len(),
            "files" => self.files.len(),
            "users" => self.users.len(),
            "scan_results" => self.scan_results.len(),
            _ => return None,
        })
    }

    /// The tables as the engine holds them.
    pub(crate) fn batches(self) -> Result<Vec<(&'static str, RecordBatch)>, ArrowError> {
        Ok(vec![
            batch(self.containers)?,
            batch(self.mounts)?,
            batch(self.ports)?,
            batch(self.hosts)?,
            batch(self.images)?,
            batch(self.layers)?,
            batch(self.packages)?,
            batch(self.findings)?,
            batch(self.files)?,
            batch(self.users)?,
            batch(self.scan_results)?,
        ])
    }
}

fn batch<R: Row>(rows: Vec<R>) -> Result<(&'static str, RecordBatch), ArrowError> {
    let table = R::TABLE;
    let fields: Vec<Field> = table.columns.iter().map(|column| column.kind.field(column.name)).collect();
    let mut columns: Vec<cell::Builder> =
        table.columns.iter().map(|column| cell::Builder::new(column.kind)).collect();
    for row in rows {
        for (builder, value) in columns.iter_mut().zip(row.cells()) {
            builder.push(value);
        }
    }
    let arrays = columns.into_iter().map(cell::Builder::finish).collect();
    Ok((table.name, RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?))
}
