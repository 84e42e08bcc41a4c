//! What the environment asks of the trace.

use std::ffi::OsString;
use std::path::PathBuf;

use super::Level;

/// Lines per file when the environment does not say.
const DEFAULT_MAX_LINES: u32 = 1000;

/// Where lines go besides the callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// Nowhere.
    Nowhere,
    /// Standard output.
    Stdout,
    /// A file, replaced when tracing starts.
    File(PathBuf),
}

/// The settings taken from the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) destination: Destination,
    /// `None`: as it was.
    pub(super) level: Option<Level>,
    pub(super) max_lines: u32,
}

impl Settings {
    /// Reads the variables through `lookup`.
    pub(super) fn from_environment(lookup: impl Fn(&str) -> Option<OsString>) -> Settings {
        let destination = match lookup("MQTT_C_CLIENT_TRACE") {
            Some(value) if value == "ON" => Destination::Stdout,
            Some(value) if !value.is_empty() => Destination::File(value.into()),
            _ => Destination::Nowhere,
        };
        let text = |name| lookup(name).and_then(|value| value.into_string().ok());
        Settings {
            destination,
            level: text("MQTT_C_CLIENT_TRACE_LEVEL").and_then(|name| level_of(&name)),
            max_lines: text("MQTT_C_CLIENT_TRACE_MAX_LINES")
                .and_then(|number| numeric_prefix(&number))
                .filter(|&lines| lines > 0)
                .unwrap_or(DEFAULT_MAX_LINES),
        }
    }
}

fn level_of(name: &str) -> Option<Level> {
    match name.strip_prefix("TRACE_").unwrap_or(name) {
        "ERROR" => Some(Level::Error),
        "PROTOCOL" => Some(Level::Protocol),
        "MINIMUM" => Some(Level::Minimum),
        "MEDIUM" => Some(Level::Medium),
        "MAXIMUM" => Some(Level::Maximum),
        _ => None,
    }
}

/// The number at the start of `text`, as C's `atoi` takes it.
fn numeric_prefix(text: &str) -> Option<u32> {
    let text = text.trim_start();
    let text = text.strip_prefix('+').unwrap_or(text);
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(trace: &str, level: &str, lines: &str) -> Settings {
        Settings::from_environment(|name| {
            let value = match name {
                "MQTT_C_CLIENT_TRACE" => trace,
                "MQTT_C_CLIENT_TRACE_LEVEL" => level,
                "MQTT_C_CLIENT_TRACE_MAX_LINES" => lines,
                other => panic!("asked for {other}"),
            };
            Some(value.into())
        })
    }

    #[test]
    fn on_means_stdout_and_any_other_text_a_file() {
        assert_eq!(settings("ON", "", "").destination, Destination::Stdout);
        assert_eq!(settings("", "", "").destination, Destination::Nowhere);
        for name in ["stdout", "on", "/tmp/x"] {
            assert_eq!(
                settings(name, "", "").destination,
                Destination::File(name.into())
            );
        }
        let unset = Settings::from_environment(|_| None);
        assert_eq!(unset.destination, Destination::Nowhere);
        assert_eq!((unset.level, unset.max_lines), (None, 1000));
    }

    #[test]
    fn levels_have_names_in_capitals_with_or_without_prefix() {
        assert_eq!(settings("", "ERROR", "").level, Some(Level::Error));
        assert_eq!(
            settings("", "TRACE_PROTOCOL", "").level,
            Some(Level::Protocol)
        );
        assert_eq!(settings("", "MAXIMUM", "").level, Some(Level::Maximum));
        for junk in ["", "error", "5", "FATAL", "TRACE_"] {
            assert_eq!(settings("", junk, "").level, None, "{junk}");
        }
    }

    #[test]
    fn a_line_limit_that_is_not_positive_means_1000() {
        for (text, lines) in [
            ("12", 12),
            (" 7x", 7),
            ("0", 1000),
            ("-3", 1000),
            ("x", 1000),
        ] {
            assert_eq!(settings("", "", text).max_lines, lines, "{text}");
        }
    }
}
