//! `scripted-broker FILE` or `scripted-broker -e SCRIPT`: a broker that plays a script, for tests that
//! are not written in Rust. The table in `script.rs` describes the format; for example
//!
//! ```text
//! accept
//! expect CONNECT
//! ack
//! expect 32 ??          # a PUBLISH with QoS 1 begins
//! reset
//! ```
//!
//! Prints `listening on 127.0.0.1:PORT` first, then what it receives, one line of hex each. Exit status
//! 0 when the script is done, 1 with a message when something else happened than it says, 2 if it cannot be read.
//! `-p PORT` before the rest sets the port.

#[path = "mod.rs"]
mod broker;

use std::io::Write;
use std::process::ExitCode;

use broker::script::Script;
use broker::scripted::ScriptedBroker;

fn main() -> ExitCode {
    let (port, script) = match arguments(std::env::args().skip(1).collect()) {
        Ok(arguments) => arguments,
        Err(text) => return fail(2, &text),
    };
    let mut broker = match ScriptedBroker::start_on(port) {
        Ok(broker) => broker,
        Err(error) => return fail(1, &format!("port {port}: {error}")),
    };
    let mut print = |line: &str| {
        println!("{line}");
        // The line may be awaited through a pipe.
        let _ = std::io::stdout().flush();
    };
    print(&format!("listening on 127.0.0.1:{}", broker.port()));
    match script.run(&mut broker, &mut print) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => fail(1, &text),
    }
}

fn arguments(arguments: Vec<String>) -> Result<(u16, Script), String> {
    const USAGE: &str = "usage: scripted-broker [-p PORT] FILE | -e SCRIPT";
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (port, words) = match words.as_slice() {
        ["-p", port, words @ ..] => (port.parse().map_err(|_| USAGE)?, words),
        words => (0, words),
    };
    let text = match words {
        ["-e", text] => (*text).to_owned(),
        [file] => std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?,
        _ => return Err(USAGE.into()),
    };
    Ok((port, Script::parse(&text)?))
}

fn fail(status: u8, text: &str) -> ExitCode {
    eprintln!("scripted-broker: {text}");
    ExitCode::from(status)
}
