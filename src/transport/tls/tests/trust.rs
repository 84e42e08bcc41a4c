//! Whom a client trusts.

use super::*;

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
    // The system's words, as OpenSSL's own report has them.
    let words = ":No such file or directory:";
    assert!(lines.lock()[0].contains(words), "{lines:?}");
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
