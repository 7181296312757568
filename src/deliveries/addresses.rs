//! Which addresses may be called.
//!
//! In: a webhook's host and the addresses its name has at this moment. Out: the addresses to call, or a refusal that says
//! what to do. Never: a look-up of its own.
//!
//! A webhook's URL is the operator's own word: an address literal or a name of the inside goes where it says. A public
//! name that leads inside does not, because that is what DNS rebinding looks like. Cloud metadata services hand out
//! credentials to whoever asks, so they are refused by every name and literal, unless the operator names the very address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::Host;

/// Why nothing may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The name, or the literal itself.
    pub host: String,
    /// An address that was refused.
    pub address: IpAddr,
    /// What that address is, such as `a private address`.
    pub what: &'static str,
}

impl std::error::Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, address, what } = self;
        match host.parse::<IpAddr>() {
            Ok(_) => write!(f, "{address} is {what}")?,
            Err(_) => write!(f, "{host} leads to {address}, {what}")?,
        }
        write!(f, "; if that is meant, add {} to allow_networks", IpNet::from(*address))
    }
}

/// Checks a host before it is looked up: only literals can be refused already.
///
/// # Errors
///
/// If the literal is a metadata service that is not named in `allowed`.
pub fn check_host(host: &Host<&str>, allowed: &[IpNet]) -> Result<(), Refused> {
    let address = match host {
        Host::Domain(_) => return Ok(()),
        Host::Ipv4(address) => IpAddr::V4(*address),
        Host::Ipv6(address) => IpAddr::V6(*address),
    };
    match metadata(address, allowed) {
        Some(what) => Err(Refused { host: address.to_string(), address, what }),
        None => Ok(()),
    }
}

/// The addresses of a name that may be called, in the order given.
///
/// # Errors
///
/// If the name has addresses and none of them may be called.
pub fn choose(name: &str, addresses: Vec<IpAddr>, allowed: &[IpNet]) -> Result<Vec<IpAddr>, Refused> {
    let inside = is_inside_name(name);
    let objection = |address: IpAddr| {
        metadata(address, allowed)
            .or_else(|| if inside || is_allowed(address, allowed) { None } else { special(address) })
    };
    let first = addresses.first().copied();
    let chosen: Vec<_> = addresses.into_iter().filter(|&address| objection(address).is_none()).collect();
    match first.and_then(|address| Some((address, objection(address)?))) {
        Some((address, what)) if chosen.is_empty() => Err(Refused { host: name.to_owned(), address, what }),
        _ => Ok(chosen),
    }
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

/// The IPv4 host that packets to this address end up at, where the network translates one to the other by standard.
fn reached_v4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    // An IPv6-only network with DNS64 reaches all of the IPv4 internet through this prefix (RFC 6052).
    let is_nat64 = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96).contains(&v6);
    v6.to_ipv4_mapped().or_else(|| is_nat64.then(|| last_four(v6)))
}

/// Every IPv4 address that hides in this one, by standards in use and by abandoned ones that some systems still follow.
fn hidden_v4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    let [first, second, third, ..] = v6.segments();
    reached_v4(address).or(match first {
        // 6to4 (RFC 3056).
        0x2002 => {
            let [a, b] = second.to_be_bytes();
            let [c, d] = third.to_be_bytes();
            Some(Ipv4Addr::new(a, b, c, d))
        }
        // NAT64 with a prefix of one's own (RFC 8215), and IPv4-compatible addresses (RFC 4291, 2.5.5.1).
        0x64 | 0 => Some(last_four(v6)),
        _ => None,
    })
}

fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

/// Cloud metadata services. A network around one does not allow it; the address itself does.
fn metadata(address: IpAddr, allowed: &[IpNet]) -> Option<&'static str> {
    let forms = [Some(address), hidden_v4(address).map(IpAddr::V4)];
    let known = forms.into_iter().flatten().find(|form| METADATA.contains(form))?;
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

/// What keeps an address from being a host of the public internet, if anything does.
fn special(address: IpAddr) -> Option<&'static str> {
    match (address, reached_v4(address)) {
        (IpAddr::V4(v4), _) | (_, Some(v4)) => {
            SPECIAL_V4.iter().find(|(net, _)| net.contains(&v4)).map(|(_, what)| *what)
        }
        (IpAddr::V6(v6), None) if !GLOBAL_UNICAST.contains(&v6) => Some(outside_global_unicast(v6)),
        (IpAddr::V6(v6), None) => SPECIAL_V6.iter().find(|(net, _)| net.contains(&v6)).map(|(_, what)| *what),
    }
}

