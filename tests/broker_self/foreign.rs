//! The broker judged by clients of other implementations: Mosquitto's and the Paho C client's programs.
//! What is not installed is left out, which the test says.

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::broker::Broker;
use super::client::{Client, connect, message, retained};
use mqtt3c::packet::{ProtocolVersion, QoS};

/// A program that is ended with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    /// `None` if `name` is not installed.
    fn start(name: &str, arguments: &[&str], port: u16) -> Option<Program> {
        let child = Command::new(name)
            .args(["-h", "127.0.0.1", "-p", &port.to_string()])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        match child {
            Ok(child) => Some(Program(child)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!("left out: {name} is not installed");
                None
            }
            Err(error) => panic!("{name}: {error}"),
        }
    }

    /// The next `count` lines it prints; panics after 10 s.
    fn lines(&mut self, count: usize) -> Vec<String> {
        let output = self.0.stdout.take().expect("a pipe");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let next = |_| lines.recv_timeout(Duration::from_secs(10)).expect("a line");
        (0..count).map(next).collect()
    }

    fn expect_success(mut self) {
        let status = self.0.wait().expect("an exit status");
        let mut errors = String::new();
        if let Some(mut pipe) = self.0.stderr.take() {
            let _ = pipe.read_to_string(&mut errors);
        }
        assert!(status.success(), "{status}: {errors}");
    }
}

const MOSQUITTO_VERSIONS: [&str; 3] = ["mqttv31", "mqttv311", "mqttv5"];
const PAHO_VERSIONS: [&str; 3] = ["31", "311", "5"];

/// A message from `publisher` to `subscriber` with each QoS in each version.
fn exchange(publisher: &str, subscriber: &str, versions: [(&str, &str); 3]) {
    let broker = Broker::start();
    for (publishing, subscribing) in versions {
        for qos in ["0", "1", "2"] {
            let topic = format!("{subscribing}/{qos}");
            let arguments = ["-t", &topic, "-q", qos, "-V", subscribing, "-i", &topic];
            let Some(mut listening) = Program::start(subscriber, &arguments, broker.port()) else {
                return;
            };
            broker.await_subscribers(&topic, 1);
            let text = format!("hello {topic}");
            let arguments = ["-t", &topic, "-q", qos, "-V", publishing, "-m", &text];
            let Some(sending) = Program::start(publisher, &arguments, broker.port()) else {
                return;
            };
            sending.expect_success();
            assert_eq!(listening.lines(1), [text]);
        }
    }
}

fn pairs<'a>(left: [&'a str; 3], right: [&'a str; 3]) -> [(&'a str, &'a str); 3] {
    [0, 1, 2].map(|index| (left[index], right[index]))
}

#[test]
fn mosquitto_programs_talk_to_each_other() {
    let versions = pairs(MOSQUITTO_VERSIONS, MOSQUITTO_VERSIONS);
    exchange("mosquitto_pub", "mosquitto_sub", versions);
}

#[test]
fn paho_programs_talk_to_each_other() {
    let versions = pairs(PAHO_VERSIONS, PAHO_VERSIONS);
    exchange("paho_cs_pub", "paho_cs_sub", versions);
}

#[test]
fn mosquitto_and_paho_programs_understand_each_other() {
    let versions = pairs(MOSQUITTO_VERSIONS, PAHO_VERSIONS);
    exchange("mosquitto_pub", "paho_cs_sub", versions);
    let versions = pairs(PAHO_VERSIONS, MOSQUITTO_VERSIONS);
    exchange("paho_cs_pub", "mosquitto_sub", versions);
}

#[test]
fn a_mosquitto_session_is_kept_while_its_client_is_away() {
    let broker = Broker::start();
    let mut publisher =
        Client::accepted(broker.port(), connect(ProtocolVersion::V3_1_1, "publisher"));
    for version in MOSQUITTO_VERSIONS {
        let mut arguments = vec!["-t", "t", "-q", "2", "-V", version, "-i", version, "-c"];
        if version == "mqttv5" {
            arguments.extend(["-x", "100"]);
        }
        // -E: leave once subscribed.
        let leaving = [&arguments[..], &["-E"]].concat();
        let Some(program) = Program::start("mosquitto_sub", &leaving, broker.port()) else {
            return;
        };
        program.expect_success();
        publisher.publish(message("t", "while away", QoS::ExactlyOnce));
        let back = [&arguments[..], &["-C", "1"]].concat();
        let mut program =
            Program::start("mosquitto_sub", &back, broker.port()).expect("it was there before");
        assert_eq!(program.lines(1), ["while away"]);
        program.expect_success();
    }
}

#[test]
fn mosquitto_sees_a_retained_message_as_retained() {
    let broker = Broker::start();
    let mut publisher =
        Client::accepted(broker.port(), connect(ProtocolVersion::V3_1_1, "publisher"));
    publisher.publish(retained("r", "kept"));
    for version in MOSQUITTO_VERSIONS {
        let arguments = [
            "-t", "#", "-C", "1", "-V", version, "-F", "%r %t %p", "-i", "reader",
        ];
        let Some(mut program) = Program::start("mosquitto_sub", &arguments, broker.port()) else {
            return;
        };
        assert_eq!(program.lines(1), ["1 r kept"]);
        program.expect_success();
    }
}

#[test]
fn properties_pass_between_programs() {
    let broker = Broker::start();
    let format = "%t %p %R %P %E";
    let arguments = [
        "-t", "t", "-C", "1", "-V", "mqttv5", "-F", format, "-i", "reader",
    ];
    let Some(mut listening) = Program::start("mosquitto_sub", &arguments, broker.port()) else {
        return;
    };
    broker.await_subscribers("t", 1);
    let sending = [
        "-t",
        "t",
        "-m",
        "x",
        "-V",
        "mqttv5",
        "-D",
        "publish",
        "response-topic",
        "answer/here",
        "-D",
        "publish",
        "user-property",
        "key",
        "value",
        "-D",
        "publish",
        "message-expiry-interval",
        "1000",
    ];
    let sender = Program::start("mosquitto_pub", &sending, broker.port());
    sender.expect("they come together").expect_success();
    assert_eq!(listening.lines(1), ["t x answer/here key:value 1000"]);
    listening.expect_success();
}
