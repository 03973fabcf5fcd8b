//! CPE names in the formatted string of CPE 2.3 (NIST IR 7695, 6.2): `cpe:2.3:a:vendor:product:version:update:…`.

/// A name, in the parts that matching needs: lower case, without the quoting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cpe {
    /// `a` application, `o` operating system, `h` hardware.
    pub part: char,
    /// The vendor.
    pub vendor: String,
    /// The product.
    pub product: String,
    /// The version; `*` for any, `-` for none.
    pub version: String,
    /// The update, such as `rc1`; `*` for any, `-` for none.
    pub update: String,
    /// The software on which it runs, such as `windows` or `wordpress`; `*` for any, `-` for none.
    pub target_software: String,
}

/// The number of parts after `cpe:2.3:`.
const PARTS: usize = 11;

/// The longest name that is read, in bytes.
const MAX_LEN: usize = 4_096;

impl Cpe {
    /// Reads a formatted string; `None` when it is none.
    pub(super) fn parse(text: &str) -> Option<Cpe> {
        let rest = text.strip_prefix("cpe:2.3:").filter(|rest| rest.len() <= MAX_LEN)?;
        let mut parts = vec![String::new()];
        let mut chars = rest.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => parts.last_mut()?.push(chars.next()?),
                ':' => parts.push(String::new()),
                c => parts.last_mut()?.extend(c.to_lowercase()),
            }
        }
        let [part, vendor, product, version, update, _, _, _, target_software, ..] = &mut parts[..] else {
            return None;
        };
        let mut chars = part.chars();
        let (Some(part @ ('a' | 'o' | 'h')), None) = (chars.next(), chars.next()) else { return None };
        let take = |part: &mut String| std::mem::take(part);
        let cpe = Cpe {
            part,
            vendor: take(vendor),
            product: take(product),
            version: take(version),
            update: take(update),
            target_software: take(target_software),
        };
        let named = |text: &str| !matches!(text, "" | "*" | "-");
        (parts.len() == PARTS && named(&cpe.vendor) && named(&cpe.product)).then_some(cpe)
    }

    /// The operating system that the target software means, as Go's `GOOS` spells it.
    pub(super) fn target_os(&self) -> Option<&'static str> {
        operating_system(&self.target_software)
    }

    /// The operating system that the name itself means.
    pub(super) fn os(&self) -> Option<&'static str> {
        match (self.part, self.vendor.as_str()) {
            ('o', "microsoft" | "apple" | "linux" | "google" | "freebsd" | "openbsd" | "netbsd") => {
                operating_system(&self.product)
            }
            _ => None,
        }
    }
}

/// `GOOS` of a product or a target software.
fn operating_system(name: &str) -> Option<&'static str> {
    Some(match name {
        "linux" | "linux_kernel" => "linux",
        "macos" | "mac_os_x" | "mac_os" => "darwin",
        "android" => "android",
        "iphone_os" | "ios" | "ipados" | "ipad_os" => "ios",
        "freebsd" => "freebsd",
        "openbsd" => "openbsd",
        "netbsd" => "netbsd",
        name if name == "windows" || name.starts_with("windows_") => "windows",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let cpe = Cpe::parse(r"cpe:2.3:a:Foo\\bar:big\$money_2010:1.0\:2:rc1:*:*:*:windows:*:*").unwrap();
        assert_eq!(
            cpe,
            Cpe {
                part: 'a',
                vendor: r"foo\bar".to_owned(),
                product: "big$money_2010".to_owned(),
                version: "1.0:2".to_owned(),
                update: "rc1".to_owned(),
                target_software: "windows".to_owned(),
            }
        );
        assert_eq!(cpe.target_os(), Some("windows"));
        let windows = Cpe::parse("cpe:2.3:o:microsoft:windows_server_2019:-:*:*:*:*:*:*:*").unwrap();
        assert_eq!(windows.os(), Some("windows"));
        for text in [
            "",
            "cpe:2.3:",
            "cpe:/a:vendor:product",
            "cpe:2.3:x:v:p:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:v:p:1:*:*:*:*:*:*",
            "cpe:2.3:a:v:p:1:*:*:*:*:*:*:*:*",
            "cpe:2.3:a:*:p:1:*:*:*:*:*:*:*",
            r"cpe:2.3:a:v:p:1:*:*:*:*:*:*:\",
        ] {
            assert_eq!(Cpe::parse(text), None, "{text}");
        }
    }
}
