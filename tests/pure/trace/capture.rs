//! A subscriber that keeps everything.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

/// A handle on what was seen. Span `n` has the id `n + 1`.
#[derive(Clone)]
pub(crate) struct Capture {
    level: Level,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) spans: Vec<Span>,
    pub(crate) events: Vec<CapturedEvent>,
    entered: Vec<usize>,
}

pub(crate) struct Span {
    pub(crate) name: &'static str,
    pub(crate) level: Level,
    pub(crate) parent: Option<usize>,
    pub(crate) fields: Fields,
    handles: usize,
}

pub(crate) struct CapturedEvent {
    pub(crate) name: String,
    pub(crate) level: Level,
    pub(crate) target: &'static str,
    pub(crate) parent: Option<usize>,
    pub(crate) fields: Fields,
}

/// Names and values, in the order in which they were told; what was recorded anew is there again.
#[derive(Default)]
pub(crate) struct Fields(pub(crate) Vec<(&'static str, String)>);

impl Fields {
    /// The latest value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rfind(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, (name, value)| {
            let _ = write!(text, " {name}={value}");
            text
        })
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}

/// A subscriber that is nobody's, and has `tracing` ask anew each time.
struct Undecided;

impl Subscriber for Undecided {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Capture {
    /// Wants everything of that level and above.
    pub(crate) fn new(level: Level) -> Self {
        Self { level, seen: Arc::default() }
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// What is seen meanwhile.
    pub(crate) fn during<R>(&self, run: impl FnOnce() -> R) -> R {
        // Where there is one subscriber, `tracing` asks the thread that comes to a place first whether anybody wants it, and
        // remembers the answer: a thread of another test, without a subscriber, would answer for this one.
        static OTHERS: OnceLock<[Dispatch; 2]> = OnceLock::new();
        OTHERS.get_or_init(|| [Dispatch::new(Undecided), Dispatch::new(Undecided)]);
        tracing::subscriber::with_default(self.clone(), run)
    }
}

impl Seen {
    /// How many events and spans there are.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.events.len(), self.spans.len())
    }

    pub(crate) fn is_open(&self, span: usize) -> bool {
        self.spans[span].handles > 0
    }

    pub(crate) fn spans_of<'s>(&'s self, name: &'s str) -> impl Iterator<Item = usize> + 's {
        (0..self.spans.len()).filter(move |at| self.spans[*at].name == name)
    }

    pub(crate) fn events_of<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s CapturedEvent> + 's {
        self.events.iter().filter(move |event| event.name == name)
    }

    /// The session's span that an event or span stands under.
    pub(crate) fn session_of(&self, parent: Option<usize>) -> Option<usize> {
        let parent = parent?;
        if self.spans[parent].name == "session" { Some(parent) } else { self.session_of(self.spans[parent].parent) }
    }

    fn parent(&self, explicit: Option<&Id>, contextual: bool) -> Option<usize> {
        match explicit {
            Some(id) => Some(place(id)),
            None if contextual => self.entered.last().copied(),
            None => None,
        }
    }
}

fn place(id: &Id) -> usize {
    usize::try_from(id.into_u64()).unwrap() - 1
}

impl Subscriber for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(self.level.into())
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let mut seen = self.seen();
        let parent = seen.parent(span.parent(), span.is_contextual());
        let (name, level) = (span.metadata().name(), *span.metadata().level());
        seen.spans.push(Span { name, level, parent, fields, handles: 1 });
        Id::from_u64(seen.spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut seen = self.seen();
        assert!(seen.is_open(place(span)), "what is over is recorded");
        values.record(&mut seen.spans[place(span)].fields);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = fields.0.iter().position(|(name, _)| *name == "message").expect("every event has a name");
        let (_, name) = fields.0.remove(message);
        let mut seen = self.seen();
        let parent = seen.parent(event.parent(), event.is_contextual());
        assert!(parent.is_none_or(|parent| seen.is_open(parent)), "{name} stands under what is over");
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        seen.events.push(CapturedEvent { name, level, target, parent, fields });
    }

    fn enter(&self, span: &Id) {
        self.seen().entered.push(place(span));
    }

    fn exit(&self, span: &Id) {
        let left = self.seen().entered.pop();
        assert_eq!(left, Some(place(span)));
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.seen().spans[place(id)].handles += 1;
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let span = &mut self.seen().spans[place(&id)];
        span.handles = span.handles.checked_sub(1).expect("a span is closed once");
        span.handles == 0
    }
}
