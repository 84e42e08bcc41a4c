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

/// Connects to `address`, from name resolution on, until `deadline`.
pub fn connect(
    address: &ServerAddress,
    options: &Options,
    deadline: Instant,
) -> io::Result<Arc<dyn Transport>> {
    connect_layers(address, options, deadline).map_err(|error| {
        let kind = error.kind();
        io::Error::new(kind, format!("cannot connect to {address}: {error}"))
    })
}

fn connect_layers(
    address: &ServerAddress,
    options: &Options,
    deadline: Instant,
) -> io::Result<Arc<dyn Transport>> {
    let stream: Arc<dyn Transport> = match address.scheme {
        Scheme::Unix => Arc::new(unix::connect(&address.text, deadline)?),
        _ => Arc::new(connect_tcp(address, options, deadline)?),
    };
    let stream = match address.scheme.is_secure() {
        true => secure(stream, address, options, deadline)?,
        false => stream,
    };
    match address.scheme {
        Scheme::Ws | Scheme::Wss => {
            let headers = &options.http_headers;
            let socket = websocket::connect(stream, address, headers, deadline)?;
            Ok(Arc::new(socket))
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
    let stream = tcp::connect(&proxy.address, deadline)?;
    proxy.open_tunnel(&stream, address, deadline)?;
    Ok(stream)
}

#[cfg(feature = "tls")]
fn secure(
    stream: Arc<dyn Transport>,
    address: &ServerAddress,
    options: &Options,
    deadline: Instant,
) -> io::Result<Arc<dyn Transport>> {
    let without = || io::Error::new(io::ErrorKind::InvalidInput, "there are no TLS options");
    let options = options.tls.as_ref().ok_or_else(without)?;
    let secured = super::tls::connect(stream, address, options, deadline)?;
    Ok(Arc::new(secured))
}

#[cfg(not(feature = "tls"))]
fn secure(
    _: Arc<dyn Transport>,
    _: &ServerAddress,
    _: &Options,
    _: Instant,
) -> io::Result<Arc<dyn Transport>> {
    Err(io::ErrorKind::Unsupported.into())
}
