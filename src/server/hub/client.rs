//! Who asks, for the sake of rates.
//!
//! In: a request's head. Out: an address that stands for its sender. Never: what a sender says of itself, unless a proxy of ours
//! has written it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::request::Parts;

/// Whose turn it is. Behind a reverse proxy, which is near, it is the last address of `X-Forwarded-For`: the one that the proxy
/// has seen itself. IPv6 clients count by their network, which has one owner.
pub(super) fn of(head: &Parts) -> IpAddr {
    let peer = head.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let client = if is_near(peer) { forwarded(&head.headers).unwrap_or(peer) } else { peer };
    network(client)
}

fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim();
    // Some proxies add the port.
    let address = last.parse::<IpAddr>().or_else(|_| last.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

/// Whether it is on this machine or in its network.
fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn of_request(peer: &str, forwarded: &[&str]) -> String {
        let mut request = Request::builder().extension(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        of(&request.body(()).unwrap().into_parts().0).to_string()
    }

    #[test]
    fn a_proxy_nearby_is_believed_about_the_last_address() {
        for (peer, forwarded, client) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("127.0.0.1", &["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["1.2.3.4", "198.51.100.1:1234"], "198.51.100.1"),
            ("::ffff:127.0.0.1", &["[2001:db8:1:2:3::4]:99"], "2001:db8:1:2::"),
            ("127.0.0.1", &["unknown"], "127.0.0.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("2001:db8::1:2:3:4", &["1.2.3.4"], "2001:db8::"),
        ] {
            assert_eq!(of_request(peer, forwarded), client, "{peer} {forwarded:?}");
        }
    }
}
