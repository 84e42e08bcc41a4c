//! Sessions of earlier connections.

use super::*;

/// How a server remembers: with tickets, or by itself, by session identifiers (RFC 5246, section 7.3).
const VERSIONS: [(SslVersion, bool); 4] = [
    (SslVersion::TLS1_2, true),
    (SslVersion::TLS1_2, false),
    (SslVersion::TLS1_3, true),
    (SslVersion::TLS1_3, false),
];

fn server(world: &World, (version, tickets): (SslVersion, bool)) -> SslAcceptorBuilder {
    let mut acceptor = world.server();
    acceptor.set_max_proto_version(Some(version)).unwrap();
    if !tickets {
        acceptor.set_options(SslOptions::NO_TICKET);
    }
    acceptor.set_session_id_context(b"test").unwrap();
    acceptor
}

/// Talks with the server, so that its tickets arrive. Whether the session was an earlier one's; `None`: no connection.
fn resumes(
    acceptor: &SslAcceptor,
    host: &str,
    options: &TlsOptions,
    sessions: &Sessions,
) -> Option<bool> {
    let meeting = meet_again(acceptor, host, options, sessions, |transport| transport)?;
    let (client, mut server) = (meeting.client.ok()?, meeting.server?);
    server.write_all(b"hello").unwrap();
    assert_eq!(read_exactly(&client, 5), b"hello");
    let resumed = server.ssl().session_reused();
    assert_eq!(client.state.lock().stream.ssl().session_reused(), resumed);
    // A server forgets the session of a connection that was cut.
    client.finish();
    assert_eq!(server.read(&mut [0; 4]).unwrap(), 0);
    let _ = server.shutdown();
    Some(resumed)
}

#[test]
fn a_client_that_comes_back_resumes_its_session_every_time() {
    let world = World::new();
    let checked = TlsOptions {
        verify_host: true,
        ..world.options()
    };
    let unchecked = TlsOptions {
        verify_chain: false,
        ..world.options()
    };
    let host_only = TlsOptions {
        verify_host: true,
        ..unchecked.clone()
    };
    for version in VERSIONS {
        for options in [&world.options(), &checked, &unchecked, &host_only] {
            let acceptor = server(&world, version).build();
            let sessions = Sessions::default();
            for expected in [false, true, true, true] {
                let resumed = resumes(&acceptor, "localhost", options, &sessions);
                assert_eq!(resumed, Some(expected), "{version:?}");
            }
        }
    }
}

#[test]
fn another_client_or_host_or_other_options_do_not_resume() {
    let world = World::new();
    let copy = world.write("copy.pem", &world.authority.certificate.to_pem().unwrap());
    let client = world.issue(Wish {
        common_name: "client",
        ..Wish::default()
    });
    let key = client.key.private_key_to_pem_pkcs8().unwrap();
    let identity = [client.certificate.to_pem().unwrap(), key].concat();
    let options = world.options();
    let others = [
        TlsOptions {
            verify_host: true,
            ..options.clone()
        },
        TlsOptions {
            verify_chain: false,
            ..options.clone()
        },
        TlsOptions {
            trust_store: Some(copy),
            ..options.clone()
        },
        TlsOptions {
            cipher_list: Some(b"HIGH".to_vec()),
            ..options.clone()
        },
        TlsOptions {
            alpn: Some(b"\x04mqtt".to_vec()),
            ..options.clone()
        },
        TlsOptions {
            certificate_chain: Some(world.write("identity.pem", &identity)),
            ..options.clone()
        },
        TlsOptions {
            look_up_psk: Some(Arc::new(|_, _, _| None)),
            ..options.clone()
        },
    ];
    for version in VERSIONS {
        let acceptor = server(&world, version).build();
        let first = |sessions: &Sessions| {
            let resumed = resumes(&acceptor, "localhost", &options, sessions);
            assert_eq!(resumed, Some(false));
        };
        first(&Sessions::default());
        first(&Sessions::default());
        for other in &others {
            let sessions = Sessions::default();
            first(&sessions);
            let resumed = resumes(&acceptor, "localhost", other, &sessions);
            assert_eq!(resumed, Some(false));
        }
        let sessions = Sessions::default();
        first(&sessions);
        let resumed = resumes(&acceptor, "localhost:2", &options, &sessions);
        assert_eq!(resumed, Some(false));
    }
}

