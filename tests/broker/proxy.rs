//! A TCP proxy that spoils connections on demand: cuts them, stops forwarding, or forwards in crumbs.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::net::sockopt::set_socket_linger;

use super::listener::Listener;

/// Forwards between its own port and another on 127.0.0.1. Dropping it cuts all connections.
pub struct FaultProxy {
    listener: Option<Listener>,
    faults: Arc<Faults>,
}

impl FaultProxy {
    /// Starts on a free port; every connection to it makes one to `upstream_port`.
    pub fn start(upstream_port: u16) -> FaultProxy {
        let faults = Arc::new(Faults {
            settings: Mutex::new(Settings {
                stalled: false,
                chunk: usize::MAX,
            }),
            changed: Condvar::new(),
            connections: Mutex::default(),
        });
        let accepting = Arc::clone(&faults);
        let listener = Listener::start(0, move |client| {
            // Without an upstream the client sees its connection end.
            let _ = accepting.connect(client, upstream_port);
        });
        FaultProxy {
            listener: Some(listener.expect("a free port on 127.0.0.1")),
            faults,
        }
    }

    /// The port listened on.
    pub fn port(&self) -> u16 {
        self.listener.as_ref().map_or(0, Listener::port)
    }

    /// The address in the form clients take, `tcp://127.0.0.1:PORT`.
    pub fn uri(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port())
    }

    /// Resets all connections that have reached upstream, on both sides; when it returns, that has
    /// happened. Bytes under way are lost; new connections are welcome.
    pub fn cut(&self) {
        let connections = std::mem::take(&mut *self.faults.connections.lock());
        for connection in &connections {
            if let Some(pair) = connection.pair.upgrade() {
                self.faults.cut(&pair);
            }
        }
        for connection in connections {
            for pump in connection.pumps {
                let _ = pump.join();
            }
        }
    }

    /// Stops forwarding, or goes on with it. Connections stay open meanwhile and new ones are accepted.
    pub fn stall(&self, stalled: bool) {
        self.faults.settings.lock().stalled = stalled;
        self.faults.changed.notify_all();
    }

    /// Forwards in pieces of at most `n` bytes, each in a segment of its own.
    pub fn chop(&self, n: usize) {
        self.faults.settings.lock().chunk = n.max(1);
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        // First of all, so that no connection is added any more.
        self.listener = None;
        self.cut();
    }
}

struct Faults {
    settings: Mutex<Settings>,
    changed: Condvar,
    connections: Mutex<Vec<Connection>>,
}

struct Settings {
    stalled: bool,
    chunk: usize,
}

struct Connection {
    pair: Weak<Pair>,
    pumps: Vec<JoinHandle<()>>,
}

/// The two sockets of a connection, owned by its two pumps: closed when both have ended.
struct Pair {
    client: TcpStream,
    server: TcpStream,
    is_cut: AtomicBool,
    /// Readable once `is_cut`, so that waits on the sockets end.
    cut_event: OwnedFd,
}

impl Faults {
    fn connect(self: &Arc<Self>, client: TcpStream, upstream_port: u16) -> io::Result<()> {
        // Held from before upstream can see the connection, so that a cut does not miss it.
        let mut connections = self.connections.lock();
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream_port))?;
        server.set_nodelay(true)?;
        client.set_nonblocking(true)?;
        server.set_nonblocking(true)?;
        let pair = Arc::new(Pair {
            client,
            server,
            is_cut: AtomicBool::new(false),
            cut_event: eventfd(0, EventfdFlags::CLOEXEC)?,
        });
        let mut connection = Connection {
            pair: Arc::downgrade(&pair),
            pumps: Vec::new(),
        };
        for upwards in [true, false] {
            let pair = Arc::clone(&pair);
            let faults = Arc::clone(self);
            connection.pumps.push(thread::spawn(move || {
                let (from, to) = match upwards {
                    true => (&pair.client, &pair.server),
                    false => (&pair.server, &pair.client),
                };
                if faults.pump(&pair, from, to).is_err() {
                    faults.cut(&pair);
                }
            }));
        }
        connections.retain(|connection| !connection.pumps.iter().all(JoinHandle::is_finished));
        connections.push(connection);
        Ok(())
    }

    /// Ends both pumps; the sockets are reset when the second has let go of them.
    fn cut(&self, pair: &Pair) {
        for stream in [&pair.client, &pair.server] {
            let _ = set_socket_linger(stream, Some(Duration::ZERO));
        }
        let settings = self.settings.lock();
        pair.is_cut.store(true, Ordering::Release);
        drop(settings);
        self.changed.notify_all();
        let _ = rustix::io::write(&pair.cut_event, &1_u64.to_ne_bytes());
    }

    /// Forwards one direction until its end, which is passed on, or a cut or an error of either socket.
    fn pump(&self, pair: &Pair, mut from: &TcpStream, to: &TcpStream) -> io::Result<()> {
        let mut buffer = [0; 16 << 10];
        loop {
            pair.wait(from, PollFlags::IN)?;
            let length = match from.read(&mut buffer) {
                Ok(length) => length,
                Err(error) if is_temporary(&error) => continue,
                Err(error) => return Err(error),
            };
            if length == 0 {
                self.next_chunk(pair)?;
                return to.shutdown(Shutdown::Write);
            }
            let mut rest = &buffer[..length];
            while !rest.is_empty() {
                let (piece, later) = rest.split_at(rest.len().min(self.next_chunk(pair)?));
                pair.write_all(to, piece)?;
                rest = later;
                // A chance for the receiver to see this piece alone.
                thread::yield_now();
            }
        }
    }

    /// Waits while forwarding is stalled; how many bytes may go at once.
    fn next_chunk(&self, pair: &Pair) -> io::Result<usize> {
        let mut settings = self.settings.lock();
        loop {
            if pair.is_cut.load(Ordering::Acquire) {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            if !settings.stalled {
                return Ok(settings.chunk);
            }
            self.changed.wait(&mut settings);
        }
    }
}

impl Pair {
    /// Waits until `stream` is ready; an error once the connection is cut.
    fn wait(&self, stream: &TcpStream, flags: PollFlags) -> io::Result<()> {
        let mut fds = [
            PollFd::new(stream, flags),
            PollFd::new(&self.cut_event, PollFlags::IN),
        ];
        while let Err(error) = poll(&mut fds, None) {
            if error != rustix::io::Errno::INTR {
                return Err(error.into());
            }
        }
        match fds[1].revents().is_empty() {
            true => Ok(()),
            false => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    fn write_all(&self, mut stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match stream.write(bytes) {
                Ok(length) => bytes = &bytes[length..],
                Err(error) if is_temporary(&error) => self.wait(stream, PollFlags::OUT)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
