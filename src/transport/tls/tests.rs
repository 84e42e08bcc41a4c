//! TLS against OpenSSL's server side, with certificates made here.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{
    NameType, SslAcceptor, SslAcceptorBuilder, SslContext, SslFiletype, SslMethod, SslVerifyMode,
    SslVersion,
};
use openssl::symm::Cipher;
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509NameBuilder};
use tempfile::TempDir;

use super::super::testing::{Trickle, pair, pattern, read_exactly, soon, write_all};
use super::*;

mod resumption;

/// A certificate and its key.
struct Identity {
    certificate: X509,
    key: PKey<Private>,
}

/// What is special about a certificate.
#[derive(Default)]
struct Wish<'a> {
    common_name: &'a str,
    dns: &'a [&'a str],
    ip: Option<&'a str>,
    expired: bool,
    issuer: Option<&'a Identity>,
}

fn issue(wish: &Wish<'_>) -> Identity {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", wish.common_name).unwrap();
    let name = name.build();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder.set_subject_name(&name).unwrap();
    let issuer = wish.issuer.map(|issuer| issuer.certificate.subject_name());
    builder.set_issuer_name(issuer.unwrap_or(&name)).unwrap();
    builder.set_pubkey(&key).unwrap();
    let now = Asn1Time::days_from_now(0).unwrap();
    let ends = match wish.expired {
        true => Asn1Time::from_unix(1_000_000_000).unwrap(),
        false => Asn1Time::days_from_now(2).unwrap(),
    };
    let begins = Asn1Time::from_unix(900_000_000).unwrap();
    builder
        .set_not_before(if wish.expired { &begins } else { &now })
        .unwrap();
    builder.set_not_after(&ends).unwrap();
    if wish.issuer.is_none() {
        let authority = BasicConstraints::new().critical().ca().build().unwrap();
        builder.append_extension(authority).unwrap();
    }
    if !wish.dns.is_empty() || wish.ip.is_some() {
        let mut names = SubjectAlternativeName::new();
        for dns in wish.dns {
            names.dns(dns);
        }
        if let Some(ip) = wish.ip {
            names.ip(ip);
        }
        let names = names.build(&builder.x509v3_context(None, None)).unwrap();
        builder.append_extension(names).unwrap();
    }
    let signer = wish.issuer.map_or(&key, |issuer| &issuer.key);
    builder.sign(signer, MessageDigest::sha256()).unwrap();
    Identity {
        certificate: builder.build(),
        key,
    }
}

/// An authority in a file, and a server certificate of its making.
struct World {
    folder: TempDir,
    authority: Identity,
}

