//! Clients that come back to a server of TLS.
#![cfg(feature = "tls")]

use bytes::Bytes;
use mqtt3c::client::{Client, ConnectRequest, VersionChoice};
use mqtt3c::packet::{Properties, ProtocolVersion, ReasonCode};
use mqtt3c::session::ConnectOptions;
use mqtt3c::transport::{Options, Proxies, ServerAddress, TlsOptions};
use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::ssl::{
    SslAcceptor, SslAcceptorBuilder, SslMethod, SslOptions, SslStream, SslVerifyMode, SslVersion,
};
use openssl::x509::X509Builder;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const VERSIONS: [SslVersion; 2] = [SslVersion::TLS1_2, SslVersion::TLS1_3];
const ACCEPTED: u8 = 0;
const NOT_AUTHORIZED: u8 = 5;

/// A way to a server over TLS.
#[derive(Clone, Copy, Debug)]
struct Way {
    scheme: &'static str,
    through_proxy: bool,
}

const STRAIGHT: Way = Way {
    scheme: "ssl",
    through_proxy: false,
};

/// A server that answers CONNECT.
struct Server {
    way: Way,
    listener: TcpListener,
    acceptor: SslAcceptor,
}

/// The server's end of a connection, and how it came about.
struct Met {
    stream: SslStream<TcpStream>,
    /// Attempts that failed before.
    failed: usize,
}

impl Server {
    fn new(version: SslVersion, settle: impl FnOnce(&mut SslAcceptorBuilder)) -> Server {
        Server::on(STRAIGHT, version, settle)
    }

    fn on(way: Way, version: SslVersion, settle: impl FnOnce(&mut SslAcceptorBuilder)) -> Server {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let mut certificate = X509Builder::new().unwrap();
        certificate.set_pubkey(&key).unwrap();
        let [begin, end] = [0, 2].map(|days| Asn1Time::days_from_now(days).unwrap());
        certificate.set_not_before(&begin).unwrap();
        certificate.set_not_after(&end).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        acceptor.set_private_key(&key).unwrap();
        acceptor.set_certificate(&certificate.build()).unwrap();
        acceptor.set_max_proto_version(Some(version)).unwrap();
        settle(&mut acceptor);
        Server {
            way,
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            acceptor: acceptor.build(),
        }
    }

    fn address(&self) -> ServerAddress {
        let uri = format!(
            "{}://{}",
            self.way.scheme,
            self.listener.local_addr().unwrap()
        );
        ServerAddress::parse(uri.as_bytes()).unwrap()
    }

    fn client(&self) -> Arc<Client> {
        let (client, made) = Client::new(self.address(), Bytes::from_static(b"c"), None, false);
        made.unwrap();
        client
    }

    /// The next connection that can be secured, once CONNECT is answered.
    fn serve(&self, answer: u8) -> Met {
        let mut failed = 0;
        loop {
            let (mut stream, _) = self.listener.accept().unwrap();
            if self.way.through_proxy {
                assert!(http_request(&mut stream).starts_with("CONNECT 127.0.0.1:"));
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            }
            let Ok(mut stream) = self.acceptor.accept(stream) else {
                failed += 1;
                continue;
            };
            let connack = [0x20, 2, 0, answer];
            if self.way.scheme == "wss" {
                let mut socket = tungstenite::accept(&mut stream).unwrap();
                assert_eq!(socket.read().unwrap().into_data()[0], 0x10);
                socket.send(connack.to_vec().into()).unwrap();
            } else {
                let mut connect = [0; 2];
                stream.read_exact(&mut connect).unwrap();
                let mut rest = vec![0; usize::from(connect[1])];
                stream.read_exact(&mut rest).unwrap();
                stream.write_all(&connack).unwrap();
            }
            return Met { stream, failed };
        }
    }

    /// `client` connects. Whether it resumed a session, and how many attempts failed before.
    fn meet(&self, client: &Client, answer: u8) -> (bool, usize) {
        let met = self.connection_of(client, answer);
        (met.stream.ssl().session_reused(), met.failed)
    }

