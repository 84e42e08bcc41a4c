//! Connecting by an address: the layers of its scheme, one on the other.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::{Scheme, ServerAddress, Transport, tcp, unix, websocket};

/// What belongs to a connection besides its address.
#[derive(Clone, Debug, Default)]
pub struct Options {
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
        Scheme::Tcp | Scheme::Ws => Arc::new(tcp::connect(address, deadline)?),
        Scheme::Tls | Scheme::Wss => return Err(io::ErrorKind::Unsupported.into()),
    };
    match address.scheme {
        Scheme::Ws => {
            let headers = &options.http_headers;
            let socket = websocket::connect(stream, address, headers, deadline)?;
            Ok(Arc::new(socket))
        }
        _ => Ok(stream),
    }
}
