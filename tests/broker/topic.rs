//! Topic filters: their grammar and what they match (MQTT 5 section 4.7, 3.1.1 section 4.7).

/// Whether `filter` is well formed: `#` only as the last level, `+` only as a whole level
/// [MQTT-4.7.1-1] [MQTT-4.7.1-2], at least one character [MQTT-4.7.3-1].
pub fn is_valid_filter(filter: &[u8]) -> bool {
    let mut levels = filter.split(|&byte| byte == b'/').peekable();
    let mut valid = !filter.is_empty();
    while let Some(level) = levels.next() {
        valid &= match level {
            b"+" => true,
            b"#" => levels.peek().is_none(),
            _ => !level.contains(&b'+') && !level.contains(&b'#'),
        };
    }
    valid
}

/// The filter within a shared subscription `$share/NAME/FILTER`; `None` for any other filter
/// and for a name that is empty or holds a wildcard [MQTT-4.8.2-1] [MQTT-4.8.2-2].
pub fn shared_filter(filter: &[u8]) -> Option<&[u8]> {
    let rest = filter.strip_prefix(b"$share/")?;
    let end = rest.iter().position(|&byte| byte == b'/')?;
    let (name, filter) = (&rest[..end], &rest[end + 1..]);
    let plain = !name.is_empty() && !name.contains(&b'+') && !name.contains(&b'#');
    plain.then_some(filter)
}

/// Whether a valid `filter` matches `topic`. A filter that starts with a wildcard
/// does not match a topic that starts with `$` [MQTT-4.7.2-1].
pub fn matches(filter: &[u8], topic: &[u8]) -> bool {
    if topic.starts_with(b"$") && !filter.starts_with(b"$") {
        return false;
    }
    let mut filter_levels = filter.split(|&byte| byte == b'/');
    let mut topic_levels = topic.split(|&byte| byte == b'/');
    loop {
        match (filter_levels.next(), topic_levels.next()) {
            // `sport/#` matches `sport` too.
            (Some(b"#"), _) | (None, None) => return true,
            (Some(b"+"), Some(_)) => {}
            (Some(wanted), Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
}
