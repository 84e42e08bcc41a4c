//! `loopback-broker [PORT]`: the test broker as a program. Prints `listening on 127.0.0.1:PORT` and
//! runs until it is killed; without PORT, or with 0, it takes a free one.

#[path = "mod.rs"]
mod broker;

use std::io::Write;
use std::process::ExitCode;

use broker::Broker;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |text| text.parse());
    let (Ok(port), None) = (port, arguments.next()) else {
        eprintln!("usage: loopback-broker [PORT]");
        return ExitCode::from(2);
    };
    let broker = match Broker::start_on(port) {
        Ok(broker) => broker,
        Err(error) => {
            eprintln!("loopback-broker: port {port}: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("listening on 127.0.0.1:{}", broker.port());
    // The line may be awaited through a pipe.
    let _ = std::io::stdout().flush();
    loop {
        std::thread::park();
    }
}