#[test]
fn a_server_that_nobody_vouches_for_any_more_is_not_resumed() {
    let (world, stranger) = (World::new(), World::new());
    for version in VERSIONS {
        let acceptor = server(&world, version).build();
        let sessions = Sessions::default();
        let options = world.options();
        let resumed = || resumes(&acceptor, "localhost", &options, &sessions);
        assert_eq!(resumed(), Some(false));
        assert_eq!(resumed(), Some(true));
        world.write("ca.pem", &stranger.authority.certificate.to_pem().unwrap());
        assert_eq!(resumed(), None);
        world.write("ca.pem", &world.authority.certificate.to_pem().unwrap());
        assert_eq!(resumed(), Some(false), "the session is forgotten");
    }
}

#[test]
fn a_session_is_offered_only_to_the_host_of_its_certificate() {
    let world = World::new();
    let identity = world.issue(Wish {
        common_name: "server",
        dns: &["localhost"],
        ip: Some("127.0.0.1"),
        ..Wish::default()
    });
    let options = TlsOptions {
        verify_host: true,
        ..world.options()
    };
    let offers = |from: &str, to: &str| {
        let [from, to] = [from, to].map(|host| ServerAddress::parse(host.as_bytes()).unwrap());
        let mut acceptor = acceptor(&identity);
        acceptor.set_session_id_context(b"test").unwrap();
        let sessions = Sessions::default();
        let host = std::str::from_utf8(&from.text).unwrap();
        assert!(resumes(&acceptor.build(), host, &options, &sessions).is_some());
        let from = ServerAddress::parse(format!("ssl://{host}").as_bytes()).unwrap();
        let server = ServerName::of(&to).ok().unwrap();
        let prepared = context::prepare(&from, &server, &options, &sessions);
        prepared.ok().unwrap().offered.is_some()
    };
    assert!(offers("localhost", "localhost"));
    assert!(offers("127.0.0.1", "127.0.0.1"));
    // Does not happen, since sessions are kept by their addresses; the certificate is looked at all the same.
    assert!(!offers("localhost", "broker.test"));
    assert!(!offers("127.0.0.1", "127.0.0.2"));
}

#[test]
fn a_session_that_was_in_the_way_is_forgotten() {
    let world = World::new();
    let certificate = world.issue(Wish {
        common_name: "client",
        ..Wish::default()
    });
    let key = certificate.key.private_key_to_pem_pkcs8().unwrap();
    let identity = [certificate.certificate.to_pem().unwrap(), key].concat();
    let (options, lines) = reporting(TlsOptions {
        certificate_chain: Some(world.write("identity.pem", &identity)),
        ..world.options()
    });
    // Without tickets such a server keeps no session.
    for version in VERSIONS.into_iter().filter(|(_, tickets)| *tickets) {
        // One that asks for certificates and names no session context refuses whoever offers a session.
        let mut acceptor = server(&world, version);
        acceptor.set_session_id_context(b"").unwrap();
        let ca = world.folder.path().join("ca.pem");
        acceptor.set_ca_file(ca).unwrap();
        acceptor.set_verify(SslVerifyMode::PEER);
        let acceptor = acceptor.build();
        let sessions = Sessions::default();
        let resumed = || resumes(&acceptor, "localhost", &options, &sessions);
        assert_eq!(resumed(), Some(false));
        assert_eq!(resumed(), None, "{version:?}");
        assert_eq!(resumed(), Some(false));
    }
    assert!(lines.lock().is_empty(), "the next try may work: {lines:?}");
}
