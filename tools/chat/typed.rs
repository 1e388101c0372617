//! What is typed, and when.

use std::io::{BufRead, ErrorKind, stdin};
use std::time::Instant;

use smol::channel::{Receiver, unbounded};

/// A line, and when its end was read. What was pasted at once has one time, whenever its lines are looked at.
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) at: Instant,
}

/// The lines of stdin, read by a thread of their own: a read of a terminal cannot be given up. The thread never waits for
/// those who take the lines, which would make them look younger than they are.
pub(crate) fn lines() -> Receiver<Line> {
    let (lines, typed) = unbounded();
    std::thread::spawn(move || {
        let mut input = stdin().lock();
        let mut pending = Vec::new();
        loop {
            let count = match input.fill_buf() {
                Ok(bytes) => {
                    pending.extend_from_slice(bytes);
                    bytes.len()
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => 0,
            };
            input.consume(count);
            let at = Instant::now();
            // Without a line end, what the input ends with is a line too.
            let whole = match pending.iter().rposition(|byte| *byte == b'\n') {
                _ if count == 0 => pending.len(),
                end => end.map_or(0, |end| end + 1),
            };
            let rest = pending.split_off(whole);
            for text in String::from_utf8_lossy(&std::mem::replace(&mut pending, rest)).lines() {
                if lines.send_blocking(Line { text: text.to_owned(), at }).is_err() {
                    return;
                }
            }
            if count == 0 {
                return;
            }
        }
    });
    typed
}
