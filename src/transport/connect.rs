//! Connecting by an address: the layers of its scheme, one on the other.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::proxy::{Proxies, proxy_for};
use super::socket::StreamSocket;
use super::{Scheme, ServerAddress, Transport, tcp, unix, websocket};

/// What belongs to a connection besides its address.
#[derive(Clone, Default)]
pub struct Options {
    /// The proxies to go through.
    pub proxies: Proxies,
    /// How to secure connections to addresses that ask for it; without it those fail.
    #[cfg(feature = "tls")]
    pub tls: Option<super::TlsOptions>,
    /// Names and values to add to the request for a WebSocket, sent as they are.
    pub http_headers: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What the connections of one client leave for its next one: a TLS session to resume. Clones share it.
#[derive(Clone, Default)]
pub struct Resumption {
    #[cfg(feature = "tls")]
    sessions: super::tls::Sessions,
}

impl Resumption {
    /// Forgets what there is: the next connection begins anew.
    pub fn forget(&self) {
        #[cfg(feature = "tls")]
        self.sessions.forget();
    }
}

/// Connects to `address`, from name resolution on, until `deadline`.
pub fn connect(
    address: &ServerAddress,
    options: &Options,
    resumption: &Resumption,
    deadline: Instant,
) -> io::Result<Arc<dyn Transport>> {
    connect_layers(address, options, resumption, deadline).map_err(|error| {
        let kind = error.kind();
        io::Error::new(kind, format!("cannot connect to {address}: {error}"))
    })
}

fn connect_layers(
    address: &ServerAddress,
    options: &Options,
    resumption: &Resumption,
    deadline: Instant,
) -> io::Result<Arc<dyn Transport>> {
    let stream: Arc<dyn Transport> = match address.scheme {
        Scheme::Unix => Arc::new(unix::connect(&address.text, deadline)?),
        Scheme::Tcp | Scheme::Ws => Arc::new(connect_tcp(address, options, deadline)?),
        Scheme::Tls | Scheme::Wss => connect_tls(address, options, resumption, deadline)?,
    };
    match address.scheme {
        Scheme::Ws | Scheme::Wss => {
            let headers = &options.http_headers;
            let socket = websocket::connect(stream, address, headers, deadline);
            Ok(Arc::new(socket.inspect_err(|_| resumption.forget())?))
        }
        Scheme::Tcp | Scheme::Tls | Scheme::Unix => Ok(stream),
    }
}

/// Straight, or through a proxy, which then resolves the server's name.
fn connect_tcp(
    address: &ServerAddress,
    options: &Options,
    deadline: Instant,
) -> io::Result<StreamSocket> {
    let Some(proxy) = proxy_for(address, &options.proxies) else {
        return tcp::connect(address, deadline);
    };
    proxy.trace(address);
    let stream = tcp::connect(&proxy.address, deadline)?;
    proxy.open_tunnel(&stream, address, deadline)?;
    Ok(stream)
}

#[cfg(feature = "tls")]
fn connect_tls(
    address: &ServerAddress,
    options: &Options,
    resumption: &Resumption,
    deadline: Instant,
) -> io::Result<Arc<dyn Transport>> {
    let without = || io::Error::new(io::ErrorKind::InvalidInput, "there are no TLS options");
    let tls = options.tls.as_ref().ok_or_else(without)?;
    let sessions = &resumption.sessions;
    loop {
        let stream = Arc::new(connect_tcp(address, options, deadline)?);
        if let Some(secured) = super::tls::connect(stream, address, tls, sessions, deadline)? {
            return Ok(Arc::new(secured));
        }
    }
}

#[cfg(not(feature = "tls"))]
fn connect_tls(
    _: &ServerAddress,
    _: &Options,
    _: &Resumption,
    _: Instant,
) -> io::Result<Arc<dyn Transport>> {
    Err(io::ErrorKind::Unsupported.into())
}
