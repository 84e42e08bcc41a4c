//! From options to a TLS session that is ready to be begun.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{
    Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslVerifyMode,
};
use openssl::x509::{X509StoreContextRef, X509VerifyResult};

use super::errors::Failure;
use super::resumption::{Kept, Sessions, Terms};
use super::{PskLookup, ServerAddress, ServerName, TlsOptions};

// X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL's x509_vfy.h.
const HOSTNAME_MISMATCH: i32 = 62;
const IP_ADDRESS_MISMATCH: i32 = 64;

/// What one connection needs for its handshake.
pub(super) struct Handshake {
    pub(super) ssl: Ssl,
    /// Rises if the server's certificate is found not to be for its host.
    pub(super) mismatch: Arc<AtomicBool>,
    /// The session of an earlier connection that is offered to the server.
    pub(super) offered: Option<Kept>,
}

/// Prepares a connection to `server`, which is the host of `address`.
pub(super) fn prepare(
    address: &ServerAddress,
    server: &ServerName,
    options: &TlsOptions,
    sessions: &Sessions,
) -> Result<Handshake, Failure> {
    let setup = Failure::in_step("TLS setup");
    let mut context = SslContext::builder(SslMethod::tls_client()).map_err(setup)?;
    context.set_mode(SslMode::ENABLE_PARTIAL_WRITE | SslMode::ACCEPT_MOVING_WRITE_BUFFER);
    context.set_mode(SslMode::RELEASE_BUFFERS | SslMode::AUTO_RETRY);
    if options.look_up_psk.is_some() {
        // A renegotiation would call the application in the middle of reading.
        context.set_options(SslOptions::NO_RENEGOTIATION);
    }
    set_trust(&mut context, options)?;
    set_identity(&mut context, options)?;
    if let Some(list) = &options.cipher_list {
        let list = std::str::from_utf8(list).map_err(|_| Failure::new("no such ciphers"))?;
        let set = context.set_cipher_list(list);
        set.map_err(|_| Failure::new("no cipher of the list is known"))?;
    }
    if let Some(protocols) = options.alpn.as_deref() {
        let set = is_protocol_list(protocols).then(|| context.set_alpn_protos(protocols));
        if !matches!(set, Some(Ok(()))) {
            return Err(Failure::new("the list of protocols is not one for ALPN"));
        }
    }
    if let Some(look_up) = &options.look_up_psk {
        set_psk(&mut context, Arc::clone(look_up));
    }
    let mut kept = None;
    if let Some(terms) = Terms::of(address, options) {
        kept = sessions.take(&terms);
        sessions.collect(&mut context, terms, kept.as_ref());
    }
    let mut ssl = Ssl::new(&context.build()).map_err(Failure::in_step("TLS setup"))?;
    if let Some(name) = server.indication() {
        let set = ssl.set_hostname(name);
        set.map_err(Failure::in_step("server name"))?;
    }
    let mismatch = set_verification(&mut ssl, server, options)?;
    let offered = kept.filter(|kept| kept.offer(&mut ssl, server));
    Ok(Handshake {
        ssl,
        mismatch,
        offered,
    })
}

fn set_trust(context: &mut SslContextBuilder, options: &TlsOptions) -> Result<(), Failure> {
    let [file, directory] = [&options.trust_store, &options.trust_directory].map(Option::as_deref);
    let loaded = match (file, directory) {
        (None, None) if options.default_trust => context.set_default_verify_paths(),
        (None, None) => Ok(()),
        _ => {
            let _ = (checked(file)?, checked(directory)?);
            context.load_verify_locations(file, directory)
        }
    };
    loaded.map_err(Failure::in_step("trust store"))
}

/// The `openssl` crate takes only paths that are UTF-8.
fn checked(path: Option<&Path>) -> Result<(), Failure> {
    match path.is_none_or(|path| path.to_str().is_some()) {
        true => Ok(()),
        false => Err(Failure::new("a path of the TLS options is not UTF-8")),
    }
}

fn set_identity(context: &mut SslContextBuilder, options: &TlsOptions) -> Result<(), Failure> {
    let Some(chain) = options.certificate_chain.as_deref() else {
        return Ok(());
    };
    checked(Some(chain))?;
    let set = context.set_certificate_chain_file(chain);
    set.map_err(Failure::in_step("client certificate"))?;
    let path = options.private_key.as_deref().unwrap_or(chain);
    let key = read_key(path, options.key_password.as_deref())?;
    let set = context.set_private_key(&key);
    set.map_err(Failure::in_step("client key"))?;
    let fits = context.check_private_key();
    fits.map_err(Failure::in_step("client key"))
}

/// Never asks on the terminal: OpenSSL's default for an encrypted key without password.
fn read_key(path: &Path, password: Option<&[u8]>) -> Result<PKey<Private>, Failure> {
    let pem = fs::read(path).map_err(|error| Failure::unreadable(path, &error))?;
    let key = PKey::private_key_from_pem_callback(&pem, |room| {
        let password = password.ok_or_else(ErrorStack::get)?;
        let count = password.len().min(room.len());
        room[..count].copy_from_slice(&password[..count]);
        Ok(count)
    });
    key.map_err(Failure::in_step("client key"))
}

fn set_psk(context: &mut SslContextBuilder, look_up: PskLookup) {
    context.set_psk_client_callback(move |_, hint, identity, key| {
        let room = key.len();
        let length = look_up(hint, identity, key);
        // OpenSSL takes a length of 0 for a refusal.
        Ok(length.filter(|&length| length <= room).unwrap_or(0))
    });
}

/// The chain and the host are checked independently of each other. The host counts if the certificate is for its
/// name or for its address.
fn set_verification(
    ssl: &mut Ssl,
    server: &ServerName,
    options: &TlsOptions,
) -> Result<Arc<AtomicBool>, Failure> {
    let mismatch = Arc::new(AtomicBool::new(false));
    let TlsOptions {
        verify_chain,
        verify_host,
        ..
    } = *options;
    if !verify_chain && !verify_host {
        ssl.set_verify(SslVerifyMode::NONE);
        return Ok(mismatch);
    }
    if verify_host {
        let param = ssl.param_mut();
        let set = param.set_host(&server.text).and_then(|()| match server.ip {
            Some(ip) => param.set_ip(ip),
            None => Ok(()),
        });
        set.map_err(Failure::in_step("host name"))?;
    }
    let is_ip = server.ip.is_some();
    let name_differs = AtomicBool::new(false);
    let found = Arc::clone(&mismatch);
    let judge = move |accepted: bool, chain: &mut X509StoreContextRef| {
        let error = chain.error().as_raw();
        if accepted {
            return true;
        }
        let fails = match error {
            HOSTNAME_MISMATCH if is_ip => {
                // Its address is compared next.
                name_differs.store(true, Ordering::Relaxed);
                false
            }
            HOSTNAME_MISMATCH => true,
            IP_ADDRESS_MISMATCH => name_differs.load(Ordering::Relaxed),
            _ => return !verify_chain,
        };
        match fails {
            true => found.store(true, Ordering::Relaxed),
            false => chain.set_error(X509VerifyResult::OK),
        }
        !fails
    };
    ssl.set_verify_callback(SslVerifyMode::PEER, judge);
    Ok(mismatch)
}

/// Whether it is names, each behind its length (RFC 7301, section 3.1).
fn is_protocol_list(mut list: &[u8]) -> bool {
    while let Some((&length, rest)) = list.split_first() {
        match rest.get(usize::from(length)..) {
            Some(behind) if length > 0 => list = behind,
            _ => return false,
        }
    }
    true
}
