//! A way to a server that goes through TLS, and one through a proxy that knows nothing but CONNECT.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// The name, beside 127.0.0.1, that the certificate is for. Nothing resolves it.
pub(crate) const FAR_HOST: &str = "influx.test";

/// Something that listens on a loopback port; it ends with this value.
struct Listening {
    port: u16,
    task: JoinHandle<()>,
}

impl Listening {
    /// Each connection goes to `serve`, in a task of its own.
    async fn start<F: Future<Output = ()> + Send + 'static>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream));
            }
        });
        Self { port, task }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// TLS before a server without it, with a certificate of an authority of its own.
pub(crate) struct Tls {
    listening: Listening,
    dir: TempDir,
}

impl Tls {
    /// Stands before the server at `url`; where it `asks`, only who shows a certificate of the authority gets through.
    pub(crate) async fn before(url: &str, asks: bool) -> Self {
        // Fails only if another test was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let sign = |names: &[&str]| {
            let key = KeyPair::generate().unwrap();
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            (CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap(), key)
        };
        let dir = tempfile::tempdir().unwrap();
        let (client, client_key) = sign(&["client"]);
        for (name, pem) in
            [("ca.pem", issuer.pem()), ("client.pem", client.pem()), ("client.key", client_key.serialize_pem())]
        {
            std::fs::write(dir.path().join(name), pem).unwrap();
        }
        let builder = if asks {
            let mut roots = RootCertStore::empty();
            roots.add(issuer.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
            ServerConfig::builder().with_client_cert_verifier(verifier)
        } else {
            ServerConfig::builder().with_no_client_auth()
        };
        let (server, key) = sign(&["127.0.0.1", FAR_HOST]);
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = builder.with_single_cert(vec![server.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let target = url.strip_prefix("http://").unwrap().to_owned();
        let listening = Listening::start(move |stream| {
            let (acceptor, target) = (acceptor.clone(), target.clone());
            async move {
                // Who does not trust the certificate, or shows none, goes away.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut server = TcpStream::connect(&target).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut server).await;
            }
        })
        .await;
        Self { listening, dir }
    }

    /// `ca.pem`, `client.pem` or `client.key`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The URL on this machine.
    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.listening.port)
    }
}

/// A proxy that makes tunnels to one place, whatever name it is asked for.
pub(crate) struct Tunnel {
    listening: Listening,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Tunnel {
    /// Leads to `tls`.
    pub(crate) async fn to(tls: &Tls) -> Self {
        let port = tls.listening.port;
        Self::start(move |mut stream| async move {
            let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let _ = copy_bidirectional(&mut stream, &mut server).await;
        })
        .await
    }

    /// Leads nowhere: answers each request with this status.
    pub(crate) async fn refusing(status: &'static str) -> Self {
        Self::start(move |mut stream| async move {
            let reply = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(reply.as_bytes()).await.unwrap();
        })
        .await
    }

    async fn start<F: Future<Output = ()> + Send + 'static>(
        answer: impl Fn(TcpStream) -> F + Send + Sync + 'static,
    ) -> Self {
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let (heard, answer) = (heads.clone(), Arc::new(answer));
        let listening = Listening::start(move |mut stream| {
            let (heard, answer) = (heard.clone(), answer.clone());
            async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                heard.lock().unwrap().push(String::from_utf8(head).unwrap());
                answer(stream).await;
            }
        })
        .await;
        Self { listening, heads }
    }

    /// Its URL, with a user name and a password for it.
    pub(crate) fn url(&self) -> String {
        format!("http://me:geheim@127.0.0.1:{}", self.listening.port)
    }

    /// The heads of the requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}
