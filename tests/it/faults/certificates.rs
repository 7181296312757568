//! Case 14: receivers that cannot prove who they are get not a byte of a request.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::judge::Judge;
use super::rig::{Rig, hook_config};

/// An authority that only `ca_file` can make anybody trust.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for this host, until this year.
    fn certify(&self, host: &str, until: i32) -> Arc<ServerConfig> {
        let (params, key) = (params(host, until), KeyPair::generate().unwrap());
        let certificate = params.signed_by(&key, &self.0).unwrap();
        server(certificate.der(), &key)
    }
}

fn params(host: &str, until: i32) -> CertificateParams {
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    params
}

fn self_signed(host: &str) -> Arc<ServerConfig> {
    let key = KeyPair::generate().unwrap();
    server(params(host, 4000).self_signed(&key).unwrap().der(), &key)
}

fn server(certificate: &CertificateDer<'static>, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth();
    Arc::new(config.with_single_cert(vec![certificate.clone()], key).unwrap())
}

/// A server that knows nothing newer than TLS 1.0. Returns its port.
pub(super) fn old_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // ServerHello (RFC 2246, 7.4.1.3): version 3.1, no session, an old suite, no compression.
    let hello = [&[3, 1][..], &[7; 32], &[0, 0xc0, 0x13, 0]].concat();
    let handshake = [&[2, 0, 0, u8::try_from(hello.len()).unwrap()][..], &hello].concat();
    let record = [&[22, 3, 1, 0, u8::try_from(handshake.len()).unwrap()][..], &handshake].concat();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&record);
            while stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {}
        }
    });
    port
}

fn hook(name: &str, port: u16, ca_file: bool) -> String {
    let more = if ca_file { "    ca_file: ca.pem\n" } else { "" };
    hook_config(name, &format!("https://localhost:{port}/{name}"), more)
}

#[test]
fn case_14_to_a_receiver_that_cannot_prove_itself_nothing_is_sent_and_a_renewed_one_gets_it() {
    let authority = Authority::new();
    let (unknown, selfish, other_host, expired) = (Judge::start(), Judge::start(), Judge::start(), Judge::start());
    unknown.present(authority.certify("localhost", 4000));
    selfish.present(self_signed("localhost"));
    other_host.present(authority.certify("elsewhere.example", 4000));
    expired.present(authority.certify("localhost", 2020));
    let port = |judge: &Judge| judge.address().port();
    let mut rig = Rig::with(|judge| {
        judge.present(authority.certify("localhost", 4000));
        [
            hook("hook", port(judge), true),
            hook("unknown", port(&unknown), false),
            hook("selfish", port(&selfish), true),
            hook("other-host", port(&other_host), true),
            hook("expired", port(&expired), true),
            hook("old", old_server(), true),
        ]
        .concat()
    });
    rig.site.write("ca.pem", authority.0.pem());
    let mut daemon = rig.start();
    rig.publish(&mut daemon, &["新しい記事"]);
    for name in ["hook", "unknown", "selfish", "other-host", "expired", "old"] {
        daemon.attempted(name);
    }
    for (name, reason) in [
        ("unknown", "name its issuer in ca_file"),
        ("selfish", "invalid peer certificate"),
        ("other-host", "not valid for name"),
        ("expired", "expired"),
        ("old", "the connection is not safe"),
    ] {
        let attempt = &rig.attempts(name, "新しい記事")[0];
        assert_eq!(attempt["error"], "tls", "{name}: {attempt:#}");
        assert!(attempt["note"].as_str().unwrap().contains(reason), "{name}: {attempt:#}");
    }
    let silent = [&unknown, &selfish, &other_host, &expired];
    assert!(silent.iter().all(|judge| judge.connections() == 1 && judge.journal().is_empty()), "not a byte was sent");
    assert_eq!(rig.hook.journal().len(), 1, "whom ca_file vouches for is told");

    expired.present(authority.certify("localhost", 4000));
    rig.pass(&mut daemon, 7);
    expired.wait(1);
    while daemon.attempted("expired")["status"] != 204 {}
    daemon.stop();
}
