//! Client: the connection to a keeper, and its first frames.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use crate::credentials;
use crate::error::{AttachError, PlaceError};
use crate::frame::{FrameReader, FromKeeper, Hello, Role, Start, ToKeeper, Welcome};
use crate::place::{Place, SessionId, SessionState};
use crate::policy::Limits;
use crate::token::Token;

/// Size of one read, in bytes.
pub(crate) const READ: usize = 64 * 1024;

/// Settings of a connection to a keeper.
///
/// ```no_run
/// use claude_duplex_keeper::{Attach, Place, SessionId};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let place = Place::of_user()?;
/// let id = SessionId::parse("review")?;
/// let attached = Attach::observer().connect(&place, &id)?;
/// println!("the CLI has written {} bytes", attached.welcome.stdout.end);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Attach {
    hello: Hello,
    token: Option<Token>,
}

impl Attach {
    /// Attaches as the controller, and replaces a connected one. Reads from the oldest byte that is kept.
    #[must_use]
    pub fn controller() -> Self {
        Self { hello: Hello::new(Role::Controller, ""), token: None }
    }

    /// Attaches as an observer, which reads only, from the oldest byte that is kept.
    #[must_use]
    pub fn observer() -> Self {
        Self { hello: Hello::new(Role::Observer, ""), token: None }
    }

    /// Sets the token. By default it is read from the session's directory.
    #[must_use]
    pub fn token(mut self, token: Token) -> Self {
        self.token = Some(token);
        self
    }

    /// Sets the offsets at which the client begins to read the streams.
    #[must_use]
    pub fn from(mut self, stdout: Start, stderr: Start) -> Self {
        (self.hello.stdout, self.hello.stderr) = (stdout, stderr);
        self
    }

    /// Sets the epoch, which must be greater than every earlier one. By default the keeper counts.
    #[must_use]
    pub fn epoch(mut self, epoch: u64) -> Self {
        self.hello.epoch = epoch;
        self
    }

    /// Refuses to replace a connected controller.
    #[must_use]
    pub fn only_if_free(mut self) -> Self {
        self.hello.only_if_free = true;
        self
    }

    /// Sets how many bytes of each stream the keeper may send before the client reports
    /// [progress](ToKeeper::Progress). Default: 256 KiB.
    #[must_use]
    pub fn window(mut self, bytes: u64) -> Self {
        self.hello.window = bytes;
        self
    }

    /// Connects to the keeper of a session and attaches. Blocks until the keeper has responded.
    ///
    /// # Errors
    /// [`AttachError`] if there is no such session, the directory or the process behind the socket belongs to another user,
    /// or the keeper refuses.
    pub fn connect(&self, place: &Place, id: &SessionId) -> Result<Attached, AttachError> {
        let socket = open(place, id)?;
        let hello = self.hello_for(place, id)?;
        socket.set_read_timeout(Some(Limits::HANDSHAKE))?;
        let attached = Connection::new(&socket).attach(&hello)?;
        socket.set_read_timeout(None)?;
        Ok(Attached { welcome: attached.0, reader: attached.1, socket })
    }

    /// Returns the hello with the token that was set, or else the token in the session's directory.
    ///
    /// # Errors
    /// [`AttachError::NoToken`] if there is no token.
    pub fn hello_for(&self, place: &Place, id: &SessionId) -> Result<Hello, AttachError> {
        let token = self.token.clone().map_or_else(|| place.token(id), Ok)?;
        Ok(Hello { token: token.as_str().to_owned(), ..self.hello.clone() })
    }

    /// Returns the hello, with an empty token if none was set. A bridge (`claude-duplex-keeper attach`) adds the token of the
    /// session.
    #[must_use]
    pub fn hello(&self) -> Hello {
        let token = self.token.as_ref().map_or("", Token::as_str);
        Hello { token: token.to_owned(), ..self.hello.clone() }
    }
}

/// Connects to the socket of a session. Checks that its directory and its server belong to this user.
///
/// # Errors
/// [`AttachError`] if there is no such session, or if its directory or its server belongs to another user.
pub(crate) fn open(place: &Place, id: &SessionId) -> Result<UnixStream, AttachError> {
    let path = place.session(id);
    if place.state(id)? == SessionState::Abandoned {
        return Err(PlaceError::Gone(id.to_string(), path).into());
    }
    let socket = connect(place.socket(id))?;
    match credentials::peer(&socket).user {
        Some(server) if server != credentials::user() => {
            Err(AttachError::Stranger { server, user: credentials::user() })
        }
        _ => Ok(socket),
    }
}

