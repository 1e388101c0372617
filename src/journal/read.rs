//! The reading side of journals.

use super::record::{self, AnyHeader, Header, Record};
use super::{FORMAT, Journal, JournalError, NAME};
use crate::protocol::Protocol;

impl Journal {
    /// Reads a journal.
    ///
    /// # Errors
    /// If the input is not a journal, was written by a newer version of this crate, or contains an invalid record. If only
    /// the last line is incomplete, [`Torn`](JournalError::Torn) contains everything before it.
    pub fn read(bytes: &[u8]) -> Result<Self, JournalError> {
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').zip(1..);
        let (first, _) = lines.next().unwrap_or_default();
        let mut journal = header(first)?;
        for (line, number) in lines {
            // A journal that began anew within one file: what came before is in the snapshot.
            if line.starts_with(record::start_of_header().as_bytes()) && line.ends_with(b"\n") {
                journal = header(line)?;
                continue;
            }
            match record::read(line) {
                Ok(_) if journal.stopped.is_some() => {
                    return Err(no_record(number, "the recording was stopped before it"));
                }
                Ok((now, Record::Input(input))) => journal.inputs.push((now, input)),
                Ok((now, Record::Stopped)) => journal.stopped = Some(now),
                Ok((_, Record::Handled(number))) => journal.handled = journal.handled.max(number),
                Ok((_, Record::Epoch(epoch))) => journal.epoch = journal.epoch.max(epoch),
                Ok((_, Record::Unknown(kind))) => return Err(JournalError::NewerRecord { line: number, kind }),
                // A complete record without a line end is accepted.
                Err(_) if !line.ends_with(b"\n") => {
                    return Err(JournalError::Torn { line: number, journal: journal.into() });
                }
                Err(reason) => return Err(no_record(number, reason)),
            }
        }
        Ok(journal)
    }
}

fn header(line: &[u8]) -> Result<Journal, JournalError> {
    let any = match serde_json::from_slice::<AnyHeader>(line) {
        Ok(any) if any.journal == NAME => any,
        Err(_) if is_torn_header(line) => return Err(JournalError::Empty),
        _ => return Err(JournalError::NotAJournal),
    };
    if any.format > FORMAT {
        return Err(JournalError::NewerVersion { found: any.format, known: FORMAT, version: any.version });
    }
    let header: Header<'_> = serde_json::from_slice(line).map_err(|error| no_record(1, record::reason(error)))?;
    let handled = match &header.snapshot {
        Some(snapshot) => Protocol::restore(snapshot)?.action_number(),
        None => 0,
    };
    Ok(Journal {
        version: header.version.into_owned(),
        config: header.config.into_owned(),
        start: header.t,
        epoch: header.epoch.unwrap_or_default(),
        handled,
        snapshot: header.snapshot,
        inputs: Vec::new(),
        stopped: None,
    })
}

fn is_torn_header(line: &[u8]) -> bool {
    let start = record::start_of_header();
    !line.ends_with(b"\n") && (start.as_bytes().starts_with(line) || line.starts_with(start.as_bytes()))
}

fn no_record(line: usize, reason: impl Into<String>) -> JournalError {
    JournalError::Record { line, reason: reason.into() }
}
