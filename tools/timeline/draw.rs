//! The picture of a story: lanes from top to bottom, time to the right.

use claude_duplex::{SessionTime, TurnOrigin};

use crate::axis::Axis;
use crate::story::{Prompt, Span, Story, Tone, Turn};
use crate::svg::Svg;

/// Where the lanes begin, behind their names.
const LEFT: f64 = 96.0;
const RIGHT: f64 = 40.0;
const ROW: f64 = 19.0;
const BAR: f64 = 14.0;
/// A character of the labels, on average.
const CHARACTER: f64 = 6.1;
/// The longest label, in characters.
const LABEL: usize = 60;
/// How tall the tick of a line of the CLI is at most.
const TICK: f64 = 34.0;

const STYLE: &str = "
text{font:11px 'DejaVu Sans',Verdana,sans-serif;fill:#222}.title{font-size:13px;font-weight:bold}.lane{fill:#666}.mark{fill:#888;font-size:10px}
.paper{fill:#fff}.rule{stroke:#ddd}.cut{fill:#f3f3f3}.tick{stroke:#5b7fb5}.joint{stroke:#8a6fb0;fill:none;stroke-width:1.4}
.turn{fill:#b9cfee;stroke:#5b7fb5}.own{fill:#f2d3a8;stroke:#c98a2b}.good{fill:#bfe3c2;stroke:#4c9a55}.bad{fill:#f3b9b3;stroke:#c0392b}
.off{fill:#e3e3e3;stroke:#999}.joined{fill:#8a6fb0}.alarm{fill:#ffe08a;stroke:#d39e00}.point{stroke:#444}";

pub(crate) fn draw(story: &Story) -> String {
    let axis = Axis::new(LEFT, story.times());
    let mut page = Page { svg: Svg::default(), axis, y: 24.0, edge: 0.0 };
    page.svg.text((8.0, 16.0), "title", if story.title.is_empty() { "a session without a turn" } else { &story.title });
    let cuts = page.axis.cuts.clone();
    let body = Svg::default();
    let top = page.y;
    let title = std::mem::replace(&mut page.svg, body);
    page.marks(story);
    let prompts = page.prompts(&story.prompts);
    page.turns(&story.turns, &prompts);
    page.spans("asks", &story.asks);
    page.spans("requests", &story.requests);
    page.said(&story.said);
    let bottom = page.y;
    page.times();
    page.legend();
    let (width, height) = (page.edge.max(page.axis.right()) + RIGHT, page.y + 8.0);
    // The cuts lie behind everything, and are as tall as it turned out to be.
    let mut picture = title;
    for (from, until) in cuts {
        picture.bar((from + 3.0, top), (until - from - 6.0, bottom - top), "cut", "nothing happened for long");
    }
    picture.append(page.svg);
    picture.finish(width, height, STYLE)
}

struct Page {
    svg: Svg,
    axis: Axis,
    /// Where the next lane begins.
    y: f64,
    /// How far labels reach to the right.
    edge: f64,
}

/// Where the lower edge of a prompt's bar is at the moment it was taken, by turn.
struct Joint {
    turn: claude_duplex::TurnId,
    from: (f64, f64),
}

impl Page {
    fn marks(&mut self, story: &Story) {
        let all: Vec<(SessionTime, String)> =
            story.host.iter().chain(&story.end).map(|mark| (mark.time, mark.text.clone())).collect();
        if all.is_empty() {
            return;
        }
        let places = self.rows(all.iter().map(|(time, text)| (self.axis.x(*time), 0.0, text.chars().count())));
        self.lane("host");
        for ((time, text), row) in all.iter().zip(&places) {
            let (x, y) = (self.axis.x(*time), self.row(*row));
            self.svg.line((x, y), (x, y + BAR), "point");
            self.label((x + 4.0, y + 11.0), text);
        }
        self.close(rows_of(&places));
    }

    fn prompts(&mut self, prompts: &[Prompt]) -> Vec<Joint> {
        let places = self.lane_of("prompts", prompts.iter().map(|prompt| &prompt.span));
        let joints = prompts.iter().zip(&places).filter_map(|(prompt, row)| {
            let (time, turn) = prompt.taken?;
            Some(Joint { turn, from: (self.axis.x(time), self.row(*row) + BAR) })
        });
        let joints = joints.collect();
        self.close(rows_of(&places));
        joints
    }

    fn turns(&mut self, turns: &[Turn], joints: &[Joint]) {
        let texts: Vec<String> = turns.iter().map(label_of).collect();
        let spans: Vec<(f64, f64)> = turns.iter().map(|turn| self.extent(turn.from, turn.until)).collect();
        let places = self.rows(spans.iter().zip(&texts).map(|((x, width), text)| (*x, *width, text.chars().count())));
        self.y += 16.0;
        self.lane("turns");
        for (((turn, text), (x, width)), row) in turns.iter().zip(&texts).zip(&spans).zip(&places) {
            let y = self.row(*row);
            let class = if matches!(turn.origin, TurnOrigin::Own(_)) { "own" } else { "turn" };
            for joint in joints.iter().filter(|joint| joint.turn == turn.id) {
                let to = joint.from.0.clamp(*x, x + width);
                self.svg.join(joint.from, (to, y), "joint");
                self.svg.dot(joint.from, "joined");
            }
            self.svg.bar((*x, y), (*width, BAR), class, text);
            self.bar_label((*x, y), *width, text);
        }
        self.close(rows_of(&places));
    }

    fn spans(&mut self, name: &str, spans: &[Span]) {
        if !spans.is_empty() {
            let places = self.lane_of(name, spans.iter());
            self.close(rows_of(&places));
        }
    }

    /// Draws spans in as many rows as they need; the row of each.
    fn lane_of<'s>(&mut self, name: &str, spans: impl Iterator<Item = &'s Span> + Clone) -> Vec<usize> {
        let extents: Vec<(f64, f64)> = spans.clone().map(|span| self.extent(span.from, span.until)).collect();
        let lengths = spans.clone().map(|span| shortened(&span.text).chars().count());
        let places = self.rows(extents.iter().zip(lengths).map(|((x, width), length)| (*x, *width, length)));
        self.lane(name);
        for ((span, (x, width)), row) in spans.zip(&extents).zip(&places) {
            let y = self.row(*row);
            self.svg.bar((*x, y), (*width, BAR), class_of(span.tone), &span.text);
            self.bar_label((*x, y), *width, &shortened(&span.text));
        }
        places
    }

    /// A tick for each line of the CLI, taller for a longer one.
    fn said(&mut self, said: &[(SessionTime, usize)]) {
        self.svg.text((8.0, self.y + TICK), "lane", "lines");
        for (time, bytes) in said {
            let x = self.axis.x(*time);
            let height = ((*bytes as f64).log10() * 7.0).clamp(4.0, TICK);
            self.svg.line((x, self.y + TICK), (x, self.y + TICK - height), "tick");
        }
        let total: usize = said.iter().map(|(_, bytes)| bytes).sum();
        self.y += TICK + 12.0;
        let text = format!("{} lines of the CLI, {}; a longer line has a taller tick", said.len(), size(total));
        self.svg.text((LEFT, self.y), "mark", &text);
        self.y += 6.0;
    }

    fn times(&mut self) {
        let y = self.y + 4.0;
        self.svg.line((LEFT, y), (self.axis.right(), y), "point");
        self.svg.text((8.0, y + 14.0), "lane", "seconds");
        for (x, seconds) in self.axis.marks(46.0) {
            self.svg.line((x, y), (x, y + 4.0), "point");
            self.svg.text((x - 2.0, y + 15.0), "mark", &format!("{seconds:.2}"));
        }
        self.y = y + 18.0;
    }

    fn lane(&mut self, name: &str) {
        self.svg.text((8.0, self.y + 11.0), "lane", name);
    }

    fn close(&mut self, rows: usize) {
        self.y += rows.max(1) as f64 * ROW + 4.0;
        let y = self.y - 2.0;
        self.svg.line((8.0, y), (self.axis.right(), y), "rule");
        self.y += 4.0;
    }

    fn row(&self, row: usize) -> f64 {
        self.y + row as f64 * ROW
    }

    fn label(&mut self, (x, y): (f64, f64), text: &str) {
        self.edge = self.edge.max(x + text.chars().count() as f64 * CHARACTER);
        self.svg.text((x, y), "", text);
    }

    /// In a bar that is wide enough for it, else behind it.
    fn bar_label(&mut self, (x, y): (f64, f64), width: f64, text: &str) {
        let inside = width >= text.chars().count() as f64 * CHARACTER + 6.0;
        self.label((if inside { x + 4.0 } else { x + width + 4.0 }, y + 11.0), text);
    }

    /// What the colors mean.
    fn legend(&mut self) {
        let mut x = LEFT;
        for (class, text) in [
            ("turn", "turn of a prompt"),
            ("own", "turn of the CLI's own"),
            ("good", "answered"),
            ("bad", "failed or refused"),
            ("alarm", "interrupt"),
            ("off", "open, cancelled, withdrawn"),
        ] {
            self.svg.bar((x, self.y + 6.0), (12.0, 10.0), class, text);
            self.svg.text((x + 16.0, self.y + 15.0), "mark", text);
            x += text.chars().count() as f64 * CHARACTER + 34.0;
        }
        self.edge = self.edge.max(x - 20.0);
        self.y += 20.0;
    }

    /// From where to where a span is drawn. What never ended reaches to the end of the picture.
    fn extent(&self, from: SessionTime, until: Option<SessionTime>) -> (f64, f64) {
        let x = self.axis.x(from);
        let end = until.map_or(self.axis.right(), |until| self.axis.x(until));
        (x, (end - x).max(3.0))
    }

    /// Puts things into rows so that neither bars nor labels cover each other.
    fn rows(&self, things: impl Iterator<Item = (f64, f64, usize)>) -> Vec<usize> {
        let mut free: Vec<f64> = Vec::new();
        let mut places = Vec::new();
        for (x, width, label) in things {
            let text = label as f64 * CHARACTER + 6.0;
            let end = x + if width >= text { width } else { width + text } + 6.0;
            let row = free.iter().position(|free| *free <= x).unwrap_or(free.len());
            match free.get_mut(row) {
                Some(free) => *free = end,
                None => free.push(end),
            }
            places.push(row);
        }
        places
    }
}

fn rows_of(places: &[usize]) -> usize {
    places.iter().max().map_or(0, |most| most + 1)
}

fn class_of(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Bad => "bad",
        Tone::Off => "off",
        Tone::Alarm => "alarm",
    }
}

fn label_of(turn: &Turn) -> String {
    let origin = match &turn.origin {
        TurnOrigin::Prompt => String::new(),
        origin => format!(" ({origin})"),
    };
    format!("turn {}{origin}: {} messages, {}", turn.id.number(), turn.messages, size(turn.bytes))
}

fn size(bytes: usize) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} B"),
        10_000..=9_999_999 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LABEL) {
        // The end of it says how it went.
        Some(_) => {
            let tail: Vec<char> = text.chars().rev().take(22).collect();
            text.chars().take(LABEL - 24).chain(['\u{2026}']).chain(tail.into_iter().rev()).collect()
        }
        None => text.to_owned(),
    }
}
