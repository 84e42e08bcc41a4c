//! Every way to a server, when nothing goes through in one piece.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::thread;

use rustix::net::sockopt;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role;

use super::testing::{Trickle, pair, pattern, read_exactly, soon, write_all};
use super::*;

/// A way to a server: what lies between the socket and the bytes.
#[derive(Clone, Copy, Debug)]
struct Way {
    scheme: &'static str,
    through_proxy: bool,
}

impl Way {
    fn all() -> Vec<Way> {
        let way = |scheme, through_proxy| Way {
            scheme,
            through_proxy,
        };
        let secure: &[&str] = match cfg!(feature = "tls") {
            true => &["ssl", "wss"],
            false => &[],
        };
        let schemes = ["tcp", "ws"].iter().chain(secure);
        let both = schemes.flat_map(|scheme| [way(scheme, false), way(scheme, true)]);
        both.chain([way("unix", false)]).collect()
    }

    fn has_frames(self) -> bool {
        self.scheme.starts_with("ws")
    }
}

/// A stream of the server, whatever the layers below.
trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

/// Reads a request of HTTP.
fn request(stream: &mut impl Stream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
    }
    String::from_utf8(request).unwrap()
}

/// Sends a reply of HTTP byte by byte.
fn reply(stream: &mut impl Stream, text: &str) {
    for byte in text.bytes() {
        stream.write_all(&[byte]).unwrap();
    }
}

/// Reads `length` bytes slowly, in pieces of all sizes, and sends them back in such pieces.
fn echo(mut stream: impl Stream, has_frames: bool, length: usize) {
    let mut received = Vec::new();
    let mut sizes = (1..).map(|step: usize| 1 + (step * step) % 7919);
    if has_frames {
        let request = request(&mut stream);
        let key = request.split("Sec-WebSocket-Key: ").nth(1).unwrap();
        let accept = derive_accept_key(key.split("\r\n").next().unwrap().as_bytes());
        let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade";
        let text = format!("{head}\r\nSec-WebSocket-Accept: {accept}\r\n\r\n");
        reply(&mut stream, &text);
        let mut socket = tungstenite::WebSocket::from_raw_socket(stream, Role::Server, None);
        while received.len() < length {
            received.extend_from_slice(&socket.read().unwrap().into_data());
        }
        let mut rest = &received[..];
        while !rest.is_empty() {
            let (part, behind) = rest.split_at(rest.len().min(sizes.next().unwrap()));
            socket.send(part.to_vec().into()).unwrap();
            rest = behind;
        }
    } else {
        while received.len() < length {
            let mut part = vec![0; sizes.next().unwrap()];
            let count = stream.read(&mut part).unwrap();
            assert_ne!(count, 0, "the stream ends too early");
            received.extend_from_slice(&part[..count]);
        }
        let mut rest = &received[..];
        while !rest.is_empty() {
            let (part, behind) = rest.split_at(rest.len().min(sizes.next().unwrap()));
            stream.write_all(part).unwrap();
            rest = behind;
        }
    }
    assert!(received == pattern(length));
}

struct Server {
    way: Way,
    #[cfg(feature = "tls")]
    world: super::tls::tests::World,
}

impl Server {
    fn new(way: Way) -> Server {
        Server {
            way,
            #[cfg(feature = "tls")]
            world: super::tls::tests::World::new(),
        }
    }

    fn serve(&self, mut stream: impl Stream + std::fmt::Debug, length: usize) {
        if self.way.through_proxy {
            assert!(request(&mut stream).starts_with("CONNECT 127.0.0.1:"));
            reply(&mut stream, "HTTP/1.1 200 Connection established\r\n\r\n");
        }
        #[cfg(feature = "tls")]
        if matches!(self.way.scheme, "ssl" | "wss") {
            let stream = self.world.server().build().accept(stream).unwrap();
            return echo(stream, self.way.has_frames(), length);
        }
        echo(stream, self.way.has_frames(), length);
    }

    fn options(&self, port: u16) -> Options {
        let proxy = self
            .way
            .through_proxy
            .then(|| format!("127.0.0.1:{port}").into_bytes());
        Options {
            proxies: Proxies {
                http: proxy.clone(),
                https: proxy,
            },
            #[cfg(feature = "tls")]
            tls: Some(self.world.options()),
            http_headers: Vec::new(),
        }
    }
}

/// Sends `length` bytes on the way and gets them back; what waits to be sent has so much room, if given.
fn round_trip(way: Way, length: usize, buffer: Option<usize>) {
    let server = Server::new(way);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let unix = UnixListener::bind(&path).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    if let Some(buffer) = buffer {
        sockopt::set_socket_send_buffer_size(&tcp, buffer).unwrap();
    }
    let port = tcp.local_addr().unwrap().port();
    let uri = match way.scheme {
        "unix" => format!("unix://{}", path.display()),
        scheme => format!("{scheme}://127.0.0.1:{port}"),
    };
    let address = ServerAddress::parse(uri.as_bytes()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| match way.scheme {
            "unix" => server.serve(unix.accept().unwrap().0, length),
            _ => server.serve(tcp.accept().unwrap().0, length),
        });
        let resumption = Resumption::default();
        let transport = connect(&address, &server.options(port), &resumption, soon()).unwrap();
        if let Some(buffer) = buffer {
            sockopt::set_socket_send_buffer_size(transport.descriptor(), buffer).unwrap();
        }
        let sent = pattern(length);
        write_all(&*transport, &sent);
        let received = read_exactly(&*transport, length);
        assert!(received == sent, "{way:?} {length}");
        transport.finish();
    });
}

#[test]
fn bytes_of_every_number_arrive_in_order_on_every_way() {
    for way in Way::all() {
        for length in [
            0, 1, 125, 126, 16_384, 16_385, 65_535, 65_536, 65_600, 5_000_000,
        ] {
            round_trip(way, length, None);
        }
    }
}

#[test]
fn bytes_arrive_in_order_on_every_way_through_small_sockets() {
    for way in Way::all() {
        round_trip(way, 400_000, Some(2048));
    }
}

#[test]
fn bytes_arrive_in_order_on_every_way_one_by_one() {
    let length = 20_000;
    for way in Way::all() {
        let server = Server::new(way);
        let uri = format!("{}://127.0.0.1:1", way.scheme);
        let address = ServerAddress::parse(uri.as_bytes()).unwrap();
        let options = server.options(1);
        let (near, far) = pair();
        thread::scope(|scope| {
            scope.spawn(|| server.serve(far, length));
            let mut layers: Arc<dyn Transport> = Arc::new(Trickle::new(Arc::new(near)));
            if let Some(proxy) = proxy::proxy_for(&address, &options.proxies) {
                proxy.open_tunnel(&*layers, &address, soon()).unwrap();
            }
            #[cfg(feature = "tls")]
            if address.scheme.is_secure() {
                let (tls, sessions) = (options.tls.as_ref().unwrap(), tls::Sessions::default());
                let secured = tls::connect(layers, &address, tls, &sessions, soon());
                layers = Arc::new(secured.unwrap().unwrap());
            }
            if way.has_frames() {
                let headers = &options.http_headers;
                let socket = websocket::connect(layers, &address, headers, soon());
                layers = Arc::new(socket.unwrap());
            }
            write_all(&*layers, &pattern(length));
            assert!(read_exactly(&*layers, length) == pattern(length), "{way:?}");
        });
    }
}
