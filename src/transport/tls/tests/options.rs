//! What a client offers and shows.

use super::*;

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
        let in_form = |line: &String| line.starts_with("error:") && !line.contains(":reason(");
        assert!(lines.lock().iter().all(in_form), "{what}: {lines:?}");
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
