//! A loopback listener with a thread that hands over what it accepts.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Accepts on 127.0.0.1 until dropped; from then on connecting is refused.
pub struct Listener {
    port: u16,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Listens on `port` (0: any free one); `on_connection` runs in the listener's own thread and must not block.
    pub fn start(
        port: u16,
        mut on_connection: impl FnMut(TcpStream) + Send + 'static,
    ) -> io::Result<Listener> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = socket.local_addr()?.port();
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let thread = thread::Builder::new()
            .name("listener".into())
            .spawn(move || {
                while !stop.load(Ordering::Acquire) {
                    match socket.accept() {
                        Ok(_) if stop.load(Ordering::Acquire) => {}
                        Ok((stream, _)) => {
                            // Without it the small packets of tests wait for the peer's delayed ACKs.
                            let _ = stream.set_nodelay(true);
                            on_connection(stream);
                        }
                        // Out of descriptors or the like: nothing announces that it is over.
                        Err(_) => thread::sleep(Duration::from_millis(10)),
                    }
                }
            })?;
        Ok(Listener {
            port,
            stopping,
            thread: Some(thread),
        })
    }

    /// The port listened on.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Release);
        // `accept` has no way to be interrupted but a connection.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