/// Connects to a socket. Waits for a keeper that has not created its socket yet.
fn connect(path: PathBuf) -> io::Result<UnixStream> {
    let begun = std::time::Instant::now();
    loop {
        match UnixStream::connect(&path) {
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
                    && begun.elapsed() < std::time::Duration::from_secs(1) =>
            {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            connected => return connected,
        }
    }
}

/// Connection that the keeper has accepted.
#[derive(Debug)]
pub struct Attached {
    /// State of the session.
    pub welcome: Welcome,
    /// Reader with the bytes that were received after the welcome.
    pub reader: FrameReader,
    /// Socket.
    pub socket: UnixStream,
}

impl Attached {
    /// Sends a frame. Blocks.
    ///
    /// # Errors
    /// If the keeper has closed the connection. [`receive`](Self::receive) returns the reason.
    pub fn send(&mut self, frame: &ToKeeper<'_>) -> io::Result<()> {
        Connection::new(&self.socket).send(frame)
    }

    /// Ends a session whose CLI has exited: the keeper removes its files and ends. Blocks until the keeper has ended.
    ///
    /// # Errors
    /// If the CLI has not exited, or the connection failed.
    pub fn release(mut self) -> io::Result<()> {
        // A keeper that has ended meanwhile takes nothing more, and has closed the connection.
        let _ = self.send(&ToKeeper::Release);
        let mut refused = None;
        let mut look = |frame: FromKeeper<'_>| {
            if let FromKeeper::Refused(refusal) = frame {
                refused = Some(refusal);
            }
        };
        while self.receive(&mut look)?.is_some() {}
        refused.map_or(Ok(()), |refusal| Err(io::Error::other(refusal)))
    }

    /// Receives the next frame and passes it to `use_frame`. Returns `None` at the end of the connection. Blocks.
    ///
    /// # Errors
    /// If the connection failed, or the keeper speaks another protocol.
    pub fn receive<T>(&mut self, use_frame: impl FnOnce(FromKeeper<'_>) -> T) -> io::Result<Option<T>> {
        Connection::new(&self.socket).receive(&mut self.reader, use_frame)
    }
}

/// Frames over any blocking byte stream.
#[derive(Debug)]
pub struct Connection<S> {
    stream: S,
}

impl<S: Read + Write> Connection<S> {
    /// Wraps a stream on which no frame was sent or received yet.
    pub fn new(stream: S) -> Self {
        Self { stream }
    }

    /// Sends the hello and waits for the welcome.
    ///
    /// # Errors
    /// [`AttachError`] if the keeper refuses, speaks another protocol, or the stream ends.
    pub fn attach(&mut self, hello: &Hello) -> Result<(Welcome, FrameReader), AttachError> {
        // A keeper that refuses before it has read the hello sends its reason first.
        let sent = self.send(&ToKeeper::Hello(hello.clone()));
        let mut reader = FrameReader::default();
        let response = self.receive(&mut reader, |frame| match frame {
            FromKeeper::Welcome(welcome) => Ok(welcome),
            FromKeeper::Refused(refusal) => Err(AttachError::Refused(refusal)),
            _ => Err(AttachError::Connection(io::Error::new(
                io::ErrorKind::InvalidData,
                "the first frame is not a welcome",
            ))),
        });
        match response {
            Ok(Some(welcome)) => Ok((welcome?, reader)),
            Ok(None) => Err(sent.err().unwrap_or_else(ended).into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a frame. Blocks.
    ///
    /// # Errors
    /// If writing fails.
    pub fn send(&mut self, frame: &ToKeeper<'_>) -> io::Result<()> {
        let mut bytes = Vec::new();
        frame.put(&mut bytes);
        self.stream.write_all(&bytes)?;
        self.stream.flush()
    }

    /// Receives the next frame and passes it to `use_frame`. Returns `None` at the end of the stream. Blocks.
    ///
    /// # Errors
    /// If reading fails, or the bytes are not valid frames.
    pub fn receive<T>(
        &mut self,
        reader: &mut FrameReader,
        use_frame: impl FnOnce(FromKeeper<'_>) -> T,
    ) -> io::Result<Option<T>> {
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        loop {
            if reader.has_frame().map_err(invalid)? {
                let Some(frame) = reader.next_frame().map_err(invalid)? else { continue };
                return FromKeeper::read(frame).map(|frame| Some(use_frame(frame))).map_err(invalid);
            }
            match self.stream.read(reader.space(READ)) {
                Ok(0) if reader.unread().is_empty() => return Ok(None),
                Ok(0) => return Err(ended()),
                Ok(count) => reader.filled(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the keeper has closed the connection")
}
