//! The client against a server with TLS.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::Value;
use tokio_rustls::TlsAcceptor;

use super::fault::{Fault, Reply};
use super::{ApiError, Class, Connect, Pem};

/// An authority, and a server that asks for one of its certificates.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed");
        Self { issuer }
    }

    fn pem(&self) -> Pem {
        pem(&self.issuer.pem())
    }

    fn sign(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        (params.signed_by(&key, &self.issuer).expect("signed"), key)
    }

    /// A client's certificate, and its key.
    fn client(&self) -> [String; 2] {
        let (certificate, key) = self.sign("client");
        [certificate.pem(), key.serialize_pem()]
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

fn pem(text: &str) -> Pem {
    Pem { name: "x.pem".to_owned(), bytes: text.as_bytes().to_vec().into() }
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
    get(&fault, &Connect { ca_file: Some(authority.pem()), ..plain.clone() }).await.expect("trusted");
    get(&fault, &Connect { skip_verify: true, ..plain }).await.expect("anything goes");
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let authority = Authority::new();
    let [certificate, key] = authority.client();
    let fault = authority.server(true, [ok(), ok()]).await;
    let bare = Connect { ca_file: Some(authority.pem()), ..connect(&fault) };
    let error = get(&fault, &bare).await.expect_err("no certificate");
    assert_eq!(error.class, Class::Unavailable, "{error}");
    let apart = Connect { client_cert: Some(pem(&certificate)), client_key: Some(pem(&key)), ..bare.clone() };
    get(&fault, &apart).await.expect("certificate and key in two files");
    let together = Connect { client_cert: Some(pem(&(certificate + &key))), ..bare };
    get(&fault, &together).await.expect("both in one file");
}
