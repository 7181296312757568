//! What keeps an address from being a host of the public internet.
//!
//! In: an address. Out: what it is, if it is something special. Never: a policy.
//!
//! The tables hold the IANA IPv4 and IPv6 special-purpose address registries (RFC 6890), and multicast. What a registry calls
//! globally reachable is here too, but for NAT64: those are anycast addresses, which lead to whoever claims them nearby, in
//! this network as well, and none is a receiver's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::hidden::reached_v4;

/// What an address is, if it is no host of the public internet.
pub(super) fn special(address: IpAddr) -> Option<&'static str> {
    match (address, reached_v4(address)) {
        (IpAddr::V4(v4), _) | (_, Some(v4)) => {
            SPECIAL_V4.iter().find(|(net, _)| net.contains(&v4)).map(|(_, what)| *what)
        }
        (IpAddr::V6(v6), None) if !GLOBAL_UNICAST.contains(&v6) => Some(outside_global_unicast(v6)),
        (IpAddr::V6(v6), None) => SPECIAL_V6.iter().find(|(net, _)| net.contains(&v6)).map(|(_, what)| *what),
    }
}

/// The first that holds an address names it, so that narrow ones stand before wide ones.
const SPECIAL_V4: [(Ipv4Net, &str); 19] = [
    (net4(0, 0, 0, 0, 8), "an address of `this network`"), // RFC 791; Linux takes 0.0.0.0 for the machine itself
    (net4(10, 0, 0, 0, 8), "a private address"),           // RFC 1918
    (net4(100, 64, 0, 0, 10), "a shared address of a carrier's NAT"), // RFC 6598; Tailscale and cloud insides too
    (net4(127, 0, 0, 0, 8), "a loopback address"),         // RFC 1122
    (net4(169, 254, 0, 0, 16), "a link-local address"),    // RFC 3927
    (net4(172, 16, 0, 0, 12), "a private address"),        // RFC 1918
    // DS-Lite (RFC 7335), the dummy address (RFC 7600), PCP and TURN anycast (RFC 7723, RFC 8155), NAT64 discovery (RFC 7050).
    (net4(192, 0, 0, 0, 24), "an address for protocols"), // RFC 6890
    (net4(192, 0, 2, 0, 24), "an address for documentation"), // RFC 5737
    (net4(192, 31, 196, 0, 24), "a sink for reverse look-ups"), // RFC 7535: AS112
    (net4(192, 52, 193, 0, 24), "a multicast relay"),     // RFC 7450: AMT
    (net4(192, 88, 99, 0, 24), "a 6to4 relay"),           // RFC 7526, abandoned; 6a44 (RFC 6751)
    (net4(192, 168, 0, 0, 16), "a private address"),      // RFC 1918
    (net4(192, 175, 48, 0, 24), "a sink for reverse look-ups"), // RFC 7534: AS112
    (net4(198, 18, 0, 0, 15), "an address for benchmarks"), // RFC 2544
    (net4(198, 51, 100, 0, 24), "an address for documentation"), // RFC 5737
    (net4(203, 0, 113, 0, 24), "an address for documentation"), // RFC 5737
    (net4(224, 0, 0, 0, 4), "a multicast address"),       // RFC 5771
    (net4(255, 255, 255, 255, 32), "the broadcast address"), // RFC 919
    (net4(240, 0, 0, 0, 4), "a reserved address"),        // RFC 1112, class E
];

/// All IPv6 addresses of the public internet so far (RFC 4291, 2.4). Outside are, of the registry, loopback, the unspecified
/// address, IPv4-mapped, both NAT64 prefixes, discard-only (RFC 6666), the dummy prefix (RFC 9780), segment routing
/// (RFC 9602), unique local and link-local addresses.
const GLOBAL_UNICAST: Ipv6Net = net6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// What is taken out of [`GLOBAL_UNICAST`]. 6to4 and Teredo are among it: abandoned tunnels, each address of which hides an
/// IPv4 one.
const SPECIAL_V6: [(Ipv6Net, &str); 6] = [
    (net6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), "a Teredo tunnel"), // RFC 4380
    // PCP, TURN and DNS-SD anycast (RFC 7723, RFC 8155, RFC 9665), benchmarks (RFC 5180), AMT (RFC 7450), AS112 (RFC 7535),
    // ORCHID (RFC 4843, RFC 7343), DRIP (RFC 9374).
    (net6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "an address for protocols"), // RFC 2928
    (net6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "an address for documentation"), // RFC 3849
    (net6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), "a 6to4 tunnel"),            // RFC 3056
    (net6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48), "a sink for reverse look-ups"), // RFC 7534: AS112
    (net6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "an address for documentation"), // RFC 9637
];

/// For the operator's eyes: everything outside is refused, known or not.
fn outside_global_unicast(address: Ipv6Addr) -> &'static str {
    match address {
        Ipv6Addr::LOCALHOST => "a loopback address",
        Ipv6Addr::UNSPECIFIED => "the unspecified address",
        _ if address.is_unique_local() => "a private address",
        _ if address.is_unicast_link_local() => "a link-local address",
        _ if address.is_multicast() => "a multicast address",
        _ => "no address of the public internet",
    }
}

const fn net4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn net6([a, b, c, d, e, f, g, h]: [u16; 8], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), length)
}
