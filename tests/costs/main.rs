//! What one line costs: memory and time are at most a small multiple of the line, whatever it contains.

#[allow(dead_code, reason = "the wide tests of the core read the rest")]
#[path = "../support/cases.rs"]
mod cases;
#[path = "../../benches/clock/mod.rs"]
mod clock;
#[allow(dead_code, reason = "the benches read the rest")]
#[path = "../../benches/corpora/mod.rs"]
mod corpora;
#[path = "../../fuzz/bodies/costs.rs"]
mod costs;
#[path = "../../benches/counting/mod.rs"]
mod counting;
#[path = "../support/expensive_lines.rs"]
mod expensive_lines;
mod messages;
mod views;

use std::sync::{Mutex, PoisonError};

use expensive_lines::{FILLINGS, PLACES, length, line, receive, session};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

const MIB: usize = 1024 * 1024;

/// The most memory beyond a line, in lengths of the line. The line itself is not counted.
const BEYOND: usize = 4;
/// What a line may cost however short it is: entries for at most 1,024 requests of a list, of three kinds, and what is
/// told of each.
const FLAT: usize = MIB;

/// The places and fillings that are tried. A part of them has each place and each filling.
fn pairs() -> impl Iterator<Item = ((&'static str, &'static str), &'static [u8])> {
    let every = cases::stride();
    PLACES.into_iter().enumerate().flat_map(move |(row, place)| {
        FILLINGS
            .into_iter()
            .enumerate()
            .filter(move |(column, _)| (row + column) % every == 0)
            .map(move |(_, filling)| (place, filling))
    })
}

fn name(place: (&str, &str), filling: &[u8]) -> String {
    format!("{}<{}>", place.0, String::from_utf8_lossy(filling))
}

/// The counters are everybody's: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn memory_of_a_line_is_a_small_multiple_of_its_length() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut worst: Vec<(f64, String)> = Vec::new();
    for (place, filling) in pairs() {
        let name = name(place, filling);
        let small = cost(&line(place, filling, MIB / 4));
        let large = cost(&line(place, filling, MIB));
        for (cost, length) in [(small, MIB / 4), (large, MIB)] {
            // One length is the line itself.
            assert!(cost.peak <= (1 + BEYOND) * cost.length + FLAT, "{name}: {} bytes of {length}", cost.peak);
        }
        // Lists are read up to a limit, and what is not in a list is one thing: four times the line has no more parts.
        assert!(large.count <= small.count + 64, "{name}: {} and {} allocations", small.count, large.count);
        worst.push((large.peak as f64 / large.length as f64, name));
    }
    worst.sort_by(|a, b| a.0.total_cmp(&b.0));
    worst.iter().rev().take(5).for_each(|(ratio, name)| println!("{ratio:.2} times the line: {name}"));
    for place in PLACES.into_iter().step_by(cases::stride()) {
        let four = line(place, FILLINGS[0], 4 * MIB);
        let cost = cost(&four);
        assert!(cost.peak <= (1 + BEYOND) * cost.length + FLAT, "{}: {} bytes", name(place, b"0,"), cost.peak);
    }
}

/// What a line took.
#[derive(Clone, Copy)]
struct Cost {
    length: usize,
    peak: usize,
    count: u64,
}

fn cost(line: &[u8]) -> Cost {
    let mut session = session(line.len());
    let (_, counted) = counting::counted(|| receive(&mut session, line, |_| {}));
    Cost { length: length(line), peak: counted.peak, count: counted.count }
}

#[test]
fn lines_found_by_fuzzing_cost_no_more() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let seeds =
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/costs")).expect("the seeds are there");
    let tried = seeds.map(|seed| costs::body(&std::fs::read(seed.expect("a file").path()).expect("it can be read")));
    assert!(tried.count() >= 20);
}

#[test]
fn time_is_linear_in_the_length_of_a_line() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (place, filling) in pairs() {
        let [short, long] = [MIB / 32, MIB / 8].map(|length| line(place, filling, length));
        // One bad moment of the machine counts for nothing.
        let slow: Vec<_> = (0..5).map_while(|_| slow(&short, &long)).collect();
        assert!(slow.len() < 5, "{}: {slow:?}", name(place, filling));
    }
}

/// The processor time of a line and of one that is four times as long, in seconds, if the second is much longer. Both on one
/// machine in one build: what takes more than linear time takes sixteen times as long.
fn slow(short: &[u8], long: &[u8]) -> Option<(f64, f64)> {
    /// How many times as long as the short line the long one may take.
    const AT_MOST: f64 = 8.0;
    /// Below this, in seconds, a clock and the caches of the processor decide.
    const LEAST: f64 = 0.001;
    let [short, long] = [short, long].map(|line| {
        let mut session = session(line.len());
        clock::timed(|| receive(&mut session, line, |_| {})).1.as_secs_f64()
    });
    (long > short.max(LEAST) * AT_MOST).then_some((short, long))
}

/// The same with a subscriber that wants every event but contents.
#[cfg(feature = "tracing")]
mod traced {
    use std::fmt::Debug;

    use claude_duplex::{Protocol, Tracer};
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    use super::*;

    struct Debugging;

    /// Reads every field.
    struct Reader;

    impl Visit for Reader {
        fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
            std::hint::black_box(format!("{value:?}"));
        }
    }

    impl Subscriber for Debugging {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() <= Level::DEBUG
        }

        fn new_span(&self, span: &Attributes<'_>) -> Id {
            span.record(&mut Reader);
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, values: &Record<'_>) {
            values.record(&mut Reader);
        }

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            event.record(&mut Reader);
        }

        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    fn cost(session: &mut Protocol, line: &[u8]) -> Cost {
        let mut tracer = Tracer::new(session.config(), None);
        let (_, counted) = counting::counted(|| receive(session, line, |action| tracer.action(action)));
        Cost { length: length(line), peak: counted.peak, count: counted.count }
    }

    #[test]
    fn tracing_a_line_costs_no_more() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        tracing::subscriber::with_default(Debugging, || {
            for (place, filling) in pairs() {
                let name = name(place, filling);
                let [small, large] = [MIB / 8, MIB / 2].map(|length| {
                    let line = line(place, filling, length);
                    cost(&mut session(line.len()), &line)
                });
                assert!(large.peak <= (1 + BEYOND) * large.length + FLAT, "{name}: {} bytes", large.peak);
                let (few, many) = (small.count, large.count);
                assert!(many <= few + 64, "{name}: {few} and {many} allocations");
            }
        });
    }
}