/// The IANA IPv4 special-purpose address registry, what it calls not globally reachable, and multicast.
const SPECIAL_V4: [(Ipv4Net, &str); 16] = [
    (net4(0, 0, 0, 0, 8), "an address of `this network`"), // RFC 791; Linux takes 0.0.0.0 for the machine itself
    (net4(10, 0, 0, 0, 8), "a private address"),           // RFC 1918
    (net4(100, 64, 0, 0, 10), "a shared address of a carrier's NAT"), // RFC 6598; Tailscale and cloud insides too
    (net4(127, 0, 0, 0, 8), "a loopback address"),         // RFC 1122
    (net4(169, 254, 0, 0, 16), "a link-local address"),    // RFC 3927
    (net4(172, 16, 0, 0, 12), "a private address"),        // RFC 1918
    (net4(192, 0, 0, 0, 24), "an address for protocols"),  // RFC 6890; its two anycast exceptions host no webhook
    (net4(192, 0, 2, 0, 24), "an address for documentation"), // RFC 5737
    (net4(192, 88, 99, 0, 24), "a 6to4 relay"),            // RFC 7526, abandoned
    (net4(192, 168, 0, 0, 16), "a private address"),       // RFC 1918
    (net4(198, 18, 0, 0, 15), "an address for benchmarks"), // RFC 2544
    (net4(198, 51, 100, 0, 24), "an address for documentation"), // RFC 5737
    (net4(203, 0, 113, 0, 24), "an address for documentation"), // RFC 5737
    (net4(224, 0, 0, 0, 4), "a multicast address"),        // RFC 5771
    (net4(255, 255, 255, 255, 32), "the broadcast address"), // RFC 919; before the network around it
    (net4(240, 0, 0, 0, 4), "a reserved address"),         // RFC 1112, class E
];

/// All IPv6 addresses of the public internet so far (RFC 4291, 2.4).
const GLOBAL_UNICAST: Ipv6Net = net6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// What the IANA IPv6 special-purpose address registry takes out of [`GLOBAL_UNICAST`]. 6to4 and Teredo are among it:
/// abandoned tunnels, each address of which hides an IPv4 one.
const SPECIAL_V6: [(Ipv6Net, &str); 5] = [
    (net6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), "a Teredo tunnel"), // RFC 4380
    (net6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "an address for protocols"), // RFC 2928: ORCHID, benchmarks, DRIP, …
    (net6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "an address for documentation"), // RFC 3849
    (net6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), "a 6to4 tunnel"),   // RFC 3056
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

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