impl World {
    fn new() -> World {
        let world = World {
            folder: tempfile::tempdir().unwrap(),
            authority: issue(&Wish {
                common_name: "authority",
                ..Wish::default()
            }),
        };
        world.write("ca.pem", &world.authority.certificate.to_pem().unwrap());
        world
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn issue(&self, wish: Wish<'_>) -> Identity {
        issue(&Wish {
            issuer: Some(&self.authority),
            ..wish
        })
    }

    /// A server with a certificate for `localhost`.
    fn server(&self) -> SslAcceptorBuilder {
        let identity = self.issue(Wish {
            common_name: "server",
            dns: &["localhost"],
            ..Wish::default()
        });
        acceptor(&identity)
    }

    /// Trusts the authority.
    fn options(&self) -> TlsOptions {
        TlsOptions {
            trust_store: Some(self.folder.path().join("ca.pem")),
            ..TlsOptions::default()
        }
    }
}

fn acceptor(identity: &Identity) -> SslAcceptorBuilder {
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_private_key(&identity.key).unwrap();
    acceptor.set_certificate(&identity.certificate).unwrap();
    acceptor
}

/// What both sides make of a connection to `host`.
struct Meeting {
    client: io::Result<Tls>,
    server: Option<SslStream<UnixStream>>,
}

fn meet(acceptor: SslAcceptorBuilder, host: &str, options: &TlsOptions) -> Meeting {
    meet_over(acceptor, host, options, |transport| transport)
}

fn meet_over(
    acceptor: SslAcceptorBuilder,
    host: &str,
    options: &TlsOptions,
    over: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport>,
) -> Meeting {
    meet_again(&acceptor.build(), host, options, &Sessions::default(), over)
        .expect("there was no session to offer")
}

/// `None`: the client's session was in the way.
fn meet_again(
    acceptor: &SslAcceptor,
    host: &str,
    options: &TlsOptions,
    sessions: &Sessions,
    over: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport>,
) -> Option<Meeting> {
    let (near, far) = pair();
    let address = ServerAddress::parse(format!("ssl://{host}").as_bytes()).unwrap();
    thread::scope(|scope| {
        let server = scope.spawn(move || acceptor.accept(far).ok());
        let near = over(Arc::new(near));
        let client = connect(near, &address, options, sessions, soon()).transpose();
        assert!(
            ErrorStack::get().errors().is_empty(),
            "none of ours is left"
        );
        if let Some(Err(error)) = &client {
            assert_ne!(error.kind(), ErrorKind::TimedOut, "{error}");
        }
        let server = server.join().unwrap();
        client.map(|client| Meeting { client, server })
    })
}

/// Whether the two can talk.
fn succeeds(acceptor: SslAcceptorBuilder, host: &str, options: &TlsOptions) -> bool {
    let Meeting { client, server } = meet(acceptor, host, options);
    // A server of TLS 1.3 may refuse when the client is through.
    let (Ok(client), Some(mut server)) = (client, server) else {
        return false;
    };
    write_all(&client, b"ping");
    let mut received = [0; 4];
    server.read_exact(&mut received).unwrap();
    server.write_all(&received).unwrap();
    read_exactly(&client, 4) == b"ping"
}

type Lines = Arc<Mutex<Vec<String>>>;

fn reporting(options: TlsOptions) -> (TlsOptions, Lines) {
    let lines = Lines::default();
    let kept = Arc::clone(&lines);
    let report_error: ErrorReport = Arc::new(move |line| {
        kept.lock().push(line.to_owned());
        true
    });
    let report_error = Some(report_error);
    (
        TlsOptions {
            report_error,
            ..options
        },
        lines,
    )
}

#[test]
fn a_trusted_server_is_talked_to() {
    let world = World::new();
    assert!(succeeds(world.server(), "localhost:1", &world.options()));
}

#[test]
fn a_server_is_refused_unless_somebody_trusted_vouches_for_it() {
    let (world, stranger) = (World::new(), World::new());
    let self_signed = issue(&Wish {
        common_name: "localhost",
        ..Wish::default()
    });
    let expired = |world: &World| {
        acceptor(&world.issue(Wish {
            common_name: "x",
            expired: true,
            ..Wish::default()
        }))
    };
    let unchecked = TlsOptions {
        verify_chain: false,
        ..world.options()
    };
    for make in [
        &|| stranger.server() as SslAcceptorBuilder,
        &|| acceptor(&self_signed),
        &|| expired(&world),
    ] as [&dyn Fn() -> SslAcceptorBuilder; 3]
    {
        let (options, lines) = reporting(world.options());
        assert!(!succeeds(make(), "localhost", &options));
        let lines = lines.lock();
        let last = lines.last().unwrap();
        assert!(last.starts_with("error:0A000086:SSL routines:"), "{last}");
        assert!(last.contains(":certificate verify failed:"), "{last}");
        assert!(succeeds(make(), "localhost", &unchecked));
    }
    let nobody = TlsOptions {
        default_trust: false,
        ..TlsOptions::default()
    };
    assert!(!succeeds(world.server(), "localhost", &nobody));
    assert!(!succeeds(
        world.server(),
        "localhost",
        &TlsOptions::default()
    ));
}

#[test]
fn a_directory_of_authorities_is_searched_by_hash() {
    let world = World::new();
    let name = format!("{:08x}.0", world.authority.certificate.subject_name_hash());
    world.write(&name, &world.authority.certificate.to_pem().unwrap());
    let mut options = TlsOptions {
        trust_directory: Some(world.folder.path().to_owned()),
        ..TlsOptions::default()
    };
    assert!(succeeds(world.server(), "localhost", &options));
    options.trust_directory = Some("/nonexistent".into());
    assert!(!succeeds(world.server(), "localhost", &options));
}

#[test]
fn a_missing_trust_store_fails_even_if_nobody_is_checked() {
    let world = World::new();
    let (options, lines) = reporting(TlsOptions {
        trust_store: Some("/nonexistent/ca.pem".into()),
        verify_chain: false,
        ..TlsOptions::default()
    });
    assert!(!succeeds(world.server(), "localhost", &options));
    assert!(!lines.lock().is_empty());
    assert!(lines.lock()[0].contains("/nonexistent/ca.pem"), "{lines:?}");
}

#[test]
fn the_host_is_compared_only_on_wish_and_by_name_or_address() {
    let world = World::new();
    let for_names = |common_name, dns, ip| {
        let wish = Wish {
            common_name,
            dns,
            ip,
            ..Wish::default()
        };
        world.issue(wish)
    };
    let local = for_names("x", &["localhost", "*.example.org"][..], None);
    let address = for_names("x", &[][..], Some("127.0.0.1"));
    let v6 = for_names("x", &[][..], Some("::1"));
    let common = for_names("broker.test", &[][..], None);
    let shadowed = for_names("broker.test", &["other.test"][..], None);
    let ip_in_name = for_names("127.0.0.1", &[][..], None);
    for (identity, host, right) in [
        (&local, "localhost:1", true),
        (&local, "localhost.", true),
        (&local, "LocalHost", true),
        (&local, "a.example.org", true),
        (&local, "a.b.example.org", false),
        (&local, "example.org", false),
        (&local, "127.0.0.1:1", false),
        (&address, "127.0.0.1:1", true),
        (&address, "127.0.0.2", false),
        (&address, "localhost", false),
        (&v6, "[::1]:1", true),
        (&v6, "[::2]:1", false),
        (&common, "broker.test", true),
        (&shadowed, "broker.test", false),
        (&ip_in_name, "127.0.0.1", true),
    ] {
        for verify_chain in [true, false] {
            let options = TlsOptions {
                verify_chain,
                ..world.options()
            };
            assert!(
                succeeds(acceptor(identity), host, &options),
                "{host} unasked"
            );
            let (options, lines) = reporting(TlsOptions {
                verify_host: true,
                ..options
            });
            assert_eq!(
                succeeds(acceptor(identity), host, &options),
                right,
                "{host}"
            );
            assert!(lines.lock().is_empty());
        }
    }
}

#[test]
fn the_server_name_is_indicated_for_names_only() {
    let world = World::new();
    for (host, expected) in [
        ("localhost:1", Some("localhost")),
        ("broker.test.", Some("broker.test")),
        ("127.0.0.1:1", None),
        ("[::1]:1", None),
    ] {
        let meeting = meet(world.server(), host, &world.options());
        let server = meeting.server.unwrap();
        assert_eq!(
            server.ssl().servername(NameType::HOST_NAME),
            expected,
            "{host}"
        );
    }
}

#[test]
fn a_client_shows_its_certificate() {
    let world = World::new();
    let client = world.issue(Wish {
        common_name: "client",
        ..Wish::default()
    });
    let chain = [
        client.certificate.to_pem().unwrap(),
        world.authority.certificate.to_pem().unwrap(),
    ]
    .concat();
    let pkcs8 = client.key.private_key_to_pem_pkcs8().unwrap();
    let typed = client.key.ec_key().unwrap().private_key_to_pem().unwrap();
    let cipher = Cipher::aes_256_cbc();
    let encrypted = client
        .key
        .private_key_to_pem_pkcs8_passphrase(cipher, b"word")
        .unwrap();
    let typed_encrypted = client.key.ec_key().unwrap();
    let typed_encrypted = typed_encrypted
        .private_key_to_pem_passphrase(cipher, b"word")
        .unwrap();
    let chain_path = world.write("chain.pem", &chain);
    let both = world.write("both.pem", &[&chain[..], &pkcs8].concat());
    let key = |name, pem: &[u8]| Some(world.write(name, pem));
    let demanding = || {
        let mut acceptor = world.server();
        acceptor
            .set_ca_file(world.folder.path().join("ca.pem"))
            .unwrap();
        let wish = SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT;
        acceptor.set_verify(wish);
        acceptor
    };
    for (certificate, private_key, password, works) in [
        (&chain_path, key("1", &pkcs8), None, true),
        (&chain_path, key("2", &typed), None, true),
        (&chain_path, key("3", &encrypted), Some("word"), true),
        (&chain_path, key("4", &typed_encrypted), Some("word"), true),
        (&both, None, None, true),
        (&chain_path, key("5", &encrypted), Some("wrong"), false),
        (&chain_path, key("6", &encrypted), None, false),
        (&chain_path, key("7", &typed_encrypted), None, false),
        (&chain_path, None, None, false),
        (&chain_path, Some("/nonexistent".into()), None, false),
        (&"/nonexistent".into(), key("8", &pkcs8), None, false),
        (
            &chain_path,
            key(
                "9",
                &world.authority.key.private_key_to_pem_pkcs8().unwrap(),
            ),
            None,
            false,
        ),
    ] {
        let what = format!("{certificate:?} {private_key:?} {password:?}");
        let (options, lines) = reporting(TlsOptions {
            certificate_chain: Some(certificate.clone()),
            private_key,
            key_password: password.map(|password| password.as_bytes().to_vec()),
            ..world.options()
        });
        assert_eq!(
            succeeds(demanding(), "localhost", &options),
            works,
            "{what}"
        );
        assert_eq!(lines.lock().is_empty(), works, "{what}: {lines:?}");
    }
}

#[test]
fn ciphers_and_protocols_are_offered_as_listed() {
    let world = World::new();
    let old_server = || {
        let mut acceptor = world.server();
        acceptor
            .set_max_proto_version(Some(SslVersion::TLS1_2))
            .unwrap();
        acceptor.set_alpn_select_callback(|_, offered| {
            openssl::ssl::select_next_proto(b"\x04mqtt", offered)
                .ok_or(openssl::ssl::AlpnError::NOACK)
        });
        acceptor
    };
    let cipher = "ECDHE-ECDSA-AES256-GCM-SHA384";
    let options = TlsOptions {
        cipher_list: Some(cipher.into()),
        alpn: Some(b"\x01x\x04mqtt".to_vec()),
        ..world.options()
    };
    let meeting = meet(old_server(), "localhost", &options);
    let server = meeting.server.unwrap();
    assert_eq!(server.ssl().current_cipher().unwrap().name(), cipher);
    assert_eq!(server.ssl().selected_alpn_protocol(), Some(&b"mqtt"[..]));

    for (cipher_list, alpn) in [
        (Some("NO-SUCH-CIPHER".into()), None),
        (Some(b"\xff".to_vec()), None),
        (None, Some(b"\x05mqtt".to_vec())),
        (None, Some(b"\x00".to_vec())),
    ] {
        let (options, lines) = reporting(TlsOptions {
            cipher_list,
            alpn,
            ..world.options()
        });
        assert!(!succeeds(old_server(), "localhost", &options));
        assert!(lines.lock().is_empty());
    }
}

#[test]
fn a_server_of_too_old_a_protocol_is_refused() {
    let world = World::new();
    let mut acceptor = world.server();
    acceptor.set_security_level(0);
    acceptor.set_min_proto_version(None).unwrap();
    acceptor
        .set_max_proto_version(Some(SslVersion::TLS1))
        .unwrap();
    assert!(!succeeds(acceptor, "localhost", &world.options()));
}

#[test]
fn a_pre_shared_key_is_enough() {
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        for key in [&b"secret"[..], b"other", b""] {
            let method = SslMethod::tls_server();
            let mut acceptor = SslAcceptor::mozilla_intermediate_v5(method).unwrap();
            acceptor.set_max_proto_version(Some(version)).unwrap();
            acceptor.set_cipher_list("PSK").unwrap();
            acceptor.set_psk_server_callback(|_, identity, psk| {
                psk[..6].copy_from_slice(b"secret");
                Ok(if identity == Some(b"me") { 6 } else { 0 })
            });
            let look_up: PskLookup = Arc::new(move |_, identity, psk| {
                identity[..3].copy_from_slice(b"me\0");
                psk[..key.len()].copy_from_slice(key);
                Some(key.len())
            });
            let options = TlsOptions {
                default_trust: false,
                cipher_list: Some(b"PSK".to_vec()),
                look_up_psk: Some(look_up),
                ..TlsOptions::default()
            };
            let works = key == b"secret";
            assert_eq!(
                succeeds(acceptor, "localhost", &options),
                works,
                "{version:?}"
            );
        }
    }
}

