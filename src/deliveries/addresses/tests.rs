use ipnet::IpNet;
use proptest::prelude::*;
use url::Url;

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn nets(texts: &[&str]) -> Vec<IpNet> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn choose_one(name: &str, address: &str, allowed: &[&str]) -> Result<Vec<IpAddr>, Refused> {
    Policy::Operator(nets(allowed)).choose(name, vec![ip(address)])
}

fn is_public(address: &str) -> bool {
    choose_one("hooks.example.com", address, &[]).is_ok()
}

fn check(url: &str, allowed: &[&str]) -> Result<(), Refused> {
    Policy::Operator(nets(allowed)).check_host(&Url::parse(url).unwrap().host().unwrap())
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

/// Every row of the IANA IPv4 and IPv6 special-purpose address registries, what else no receiver has, and what it is to us.
/// `None`: translated to the IPv4 address inside, which decides.
const REGISTRY: [(&str, Option<&str>); 56] = [
    ("0.0.0.0/8", Some("an address of `this network`")),
    ("0.0.0.0/32", Some("an address of `this network`")),
    ("10.0.0.0/8", Some("a private address")),
    ("100.64.0.0/10", Some("a shared address of a carrier's NAT")),
    ("127.0.0.0/8", Some("a loopback address")),
    ("169.254.0.0/16", Some("a link-local address")),
    ("172.16.0.0/12", Some("a private address")),
    ("192.0.0.0/24", Some("an address for protocols")),
    ("192.0.0.0/29", Some("an address for protocols")),
    ("192.0.0.8/32", Some("an address for protocols")),
    ("192.0.0.9/32", Some("an address for protocols")),
    ("192.0.0.10/32", Some("an address for protocols")),
    ("192.0.0.170/32", Some("an address for protocols")),
    ("192.0.0.171/32", Some("an address for protocols")),
    ("192.0.2.0/24", Some("an address for documentation")),
    ("192.31.196.0/24", Some("a sink for reverse look-ups")),
    ("192.52.193.0/24", Some("a multicast relay")),
    ("192.88.99.0/24", Some("a 6to4 relay")),
    ("192.88.99.2/32", Some("a 6to4 relay")),
    ("192.168.0.0/16", Some("a private address")),
    ("192.175.48.0/24", Some("a sink for reverse look-ups")),
    ("198.18.0.0/15", Some("an address for benchmarks")),
    ("198.51.100.0/24", Some("an address for documentation")),
    ("203.0.113.0/24", Some("an address for documentation")),
    ("224.0.0.0/4", Some("a multicast address")),
    ("240.0.0.0/5", Some("a reserved address")),
    ("255.255.255.255/32", Some("the broadcast address")),
    ("::1/128", Some("a loopback address")),
    ("::/128", Some("the unspecified address")),
    ("::ffff:0:0/96", None),
    ("64:ff9b::/96", None),
    ("::ffff:0:0:0/96", Some("no address of the public internet")),
    ("64:ff9b:1::/48", Some("no address of the public internet")),
    ("100::/64", Some("no address of the public internet")),
    ("100:0:0:1::/64", Some("no address of the public internet")),
    ("2001::/32", Some("a Teredo tunnel")),
    ("2001:1::1/128", Some("an address for protocols")),
    ("2001:1::2/128", Some("an address for protocols")),
    ("2001:1::3/128", Some("an address for protocols")),
    ("2001:2::/48", Some("an address for protocols")),
    ("2001:3::/32", Some("an address for protocols")),
    ("2001:4:112::/48", Some("an address for protocols")),
    ("2001:10::/28", Some("an address for protocols")),
    ("2001:20::/28", Some("an address for protocols")),
    ("2001:30::/28", Some("an address for protocols")),
    ("2001:100::/24", Some("an address for protocols")),
    ("2001:db8::/32", Some("an address for documentation")),
    ("2002::/16", Some("a 6to4 tunnel")),
    ("2620:4f:8000::/48", Some("a sink for reverse look-ups")),
    ("3fff::/20", Some("an address for documentation")),
    ("4000::/3", Some("no address of the public internet")),
    ("5f00::/16", Some("no address of the public internet")),
    ("fc00::/7", Some("a private address")),
    ("fe80::/10", Some("a link-local address")),
    ("fec0::/10", Some("no address of the public internet")),
    ("ff00::/8", Some("a multicast address")),
];

#[test]
fn every_row_of_the_registries_is_refused_for_its_reason_from_end_to_end() {
    for (row, expected) in REGISTRY {
        let net: IpNet = row.parse().unwrap();
        for address in [net.network(), net.broadcast()] {
            let what = |policy: &Policy| policy.choose("a.example", vec![address]).map_err(|refused| refused.what);
            // The ends of a translated network hide 0.0.0.0 and 255.255.255.255.
            let of_v4 = if address == net.network() { "an address of `this network`" } else { "the broadcast address" };
            for policy in [Policy::Operator(vec![]), Policy::Stranger] {
                assert_eq!(what(&policy), Err(expected.unwrap_or(of_v4)), "{address} of {row}");
            }
            assert!(what(&Policy::Operator(vec![net])).is_ok(), "{address} of {row}, allowed");
        }
    }
}

#[test]
fn what_lies_beside_a_row_is_public() {
    for address in [
        "192.31.195.255",
        "192.31.197.0",
        "192.52.194.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.175.47.255",
        "192.175.49.0",
        "198.51.99.255",
        "203.0.114.0",
        "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db9::",
        "2003::",
        "2620:4f:7fff::1",
        "2620:4f:8001::1",
    ] {
        assert!(is_public(address), "{address}");
        assert!(Policy::Stranger.choose("a.example", vec![ip(address)]).is_ok(), "{address}");
    }
}

/// Spellings of hosts that are literals in truth, and the address that each means.
const SPELLINGS: [(&str, &str); 18] = [
    ("0x7f.1", "127.0.0.1"),
    ("0X7F000001", "127.0.0.1"),
    ("2130706433", "127.0.0.1"),
    ("017700000001", "127.0.0.1"),
    ("127.1", "127.0.0.1"),
    ("127.0.0.1.", "127.0.0.1"),
    ("0177.0.0.01", "127.0.0.1"),
    ("%31%32%37.0.0.1", "127.0.0.1"),
    ("127%2e0%2E0.1", "127.0.0.1"),
    ("１２７.0.0.1", "127.0.0.1"),
    ("127。0。0。1", "127.0.0.1"),
    ("①②⑦.0.0.1", "127.0.0.1"),
    ("0", "0.0.0.0"),
    ("10.1", "10.0.0.1"),
    ("[::ffff:10.0.0.1]", "::ffff:10.0.0.1"),
    ("[0:0:0:0:0:FFFF:0A00:0001]", "::ffff:10.0.0.1"),
    ("[64:ff9b::a00:1]", "64:ff9b::a00:1"),
    ("[2002:7f00:1::]", "2002:7f00:1::"),
];

#[test]
fn odd_spellings_of_literals_are_the_addresses_that_they_mean() {
    for (spelling, meant) in SPELLINGS {
        let url = Url::parse(&format!("http://{spelling}/")).unwrap_or_else(|error| panic!("{spelling}: {error}"));
        let host = url.host().unwrap();
        let refused = Policy::Stranger.check_host(&host).unwrap_err();
        assert_eq!((refused.address, refused.host.as_str()), (ip(meant), meant), "{spelling}");
        assert_eq!(Policy::Operator(vec![]).check_host(&host), Ok(()), "{spelling}: the operator's own word");
    }
    for spelling in ["[fe80::1%eth0]", "[fe80::1%25eth0]", "127.0.0.256", "0x100000000", "1.2.3.4.5", "[::1"] {
        let url = Url::parse(&format!("http://{spelling}/"));
        assert!(url.is_err(), "{spelling}: {url:?}");
    }
}

#[test]
fn a_stranger_leads_to_public_addresses_only_by_whatever_name() {
    for name in ["localhost", "localhost.", "receiver", "nas.local", "ci.internal", "hook.team.svc", "a.example"] {
        for address in ["127.0.0.1", "10.0.0.1", "::1", "169.254.169.254", "168.63.129.16", "fd00:ec2::254"] {
            let refused = Policy::Stranger.choose(name, vec![ip(address)]).unwrap_err().to_string();
            assert!(refused.starts_with(&format!("{name} leads to {address}, ")), "{refused}");
            assert!(!refused.contains("allow_networks"), "a stranger is told of no setting of ours: {refused}");
        }
        let mixed = ["10.0.0.1", "1.1.1.1", "::1", "2606:4700::1111"].map(ip).to_vec();
        assert_eq!(Policy::Stranger.choose(name, mixed).unwrap(), [ip("1.1.1.1"), ip("2606:4700::1111")], "{name}");
    }
    for (host, fits) in [("1.1.1.1", true), ("[2606:4700::1111]", true), ("a.example", true), ("168.63.129.16", false)]
    {
        let url = Url::parse(&format!("http://{host}/")).unwrap();
        assert_eq!(Policy::Stranger.check_host(&url.host().unwrap()).is_ok(), fits, "{host}");
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
    for name in ["local.example", "notlocal.", "a.notlocal", "internal.example.com", "svc.example", "1.2.3.4.nip.io"] {
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
    let chosen = Policy::Operator(vec![]).choose("a.example", mixed.clone()).unwrap();
    assert_eq!(chosen, [ip("1.1.1.1"), ip("2606:4700::1111")]);
    let chosen = Policy::Operator(nets(&["10.0.0.0/8"])).choose("a.example", mixed).unwrap();
    assert_eq!(chosen, [ip("10.0.0.1"), ip("1.1.1.1"), ip("2606:4700::1111")]);
    assert_eq!(Policy::Operator(vec![]).choose("a.example", vec![]), Ok(vec![]));
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
        "http://[2001:0:a9fe:a9fe::1]/",
        "http://[2001:0:1:2::5601:5601]/",
        "http://[64:ff9b:1:a9fe:a9:fe00::]/",
        "http://[::ffff:0:169.254.169.254]/",
        "http://169.254.169.254./",
    ] {
        assert_eq!(check(url, &[]).unwrap_err().what, "a cloud metadata service", "{url}");
        assert!(check(url, &["0.0.0.0/0", "::/0", "169.254.0.0/16"]).is_err(), "{url}");
        assert!(check(url, &["169.254.169.254/32"]).is_ok(), "{url}");
    }
    for address in METADATA {
        assert!(Policy::Operator(vec![]).choose("receiver", vec![address]).is_err(), "{address}");
        assert!(Policy::Operator(vec![address.into()]).choose("a.example", vec![address]).is_ok(), "{address}");
    }
}

#[test]
fn other_literals_go_where_they_say() {
    for url in ["http://127.0.0.1/", "http://10.0.0.1:8080/", "http://[::1]/", "http://0x7f.1/", "http://a.example/"] {
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
