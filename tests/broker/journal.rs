//! The file in which a broker survives its process: everything the hub is told is appended before the hub
//! acts on it, so whatever left the broker can be worked out again. A start shortens the file to
//! the state it leads to.
//!
//! The hub is deterministic, and the journal stores what it is told, not what follows from it. Therefore a
//! message for many subscribers is there for all of them or for none.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::{Buf, BufMut, Bytes};
use mqtt3c::packet::{Packet, ProtocolVersion, Sender, next_frame};

use super::hub::Hub;

/// What a record tells; the number is the one in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A client connected, at a time.
    Connected = 1,
    /// A later packet came from the client, at a time.
    Packet,
    /// The client's connection ended after DISCONNECT, at a time.
    Left,
    /// The client's connection was lost, at a time.
    Lost,
    /// It was looked what is due, at a time.
    Due,
    /// A session, as the CONNECT that would make it, and the time when it ends.
    Session,
    /// When the session's will is due.
    WillDue,
    /// The last packet identifier used for the client, in an acknowledgement.
    LastId,
    /// A subscription, as the SUBSCRIBE that would make it.
    Subscription,
    /// PUBLISH or PUBREL in flight to the client; a message with the time when it expires.
    InFlight,
    /// A message waiting for the client, with the time when it expires.
    Queued,
    /// The identifier of a QoS 2 message from the client, in an acknowledgement.
    Known,
    /// A retained message, with the time when it expires.
    Retained,
}

const KINDS: [Kind; 13] = [
    Kind::Connected,
    Kind::Packet,
    Kind::Left,
    Kind::Lost,
    Kind::Due,
    Kind::Session,
    Kind::WillDue,
    Kind::LastId,
    Kind::Subscription,
    Kind::InFlight,
    Kind::Queued,
    Kind::Known,
    Kind::Retained,
];

/// One entry of the journal.
pub struct Record {
    pub kind: Kind,
    pub at: Option<Instant>,
    /// The client's identifier.
    pub id: Bytes,
    pub packet: Option<(ProtocolVersion, Packet)>,
}

/// The open file.
pub struct Journal {
    file: File,
    clock: Clock,
}

impl Journal {
    /// Opens the journal at `path`, or begins one, and puts the broker's state into `hub`. The connections
    /// of the broker that wrote it are lost at `now`.
    pub fn open(path: &Path, now: Instant) -> io::Result<(Journal, Hub)> {
        let clock = Clock::new(now);
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            bytes => bytes?,
        };
        let mut last = replay(bytes.into(), &clock)?;
        last.lose_connections(now);

        let mut state = Vec::new();
        for record in last.records() {
            put_record(&record, &clock, &mut state);
        }
        // A new file under the old name, so that a broker killed here has the one or the other.
        let new = path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(&state)?;
        fs::rename(&new, path)?;
        // From the records, because that is what the next start will begin with.
        let hub = replay(state.into(), &clock)?;
        Ok((Journal { file, clock }, hub))
    }

    /// Appends `record` in one write.
    pub fn append(&mut self, record: &Record) -> io::Result<()> {
        let mut bytes = Vec::new();
        put_record(record, &self.clock, &mut bytes);
        self.file.write_all(&bytes)
    }
}

/// The state that the records in `bytes` lead to. The last one may be torn; it is as if it had not come.
fn replay(mut bytes: Bytes, clock: &Clock) -> io::Result<Hub> {
    let mut hub = Hub::default();
    while bytes.len() >= 4 {
        let length = bytes.get_u32() as usize;
        if length > bytes.len() {
            break;
        }
        let record = read_record(bytes.split_to(length), clock).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "a record that is none of ours")
        })?;
        hub.replay(record);
    }
    Ok(hub)
}

/// The length of what follows, kind, time, length of the client's identifier and the identifier,
/// and with a packet its version and bytes.
fn put_record(record: &Record, clock: &Clock, out: &mut Vec<u8>) {
    let start = out.len();
    out.put_u32(0);
    out.put_u8(record.kind as u8);
    out.put_u64(record.at.map_or(0, |at| clock.to_nanos(at)));
    out.put_u16(record.id.len() as u16);
    out.put_slice(&record.id);
    if let Some((version, packet)) = &record.packet {
        out.put_u8(*version as u8);
        packet
            .encode(*version, out)
            .expect("no larger than it came");
    }
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

fn read_record(mut bytes: Bytes, clock: &Clock) -> Option<Record> {
    let kind = bytes.try_get_u8().ok()?;
    let kind = KINDS.into_iter().find(|known| *known as u8 == kind)?;
    let at = match bytes.try_get_u64().ok()? {
        0 => None,
        nanos => Some(clock.to_instant(nanos)),
    };
    let length = bytes.try_get_u16().ok()?.into();
    let id = (length <= bytes.len()).then(|| bytes.split_to(length))?;
    let packet = match bytes.try_get_u8().ok() {
        None => None,
        Some(version) => Some(read_packet(bytes, version, kind)?),
    };
    Some(Record {
        kind,
        at,
        id,
        packet,
    })
}

fn read_packet(mut bytes: Bytes, version: u8, kind: Kind) -> Option<(ProtocolVersion, Packet)> {
    let version = match version {
        3 => ProtocolVersion::V3_1,
        4 => ProtocolVersion::V3_1_1,
        5 => ProtocolVersion::V5,
        _ => return None,
    };
    let sender = match kind {
        Kind::InFlight | Kind::Queued | Kind::Retained => Sender::Server,
        _ => Sender::Client,
    };
    let frame = next_frame(&mut bytes, u32::MAX).ok()??;
    let packet = Packet::decode(frame, version, sender).ok()?;
    Some((version, packet))
}

/// Times as they are in the file, in nanoseconds since 1970: an [`Instant`] means nothing to the next process.
struct Clock {
    instant: Instant,
    nanos: u64,
}

impl Clock {
    fn new(instant: Instant) -> Clock {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Clock {
            instant,
            nanos: since.map_or(0, nanos),
        }
    }

    fn to_nanos(&self, at: Instant) -> u64 {
        match at.checked_duration_since(self.instant) {
            Some(after) => self.nanos.saturating_add(nanos(after)),
            None => self.nanos.saturating_sub(nanos(self.instant - at)),
        }
    }

    fn to_instant(&self, at: u64) -> Instant {
        let distance = Duration::from_nanos(at.abs_diff(self.nanos));
        let instant = match at >= self.nanos {
            true => self.instant.checked_add(distance),
            false => self.instant.checked_sub(distance),
        };
        instant.unwrap_or(self.instant)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
