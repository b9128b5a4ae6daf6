//! Which certificates a run trusts and shows, and who said so.

use std::path::PathBuf;

use super::Surroundings;
use crate::api::Pem;
use crate::confine::{self, Root};
use crate::diagnostic::{Code, Diagnostic};
use crate::exit::Exit;
use crate::limits;
use crate::manifest::{self, Placed};
use crate::problem::Problem;

/// The variable that stands for `--ca-file`.
const CA_FILE: &str = "FLUXFORM_CA_FILE";
/// The variable that stands for `--client-cert`.
const CLIENT_CERT: &str = "FLUXFORM_CLIENT_CERT";
/// The variable that stands for `--client-key`.
const CLIENT_KEY: &str = "FLUXFORM_CLIENT_KEY";

/// The flags about certificates.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CertificateFlags {
    /// A PEM file of certificate authorities to trust beside the system's.
    #[arg(
        help = "A PEM file with certificate authorities to trust in addition to the system's [default: FLUXFORM_CA_FILE, [server].ca_file]"
    )]
    #[arg(long, help_heading = "Connection", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// A PEM file with the certificate to show to the server, and perhaps its key.
    #[arg(
        help = "A PEM file with the client certificate, and optionally its key [default: FLUXFORM_CLIENT_CERT, [server].client_cert]"
    )]
    #[arg(long, help_heading = "Connection", value_name = "FILE")]
    pub client_cert: Option<PathBuf>,
    /// A PEM file with the key of --client-cert.
    #[arg(
        help = "A PEM file with the key of the client certificate [default: FLUXFORM_CLIENT_KEY, [server].client_key]"
    )]
    #[arg(long, help_heading = "Connection", value_name = "FILE", requires = "client_cert")]
    pub client_key: Option<PathBuf>,
}

impl CertificateFlags {
    /// The same from any directory.
    pub fn absolute(&self) -> Self {
        let absolute = |path: &Option<PathBuf>| {
            path.as_ref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()))
        };
        Self {
            ca_file: absolute(&self.ca_file),
            client_cert: absolute(&self.client_cert),
            client_key: absolute(&self.client_key),
        }
    }
}

/// A PEM file that somebody has named.
#[derive(Clone, Debug)]
pub enum Named {
    /// By a manifest: it lies in the project directory.
    Manifest(Placed<PathBuf>),
    /// By who runs fluxform: it may be anywhere.
    Person(PathBuf),
}

/// The PEM files of a run.
#[derive(Clone, Debug, Default)]
pub struct Certificates {
    /// Further certificate authorities.
    pub ca_file: Option<Named>,
    /// The client's certificate, and perhaps its key.
    pub client_cert: Option<Named>,
    /// The key of the client's certificate.
    pub client_key: Option<Named>,
}

/// The files that are used: what who runs fluxform says comes before what a manifest says. A certificate and its key are named in
/// one place.
pub(super) fn resolve(flags: &CertificateFlags, server: &manifest::Server, around: &Surroundings) -> Certificates {
    let flag = |path: &Option<PathBuf>| path.clone().map(Named::Person);
    let variable = |name| around.var(name).map(|path| Named::Person(path.into()));
    let written = |path: &Option<Placed<PathBuf>>| path.clone().map(Named::Manifest);
    let ca_file = flag(&flags.ca_file).or_else(|| variable(CA_FILE)).or_else(|| written(&server.ca_file));
    let pairs = [
        (flag(&flags.client_cert), flag(&flags.client_key)),
        (variable(CLIENT_CERT), variable(CLIENT_KEY)),
        (written(&server.client_cert), written(&server.client_key)),
    ];
    let (client_cert, client_key) =
        pairs.into_iter().find(|(cert, key)| cert.is_some() || key.is_some()).unwrap_or_default();
    Certificates { ca_file, client_cert, client_key }
}

impl Certificates {
    /// The flags that stand for the files that are used.
    pub fn flags(&self) -> Vec<&'static str> {
        let Self { ca_file, client_cert, client_key } = self;
        let flags = [("--ca-file", ca_file), ("--client-cert", client_cert), ("--client-key", client_key)];
        flags.into_iter().filter_map(|(flag, named)| named.as_ref().map(|_| flag)).collect()
    }
}

impl Named {
    /// Reads the file; the project directory is `root`.
    ///
    /// # Errors
    /// A file that is missing, too large, or reached through a link where none is followed.
    pub fn read(&self, root: &Root) -> Result<Pem, Problem> {
        let limit = &limits::CERTIFICATE_FILE;
        let (path, read, exit, place) = match self {
            Self::Person(path) => (path, confine::read(path, limit), Exit::Usage, None),
            Self::Manifest(Placed { value, place }) => (value, root.read(value, limit), Exit::Manifest, Some(place)),
        };
        match read {
            Ok(bytes) => Ok(Pem { name: path.display().to_string(), bytes: bytes.into() }),
            Err(error) => {
                let diagnostic = Diagnostic::error(Code::ConnectionCertificate, error.to_string());
                let diagnostic = diagnostic.at_known(place, "names this file").help_known(error.help());
                Err(Problem { exit, diagnostic })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::{Place, Source};

    fn said(named: &Option<Named>) -> Option<(&Path, bool)> {
        named.as_ref().map(|named| match named {
            Named::Person(path) => (path.as_path(), true),
            Named::Manifest(placed) => (placed.value.as_path(), false),
        })
    }

    fn around(vars: &[(&str, &str)]) -> Surroundings {
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Surroundings { vars, ..Surroundings::default() }
    }

    #[test]
    fn who_runs_fluxform_comes_before_a_manifest_and_a_key_stays_with_its_certificate() {
        let source = Arc::new(Source::new("main.toml", "main.toml", "x"));
        let written =
            |path: &str| Some(Placed { value: path.into(), place: Place { source: source.clone(), span: 0..1 } });
        let server = manifest::Server {
            ca_file: written("ca"),
            client_cert: written("cert"),
            client_key: written("key"),
            ..manifest::Server::default()
        };
        let person = |path| Some((Path::new(path), true));
        let manifest = |path| Some((Path::new(path), false));
        let check = |flags: &CertificateFlags, vars: &[(&str, &str)], wanted: [Option<(&Path, bool)>; 3]| {
            let found = resolve(flags, &server, &around(vars));
            assert_eq!([said(&found.ca_file), said(&found.client_cert), said(&found.client_key)], wanted);
        };
        let none = CertificateFlags::default();
        check(&none, &[], [manifest("ca"), manifest("cert"), manifest("key")]);
        check(&none, &[(CA_FILE, "")], [manifest("ca"), manifest("cert"), manifest("key")]);
        check(&none, &[(CA_FILE, "/e")], [person("/e"), manifest("cert"), manifest("key")]);
        check(&none, &[(CLIENT_CERT, "/e")], [manifest("ca"), person("/e"), None]);
        let flags = CertificateFlags { ca_file: Some("/f".into()), client_cert: Some("/c".into()), client_key: None };
        let vars = [(CA_FILE, "/e"), (CLIENT_CERT, "/e"), (CLIENT_KEY, "/k")];
        check(&flags, &vars, [person("/f"), person("/c"), None]);
    }
}
