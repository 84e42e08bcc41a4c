//! Scripts for the scripted broker, for tests that are not written in Rust.
//!
//! One step per line (or between `;`), blank lines and what follows `#` are ignored:
//!
//! | step                  | meaning                                                                  |
//! |-----------------------|--------------------------------------------------------------------------|
//! | `accept`              | wait for a connection; the one before it, if still open, is closed       |
//! | `expect CONNECT`      | wait for a packet, which must be of this type (any name of the standard) |
//! | `expect 30 0a ?? 00`  | wait for that many bytes and compare them; `??` is any byte              |
//! | `expect-nothing 200`  | nothing may arrive for 200 ms                                            |
//! | `expect-eof`          | wait for the client to end the connection                                |
//! | `ack`                 | answer the last packet correctly: CONNECT with CONNACK, and so on        |
//! | `send 20 02 00 00`    | send these bytes                                                         |
//! | `send-slowly 1 20 02` | send these bytes in pieces of 1                                          |
//! | `close`, `reset`      | end the connection in order, or with a TCP reset                         |
//! | `wait 200`            | do nothing for 200 ms                                                    |
//! | `deadline 30000`      | from now on wait up to 30000 ms for the client (10000 at first)          |
//! | `repeat 3` .. `end`   | do the steps between three times; without a number for ever              |
//!
//! `ack` after an `expect` of bytes works if these were one whole packet.

use std::fmt::Display;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use mqtt3c::packet::Packet;

use super::scripted::ScriptedBroker;
use super::wire::{self, Pattern, Wire};

const PACKETS: [&str; 15] = [
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    "UNSUBSCRIBE",
    "UNSUBACK",
    "PINGREQ",
    "PINGRESP",
    "DISCONNECT",
    "AUTH",
];

/// A script that has been read and found well formed.
pub struct Script(Vec<Line>);

struct Line {
    number: usize,
    step: Step,
}

enum Step {
    Accept,
    ExpectPacket(&'static str),
    ExpectBytes(Pattern),
    ExpectNothing(Duration),
    ExpectEof,
    Acknowledge,
    Send(Bytes),
    SendSlowly(usize, Bytes),
    Close,
    Reset,
    Wait(Duration),
    Deadline(Duration),
    Repeat(Option<u64>, Vec<Line>),
}

impl Script {
    /// Reads a script; errors name the line.
    pub fn parse(text: &str) -> Result<Script, String> {
        let mut open: Vec<(usize, Option<u64>, Vec<Line>)> = Vec::new();
        let mut lines = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let code = line.split('#').next().unwrap_or_default();
            for step in code
                .split(';')
                .map(str::trim)
                .filter(|step| !step.is_empty())
            {
                let (verb, rest) = step.split_once(char::is_whitespace).unwrap_or((step, ""));
                match verb {
                    "repeat" => {
                        let count = (!rest.is_empty()).then(|| parse_number(number, rest));
                        open.push((number, count.transpose()?, std::mem::take(&mut lines)));
                    }
                    "end" => {
                        let (start, count, before) = open
                            .pop()
                            .ok_or_else(|| at(number, "`end` without `repeat`"))?;
                        let body = std::mem::replace(&mut lines, before);
                        let step = Step::Repeat(count, body);
                        lines.push(Line {
                            number: start,
                            step,
                        });
                    }
                    _ => {
                        let step = parse_step(number, verb, rest.trim())?;
                        lines.push(Line { number, step });
                    }
                }
            }
        }
        match open.pop() {
            Some((number, ..)) => Err(at(number, "`repeat` without `end`")),
            None => Ok(Script(lines)),
        }
    }

    /// Plays the script; `log` gets a line for everything received. Errors name the line.
    pub fn run(
        &self,
        broker: &mut ScriptedBroker,
        log: &mut dyn FnMut(&str),
    ) -> Result<(), String> {
        let mut player = Player {
            broker,
            log,
            wire: None,
            last: None,
        };
        player.play(&self.0)
    }
}

