//! IPv4 addresses inside IPv6 ones.
//!
//! In: an address. Out: which IPv4 hosts a packet to it may end up at. Never: an opinion on whether it may.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::Ipv6Net;

/// NAT64 for everybody (RFC 6052, 2.1), and with a prefix of one's own (RFC 8215).
const NAT64: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);
const LOCAL_NAT64: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48);

/// The IPv4 host that packets to this address end up at, where the network translates one to the other by standard.
pub(super) fn reached_v4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    // An IPv6-only network with DNS64 reaches all of the IPv4 internet through this prefix.
    v6.to_ipv4_mapped().or_else(|| NAT64.contains(&v6).then(|| at(v6, [12, 13, 14, 15])))
}

/// Every IPv4 address that hides in this one, by standards in use and by abandoned ones that some systems still follow.
pub(super) fn hidden_v4(address: IpAddr) -> Vec<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return Vec::new() };
    if let Some(reached) = reached_v4(address) {
        return vec![reached];
    }
    match v6.segments() {
        // 6to4 (RFC 3056).
        [0x2002, ..] => vec![at(v6, [2, 3, 4, 5])],
        // Teredo: the server, and the client with all bits turned (RFC 4380, 4).
        [0x2001, 0, ..] => vec![at(v6, [4, 5, 6, 7]), Ipv4Addr::from_bits(!at(v6, [12, 13, 14, 15]).to_bits())],
        // Wherever the length of the prefix puts them, around bits 64 to 71 (RFC 6052, 2.2).
        _ if LOCAL_NAT64.contains(&v6) => {
            [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], [12, 13, 14, 15]].map(|bytes| at(v6, bytes)).to_vec()
        }
        // IPv4-compatible (RFC 4291, 2.5.5.1) and IPv4-translated (RFC 2765, 2.1).
        [0, 0, 0, 0, 0 | 0xffff, 0, ..] => vec![at(v6, [12, 13, 14, 15])],
        _ => Vec::new(),
    }
}

fn at(address: Ipv6Addr, bytes: [usize; 4]) -> Ipv4Addr {
    Ipv4Addr::from(bytes.map(|byte| address.octets()[byte]))
}
