//! `loopback-broker [--state FILE] [PORT]`: the test broker as a program. Prints
//! `listening on 127.0.0.1:PORT` and runs until it is killed; without PORT, or with 0, it takes a free one. With
//! FILE it stores its state there before it answers, and a killed broker's successor goes on from it.

#[path = "mod.rs"]
mod broker;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use broker::Broker;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let mut state = None;
    if arguments.next_if_eq("--state").is_some() {
        state = Some(arguments.next().map(PathBuf::from));
    }
    let port = arguments.next().map_or(Ok(0), |text| text.parse());
    let (Ok(port), None, None | Some(Some(_))) = (port, arguments.next(), &state) else {
        eprintln!("usage: loopback-broker [--state FILE] [PORT]");
        return ExitCode::from(2);
    };
    let started = match state.flatten() {
        Some(state) => Broker::start_kept(port, &state),
        None => Broker::start_on(port),
    };
    let broker = match started {
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