#[test]
fn bytes_arrive_in_order_however_reads_and_writes_are_cut() {
    let length = 60_000;
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let world = World::new();
        let mut acceptor = world.server();
        acceptor.set_max_proto_version(Some(version)).unwrap();
        let cut = |transport| Arc::new(Trickle::new(transport)) as Arc<dyn Transport>;
        let meeting = meet_over(acceptor, "localhost", &world.options(), cut);
        let (client, mut server) = (meeting.client.unwrap(), meeting.server.unwrap());
        let sent = pattern(length);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut received = vec![0; length];
                server.read_exact(&mut received).unwrap();
                server.write_all(&received).unwrap();
                assert!(received == pattern(length));
            });
            write_all(&client, &sent);
            assert!(read_exactly(&client, length) == sent);
        });
    }
}

#[test]
fn one_thread_reads_while_another_writes_and_the_sockets_are_full() {
    let length = 4_000_000;
    let world = World::new();
    let meeting = meet(world.server(), "localhost", &world.options());
    let (client, mut server) = (meeting.client.unwrap(), meeting.server.unwrap());
    let sent = pattern(length);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut buf = vec![0; 100_000];
            let mut echoed = 0;
            while echoed < length {
                let count = server.read(&mut buf).unwrap();
                server.write_all(&buf[..count]).unwrap();
                echoed += count;
            }
        });
        scope.spawn(|| write_all(&client, &sent));
        assert!(read_exactly(&client, length) == sent);
    });
}