fn parse_step(number: usize, verb: &str, rest: &str) -> Result<Step, String> {
    let ms = |text| parse_number(number, text).map(Duration::from_millis);
    let bytes = |text| wire::parse_bytes(text).map_err(|error| at(number, error));
    let step = match verb {
        "expect" => match PACKETS.into_iter().find(|name| *name == rest) {
            Some(name) => Step::ExpectPacket(name),
            None => {
                Step::ExpectBytes(wire::parse_pattern(rest).map_err(|error| at(number, error))?)
            }
        },
        "expect-nothing" => Step::ExpectNothing(ms(rest)?),
        "send" => Step::Send(bytes(rest)?),
        "send-slowly" => {
            let (chunk, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let chunk = usize::try_from(parse_number(number, chunk)?).unwrap_or(usize::MAX);
            Step::SendSlowly(chunk, bytes(rest)?)
        }
        "wait" => Step::Wait(ms(rest)?),
        "deadline" => Step::Deadline(ms(rest)?),
        _ if !rest.is_empty() => {
            return Err(at(number, format!("unknown step `{verb} {rest}`")));
        }
        "accept" => Step::Accept,
        "expect-eof" => Step::ExpectEof,
        "ack" => Step::Acknowledge,
        "close" => Step::Close,
        "reset" => Step::Reset,
        _ => return Err(at(number, format!("unknown step `{verb}`"))),
    };
    Ok(step)
}

fn parse_number(line: usize, text: &str) -> Result<u64, String> {
    text.trim()
        .parse()
        .map_err(|_| at(line, format!("not a number: `{text}`")))
}

fn at(line: usize, what: impl Display) -> String {
    format!("line {line}: {what}")
}

struct Player<'a> {
    broker: &'a mut ScriptedBroker,
    log: &'a mut dyn FnMut(&str),
    wire: Option<Wire>,
    last: Option<Packet>,
}

impl Player<'_> {
    fn play(&mut self, lines: &[Line]) -> Result<(), String> {
        for line in lines {
            if let Step::Repeat(count, body) = &line.step {
                let mut left = *count;
                while left != Some(0) {
                    self.play(body)?;
                    left = left.map(|left| left - 1);
                }
            } else {
                self.take(&line.step)
                    .map_err(|error| at(line.number, error))?;
            }
        }
        Ok(())
    }

    fn take(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Accept => {
                let wire = self.broker.try_accept()?;
                (self.log)("connected");
                self.wire = Some(wire);
                self.last = None;
            }
            Step::ExpectPacket(name) => {
                let wire = open(&mut self.wire)?;
                let frame = wire.frame()?;
                (self.log)(&format!("received {}", wire::show(&frame)));
                let packet = wire.decode(&frame)?;
                if wire::name(&packet) != *name {
                    let got = wire::name(&packet);
                    return Err(wire.failure(&format!("expected {name}, got {got}")));
                }
                self.last = Some(packet);
            }
            Step::ExpectBytes(pattern) => {
                let wire = open(&mut self.wire)?;
                let bytes = wire.pattern(pattern)?;
                (self.log)(&format!("received {}", wire::show(&bytes)));
                self.last = wire.decode(&bytes).ok();
            }
            Step::ExpectNothing(silence) => open(&mut self.wire)?.nothing_for(*silence)?,
            Step::ExpectEof => {
                open(&mut self.wire)?.eof()?;
                (self.log)("end of connection");
            }
            Step::Acknowledge => {
                let last = self.last.as_ref().ok_or("no packet to acknowledge")?;
                open(&mut self.wire)?.acknowledge(last)?;
            }
            Step::Send(bytes) => open(&mut self.wire)?.send(bytes)?,
            Step::SendSlowly(chunk, bytes) => open(&mut self.wire)?.send_slowly(bytes, *chunk)?,
            Step::Close => take_open(&mut self.wire)?.close(),
            Step::Reset => take_open(&mut self.wire)?.reset()?,
            Step::Wait(time) => thread::sleep(*time),
            Step::Deadline(patience) => {
                self.broker.set_patience(*patience);
                if let Some(wire) = &mut self.wire {
                    wire.patience = *patience;
                }
            }
            Step::Repeat(_, body) => self.play(body)?,
        }
        Ok(())
    }
}

fn open(wire: &mut Option<Wire>) -> Result<&mut Wire, String> {
    wire.as_mut().ok_or_else(|| "no connection".into())
}

fn take_open(wire: &mut Option<Wire>) -> Result<Wire, String> {
    wire.take().ok_or_else(|| "no connection".into())
}
