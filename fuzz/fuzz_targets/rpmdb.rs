//! RPM databases: SQLite with and without a write-ahead log, NDB, Berkeley DB.

#![no_main]

use libfuzzer_sys::fuzz_target;

/// The two magic numbers of a write-ahead log (SQLite file format, section 4.1).
const WAL: [[u8; 4]; 2] = [[0x37, 0x7f, 0x06, 0x82], [0x37, 0x7f, 0x06, 0x83]];

fuzz_target!(|data: &[u8]| {
    let format = plimsoll_rpmdb::detect(data);
    let result = plimsoll_rpmdb::read(data, None);
    if let Ok(database) = &result {
        assert_eq!(format, Some(database.format));
    }
    // A log is what follows its magic number.
    if let Some(at) = data.windows(4).position(|window| WAL.iter().any(|magic| window == magic)) {
        let (data, wal) = data.split_at(at);
        let _ = plimsoll_rpmdb::read(data, Some(wal));
    }
});
