//! Which addresses may be called.
//!
//! In: a host, the addresses its name has at this moment, and whose word it is. Out: the addresses to call, or a refusal that
//! says what to do. Never: a look-up of its own.
//!
//! A webhook's URL is the operator's own word: an address literal or a name of the inside goes where it says. A public
//! name that leads inside does not, because that is what DNS rebinding looks like. Cloud metadata services hand out
//! credentials to whoever asks, so they are refused by every name and literal, unless the operator names the very address.
//!
//! A hub's callback is a stranger's word: public addresses only, by whatever name.

mod hidden;
mod special;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::Host;

use crate::config::Webhook;
use crate::failpoint;
use hidden::{hidden_v4, reached_v4};
use special::special;

/// Why nothing may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The name, or the literal itself.
    pub host: String,
    /// An address that was refused.
    pub address: IpAddr,
    /// What that address is, such as `a private address`.
    pub what: &'static str,
    /// Whether `allow_networks` could have allowed it.
    pub can_be_allowed: bool,
}

impl std::error::Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, address, what, can_be_allowed } = self;
        match host.parse::<IpAddr>() {
            Ok(_) => write!(f, "{address} is {what}")?,
            Err(_) => write!(f, "{host} leads to {address}, {what}")?,
        }
        if *can_be_allowed {
            write!(f, "; if that is meant, add {} to allow_networks", IpNet::from(*address))?;
        }
        Ok(())
    }
}

/// Whose word a host is, and so where it may lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Policy {
    /// The operator's, with the networks that they allow.
    Operator(Vec<IpNet>),
    /// A stranger's.
    Stranger,
}

impl From<&Webhook> for Policy {
    fn from(webhook: &Webhook) -> Self {
        Self::Operator(webhook.allow_networks.clone())
    }
}

impl Policy {
    /// Checks a host before it is looked up: only literals can be refused already. Connections to them ask no resolver, so
    /// nobody looks at them later.
    ///
    /// # Errors
    ///
    /// If the literal must not be called.
    pub fn check_host(&self, host: &Host<&str>) -> Result<(), Refused> {
        let address = match host {
            Host::Domain(_) => return Ok(()),
            Host::Ipv4(address) => IpAddr::V4(*address),
            Host::Ipv6(address) => IpAddr::V6(*address),
        };
        let objection = match self {
            Self::Operator(allowed) => metadata(address, allowed),
            Self::Stranger => objection_to_stranger(address),
        };
        objection.map_or(Ok(()), |what| Err(self.refuse(&address.to_string(), address, what)))
    }

    /// The addresses of a name that may be called, in the order given.
    ///
    /// # Errors
    ///
    /// If the name has addresses and none of them may be called.
    pub fn choose(&self, name: &str, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, Refused> {
        let first = addresses.first().copied();
        let chosen: Vec<_> = addresses.into_iter().filter(|&address| self.objection(name, address).is_none()).collect();
        match first.and_then(|address| Some((address, self.objection(name, address)?))) {
            Some((address, what)) if chosen.is_empty() => Err(self.refuse(name, address, what)),
            _ => Ok(chosen),
        }
    }

    fn objection(&self, name: &str, address: IpAddr) -> Option<&'static str> {
        let Self::Operator(allowed) = self else { return objection_to_stranger(address) };
        let goes_anywhere = is_inside_name(name) || is_allowed(address, allowed);
        metadata(address, allowed).or_else(|| special(address).filter(|_| !goes_anywhere))
    }

    fn refuse(&self, host: &str, address: IpAddr, what: &'static str) -> Refused {
        Refused { host: host.to_owned(), address, what, can_be_allowed: matches!(self, Self::Operator(_)) }
    }
}

fn objection_to_stranger(address: IpAddr) -> Option<&'static str> {
    let is_excepted = || is_allowed(address, &failpoint::callback_networks());
    metadata(address, &[]).or_else(|| special(address)).filter(|_| !is_excepted())
}

/// Whether a name can only mean something on this machine or in this network, so that no stranger can point it anywhere:
/// `localhost` (RFC 6761), a name without a dot, `.local` (RFC 6762, and Kubernetes' `.cluster.local`), `.internal`
/// (reserved by ICANN for private use), `.svc` (Kubernetes).
fn is_inside_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    match name.rsplit_once('.') {
        Some((_, last)) => ["localhost", "local", "internal", "svc"].contains(&last),
        None => true,
    }
}

fn is_allowed(address: IpAddr, allowed: &[IpNet]) -> bool {
    let forms = [Some(address), reached_v4(address).map(IpAddr::V4)];
    forms.into_iter().flatten().any(|form| allowed.iter().any(|net| net.contains(&form)))
}

/// Cloud metadata services. A network around one does not allow it; the address itself does.
fn metadata(address: IpAddr, allowed: &[IpNet]) -> Option<&'static str> {
    let mut forms = std::iter::once(address).chain(hidden_v4(address).into_iter().map(IpAddr::V4));
    let known = forms.find(|form| METADATA.contains(form))?;
    let named = |net: &IpNet| *net == IpNet::from(known) || *net == IpNet::from(address);
    (!allowed.iter().any(named)).then_some("a cloud metadata service")
}

const METADATA: [IpAddr; 10] = [
    // AWS, Google Cloud, Azure, DigitalOcean, Hetzner, Oracle, OpenStack and most others.
    v4(169, 254, 169, 254),
    // AWS: credentials of ECS tasks, and of EKS pods.
    v4(169, 254, 170, 2),
    v4(169, 254, 170, 23),
    // Scaleway.
    v4(169, 254, 42, 42),
    // Alibaba Cloud.
    v4(100, 100, 100, 200),
    // Azure's platform address.
    v4(168, 63, 129, 16),
    // Oracle Cloud Classic.
    v4(192, 0, 0, 192),
    // AWS, by IPv6: metadata, and credentials of EKS pods.
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
    // Google Cloud, by IPv6.
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

#[cfg(test)]
mod tests;
