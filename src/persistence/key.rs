//! Names of records.

use std::fmt;
use std::str::FromStr;

/// The name of a record. `Display` gives the original's text: `s-1`, `sc5-7`, `q-3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// Sent PUBLISH (`s-`, `s5-`), not yet completed.
    Sent {
        /// Record of an MQTT 5 client.
        v5: bool,
        /// Packet identifier.
        id: u16,
    },
    /// Sent PUBREL (`sc-`, `sc5-`).
    PubRel {
        /// Record of an MQTT 5 client.
        v5: bool,
        /// Packet identifier.
        id: u16,
    },
    /// Received QoS 2 PUBLISH (`r-`, `r5-`).
    Received {
        /// Record of an MQTT 5 client.
        v5: bool,
        /// Packet identifier.
        id: u16,
    },
    /// Received message queued for the application (`q-`, `q5-`).
    Queued {
        /// Record of an MQTT 5 client.
        v5: bool,
        /// Sequence number, 0..=999999.
        seq: u32,
    },
}

impl Key {
    /// How many sequence numbers queued messages have: after 999999 comes 0.
    pub const QUEUE_NUMBERS: u32 = 1_000_000;

    /// The key that is written as `text`; `None` for any other text, also for `c-` (records of the
    /// asynchronous client), packet identifier 0 and numbers with leading zeros.
    pub fn parse(text: &str) -> Option<Key> {
        let (name, number) = text.split_once('-')?;
        let (name, v5) = match name.strip_suffix('5') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let key = match name {
            "s" => Key::Sent {
                v5,
                id: packet_id(number)?,
            },
            "sc" => Key::PubRel {
                v5,
                id: packet_id(number)?,
            },
            "r" => Key::Received {
                v5,
                id: packet_id(number)?,
            },
            "q" => Key::Queued {
                v5,
                seq: canonical(number).filter(|&seq| seq < Key::QUEUE_NUMBERS)?,
            },
            _ => return None,
        };
        Some(key)
    }

    /// Whether this is a record of an MQTT 5 client.
    pub fn is_v5(self) -> bool {
        match self {
            Key::Sent { v5, .. }
            | Key::PubRel { v5, .. }
            | Key::Received { v5, .. }
            | Key::Queued { v5, .. } => v5,
        }
    }
}

fn packet_id(text: &str) -> Option<u16> {
    canonical(text).filter(|&id| id != 0)
}

/// A decimal number without sign or leading zeros: only such a name is written for it.
fn canonical<T: FromStr>(text: &str) -> Option<T> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    text.parse().ok()
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let five = if self.is_v5() { "5" } else { "" };
        match *self {
            Key::Sent { id, .. } => write!(f, "s{five}-{id}"),
            Key::PubRel { id, .. } => write!(f, "sc{five}-{id}"),
            Key::Received { id, .. } => write!(f, "r{five}-{id}"),
            Key::Queued { seq, .. } => write!(f, "q{five}-{seq}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_as_the_original_does_and_read_back() {
        for (text, key) in [
            ("s-1", Key::Sent { v5: false, id: 1 }),
            (
                "s5-65535",
                Key::Sent {
                    v5: true,
                    id: 65535,
                },
            ),
            ("sc-2", Key::PubRel { v5: false, id: 2 }),
            ("sc5-7", Key::PubRel { v5: true, id: 7 }),
            ("r-77", Key::Received { v5: false, id: 77 }),
            ("r5-77", Key::Received { v5: true, id: 77 }),
            ("q-0", Key::Queued { v5: false, seq: 0 }),
            (
                "q5-999999",
                Key::Queued {
                    v5: true,
                    seq: 999_999,
                },
            ),
        ] {
            assert_eq!(key.to_string(), text);
            assert_eq!(Key::parse(text), Some(key));
        }
    }

    #[test]
    fn other_texts_are_no_keys() {
        for text in [
            "",
            "-",
            "s",
            "s-",
            "s-0",
            "s-65536",
            "s-+1",
            "s--1",
            "s-01",
            "s-1 ",
            "S-1",
            "s6-1",
            "s55-1",
            "5-1",
            "c-1",
            "c5-1",
            "q-1000000",
            "q-",
            "foo",
            "s-1.msg",
            "q-٣",
        ] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_text_that_is_a_key_is_that_keys_text(text: String) {
            if let Some(key) = Key::parse(&text) {
                assert_eq!(key.to_string(), text);
            }
        }
    }
}