    fn connection_of(&self, client: &Client, answer: u8) -> Met {
        let proxy = self.listener.local_addr().unwrap().to_string().into_bytes();
        let request = ConnectRequest {
            transport: Options {
                tls: Some(TlsOptions {
                    verify_chain: false,
                    ..TlsOptions::default()
                }),
                proxies: Proxies {
                    https: self.way.through_proxy.then_some(proxy),
                    http: None,
                },
                ..Options::default()
            },
            addresses: vec![Some(self.address())],
            version: VersionChoice::Only(ProtocolVersion::V3_1_1),
            options: ConnectOptions {
                version: ProtocolVersion::V3_1_1,
                clean_start: true,
                keep_alive: 0,
                client_id: Bytes::from_static(b"c"),
                will: None,
                username: None,
                password: None,
                properties: Properties::default(),
                window: 10,
                retry_interval: Duration::ZERO,
            },
            timeout: Duration::from_secs(20),
        };
        thread::scope(|scope| {
            let server = scope.spawn(|| self.serve(answer));
            let connected = client.connect(&request);
            assert_eq!(connected.is_ok(), answer == ACCEPTED);
            server.join().unwrap()
        })
    }
}

fn http_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
    }
    String::from_utf8(request).unwrap()
}

#[test]
fn a_session_is_resumed_on_every_way_with_tickets_and_without() {
    for (scheme, through_proxy) in [("ssl", false), ("ssl", true), ("wss", false), ("wss", true)] {
        for (version, tickets) in [
            (SslVersion::TLS1_2, true),
            (SslVersion::TLS1_2, false),
            (SslVersion::TLS1_3, true),
            (SslVersion::TLS1_3, false),
        ] {
            let way = Way {
                scheme,
                through_proxy,
            };
            let server = Server::on(way, version, |acceptor| {
                acceptor.set_session_id_context(b"test").unwrap();
                if !tickets {
                    acceptor.set_options(SslOptions::NO_TICKET);
                }
            });
            let client = server.client();
            for expected in [false, true, true] {
                let mut met = server.connection_of(&client, ACCEPTED);
                let what = format!("{way:?} {version:?} {tickets}");
                assert_eq!(met.stream.ssl().session_reused(), expected, "{what}");
                client.disconnect(None, ReasonCode::SUCCESS, None);
                // DISCONNECT, the WebSocket's close, and that of TLS: a server that sees no orderly end forgets.
                while met.stream.read(&mut [0; 64]).unwrap() > 0 {}
                let _ = met.stream.shutdown();
            }
        }
    }
}

#[test]
fn a_client_resumes_its_own_session_only() {
    for version in VERSIONS {
        let server = Server::new(version, |_| {});
        let clients = [server.client(), server.client()];
        for expected in [false, true, true] {
            for client in &clients {
                assert_eq!(server.meet(client, ACCEPTED), (expected, 0), "{version:?}");
            }
        }
    }
}

#[test]
fn a_refused_connect_makes_the_next_handshake_a_whole_one() {
    for version in VERSIONS {
        let server = Server::new(version, |_| {});
        let client = server.client();
        assert_eq!(server.meet(&client, ACCEPTED), (false, 0));
        assert_eq!(server.meet(&client, NOT_AUTHORIZED), (true, 0));
        assert_eq!(server.meet(&client, ACCEPTED), (false, 0));
    }
}

#[test]
fn a_server_that_cannot_resume_is_connected_to_all_the_same() {
    for version in VERSIONS {
        // OpenSSL refuses to resume if it is to ask for certificates and has no session context.
        let server = Server::new(version, |acceptor| {
            acceptor.set_verify(SslVerifyMode::PEER);
        });
        let client = server.client();
        assert_eq!(server.meet(&client, ACCEPTED), (false, 0));
        assert_eq!(server.meet(&client, ACCEPTED), (false, 1), "{version:?}");
    }
}
