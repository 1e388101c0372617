use super::*;

fn welcome() -> Welcome {
    Welcome {
        version: 1,
        session: "a".into(),
        epoch: 7,
        controlled: true,
        cli: 1234,
        stdout: StreamState { oldest: 1, end: 2, ended: true },
        stderr: StreamState { oldest: 3, end: 4, ended: false },
        stdin_taken: 5,
        stdin_written: 6,
        stdin_ended: false,
        stdin_closed: true,
        stdin_window: 8,
        signal: Some(Signal::Kill),
        exit: Some(Exit::Code(-1)),
    }
}

fn hello() -> Hello {
    let mut hello = Hello::new(Role::Controller, "t");
    (hello.stdout, hello.stderr, hello.epoch, hello.only_if_free) = (Start::At(9), Start::Newest, 3, true);
    hello
}

fn to_keeper() -> Vec<ToKeeper<'static>> {
    vec![
        ToKeeper::Hello(hello()),
        ToKeeper::Stdin { offset: 1 << 40, bytes: b"{}\n" },
        ToKeeper::StdinEnd { offset: 3 },
        ToKeeper::Progress { stdout_kept: 1, stderr_kept: 2, stdout_window: 3, stderr_window: 4 },
        ToKeeper::Signal(Signal::Terminate),
        ToKeeper::Stop,
        ToKeeper::Release,
    ]
}

fn from_keeper() -> Vec<FromKeeper<'static>> {
    let mut frames = vec![
        FromKeeper::Welcome(welcome()),
        FromKeeper::Welcome(Welcome { signal: None, exit: None, ..welcome() }),
        FromKeeper::Output { stream: Stream::Stderr, offset: 5, bytes: b"x" },
        FromKeeper::OutputEnd { stream: Stream::Stdout, offset: 5 },
        FromKeeper::Skipped { stream: Stream::Stdout, to: 5 },
        FromKeeper::Stdin { taken: 3, written: 2, closed: false },
        FromKeeper::Exit(Exit::Signal(9)),
        FromKeeper::Replaced { epoch: 2, pid: 1 },
        FromKeeper::Trouble { text: "disk full".into() },
    ];
    let offset = Refusal::Offset { stream: "stdout".into(), requested: 1, oldest: 2, end: 3 };
    let refusals = [
        Refusal::Version { client: 2, keeper: 1 },
        Refusal::Token,
        Refusal::User { client: 1, owner: 0 },
        Refusal::Busy { pid: 3 },
        Refusal::Epoch { requested: 1, current: 2 },
        offset,
        Refusal::Protocol("gap".into()),
        Refusal::Files("gone".into()),
        Refusal::Unavailable("full".into()),
    ];
    frames.extend(refusals.map(FromKeeper::Refused));
    frames
}

#[test]
fn every_frame_reads_back_from_any_chunks() {
    let mut bytes = Vec::new();
    to_keeper().iter().for_each(|frame| frame.put(&mut bytes));
    for size in [1, 3, 7, bytes.len()] {
        let (mut reader, mut frames) = (FrameReader::default(), Vec::new());
        for (number, chunk) in bytes.chunks(size).enumerate() {
            // Either way to give bytes to a reader.
            if number % 2 == 0 {
                reader.push(chunk);
            } else {
                reader.space(size)[..chunk.len()].copy_from_slice(chunk);
                reader.filled(chunk.len());
            }
            while let Some(frame) = reader.next_frame().unwrap() {
                frames.push(frame.to_vec());
            }
        }
        let read: Vec<_> = frames.iter().map(|frame| ToKeeper::read(frame).unwrap()).collect();
        assert_eq!(read, to_keeper());
        assert!(reader.unread().is_empty());
    }
    for frame in from_keeper() {
        let mut bytes = Vec::new();
        frame.put(&mut bytes);
        assert_eq!(FromKeeper::read(&bytes[4..]).unwrap(), frame);
    }
}

#[test]
fn a_truncated_or_lengthened_frame_is_an_error() {
    let mut frames: Vec<Vec<u8>> = Vec::new();
    for frame in to_keeper() {
        let mut bytes = Vec::new();
        frame.put(&mut bytes);
        frames.push(bytes);
    }
    for frame in frames {
        // The bytes of stdin are the rest of their frame.
        if frame[4] == 2 {
            continue;
        }
        for end in 5..frame.len() {
            assert!(ToKeeper::read(&frame[4..end]).is_err(), "{frame:?} up to {end}");
        }
        assert!(ToKeeper::read(&[&frame[4..], &[0]].concat()).is_err());
    }
}

#[test]
fn a_long_or_unknown_frame_is_an_error_that_names_it() {
    let mut reader = FrameReader::default();
    reader.push(&u32::MAX.to_le_bytes());
    assert_eq!(reader.next_frame(), Err(FrameError::TooLong(u32::MAX as usize)));
    assert_eq!(ToKeeper::read(&[200]), Err(FrameError::UnknownType(200)));
    assert_eq!(ToKeeper::read(&[]), Err(FrameError::Malformed(0)));
    let text = Refusal::unknown(&FrameError::UnknownType(200)).to_string();
    assert!(text.contains("type 200") && text.contains("the keeper speaks version 1"), "{text}");
}

#[test]
fn of_another_version_only_the_number_is_read() {
    let mut bytes = Vec::new();
    ToKeeper::Hello(Hello { version: 9, ..hello() }).put(&mut bytes);
    bytes.extend_from_slice(b"fields of the future");
    assert!(matches!(ToKeeper::read(&bytes[4..]), Ok(ToKeeper::Hello(hello)) if hello.version == 9));
}

#[test]
fn a_long_text_is_truncated_at_a_character_boundary() {
    let mut bytes = Vec::new();
    FromKeeper::Trouble { text: "ä".repeat(1000) + "!" }.put(&mut bytes);
    assert!(matches!(FromKeeper::read(&bytes[4..]), Ok(FromKeeper::Trouble { text }) if text.len() == 800));
}

#[test]
fn debug_output_hides_the_token() {
    assert!(!format!("{:?}", Hello::new(Role::Observer, "secret")).contains("secret"));
}
