//! Resuming the session of a client's last connection.
//!
//! A resumed handshake shows no certificates: the server proves that it is the one of the earlier connection. So the
//! certificates of that one are kept, and checked anew before its session is offered.

use std::path::PathBuf;
use std::sync::Arc;

use crate::process_lock::Mutex;
use openssl::error::ErrorStack;
use openssl::ssl::{
    SslContextBuilder, SslContextRef, SslRef, SslSessionCacheMode, SslSessionRef, SslVersion,
};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509Ref, X509StoreContext};

use super::{ServerAddress, ServerName, TlsOptions};
use crate::ffi::tls_session;

/// Where a client's connections leave their newest session for the next one. Clones share it.
#[derive(Clone, Default)]
pub(in super::super) struct Sessions(Arc<Mutex<Option<Kept>>>);

/// A session, and what it takes to offer it.
pub(super) struct Kept {
    terms: Arc<Terms>,
    /// Serialized: as an object it would belong to the context of its connection.
    session: Vec<u8>,
    /// The server's certificates, its own first.
    chain: Arc<Stack<X509>>,
    /// The certificate that the client showed, in DER.
    identity: Option<Vec<u8>>,
}

/// What two connections must have in common to share a session.
#[derive(PartialEq, Eq)]
pub(super) struct Terms {
    address: ServerAddress,
    trust_store: Option<PathBuf>,
    trust_directory: Option<PathBuf>,
    default_trust: bool,
    cipher_list: Option<Vec<u8>>,
    verify_chain: bool,
    verify_host: bool,
    alpn: Option<Vec<u8>>,
}

impl Terms {
    /// `None`: the application's pre-shared key decides about each connection.
    pub(super) fn of(address: &ServerAddress, options: &TlsOptions) -> Option<Arc<Terms>> {
        if options.look_up_psk.is_some() {
            return None;
        }
        Some(Arc::new(Terms {
            address: address.clone(),
            trust_store: options.trust_store.clone(),
            trust_directory: options.trust_directory.clone(),
            default_trust: options.default_trust,
            cipher_list: options.cipher_list.clone(),
            verify_chain: options.verify_chain,
            verify_host: options.verify_host,
            alpn: options.alpn.clone(),
        }))
    }
}

// Nothing here waits for the lock: in a forked process a thread of the parent may have it.
impl Sessions {
    /// Takes the session for such a connection: a ticket is for one use (RFC 8446, appendix C.4).
    pub(super) fn take(&self, terms: &Terms) -> Option<Kept> {
        self.0.try_lock()?.take_if(|kept| *kept.terms == *terms)
    }

    fn keep(&self, kept: Kept) {
        if let Some(mut place) = self.0.try_lock() {
            *place = Some(kept);
        }
    }

    /// The next connection gets a whole handshake.
    pub(in super::super) fn forget(&self) {
        if let Some(mut place) = self.0.try_lock() {
            *place = None;
        }
    }

    /// Collects the sessions that servers give to connections of `context`. `offered` is what the connection resumes, if
    /// the server agrees.
    pub(super) fn collect(
        &self,
        context: &mut SslContextBuilder,
        terms: Arc<Terms>,
        offered: Option<&Kept>,
    ) {
        let sessions = self.clone();
        let resumed_chain = offered.map(|kept| Arc::clone(&kept.chain));
        context
            .set_session_cache_mode(SslSessionCacheMode::CLIENT | SslSessionCacheMode::NO_INTERNAL);
        context.set_new_session_callback(move |ssl, session| {
            if let Some(kept) = Kept::of(ssl, &session, &terms, resumed_chain.as_ref()) {
                sessions.keep(kept);
            }
        });
    }

    /// Puts `offered` back in place once `ssl` has resumed it, unless tickets follow: up to TLS 1.2 a session may be
    /// resumed again, and OpenSSL reports only new ones.
    pub(super) fn put_back(&self, ssl: &SslRef, offered: &Kept) {
        let is_lasting = ssl.version2() != Some(SslVersion::TLS1_3);
        let Some(session) = ssl.session().filter(|_| ssl.session_reused() && is_lasting) else {
            return;
        };
        if let Some(kept) = Kept::of(ssl, session, &offered.terms, Some(&offered.chain)) {
            self.keep(kept);
        }
    }
}

impl Kept {
    fn of(
        ssl: &SslRef,
        session: &SslSessionRef,
        terms: &Arc<Terms>,
        resumed_chain: Option<&Arc<Stack<X509>>>,
    ) -> Option<Kept> {
        let chain = match ssl.peer_cert_chain() {
            Some(shown) => {
                let mut chain = Stack::new().ok()?;
                for certificate in shown {
                    chain.push(certificate.to_owned()).ok()?;
                }
                Arc::new(chain)
            }
            None => Arc::clone(resumed_chain?),
        };
        Some(Kept {
            terms: Arc::clone(terms),
            session: session.to_der().ok()?,
            chain,
            identity: identity(ssl.certificate()),
        })
    }

    /// Makes `ssl` offer the session, if a whole handshake with the same server would still satisfy the client, and show
    /// the server the same client. Whether it does.
    pub(super) fn offer(&self, ssl: &mut SslRef, server: &ServerName) -> bool {
        self.identity == identity(ssl.certificate())
            && self
                .is_acceptable(ssl.ssl_context(), server)
                .is_ok_and(|is| is)
            && tls_session::offer(ssl, &self.session).is_ok()
    }

    fn is_acceptable(
        &self,
        context: &SslContextRef,
        server: &ServerName,
    ) -> Result<bool, ErrorStack> {
        let Some(own) = self.chain.get(0) else {
            return Ok(false);
        };
        if self.terms.verify_chain {
            let mut check = X509StoreContext::new()?;
            let trust = context.cert_store();
            if !check.init(trust, own, &self.chain, |check| check.verify_cert())? {
                return Ok(false);
            }
        }
        Ok(!self.terms.verify_host || is_for_host(own, server)?)
    }
}

fn identity(certificate: Option<&X509Ref>) -> Option<Vec<u8>> {
    certificate.and_then(|certificate| certificate.to_der().ok())
}

/// Whether the certificate is for the server's name or for its address, whoever vouches for it.
fn is_for_host(certificate: &X509Ref, server: &ServerName) -> Result<bool, ErrorStack> {
    let mut by_name = X509VerifyParam::new()?;
    by_name.set_host(&server.text)?;
    if matches(certificate, &by_name)? {
        return Ok(true);
    }
    let Some(ip) = server.ip else {
        return Ok(false);
    };
    let mut by_address = X509VerifyParam::new()?;
    by_address.set_ip(ip)?;
    matches(certificate, &by_address)
}

fn matches(certificate: &X509Ref, param: &X509VerifyParam) -> Result<bool, ErrorStack> {
    let mut itself = X509StoreBuilder::new()?;
    itself.add_cert(certificate.to_owned())?;
    itself.set_flags(X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::NO_CHECK_TIME)?;
    itself.set_param(param)?;
    let nobody = Stack::new()?;
    let mut check = X509StoreContext::new()?;
    check.init(&itself.build(), certificate, &nobody, |check| {
        check.verify_cert()
    })
}
