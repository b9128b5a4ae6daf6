//! The client against a server with TLS.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::Value;
use tokio_rustls::TlsAcceptor;

use super::fault::{Fault, Reply};
use super::{ApiError, Class, Connect};

/// An authority with its certificates in files, and a server that asks for one of them.
struct Authority {
    dir: tempfile::TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed");
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("ca.pem"), issuer.pem()).expect("written");
        Self { dir, issuer }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn sign(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        (params.signed_by(&key, &self.issuer).expect("signed"), key)
    }

    /// Files `client.pem` and `client.key`.
    fn client(&self) {
        let (certificate, key) = self.sign("client");
        std::fs::write(self.path("client.pem"), certificate.pem()).expect("written");
        std::fs::write(self.path("client.key"), key.serialize_pem()).expect("written");
    }

    async fn server(&self, asks: bool, replies: impl IntoIterator<Item = Reply>) -> Fault {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (certificate, key) = self.sign("127.0.0.1");
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("a root");
        let builder = match asks {
            true => ServerConfig::builder()
                .with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("a verifier")),
            false => ServerConfig::builder().with_no_client_auth(),
        };
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = builder.with_single_cert(vec![certificate.der().clone()], key).expect("a certificate");
        Fault::start_tls(TlsAcceptor::from(Arc::new(config)), replies).await
    }
}

fn ok() -> Reply {
    Reply::text(200, "", "{}")
}

fn connect(fault: &Fault) -> Connect {
    let url = format!("https://127.0.0.1:{}", fault.port).parse().expect("a URL");
    Connect::new(url, Some("t0ken".into()))
}

async fn get(fault: &Fault, connect: &Connect) -> Result<Value, ApiError> {
    fault.connect(connect).get("/api/v2/x", &[]).await
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_when_named() {
    let authority = Authority::new();
    let fault = authority.server(false, [ok(), ok()]).await;
    let plain = connect(&fault);
    let error = get(&fault, &plain).await.expect_err("not trusted");
    assert_eq!((error.class, error.maybe_done), (Class::Unavailable, false));
    assert!(error.message.contains("certificate"), "{error}");
    get(&fault, &Connect { ca_file: Some(authority.path("ca.pem")), ..plain.clone() }).await.expect("trusted");
    get(&fault, &Connect { skip_verify: true, ..plain }).await.expect("anything goes");
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let authority = Authority::new();
    authority.client();
    let fault = authority.server(true, [ok(), ok()]).await;
    let bare = Connect { ca_file: Some(authority.path("ca.pem")), ..connect(&fault) };
    let error = get(&fault, &bare).await.expect_err("no certificate");
    assert_eq!(error.class, Class::Unavailable, "{error}");
    let apart = Connect {
        client_cert: Some(authority.path("client.pem")),
        client_key: Some(authority.path("client.key")),
        ..bare.clone()
    };
    get(&fault, &apart).await.expect("certificate and key in two files");
    let both = ["client.pem", "client.key"].map(|name| std::fs::read_to_string(authority.path(name)).expect("read"));
    std::fs::write(authority.path("both.pem"), both.concat()).expect("written");
    let together = Connect { client_cert: Some(authority.path("both.pem")), ..bare };
    get(&fault, &together).await.expect("both in one file");
}
