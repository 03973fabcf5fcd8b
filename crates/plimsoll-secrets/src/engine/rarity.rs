//! How usual a letter after another is, in programs, their documentation and their configuration.
//!
//! Counted over 44 MB of Python, Perl and JavaScript sources and package documentation. In such text a name or a word costs some 4
//! bits a letter; random letters cost 7. So the table tells a random key from a name without a vocabulary.

/// The class of a byte: a letter without regard to case, a digit, anything else.
const fn class(byte: u8) -> usize {
    match byte {
        b'a'..=b'z' => (byte - b'a') as usize,
        b'A'..=b'Z' => (byte - b'A') as usize,
        b'0'..=b'9' => 26,
        _ => 27,
    }
}

/// How surprising `second` is after `first`, in tenths of a bit.
pub(crate) fn surprise(first: u8, second: u8) -> u32 {
    TABLE.get(class(first)).and_then(|row| row.get(class(second))).map_or(0, |cost| u32::from(*cost))
}

/// How common bytes in a row are, as a number to compare.
pub(crate) fn common(bytes: &[u8]) -> u64 {
    // The table knows all digits as one, and all signs.
    let own = |byte: &u8| match byte {
        b'0'..=b'9' => 33,
        b'a'..=b'z' | b'A'..=b'Z' | b' ' => 0,
        b'_' | b'-' | b'.' | b'/' | b':' | b'=' | b'"' => 20,
        _ => 45,
    };
    let pairs: u32 = bytes.windows(2).map(|pair| surprise(pair[0], pair[1])).sum();
    let bits = (pairs + bytes.iter().map(own).sum::<u32>()) / 10;
    1u64 << 40u32.saturating_sub(bits)
}

/// The mean surprise of a text's pairs, in bits.
pub(crate) fn mean_surprise(text: &[u8]) -> f32 {
    let pairs = text.len().saturating_sub(1);
    if pairs == 0 {
        return 0.0;
    }
    let sum: u32 = text.windows(2).map(|pair| surprise(pair[0], pair[1])).sum();
    sum as f32 / pairs as f32 / 10.0
}

/// The entropy of a text's bytes (Shannon), in bits per byte.
pub(crate) fn entropy(text: &[u8]) -> f32 {
    let mut counts = [0u32; 256];
    for byte in text {
        counts[usize::from(*byte)] += 1;
    }
    let len = text.len() as f32;
    counts.iter().filter(|count| **count > 0).map(|count| *count as f32 / len).map(|p| -p * p.log2()).sum()
}

/// True when a text of 8 bytes or more looks like random letters and digits rather than like words.
pub(crate) fn is_random(text: &[u8]) -> bool {
    if text.len() < 8 {
        return false;
    }
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let hex = text.iter().all(u8::is_ascii_hexdigit);
    if hex && text.len() >= 16 {
        // Digits and the letters a to f: pairs of digits are too usual for the table to tell.
        return digits > 0 && digits < text.len() && entropy(text) >= 2.7;
    }
    let least = match text.len() {
        ..12 => 5.6,
        12..16 => 5.2,
        16..24 => 5.1,
        _ => 5.2,
    };
    mean_surprise(text) >= least
}