const fn net4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn net6([a, b, c, d, e, f, g, h]: [u16; 8], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use url::Url;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn choose_one(name: &str, address: &str, allowed: &[&str]) -> Result<Vec<IpAddr>, Refused> {
        choose(name, vec![ip(address)], &nets(allowed))
    }

    fn is_public(address: &str) -> bool {
        choose_one("hooks.example.com", address, &[]).is_ok()
    }

    fn check(url: &str, allowed: &[&str]) -> Result<(), Refused> {
        check_host(&Url::parse(url).unwrap().host().unwrap(), &nets(allowed))
    }

    #[test]
    fn public_names_may_lead_to_public_addresses() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2001:200::1",
            "3ffe::1",
            "3fff:1000::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            assert!(is_public(address), "{address}");
        }
    }

    #[test]
    fn public_names_may_not_lead_inside() {
        for address in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.0.1",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.0",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",           // IPv4-compatible 127.0.0.1
            "::ffff:10.0.0.1",    // IPv4-mapped
            "::ffff:0:10.0.0.1",  // IPv4-translated
            "64:ff9b::a00:1",     // NAT64 of 10.0.0.1
            "64:ff9b::7f00:1",    // NAT64 of 127.0.0.1
            "64:ff9b:1::a00:1",   // local NAT64
            "64:ff9b::1:808:808", // beside the NAT64 prefix
            "100::1",             // discard
            "100:0:0:1::1",       // dummy prefix
            "2001::1",            // Teredo
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:2::1",  // benchmarks
            "2001:20::1", // ORCHIDv2
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",   // 6to4 of 127.0.0.1
            "2002:808:808::1", // 6to4 of a public address
            "3fff::1",
            "4000::1",
            "5f00::1", // segment routing
            "fc00::1",
            "fd12:3456:789a::1",
            "fe80::1",
            "febf::1",
            "fec0::1", // site-local
            "ff02::1",
        ] {
            assert!(!is_public(address), "{address}");
        }
    }

    #[test]
    fn a_refusal_says_what_the_address_is_and_the_remedy() {
        let text = choose_one("hooks.example.com", "10.1.2.3", &[]).unwrap_err().to_string();
        assert_eq!(
            text,
            "hooks.example.com leads to 10.1.2.3, a private address; if that is meant, add 10.1.2.3/32 to allow_networks"
        );
        for (address, what) in [
            ("127.0.0.1", "a loopback address"),
            ("255.255.255.255", "the broadcast address"),
            ("2001::1", "a Teredo tunnel"),
            ("2001:10::1", "an address for protocols"),
            ("fe80::1", "a link-local address"),
            ("::1", "a loopback address"),
            ("::ffff:192.168.0.1", "a private address"),
            ("fd00:ec2::254", "a cloud metadata service"),
        ] {
            assert_eq!(choose_one("a.example", address, &[]).unwrap_err().what, what, "{address}");
        }
    }

    #[test]
    fn the_operators_own_names_go_where_they_say() {
        for name in [
            "localhost",
            "LOCALHOST.",
            "app.localhost",
            "receiver",
            "nas.local",
            "ci.corp.internal",
            "hook.team.svc",
            "hook.team.svc.cluster.local",
            "receiver.",
        ] {
            assert!(choose_one(name, "10.0.0.1", &[]).is_ok(), "{name}");
            assert!(choose_one(name, "::1", &[]).is_ok(), "{name}");
            assert!(choose_one(name, "169.254.169.254", &[]).is_err(), "{name}");
        }
        for name in
            ["local.example", "notlocal.", "a.notlocal", "internal.example.com", "svc.example", "1.2.3.4.nip.io"]
        {
            assert_eq!(choose_one(name, "10.0.0.1", &[]).is_ok(), !name.trim_end_matches('.').contains('.'), "{name}");
        }
    }

    #[test]
    fn an_allowed_network_may_be_led_to_in_every_form() {
        for address in ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203"] {
            assert!(choose_one("a.example", address, &["10.1.0.0/16"]).is_ok(), "{address}");
            assert!(choose_one("a.example", address, &["10.2.0.0/16"]).is_err(), "{address}");
        }
        assert!(choose_one("a.example", "fd12::1", &["fd00::/8"]).is_ok());
    }

    #[test]
    fn of_a_mixed_answer_only_the_allowed_addresses_are_called() {
        let mixed = ["10.0.0.1", "1.1.1.1", "::1", "2606:4700::1111", "169.254.169.254"].map(ip).to_vec();
        let chosen = choose("a.example", mixed.clone(), &[]).unwrap();
        assert_eq!(chosen, [ip("1.1.1.1"), ip("2606:4700::1111")]);
        let chosen = choose("a.example", mixed, &nets(&["10.0.0.0/8"])).unwrap();
        assert_eq!(chosen, [ip("10.0.0.1"), ip("1.1.1.1"), ip("2606:4700::1111")]);
        assert_eq!(choose("a.example", vec![], &[]), Ok(vec![]));
    }

    #[test]
    fn metadata_services_are_refused_in_every_form_unless_named() {
        for url in [
            "http://169.254.169.254/",
            "http://0xa9fea9fe/",
            "http://2852039166/",
            "http://0251.0376.0251.0376/",
            "http://[::ffff:169.254.169.254]/",
            "http://[::a9fe:a9fe]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://[64:ff9b:1::a9fe:a9fe]/",
            "http://[2002:a9fe:a9fe::]/",
        ] {
            assert_eq!(check(url, &[]).unwrap_err().what, "a cloud metadata service", "{url}");
            assert!(check(url, &["0.0.0.0/0", "::/0", "169.254.0.0/16"]).is_err(), "{url}");
            assert!(check(url, &["169.254.169.254/32"]).is_ok(), "{url}");
        }
        for address in METADATA {
            assert!(choose("receiver", vec![address], &[]).is_err(), "{address}");
            assert!(choose("a.example", vec![address], &[IpNet::from(address)]).is_ok(), "{address}");
        }
    }

    #[test]
    fn other_literals_go_where_they_say() {
        for url in
            ["http://127.0.0.1/", "http://10.0.0.1:8080/", "http://[::1]/", "http://0x7f.1/", "http://a.example/"]
        {
            assert_eq!(check(url, &[]), Ok(()), "{url}");
        }
        let refusal = check("http://169.254.169.254/", &[]).unwrap_err().to_string();
        assert!(refusal.starts_with("169.254.169.254 is a cloud metadata service; "), "{refusal}");
    }

    proptest! {
        #[test]
        fn v4_and_its_mapped_and_translated_forms_are_judged_alike(bits in any::<u32>()) {
            let v4 = Ipv4Addr::from_bits(bits);
            let judged = is_public(&v4.to_string());
            prop_assert_eq!(is_public(&v4.to_ipv6_mapped().to_string()), judged);
            prop_assert_eq!(is_public(&format!("64:ff9b::{v4}")), judged);
        }

        #[test]
        fn nothing_outside_global_unicast_is_public(bits in any::<u128>()) {
            let v6 = Ipv6Addr::from_bits(bits);
            let reached = v6.to_ipv4_mapped().is_some();
            prop_assert!(reached || bits >> 125 == 1 || !is_public(&v6.to_string()));
        }
    }
}
