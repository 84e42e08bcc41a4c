//! Standard output or a file that is replaced when it is full.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use super::settings::{Destination, Settings};
use crate::ffi::standard_output;

/// Where lines are written. Errors in writing are ignored: there is nobody to tell.
#[derive(Debug)]
pub(super) enum Sink {
    Nowhere,
    Stdout,
    File(RotatingFile),
}

/// A file of at most `max_lines` lines; the one before it is kept as `<name>.0`.
#[derive(Debug)]
pub(super) struct RotatingFile {
    file: File,
    path: PathBuf,
    lines: u32,
    max_lines: u32,
}

impl Sink {
    /// Opens what the settings ask for; a file that cannot be opened becomes standard output.
    pub(super) fn open(settings: &Settings) -> Sink {
        match &settings.destination {
            Destination::Nowhere => Sink::Nowhere,
            Destination::Stdout => Sink::Stdout,
            Destination::File(path) => Sink::create_file(path.clone(), settings.max_lines),
        }
    }

    fn create_file(path: PathBuf, max_lines: u32) -> Sink {
        match File::create(&path) {
            Ok(file) => Sink::File(RotatingFile {
                file,
                path,
                lines: 0,
                max_lines,
            }),
            Err(_) => Sink::Stdout,
        }
    }

    /// Writes one line and its line end.
    pub(super) fn write_line(&mut self, text: &str) {
        let mut line = Vec::with_capacity(text.len() + 1);
        line.extend_from_slice(text.as_bytes());
        line.push(b'\n');
        match self {
            Sink::Nowhere => {}
            Sink::Stdout => standard_output::write(&line),
            Sink::File(file) => {
                let _ = file.file.write_all(&line);
                file.lines += 1;
                if file.lines >= file.max_lines {
                    self.rotate();
                }
            }
        }
    }

    fn rotate(&mut self) {
        // Taking the file out closes it before it is renamed.
        if let Sink::File(RotatingFile {
            path, max_lines, ..
        }) = std::mem::replace(self, Sink::Nowhere)
        {
            let mut old = OsString::from(&path);
            old.push(".0");
            let _ = fs::rename(&path, old);
            *self = Sink::create_file(path, max_lines);
        }
    }
}
