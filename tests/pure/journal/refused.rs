//! What cannot be read, and what it is told to be.

use claude_duplex::journal::JournalError;
use claude_duplex::{Config, Exit, Input, Journal, Prompt, Recorder, Seed, SessionTime};

pub(crate) fn config() -> Config {
    Config::new(Seed::from_bytes([1; 16]))
}

/// A small journal: its file and its inputs.
fn small() -> (Vec<u8>, Vec<(SessionTime, Input<'static>)>) {
    let inputs = [
        Input::Prompt(Prompt::text("h\u{e9}llo")),
        Input::Receive(b"{\"type\":\"x\"}\n".to_vec().into()),
        Input::Stderr(b"\xff".to_vec().into()),
        Input::Eof,
        Input::Exited(Exit::Code(1)),
    ];
    let inputs: Vec<_> =
        inputs.into_iter().zip(1..).map(|(input, nanos)| (SessionTime::from_nanos(nanos), input)).collect();
    let mut recorder = Recorder::new(Vec::new(), &config(), SessionTime::ZERO, u64::MAX);
    inputs.iter().for_each(|(now, input)| recorder.input(*now, input));
    (recorder.into_inner(), inputs)
}

#[test]
fn a_truncated_last_line_loses_only_that_line() {
    let (file, inputs) = small();
    for cut in 0..=file.len() {
        // A line that lacks only its end is whole.
        let ends = |at: &usize| file[*at] == b'\n';
        let whole = (0..file.len()).filter(ends).filter(|end| *end <= cut).count();
        let torn = !(cut == file.len() || file[cut] == b'\n' || cut > 0 && file[cut - 1] == b'\n');
        match Journal::read(&file[..cut]) {
            Err(error) if whole == 0 => assert_eq!(error, JournalError::Empty, "cut at {cut}"),
            Ok(journal) => {
                assert!(!torn, "cut at {cut}");
                assert_eq!(journal.inputs, inputs[..whole - 1], "cut at {cut}");
            }
            Err(error) => {
                assert!(torn, "cut at {cut}: {error}");
                let text = error.to_string();
                let JournalError::Torn { line, journal, .. } = error else { panic!("cut at {cut}: {error}") };
                assert_eq!(line, whole + 1);
                assert_eq!(journal.inputs, inputs[..whole - 1], "cut at {cut}");
                assert!(
                    text.starts_with(&format!(
                        "line {line} of the journal, the last, is incomplete: the {} inputs",
                        whole - 1
                    )),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn trailing_zeros_of_a_power_failure_are_a_truncated_line() {
    let (mut file, inputs) = small();
    file.extend([0; 4096]);
    let Err(JournalError::Torn { line: 7, journal, .. }) = Journal::read(&file) else { panic!("it is torn") };
    assert_eq!(journal.inputs, inputs);
}

#[test]
fn another_file_is_reported_as_not_a_journal() {
    let files: [&[u8]; 9] = [
        b"\n",
        b"hello\n",
        b"{}\n",
        b"[1]\n",
        b"\xff\xfe\x00",
        b"\x7fELF",
        b"{\"t\":0.1,\"dir\":\"out\",\"line\":\"{}\"}\n",
        b"{\"journal\":\"another\",\"format\":1}\n",
        b"{\"journal\":\"claude-duplex\"\n",
    ];
    for file in files {
        assert_eq!(Journal::read(file), Err(JournalError::NotAJournal), "{}", file.escape_ascii());
    }
    let text = JournalError::NotAJournal.to_string();
    assert_eq!(text, "the file is not a journal of claude-duplex: its first line is not a journal header");
}

#[test]
fn a_newer_format_is_reported() {
    let later = b"{\"journal\":\"claude-duplex\",\"version\":\"9.1.0\",\"all\":\"else differs\",\"format\":7}\n\x00\n";
    let error = Journal::read(later).unwrap_err();
    assert!(matches!(&error, JournalError::NewerVersion { found: 7, known: 2, version, .. } if version == "9.1.0"));
    assert_eq!(
        error.to_string(),
        "the journal is of format 7, written by claude-duplex 9.1.0; this version reads formats up to 2: use a newer one"
    );
}

#[test]
fn an_invalid_record_is_an_error_with_its_line() {
    let (file, _) = small();
    let with =
        |line: &str| Journal::read(&[&file, line.as_bytes(), b"\n{\"t\":9,\"eof\":true}\n"].concat()).unwrap_err();
    for line in ["{\"t\":8,\"blink\":true}", "{\"t\":8,\"blink\":1,\"eof\":true}"] {
        let JournalError::NewerRecord { line: 7, kind, .. } = with(line) else { panic!("it is newer: {}", with(line)) };
        assert!(kind.starts_with("blink"), "{kind}");
    }
    let cases = [
        ("", "EOF while parsing a value"),
        ("{\"t\":8,\"eof\":tr", "expected ident"),
        ("{\"t\":8}", "it has a time and nothing else"),
        ("{\"eof\":true}", "it has no time"),
        ("{\"t\":0.5,\"eof\":true}", "its time: invalid type: floating point `0.5`, expected u64"),
        ("{\"t\":8,\"receive\":{\"hex\":\"f\"}}", "not pairs of hexadecimal digits"),
        ("{\"t\":8,\"receive\":7}", "neither text nor {\"hex\":\"...\"}"),
        ("{\"t\":8,\"prompt\":{}}", "missing field `content`"),
    ];
    for (line, expected) in cases {
        let error = with(line);
        assert!(
            matches!(&error, JournalError::Record { line: 7, reason, .. } if reason == expected),
            "{line}: {error}"
        );
    }
    assert_eq!(with("{\"t\":8}").to_string(), "line 7 of the journal is not a record: it has a time and nothing else");
    let header = b"{\"journal\":\"claude-duplex\",\"format\":1,\"version\":\"0.1.0\",\"t\":0,\"config\":{}}\n";
    let error = Journal::read(header).unwrap_err();
    assert!(
        matches!(&error, JournalError::Record { line: 1, reason, .. } if reason == "missing field `seed`"),
        "{error}"
    );
}

#[test]
fn nothing_follows_the_end_of_a_recording() {
    let (file, _) = small();
    let after = [&file, b"{\"t\":8,\"stopped\":\"\"}\n{\"t\":9,\"eof\":true}\n".as_slice()].concat();
    let error = Journal::read(&after).unwrap_err();
    let expected = "the recording was stopped before it";
    assert!(matches!(&error, JournalError::Record { line: 8, reason, .. } if reason == expected), "{error}");
}

#[test]
fn a_limit_beyond_usize_is_the_maximum() {
    let (file, _) = small();
    let file = String::from_utf8(file).unwrap();
    let huge = file.replace("\"line\":67108864", &format!("\"line\":{}", u64::MAX));
    assert_ne!(file, huge);
    assert_eq!(
        Journal::read(huge.as_bytes()).unwrap().config.limits.line,
        usize::try_from(u64::MAX).unwrap_or(usize::MAX)
    );
}