#[test]
fn a_write_to_a_full_socket_counts_what_the_system_has() {
    let world = World::new();
    let meeting = meet(world.server(), "localhost", &world.options());
    let (client, mut server) = (meeting.client.unwrap(), meeting.server.unwrap());
    let sent = pattern(3_000_000);
    let mut written = 0;
    while let Ok(count) = client.write(&[IoSlice::new(&sent[written..])]) {
        written += count;
    }
    assert!(written < sent.len());
    let mut received = vec![0; written];
    server.read_exact(&mut received).unwrap();
    assert!(received == sent[..written]);
    thread::scope(|scope| {
        scope.spawn(|| write_all(&client, &sent[written..]));
        let mut received = vec![0; sent.len() - written];
        server.read_exact(&mut received).unwrap();
        assert!(received == sent[written..]);
    });
}

#[test]
fn the_end_is_told_apart_from_a_cut() {
    let world = World::new();
    let meeting = meet(world.server(), "localhost", &world.options());
    let (client, mut server) = (meeting.client.unwrap(), meeting.server.unwrap());
    server.shutdown().unwrap();
    assert_eq!(read_exactly(&client, 1), b"");

    let meeting = meet(world.server(), "localhost", &world.options());
    let (client, server) = (meeting.client.unwrap(), meeting.server.unwrap());
    drop(server);
    let error = loop {
        match client.read(&mut [0; 4]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            result => break result.unwrap_err(),
        }
    };
    assert_ne!(error.kind(), ErrorKind::TimedOut);
    assert!(ErrorStack::get().errors().is_empty());
    assert!(client.write(&[IoSlice::new(b"x")]).is_err());
    assert!(ErrorStack::get().errors().is_empty());

    let meeting = meet(world.server(), "localhost", &world.options());
    let (client, mut server) = (meeting.client.unwrap(), meeting.server.unwrap());
    client.finish();
    assert_eq!(server.read(&mut [0; 4]).unwrap(), 0);
}

