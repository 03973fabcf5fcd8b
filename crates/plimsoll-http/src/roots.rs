//! The certificate authorities that are trusted: PEM files (RFC 7468) in the places where Linux distributions keep
//! them, or those that the configuration names.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, parse_pem};

use crate::{ClientCertificate, ClientConfig, HttpError};

/// Where distributions keep all authorities in one file (the list of Go's `crypto/x509`, `root_linux.go` and others).
const FILES: [&str; 7] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// Where they keep them one by one.
const DIRS: [&str; 2] = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

/// The largest bundle that is read; Mozilla's has a quarter of a megabyte.
const MAX_FILE: u64 = 16 << 20;

/// The most files of a directory that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// The authorities that `config` trusts.
pub(crate) fn roots(config: &ClientConfig) -> Result<RootCerts, HttpError> {
    let mut found = BTreeSet::new();
    if config.ssl_cert_file.is_some() || !config.ssl_cert_dirs.is_empty() {
        if let Some(file) = &config.ssl_cert_file {
            read_file(file, &mut found)?;
        }
        for dir in &config.ssl_cert_dirs {
            read_dir(dir, &mut found)?;
        }
    } else {
        system(&mut found);
    }
    if found.is_empty() {
        // A scratch container has no certificates of its own: Mozilla's list is built in.
        found.extend(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|certificate| certificate.to_vec()));
    }
    for file in &config.ca_files {
        read_file(file, &mut found)?;
    }
    let certificates: Vec<_> = found.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    Ok(RootCerts::new_with_certs(&certificates))
}

/// The certificate that the client shows.
pub(crate) fn client_certificate(config: &ClientCertificate) -> Result<ClientCert, HttpError> {
    let invalid =
        |path: &Path, reason: &str| HttpError::Roots { path: path.to_owned(), reason: reason.to_owned() };
    let ders = certificates(&config.certificate, &read(&config.certificate)?)?;
    let chain: Vec<_> = ders.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    let key = PrivateKey::from_pem(&read(&config.key)?)
        .map_err(|_| invalid(&config.key, "it holds no private key in PEM form"))?;
    // The client library panics on a key that cannot be used or is not the certificate's.
    let der = PrivateKeyDer::try_from(key.der()).map_err(|reason| invalid(&config.key, reason))?.clone_key();
    let ders = ders.into_iter().map(CertificateDer::from).collect();
    CertifiedKey::from_der(ders, der, &rustls::crypto::ring::default_provider())
        .map_err(|error| invalid(&config.key, &error.to_string()))?;
    Ok(ClientCert::new_with_certs(&chain, key))
}

/// Reads the first bundle in the usual places, or else the directories. What cannot be read is passed over, as
/// nobody asked for it by name.
fn system(found: &mut BTreeSet<Vec<u8>>) {
    for file in FILES {
        if read_file(Path::new(file), found).is_ok() && !found.is_empty() {
            return;
        }
    }
    for dir in DIRS {
        let _ = read_dir(Path::new(dir), found);
    }
}

fn read(path: &Path) -> Result<Vec<u8>, HttpError> {
    let invalid = |reason: String| HttpError::Roots { path: path.to_owned(), reason };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| invalid(error.to_string()))?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| invalid(error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(invalid(format!("it has more than {MAX_FILE} bytes")));
    }
    Ok(bytes)
}

/// The certificates of a PEM file; at least one.
fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<Vec<u8>>, HttpError> {
    let found: Vec<_> = parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate.der().to_vec()),
            _ => None,
        })
        .collect();
    if found.is_empty() {
        let reason = "it holds no certificate in PEM form".to_owned();
        return Err(HttpError::Roots { path: path.to_owned(), reason });
    }
    Ok(found)
}

fn read_file(path: &Path, found: &mut BTreeSet<Vec<u8>>) -> Result<(), HttpError> {
    found.extend(certificates(path, &read(path)?)?);
    Ok(())
}

fn read_dir(path: &Path, found: &mut BTreeSet<Vec<u8>>) -> Result<(), HttpError> {
    let entries = fs::read_dir(path)
        .map_err(|error| HttpError::Roots { path: path.to_owned(), reason: error.to_string() })?;
    let files: BTreeSet<PathBuf> = entries.take(MAX_ENTRIES).flatten().map(|entry| entry.path()).collect();
    for file in files.iter().filter(|file| file.is_file()) {
        // Such a directory holds certificates under several names, and other things.
        let _ = read_file(file, found);
    }
    Ok(())
}
