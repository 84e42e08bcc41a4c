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
    NameType, SslAcceptor, SslAcceptorBuilder, SslMethod, SslOptions, SslVerifyMode, SslVersion,
};
use openssl::symm::Cipher;
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509NameBuilder};
use tempfile::TempDir;

use super::super::testing::{Trickle, pair, pattern, read_exactly, soon, write_all};
use super::*;

mod options;
mod resumption;
mod stream;
mod trust;

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
pub(in super::super) struct World {
    folder: TempDir,
    authority: Identity,
}

impl World {
    pub(in super::super) fn new() -> World {
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
    pub(in super::super) fn server(&self) -> SslAcceptorBuilder {
        let identity = self.issue(Wish {
            common_name: "server",
            dns: &["localhost"],
            ..Wish::default()
        });
        acceptor(&identity)
    }

    /// Trusts the authority.
    pub(in super::super) fn options(&self) -> TlsOptions {
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