#[test]
fn a_silent_peer_fails_at_the_deadline_and_a_wrong_one_at_once() {
    let world = World::new();
    let address = ServerAddress::parse(b"ssl://localhost").unwrap();
    let (near, _far) = pair();
    let deadline = Instant::now() + Duration::from_millis(200);
    let sessions = Sessions::default();
    let error = connect(
        Arc::new(near),
        &address,
        &world.options(),
        &sessions,
        deadline,
    )
    .err()
    .unwrap();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(Instant::now() >= deadline);

    for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b" \x02\0\0", b""] {
        let start = Instant::now();
        let (near, mut far) = pair();
        far.write_all(answer).unwrap();
        far.shutdown(std::net::Shutdown::Write).unwrap();
        let options = world.options();
        assert!(connect(Arc::new(near), &address, &options, &sessions, soon()).is_err());
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn errors_the_application_left_in_the_queue_stay_there_and_do_no_harm() {
    let world = World::new();
    let meeting = meet(world.server(), "localhost", &world.options());
    let (client, mut server) = (meeting.client.unwrap(), meeting.server.unwrap());
    let missing = SslContext::builder(SslMethod::tls())
        .unwrap()
        .set_certificate_file("/nonexistent", SslFiletype::PEM)
        .unwrap_err();
    missing.put();
    write_all(&client, b"x");
    server.read_exact(&mut [0; 1]).unwrap();
    let nothing = loop {
        // Session tickets come first.
        if let Err(error) = client.read(&mut [0; 4]) {
            break error;
        }
    };
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    let left = ErrorStack::get();
    let codes = |stack: &ErrorStack| -> Vec<_> {
        stack
            .errors()
            .iter()
            .map(openssl::error::Error::code)
            .collect()
    };
    assert_eq!(codes(&left), codes(&missing));
}
