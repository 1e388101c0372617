//! The command `attach`: a bridge to the socket, or an observer.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::Shutdown;

use super::arguments::Arguments;
use super::{Failure, help};
use crate::attach::{Attach, open};
use crate::frame::{FrameReader, FromKeeper, Start, Stream, ToKeeper};
use crate::place::{Place, SessionId};
use crate::token::Token;

/// Bridges stdin and stdout to the socket of a session, or prints one of its streams.
pub(super) fn attach(arguments: Vec<OsString>) -> Result<(), Failure> {
    let read = Arguments::of(arguments, &["observe", "stderr", "new", "token-stdin"])?;
    if read.help {
        return help::print(help::ALL);
    }
    let (place, id, token) = (read.place()?, read.session()?, read.token()?);
    match read.observe {
        true => observe(&read, &place, &id, token),
        false if read.stderr || read.new => Err(Failure::Usage("--stderr and --new require --observe".to_owned())),
        false => bridge(&place, &id, token),
    }
}

/// Copies bytes in both directions. Adds the token to the client's hello, if the hello has none.
fn bridge(place: &Place, id: &SessionId, token: Option<Token>) -> Result<(), Failure> {
    let socket = open(place, id)?;
    let (mut stdin, mut buffer, mut reader) = (io::stdin(), vec![0; 64 * 1024], FrameReader::default());
    while !reader.has_frame()? {
        match stdin.read(&mut buffer)? {
            0 => return Ok(()),
            count => reader.push(&buffer[..count]),
        }
    }
    let mut first = Vec::new();
    let frame = reader.next_frame()?.unwrap_or_default().to_vec();
    match ToKeeper::read(&frame)? {
        ToKeeper::Hello(mut hello) => {
            if hello.token.is_empty() {
                hello.token = token.map_or_else(|| place.token(id), Ok)?.as_str().to_owned();
            }
            ToKeeper::Hello(hello).put(&mut first);
        }
        _ => {
            return Err(Failure::Failed(
                "stdin does not speak the keeper's protocol: its first frame is not a hello".to_owned(),
            ));
        }
    }
    first.extend_from_slice(reader.unread());
    (&socket).write_all(&first)?;
    let to_keeper = socket.try_clone()?;
    std::thread::spawn(move || {
        // The end of the client is the end of the connection.
        let _ = copy(&mut stdin, &mut &to_keeper);
        let _ = to_keeper.shutdown(Shutdown::Both);
    });
    copy(&mut &socket, &mut io::stdout())?;
    Ok(())
}

/// Copies bytes, and flushes after each read.
fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                to.write_all(&buffer[..count])?;
                to.flush()?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Prints a stream until it ends.
fn observe(read: &Arguments, place: &Place, id: &SessionId, token: Option<Token>) -> Result<(), Failure> {
    let wanted = if read.stderr { Stream::Stderr } else { Stream::Stdout };
    let start = if read.new { Start::Newest } else { Start::Oldest };
    let (stdout, stderr) = if read.stderr { (Start::Newest, start) } else { (start, Start::Newest) };
    let attach = Attach::observer().from(stdout, stderr);
    let attach = match token {
        Some(token) => attach.token(token),
        None => attach,
    };
    let mut attached = attach.connect(place, id)?;
    let mut output = io::stdout();
    // The socket holds the keeper back, not the window. A keeper that has ended meanwhile takes nothing more: what it has
    // sent is read.
    let all = u64::MAX;
    let progress = ToKeeper::Progress { stdout_kept: 0, stderr_kept: 0, stdout_window: all, stderr_window: all };
    let _ = attached.send(&progress);
    loop {
        let more = attached.receive(|frame| -> Result<bool, Failure> {
            match frame {
                FromKeeper::Output { stream, bytes, .. } if stream == wanted => {
                    let printed = output.write_all(bytes).and_then(|()| output.flush());
                    match printed {
                        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
                        printed => Ok(printed.map(|()| true)?),
                    }
                }
                FromKeeper::OutputEnd { stream, .. } if stream == wanted => Ok(false),
                FromKeeper::Skipped { to, stream } if stream == wanted => {
                    eprintln!("claude-duplex-keeper: bytes before offset {to} are no longer stored");
                    Ok(true)
                }
                FromKeeper::Refused(refusal) => Err(refusal.into()),
                _ => Ok(true),
            }
        })?;
        if !more.transpose()?.unwrap_or(false) {
            return Ok(());
        }
    }
}
