//! The register of structured credential files: one file a kind in this folder. What such a file holds is read by its own
//! grammar, so a password need not look like one to be found. `read` has the readers, `values` judges what they give, `sink`
//! collects.

mod ansible;
mod aws;
mod aws_cache;
mod azure;
mod boto;
mod bundle;
mod cargo;
mod chat;
mod circleci;
mod cli_ini;
mod cli_json;
mod cli_yaml;
mod cloud_init;
mod compose;
mod composer;
mod csv_logins;
mod django;
mod docker;
mod dotenv;
mod erlang_cookie;
mod filezilla;
mod firefox;
mod forge_cli;
mod gcloud;
mod gem;
mod git_credentials;
mod gitconfig;
mod gradle;
mod history;
mod htpasswd;
mod huggingface;
mod jenkins;
mod k8s_secret;
mod k8s_token;
mod kaggle;
mod keystore;
mod kubeconfig;
mod ldap;
mod maven;
mod mongorc;
mod msmtp;
mod muttrc;
mod mysql;
mod netrc;
mod npmrc;
mod nuget;
mod odbc;
mod openvpn;
mod pgpass;
mod php_config;
mod pip;
mod poetry;
mod prelude;
mod pypirc;
mod rails;
mod rclone;
mod read;
mod redis;
mod s3cfg;
mod servers;
mod service_account;
mod sftp_json;
mod shadow;
mod sink;
mod spring;
mod ssh_host_key;
mod ssh_key;
mod systemd;
mod terraformrc;
mod tfstate;
mod tfvars;
mod tomcat;
pub mod values;
mod vault_token;
mod wifi;
mod wireguard;
mod wordpress;
mod yarnrc;

use crate::Found;

/// A kind of file that holds credentials.
pub struct FileKind {
    /// The id, such as `npmrc`.
    pub id: &'static str,
    /// What it is, for people: `npm configuration`.
    pub title: &'static str,
    /// True for the paths of such files, from the image's root without a leading slash. Called for every file: it must be quick,
    /// and compare the end of the path first.
    pub is: fn(path: &[u8]) -> bool,
    /// The largest such file in bytes; larger ones are left to the other rules.
    pub max_size: u64,
    /// Reads the file and says what secrets it holds. Bytes are hostile: it never panics, and what it cannot read it passes over.
    pub find: fn(path: &[u8], bytes: &[u8], out: &mut Vec<Found>),
}

/// All kinds.
pub const KINDS: &[FileKind] = &[
    ansible::KIND,
    aws::KIND,
    aws_cache::KIND,
    azure::KIND,
    boto::KIND,
    bundle::KIND,
    cargo::KIND,
    chat::KIND,
    circleci::KIND,
    cli_ini::KIND,
    cli_json::KIND,
    cli_yaml::KIND,
    cloud_init::KIND,
    compose::KIND,
    composer::KIND,
    csv_logins::KIND,
    django::KIND,
    docker::KIND,
    dotenv::KIND,
    erlang_cookie::KIND,
    filezilla::KIND,
    firefox::KIND,
    forge_cli::KIND,
    gcloud::KIND,
    gem::KIND,
    git_credentials::KIND,
    gitconfig::KIND,
    gradle::KIND,
    history::KIND,
    htpasswd::KIND,
    huggingface::KIND,
    jenkins::KIND,
    k8s_secret::KIND,
    k8s_token::KIND,
    kaggle::KIND,
    keystore::KIND,
    kubeconfig::KIND,
    ldap::KIND,
    maven::KIND,
    mongorc::KIND,
    msmtp::KIND,
    muttrc::KIND,
    mysql::KIND,
    netrc::KIND,
    npmrc::KIND,
    nuget::KIND,
    odbc::KIND,
    openvpn::KIND,
    pgpass::KIND,
    php_config::KIND,
    pip::KIND,
    poetry::KIND,
    pypirc::KIND,
    rails::KIND,
    rclone::KIND,
    redis::KIND,
    s3cfg::KIND,
    servers::KIND,
    service_account::KIND,
    sftp_json::KIND,
    shadow::KIND,
    spring::KIND,
    ssh_host_key::KIND,
    ssh_key::KIND,
    systemd::KIND,
    terraformrc::KIND,
    tfstate::KIND,
    tfvars::KIND,
    tomcat::KIND,
    vault_token::KIND,
    wifi::KIND,
    wireguard::KIND,
    wordpress::KIND,
    yarnrc::KIND,
];

/// The kinds that a file is, by its path and size.
pub fn kinds(path: &[u8], size: u64) -> impl Iterator<Item = &'static FileKind> {
    KINDS.iter().filter(move |kind| size <= kind.max_size && (kind.is)(path))
}
