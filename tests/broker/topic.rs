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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_levels_as_in_section_4_7() {
        for (filter, topic) in [
            ("sport/tennis", "sport/tennis"),
            ("sport/#", "sport"),
            ("sport/#", "sport/tennis/player1"),
            ("#", "sport/tennis"),
            ("+", "sport"),
            ("sport/+", "sport/"),
            ("+/+", "/finance"),
            ("/+", "/finance"),
            ("$SYS/#", "$SYS/uptime"),
            ("$SYS/+", "$SYS/uptime"),
        ] {
            assert!(
                matches(filter.as_bytes(), topic.as_bytes()),
                "{filter} {topic}"
            );
        }
        for (filter, topic) in [
            ("sport/tennis", "sport"),
            ("sport", "sport/tennis"),
            ("sport/+", "sport"),
            ("sport/+", "sport/tennis/player1"),
            ("+", "/finance"),
            ("Sport", "sport"),
            ("#", "$SYS/uptime"),
            ("+/uptime", "$SYS/uptime"),
        ] {
            assert!(
                !matches(filter.as_bytes(), topic.as_bytes()),
                "{filter} {topic}"
            );
        }
    }

    #[test]
    fn misplaced_wildcards_and_the_empty_filter_are_invalid() {
        for filter in ["", "sport/#/x", "sport#", "sp+rt", "a/+b", "##", "#/"] {
            assert!(!is_valid_filter(filter.as_bytes()), "{filter}");
        }
        for filter in ["#", "+", "/", "a//b", "+/a/#", "$SYS/#"] {
            assert!(is_valid_filter(filter.as_bytes()), "{filter}");
        }
    }

    #[test]
    fn a_shared_subscription_has_a_plain_name_and_a_filter() {
        assert_eq!(shared_filter(b"$share/group/a/+"), Some(&b"a/+"[..]));
        for filter in ["a/b", "$share/group", "$share//a", "$share/g+/a"] {
            assert_eq!(shared_filter(filter.as_bytes()), None, "{filter}");
        }
    }
}
