//! As much of HTTP/1.1 as the CLI speaks to the Messages API: requests with a length, answers in JSON or in chunks.

use std::io::{self, BufRead, Read, Write};

use serde_json::Value;

/// Longer bodies are refused; the CLI's longest are some hundred kilobytes.
const LONGEST_BODY: usize = 256 << 20;
const LONGEST_LINE: u64 = 64 << 10;

pub(crate) struct Request {
    pub(crate) method: String,
    /// With the query, as it was written.
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

/// Reads one request; `None` where the client closed the connection between two.
pub(crate) fn read_request(from: &mut impl BufRead) -> io::Result<Option<Request>> {
    let Some(first) = read_line(from)? else {
        return Ok(None);
    };
    let mut words = first.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Err(malformed(format!("not a request line: {first}")));
    };
    let mut length = 0;
    loop {
        let header = read_line(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').ok_or_else(|| malformed(format!("not a header: {header}")))?;
        match name.to_ascii_lowercase().as_str() {
            "content-length" => {
                let value = value.trim();
                length = value.parse().map_err(|_| malformed(format!("not a length: {value}")))?;
            }
            "transfer-encoding" => return Err(malformed("a request in chunks".to_owned())),
            _ => {}
        }
    }
    if length > LONGEST_BODY {
        return Err(malformed(format!("a body of {length} bytes")));
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(Some(Request { method: method.to_owned(), path: path.to_owned(), body }))
}

fn read_line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    from.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err(malformed("a line cut short, or too long".to_owned()));
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    String::from_utf8(line).map(Some).map_err(|_| malformed("a line that is not UTF-8".to_owned()))
}

fn malformed(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A whole answer in JSON.
pub(crate) fn json(to: &mut impl Write, status: u16, body: &str) -> io::Result<()> {
    let head = head(status, "application/json");
    let length = body.len();
    to.write_all(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes())
}

/// The answer to HEAD.
pub(crate) fn empty(to: &mut impl Write) -> io::Result<()> {
    let head = head(200, "application/json");
    to.write_all(format!("{head}content-length: 0\r\n\r\n").as_bytes())
}

/// An answer sent event by event, each in a chunk and a write of its own.
pub(crate) struct EventStream<W: Write>(W);

impl<W: Write> EventStream<W> {
    pub(crate) fn start(mut to: W, request_id: &str) -> io::Result<Self> {
        let head = head(200, "text/event-stream");
        to.write_all(format!("{head}transfer-encoding: chunked\r\nrequest-id: {request_id}\r\n\r\n").as_bytes())?;
        Ok(Self(to))
    }

    pub(crate) fn send(&mut self, event: &Value) -> io::Result<()> {
        let name = event["type"].as_str().unwrap_or_default();
        let event = crate::script::with_halves(event);
        let chunk = format!("event: {name}\ndata: {event}\n\n");
        self.0.write_all(format!("{:x}\r\n{chunk}\r\n", chunk.len()).as_bytes())
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.0.write_all(b"0\r\n\r\n")
    }
}

fn head(status: u16, content: &str) -> String {
    // Clients judge by the number; the word only has to be there.
    let word = if status == 200 { "OK" } else { "Scripted" };
    format!("HTTP/1.1 {status} {word}\r\ncontent-type: {content}\r\n")
}
