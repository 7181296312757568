//! The outbound HTTP client: TLS, timeouts, and a look-up that minds where names lead.
//!
//! In: a webhook's `ca_file` and `allow_networks`. Out: a client. Never: a redirect followed, a proxy used, a body
//! decoded, a system-wide setting heeded but the certificate store.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, ClientBuilder};

use super::addresses::Policy;
use super::round::MOST;
use crate::config::Webhook;
use crate::failpoint;

const NO_TLS: &str = "TLS cannot be set up; if the system has no certificates, install the package ca-certificates";

/// Looks names up. The system's in the program, a scripted one in tests.
pub trait Resolver: Send + Sync + std::fmt::Debug {
    /// All addresses of `host`.
    fn resolve(&self, host: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let host = host.to_owned();
        Box::pin(async move {
            match failpoint::look_up(&host).await {
                Some(addresses) => Ok(addresses),
                None => Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()),
            }
        })
    }
}

/// How long a receiver may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    /// For look-up, connection and TLS.
    pub(super) connect: Duration,
    /// For all of that, the request, and the answer to its last byte.
    pub(super) total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(15) }
    }
}

/// Makes clients, one for each set of rules: connections that one set allows must not be reused under another.
pub(super) struct Clients {
    resolver: Arc<dyn Resolver>,
    timeouts: Timeouts,
    made: Vec<(Rules, Client)>,
}

#[derive(PartialEq)]
struct Rules {
    ca_file: Option<PathBuf>,
    policy: Policy,
}

impl Clients {
    pub(super) fn new(resolver: Arc<dyn Resolver>, timeouts: Timeouts) -> Self {
        // An error means that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { resolver, timeouts, made: Vec::new() }
    }

    /// The client for a webhook.
    ///
    /// # Errors
    ///
    /// If the `ca_file` holds no usable certificates, or the system has none.
    pub(super) fn get(&mut self, webhook: &Webhook) -> anyhow::Result<Client> {
        let rules = Rules { ca_file: webhook.ca_file.clone(), policy: Policy::from(webhook) };
        if let Some((_, client)) = self.made.iter().find(|(made, _)| *made == rules) {
            return Ok(client.clone());
        }
        let client = self.build(&rules)?;
        self.made.push((rules, client.clone()));
        Ok(client)
    }

    /// The client for what strangers ask to be called. It keeps no connection: there may be as many hosts as callbacks.
    ///
    /// # Errors
    ///
    /// If the system has no certificates.
    pub(super) fn for_strangers(&self) -> anyhow::Result<Client> {
        self.builder(Policy::Stranger).pool_max_idle_per_host(0).build().context(NO_TLS)
    }

    fn build(&self, rules: &Rules) -> anyhow::Result<Client> {
        let roots = rules.ca_file.as_deref().map(read_certificates).transpose()?;
        self.builder(rules.policy.clone()).tls_certs_merge(roots.unwrap_or_default()).build().context(NO_TLS)
    }

    fn builder(&self, policy: Policy) -> ClientBuilder {
        Client::builder()
            .user_agent(concat!("Tidings/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(self.timeouts.connect)
            // Endpoints may share a host: with fewer than may be under way, a backlog opens connections all the time.
            .pool_max_idle_per_host(MOST)
            .pool_idle_timeout(Duration::from_secs(30))
            // A receiver that sends without end fills these windows, not the memory.
            .http2_initial_stream_window_size(64 * 1024)
            .http2_initial_connection_window_size(1024 * 1024)
            .dns_resolver(Arc::new(Guard { resolver: Arc::clone(&self.resolver), policy }))
    }
}

fn read_certificates(path: &Path) -> anyhow::Result<Vec<Certificate>> {
    let pem = std::fs::read(path).with_context(|| format!("ca_file {} cannot be read", path.display()))?;
    let certificates = Certificate::from_pem_bundle(&pem)
        .with_context(|| format!("ca_file {} holds a certificate that cannot be read", path.display()))?;
    ensure!(!certificates.is_empty(), "ca_file {} holds no certificate in PEM form", path.display());
    Ok(certificates)
}

/// Looks a name up and leaves only what may be called. Asked anew for each connection, so that a name cannot pass a check
/// first and be pointed elsewhere then.
struct Guard {
    resolver: Arc<dyn Resolver>,
    policy: Policy,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = self.resolver.resolve(name.as_str());
        let policy = self.policy.clone();
        Box::pin(async move {
            let chosen = policy.choose(name.as_str(), addresses.await?)?;
            if chosen.is_empty() {
                return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address").into());
            }
            // Port 0 stands for the URL's.
            Ok(Box::new(chosen.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
