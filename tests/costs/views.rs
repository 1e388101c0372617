//! The cost of a large tool result, from the reads of the pipe to its view.

use claude_duplex::{Action, Config, ContentBlock, Message, Prompt, Protocol, Seed, SessionTime};

use crate::{ALONE, corpora, counting};

const READ: usize = 64 * 1024;

/// An image of 5 MB takes at most so many times its line: the line in its buffer, which is larger than the line, and one
/// copy of the image.
const IMAGE: f64 = 2.2;
/// Whatever the length is: while the buffer of the line grows, the old one and the new one are at most 2.5 times the line, and
/// so are the buffer and the copy.
const ANY: f64 = 2.5;
/// Memory of the session beside the line, in bytes.
const FLAT: usize = 4096;

fn line(image: usize) -> Vec<u8> {
    corpora::Writer::new().image(image)
}

/// The most memory in bytes that the session and the image's content take at once.
fn peak(line: &[u8]) -> usize {
    let mut session = Protocol::new(Config::new(Seed::from_bytes([1; 16])), SessionTime::ZERO);
    session.prompt(SessionTime::ZERO, Prompt::text("look at it")).expect("the first prompt is taken");
    session.sent(SessionTime::ZERO, session.poll_transmit().len());
    session.receive(SessionTime::ZERO, &corpora::Writer::new().init());
    while session.poll_action().is_some() {}
    let look = |message: &Message| {
        let view = message.user().expect("it is a user's");
        let [ContentBlock::ToolResult(result)] = &view.message.content[..] else { panic!("it is a result") };
        assert!(result.content.as_ref().is_some_and(|content| content.as_str().len() > line.len() / 2));
    };
    let (looked, counted) = counting::counted(|| {
        let mut looked = 0;
        for read in line.chunks(READ) {
            session.receive(SessionTime::ZERO, read);
            while let Some(action) = session.poll_action() {
                if let Action::Message { message, .. } = action {
                    look(&message);
                    looked += 1;
                }
            }
        }
        looked
    });
    assert_eq!(looked, 1);
    counted.peak
}

#[test]
fn the_view_of_an_image_copies_it_once() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let line = line(5_000_000);
    let peak = peak(&line);
    println!("{:.2} times the line", peak as f64 / line.len() as f64);
    assert!(peak as f64 <= IMAGE * line.len() as f64, "{peak} bytes for a line of {}", line.len());
    // A view without the image would be no view.
    assert!(peak > 2 * (line.len() - 2 * READ), "{peak} bytes for a line of {}", line.len());
}

#[test]
fn no_line_length_is_an_outlier() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut worst: f64 = 0.0;
    // The buffer grows by half: in a range that is wider than that, each of its states is met.
    for length in (600_000..1_000_000).step_by(20_000) {
        let line = line(length);
        let peak = peak(&line);
        assert!(peak as f64 <= ANY * line.len() as f64 + FLAT as f64, "{peak} bytes for a line of {}", line.len());
        worst = worst.max(peak as f64 / line.len() as f64);
    }
    println!("{worst:.2} times the line at the most");
}
