//! How a client is made.

use std::fmt;
use std::time::Duration;

use http::HeaderValue;
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;
use tokio::time::Instant;
use url::{Host, Url};

use super::Client;
use super::retry::{self, OnWait, Patience};
use crate::secret::Secret;

/// Where a server is, and how it is reached.
#[derive(Clone, Debug)]
pub struct Connect {
    /// Its base URL; it may have a path.
    pub host: Url,
    /// The token to use; none before setup.
    pub token: Option<Secret>,
    /// Certificate authorities to trust beside the system's.
    pub ca_file: Option<Pem>,
    /// The client's certificate, and perhaps its key.
    pub client_cert: Option<Pem>,
    /// The key of the client's certificate.
    pub client_key: Option<Pem>,
    /// Trust any certificate.
    pub skip_verify: bool,
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// How long one try of a request may take.
    pub timeout: Duration,
    /// Who is told when a request waits to be sent again.
    pub on_wait: OnWait,
    /// When the run must end: no request waits beyond it to be sent again.
    pub until: Option<Instant>,
}

/// What a PEM file holds.
#[derive(Clone)]
pub struct Pem {
    /// What messages call the file.
    pub name: String,
    /// Its bytes, which may be a key.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pem").field(&self.name).finish()
    }
}

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is none of a server.
    #[error("`{host}` cannot be the URL of a server: {reason}")]
    Host {
        /// The URL, without a password.
        host: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The token has characters that no token has.
    #[error("the token contains control characters or a line break, which no token has")]
    Token,
    /// A file does not hold what it should.
    #[error("{name} contains no {what} in PEM format")]
    Pem {
        /// Its name.
        name: String,
        /// What it should hold.
        what: &'static str,
    },
    /// There is a key without a certificate.
    #[error("a client key needs a client certificate")]
    KeyAlone,
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

impl Connect {
    /// A connection with the usual time-outs and the system's trust.
    pub fn new(host: Url, token: Option<Secret>) -> Self {
        Self {
            host,
            token,
            ca_file: None,
            client_cert: None,
            client_key: None,
            skip_verify: false,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(25),
            on_wait: OnWait::default(),
            until: None,
        }
    }

    /// Makes the client. Sends nothing. Proxies come from `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`; a
    /// loopback host is reached without.
    pub fn client(&self) -> Result<Client, ConnectError> {
        self.check_host()?;
        let token = self.token.as_ref().map(authorization).transpose()?;
        // An error means that there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("fluxform/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            .timeout(self.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // Keep-alive connections that the server is about to close must not lose a POST.
            .pool_idle_timeout(Duration::from_secs(20))
            .tls_danger_accept_invalid_certs(self.skip_verify);
        if is_loopback(&self.host) {
            builder = builder.no_proxy();
        }
        if !self.needs_tls() {
            // The system's certificates take longer to load than a plan's requests.
            builder = builder.tls_certs_only([]);
        } else if let Some(Pem { name, bytes }) = &self.ca_file {
            let bundle = reqwest::Certificate::from_pem_bundle(bytes).unwrap_or_default();
            if bundle.is_empty() {
                return Err(ConnectError::Pem { name: name.clone(), what: "certificate" });
            }
            builder = builder.tls_certs_merge(bundle);
        }
        if let Some(identity) = self.identity()? {
            builder = builder.identity(identity);
        }
        let http = builder.build().map_err(|error| ConnectError::Tls(super::network::reason(&error, "https", true)))?;
        let patience = Patience::new(retry::sleep(), self.on_wait.clone(), self.until);
        Ok(Client::new(http, self.host.clone(), token, self.timeout, patience))
    }

    fn check_host(&self) -> Result<(), ConnectError> {
        let reason = match &self.host {
            host if !matches!(host.scheme(), "http" | "https") => "it must begin with http:// or https://",
            host if host.host().is_none() => "it names no host",
            host if !host.username().is_empty() || host.password().is_some() => {
                "it must not contain a user name; set the token separately"
            }
            host if host.query().is_some() || host.fragment().is_some() => "it must not have anything after the path",
            _ => return Ok(()),
        };
        let mut host = self.host.clone();
        // Fails only for URLs that cannot have one.
        let _ = host.set_password(None);
        Err(ConnectError::Host { host: host.to_string(), reason })
    }

    fn needs_tls(&self) -> bool {
        let by_proxy = || {
            ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
                .iter()
                .filter_map(|name| std::env::var(name).ok())
                .any(|proxy| proxy.starts_with("https:"))
        };
        self.host.scheme() == "https" || by_proxy()
    }

    fn identity(&self) -> Result<Option<reqwest::Identity>, ConnectError> {
        let Some(Pem { name, bytes }) = &self.client_cert else {
            return if self.client_key.is_some() { Err(ConnectError::KeyAlone) } else { Ok(None) };
        };
        let mut pem = bytes.clone();
        if let Some(key) = &self.client_key {
            pem.push(b'\n');
            pem.extend_from_slice(&key.bytes);
        }
        reqwest::Identity::from_pem(&pem)
            .map(Some)
            .map_err(|_| ConnectError::Pem { name: name.clone(), what: "certificate with its key" })
    }
}

/// The header that carries `token`.
pub(super) fn authorization(token: &Secret) -> Result<HeaderValue, ConnectError> {
    let text = format!("Token {}", token.expose_secret());
    let mut value = HeaderValue::from_str(&text).map_err(|_| ConnectError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Whether a request to `host` would carry the token over a network in plain text.
pub fn is_plain_http_to_elsewhere(host: &Url) -> bool {
    host.scheme() == "http" && !is_loopback(host)
}

/// The URL that is meant by one without `http://`, such as `localhost:8086`.
pub fn with_scheme(text: &str) -> Option<String> {
    let url: Url = format!("http://{text}").parse().ok().filter(|_| !text.contains("://"))?;
    let is_host = is_loopback(&url) || url.port().is_some() || url.domain().is_none_or(|name| name.contains('.'));
    let is_bare = url.username().is_empty() && url.password().is_none();
    let scheme = if is_loopback(&url) { "http" } else { "https" };
    (is_host && is_bare && !text.contains(char::is_whitespace)).then(|| format!("{scheme}://{text}"))
}

/// Whether `host` is this machine.
fn is_loopback(host: &Url) -> bool {
    match host.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for near in [
            "http://127.0.0.1:8086",
            "http://127.8.9.1",
            "http://localhost",
            "http://LOCALHOST.:1",
            "http://a.localhost",
            "http://[::1]:8086",
            "http://[::ffff:127.0.0.1]",
            "https://influx.example",
        ] {
            assert!(!is_plain_http_to_elsewhere(&url(near)), "{near}");
        }
        for far in [
            "http://influx.example",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://localhost.example",
            "http://[fe80::1]",
            "http://127.0.0.1.example",
        ] {
            assert!(is_plain_http_to_elsewhere(&url(far)), "{far}");
        }
    }

    #[test]
    fn a_host_alone_is_told_its_url() {
        for (text, meant) in [
            ("localhost:8086", Some("http://localhost:8086")),
            ("127.0.0.1", Some("http://127.0.0.1")),
            ("influx.example/base", Some("https://influx.example/base")),
            ("influx:8086", Some("https://influx:8086")),
            ("influx", None),
            ("user:hunter2@influx.example", None),
            ("ftp://influx.example", None),
            ("embeded:dev.db", None),
            ("", None),
        ] {
            assert_eq!(with_scheme(text).as_deref(), meant, "{text}");
        }
    }

    #[test]
    fn what_is_no_server_is_refused_without_its_password() {
        for bad in ["ftp://h", "http://user:hunter2@h", "http://h/?x=1", "embedded:x"] {
            let error = Connect::new(url(bad), None).client().expect_err(bad).to_string();
            assert!(error.contains("cannot be the URL") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn files_for_tls_are_checked() {
        let pem = || Some(Pem { name: "x.pem".to_owned(), bytes: b"nothing".to_vec().into() });
        let connect = Connect::new(url("https://h"), None);
        let error = |connect: Connect| connect.client().expect_err("refused").to_string();
        assert_eq!(error(Connect { ca_file: pem(), ..connect.clone() }), "x.pem contains no certificate in PEM format");
        assert_eq!(
            error(Connect { client_cert: pem(), ..connect.clone() }),
            "x.pem contains no certificate with its key in PEM format"
        );
        let alone = Connect { client_key: pem(), ..connect };
        assert!(!format!("{alone:?}").contains(&format!("{:?}", b"nothing")), "a key is shown");
        assert!(error(alone).contains("client certificate"));
    }

    #[test]
    fn a_token_with_a_line_break_is_refused_and_not_shown() {
        let connect = Connect::new(url("http://localhost"), Some("abc\ndef".into()));
        let error = connect.client().expect_err("refused").to_string();
        assert!(!error.contains("abc"), "{error}");
        assert!(!format!("{connect:?}").contains("abc"));
    }
}