#[rustfmt::skip]
const TABLE: [[u8; 28]; 28] = [
    [77, 51, 40, 45, 79, 73, 51, 98, 53, 97, 63, 32, 42, 33, 120, 50, 93, 32, 38, 28, 58, 66, 79, 76, 63, 103, 55, 37],
    [35, 65, 57, 66, 30, 65, 87, 100, 38, 44, 101, 34, 80, 77, 41, 79, 94, 51, 52, 78, 34, 104, 101, 98, 43, 90, 39, 26],
    [33, 77, 60, 71, 34, 76, 102, 34, 55, 67, 42, 43, 69, 90, 24, 67, 93, 51, 70, 33, 53, 90, 87, 102, 74, 121, 50, 31],
    [44, 70, 72, 54, 21, 72, 84, 92, 33, 102, 97, 58, 88, 85, 45, 83, 102, 66, 54, 73, 55, 93, 99, 99, 69, 123, 45, 14],
    [50, 75, 48, 43, 61, 50, 70, 93, 82, 110, 96, 42, 55, 37, 71, 61, 64, 31, 37, 39, 96, 67, 71, 48, 67, 123, 65, 18],
    [42, 73, 68, 69, 47, 48, 100, 81, 28, 127, 108, 56, 96, 84, 32, 95, 104, 47, 68, 54, 52, 118, 93, 117, 71, 127, 40, 14],
    [51, 80, 70, 86, 23, 84, 63, 50, 42, 106, 104, 52, 59, 45, 55, 83, 106, 37, 41, 51, 50, 79, 95, 81, 87, 76, 82, 16],
    [29, 96, 94, 88, 16, 96, 113, 103, 26, 132, 101, 77, 73, 90, 38, 89, 110, 60, 74, 49, 67, 106, 104, 115, 81, 124, 78, 23],
    [57, 53, 45, 49, 54, 38, 51, 125, 98, 125, 85, 38, 50, 21, 36, 58, 98, 49, 31, 33, 102, 62, 127, 69, 122, 65, 101, 54],
    [42, 69, 89, 77, 19, 83, 83, 94, 64, 95, 28, 89, 84, 86, 33, 72, 82, 85, 32, 85, 40, 89, 71, 102, 79, 104, 71, 25],
    [34, 86, 68, 71, 17, 78, 56, 77, 42, 99, 96, 64, 84, 58, 69, 72, 103, 74, 44, 68, 62, 92, 59, 117, 91, 114, 77, 16],
    [37, 80, 81, 51, 22, 37, 86, 107, 30, 122, 88, 37, 93, 89, 38, 75, 104, 82, 45, 49, 48, 75, 90, 117, 52, 111, 93, 27],
    [26, 50, 85, 66, 20, 84, 97, 111, 45, 102, 83, 62, 50, 79, 38, 32, 109, 94, 52, 75, 58, 92, 110, 108, 42, 116, 90, 28],
    [39, 95, 45, 35, 35, 59, 35, 95, 52, 114, 67, 64, 88, 69, 39, 71, 118, 93, 37, 32, 58, 67, 102, 120, 71, 108, 87, 20],
    [65, 55, 51, 41, 80, 49, 59, 107, 65, 92, 62, 49, 41, 24, 57, 43, 117, 26, 51, 43, 42, 62, 53, 86, 103, 112, 101, 35],
    [26, 101, 78, 72, 28, 86, 87, 55, 48, 124, 72, 40, 71, 91, 34, 48, 114, 31, 57, 36, 48, 86, 97, 113, 54, 118, 82, 32],
    [49, 77, 70, 79, 55, 67, 72, 87, 65, 90, 96, 59, 65, 83, 87, 95, 51, 53, 56, 71, 10, 80, 44, 91, 84, 92, 67, 22],
    [38, 83, 59, 61, 22, 80, 56, 106, 38, 135, 69, 60, 58, 43, 36, 78, 115, 49, 43, 44, 59, 78, 89, 128, 55, 140, 100, 22],
    [59, 96, 58, 90, 25, 87, 85, 52, 41, 128, 77, 70, 72, 84, 49, 53, 91, 84, 43, 27, 48, 92, 81, 115, 65, 123, 92, 15],
    [39, 95, 63, 79, 30, 74, 108, 27, 34, 135, 104, 71, 79, 95, 40, 66, 125, 40, 50, 54, 46, 99, 81, 95, 50, 116, 89, 20],
    [56, 43, 58, 63, 37, 58, 60, 118, 48, 115, 101, 35, 43, 31, 77, 44, 122, 26, 33, 31, 101, 109, 126, 91, 119, 118, 53, 49],
    [20, 86, 74, 92, 11, 87, 88, 102, 37, 109, 111, 89, 67, 82, 51, 76, 113, 84, 72, 73, 84, 100, 96, 113, 88, 111, 55, 33],
    [30, 86, 86, 65, 34, 85, 84, 31, 22, 110, 92, 72, 90, 50, 36, 87, 104, 42, 52, 80, 98, 99, 67, 91, 104, 105, 81, 24],
    [49, 64, 41, 74, 37, 70, 99, 88, 42, 108, 116, 70, 66, 90, 75, 34, 101, 83, 58, 24, 99, 96, 105, 63, 63, 92, 32, 19],
    [64, 77, 70, 82, 60, 87, 59, 98, 59, 108, 112, 55, 56, 55, 47, 31, 116, 64, 45, 47, 93, 91, 57, 110, 100, 93, 85, 8],
    [37, 81, 84, 89, 13, 72, 92, 72, 31, 98, 104, 55, 63, 83, 60, 85, 83, 73, 67, 78, 85, 98, 76, 79, 68, 78, 54, 21],
    [58, 59, 58, 57, 57, 53, 121, 119, 119, 130, 127, 113, 119, 115, 118, 111, 130, 117, 114, 117, 120, 122, 127, 75, 132, 129, 8, 17],
    [42, 51, 40, 47, 48, 45, 61, 59, 38, 80, 70, 49, 49, 48, 47, 45, 84, 45, 36, 36, 54, 60, 54, 69, 77, 83, 28, 224],];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_keys_and_keys_are_no_names() {
        for name in [
            "get_default_connection_timeout",
            "org.springframework.boot.loader.JarLauncher",
            "PasswordAuthenticationProvider",
            "correct-horse-battery-staple",
            "/run/secrets/database-password",
            "com.example.service.impl",
            "applicationConfiguration",
        ] {
            assert!(!is_random(name.as_bytes()), "{name}: {}", mean_surprise(name.as_bytes()));
        }
        for key in [
            "wJalrXUtnFEMIK7MDENGbPxRfiCYzT8q",
            "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ",
            "q8Zx2vKp9LmWt4Rb",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "TG9yZW0gaXBzdW0gZG9sb3Igc2l0IGFtZXQ",
        ] {
            assert!(is_random(key.as_bytes()), "{key}: {}", mean_surprise(key.as_bytes()));
        }
        assert!((entropy(b"abcd") - 2.0).abs() < 1e-6);
        assert_eq!(entropy(b""), 0.0);
    }
}
