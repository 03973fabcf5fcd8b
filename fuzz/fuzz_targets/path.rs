//! Paths inside images: nothing leaves the root, and a normal path is its own normal form.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_archive::path::{MAX_LEN, file_name, join_link, normalize, parent};

fn assert_inside(path: &[u8]) {
    if path.is_empty() {
        return;
    }
    for component in path.split(|&byte| byte == b'/') {
        assert!(!component.is_empty() && component != b"." && component != b"..");
    }
}

fuzz_target!(|data: &[u8]| {
    let mut out = b"left over".to_vec();
    if normalize(data, &mut out).is_ok() {
        assert_inside(&out);
        assert!(out.len() <= MAX_LEN);
        let mut again = Vec::new();
        assert!(normalize(&out, &mut again).is_ok());
        assert_eq!(out, again);
        let _ = (parent(&out), file_name(&out));
    }
    let (link, target) = data.split_at(data.iter().position(|&byte| byte == 0).unwrap_or(data.len() / 2));
    let mut from = Vec::new();
    if normalize(link, &mut from).is_ok() {
        assert_inside(&join_link(&from, target));
    }
});
