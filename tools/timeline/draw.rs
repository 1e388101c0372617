//! The picture of a story: lanes from top to bottom, time to the right, in bands if the session is long.

use claude_duplex::{SessionTime, TurnId, TurnOrigin};

use crate::axis::{Axis, Band, Extent};
use crate::labels::{CHARACTER, label_of, legend, rows, rows_of, shortened, size};
use crate::story::{Mark, Prompt, Span, Story, Tone, Turn};
use crate::svg::Svg;

/// Where the lanes begin, behind their names.
const LEFT: f64 = 96.0;
const RIGHT: f64 = 40.0;
const ROW: f64 = 19.0;
const BAR: f64 = 14.0;
/// How tall the tick of a line of the CLI is at most.
const TICK: f64 = 34.0;
/// Between two bands.
const BETWEEN: f64 = 18.0;

/// Labels have a rim, so that what lies below does not cross them.
const STYLE: &str = "
text{font:11px 'DejaVu Sans',Verdana,sans-serif;fill:#222}.title{font-size:13px;font-weight:bold}.lane{fill:#666}.mark{fill:#888;font-size:10px}
.label{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}
.paper{fill:#fff}.rule{stroke:#ddd}.cut{fill:#f3f3f3}.tick{stroke:#5b7fb5}
.joint{stroke:#8a6fb0;fill:none;stroke-width:1.4}.guess{stroke:#8a6fb0;fill:none;stroke-width:1.4;stroke-dasharray:3 3}
.turn{fill:#b9cfee;stroke:#5b7fb5}.own{fill:#f2d3a8;stroke:#c98a2b}.good{fill:#bfe3c2;stroke:#4c9a55}.bad{fill:#f3b9b3;stroke:#c0392b}
.off{fill:#e3e3e3;stroke:#999}.joined{fill:#8a6fb0}.alarm{fill:#ffe08a;stroke:#d39e00}.point{stroke:#444}";

pub(crate) fn draw(story: &Story) -> String {
    let axis = Axis::new(LEFT, story);
    let mut picture = Svg::default();
    let title = if story.title.is_empty() { "a session without a turn" } else { &story.title };
    picture.text((8.0, 16.0), "title", title);
    let (mut y, mut edge) = (24.0, 0.0_f64);
    for band in axis.bands(story) {
        let mut page = Page { band, bars: Svg::default(), links: Svg::default(), y, edge };
        page.lanes(story);
        let bottom = page.y;
        page.times();
        // Cuts lie behind everything, and links behind bars and labels.
        for (from, until) in page.band.cuts() {
            let (at, wide) = ((from + 3.0, y), (until - from - 6.0).max(1.0));
            picture.bar(at, (wide, bottom - y), "cut", "nothing happened for long, or nothing new");
        }
        edge = page.edge.max(page.band.right());
        y = page.y + BETWEEN;
        picture.append(page.links);
        picture.append(page.bars);
    }
    let (lines, bytes) = story.total;
    let total = format!("{lines} lines of the CLI, {}; a longer line has a taller tick", size(bytes));
    picture.text((LEFT, y), "mark", &total);
    edge = edge.max(legend(&mut picture, (LEFT, y)));
    picture.finish(edge + RIGHT, y + 28.0, STYLE)
}

/// One band of the picture.
struct Page<'a> {
    band: Band<'a>,
    bars: Svg,
    links: Svg,
    /// Where the next lane begins.
    y: f64,
    /// How far labels reach to the right.
    edge: f64,
}

/// Where the lower edge of a prompt's bar is at the moment it was taken, by turn.
struct Joint {
    turn: TurnId,
    from: (f64, f64),
    is_inferred: bool,
}

impl Page<'_> {
    fn lanes(&mut self, story: &Story) {
        self.marks(story);
        let prompts = self.prompts(&story.prompts);
        self.turns(&story.turns, &prompts);
        self.spans("incoming", &story.permissions);
        self.spans("requests", &story.requests);
        self.draw_texts(&story.texts);
    }

    fn marks(&mut self, story: &Story) {
        let marks = story.host.iter().chain(&story.end);
        let all: Vec<(f64, String)> =
            marks.filter_map(|Mark { time, text }| Some((self.band.x(*time)?, shortened(text)))).collect();
        if all.is_empty() {
            return;
        }
        let places = rows(all.iter().map(|(x, text)| (*x, 0.0, text.chars().count())));
        self.lane("host");
        for ((x, text), row) in all.iter().zip(&places) {
            let y = self.row(*row);
            self.bars.line((*x, y), (*x, y + BAR), "point");
            self.label((x + 4.0, y + 11.0), text);
        }
        self.close(rows_of(&places));
    }

    fn prompts(&mut self, prompts: &[Prompt]) -> Vec<Joint> {
        let spans: Vec<(&Span, &str)> = prompts.iter().map(|prompt| (&prompt.span, &*prompt.end)).collect();
        let places = self.bars("prompts", &spans);
        let joints = places.iter().filter_map(|(at, row)| {
            let prompt: &Prompt = &prompts[*at];
            let (time, turn) = prompt.taken?;
            let from = (self.band.x(time)?, self.row(*row) + BAR);
            Some(Joint { turn, from, is_inferred: prompt.is_inferred })
        });
        let joints = joints.collect();
        self.close(places.iter().map(|(_, row)| row + 1).max().unwrap_or_default());
        joints
    }

    fn turns(&mut self, turns: &[Turn], joints: &[Joint]) {
        let turns: Vec<(&Turn, Extent)> =
            turns.iter().filter_map(|turn| Some((turn, self.band.extent(turn.from, turn.until)?))).collect();
        let texts: Vec<String> = turns.iter().map(|(turn, extent)| label_of(turn, extent.is_continued)).collect();
        let sizes = turns.iter().zip(&texts);
        let places = rows(sizes.map(|((_, extent), text)| (extent.x, extent.width, text.chars().count())));
        self.y += 16.0;
        self.lane("turns");
        for (((turn, Extent { x, width, .. }), text), row) in turns.iter().zip(&texts).zip(&places) {
            let y = self.row(*row);
            let class = if matches!(turn.origin, TurnOrigin::Own(_)) { "own" } else { "turn" };
            for joint in joints.iter().filter(|joint| joint.turn == turn.id) {
                let to = joint.from.0.clamp(*x, x + width);
                self.links.join(joint.from, (to, y), if joint.is_inferred { "guess" } else { "joint" });
                self.bars.dot(joint.from, "joined");
            }
            self.bars.bar((*x, y), (*width, BAR), class, text);
            self.bar_label((*x, y), *width, text);
        }
        self.close(rows_of(&places));
    }

    fn spans(&mut self, name: &str, spans: &[Span]) {
        let spans: Vec<(&Span, &str)> = spans.iter().map(|span| (span, "")).collect();
        if spans.iter().any(|(span, _)| self.band.extent(span.from, span.until).is_some()) {
            let places = self.bars(name, &spans);
            self.close(places.iter().map(|(_, row)| row + 1).max().unwrap_or_default());
        }
    }

    /// Draws those of the spans that are in this band, in as many rows as they need. Returns which they are, and their rows.
    fn bars(&mut self, name: &str, spans: &[(&Span, &str)]) -> Vec<(usize, usize)> {
        let drawn: Vec<(usize, Extent, String)> = spans
            .iter()
            .enumerate()
            .filter_map(|(at, (span, end))| {
                let extent = self.band.extent(span.from, span.until)?;
                let text = match extent.is_continued {
                    true => format!("\u{2026} {}", span.text),
                    false => format!("{}{end}", span.text),
                };
                Some((at, extent, text))
            })
            .collect();
        let lengths = drawn.iter().map(|(_, extent, text)| (extent, shortened(text).chars().count()));
        let places = rows(lengths.map(|(extent, length)| (extent.x, extent.width, length)));
        self.lane(name);
        for ((at, Extent { x, width, .. }, text), row) in drawn.iter().zip(&places) {
            let y = self.row(*row);
            self.bars.bar((*x, y), (*width, BAR), class_of(spans[*at].0.tone), text);
            self.bar_label((*x, y), *width, &shortened(text));
        }
        drawn.iter().zip(places).map(|((at, ..), row)| (*at, row)).collect()
    }

    /// A tick for each line of the CLI, taller for a longer one.
    fn draw_texts(&mut self, texts: &[(SessionTime, usize)]) {
        self.bars.text((8.0, self.y + TICK), "lane", "lines");
        for (time, bytes) in texts {
            let Some(x) = self.band.x(*time) else { continue };
            let height = ((*bytes as f64).log10() * 7.0).clamp(4.0, TICK);
            self.bars.line((x, self.y + TICK), (x, self.y + TICK - height), "tick");
        }
        self.y += TICK + 4.0;
    }

    fn times(&mut self) {
        let y = self.y + 4.0;
        self.bars.line((LEFT, y), (self.band.right(), y), "point");
        self.bars.text((8.0, y + 14.0), "lane", "seconds");
        for (x, seconds) in self.band.marks(46.0) {
            self.bars.line((x, y), (x, y + 4.0), "point");
            self.bars.text((x - 2.0, y + 15.0), "mark", &format!("{seconds:.2}"));
        }
        self.y = y + 18.0;
    }

    fn lane(&mut self, name: &str) {
        self.bars.text((8.0, self.y + 11.0), "lane", name);
    }

    fn close(&mut self, rows: usize) {
        self.y += rows.max(1) as f64 * ROW + 4.0;
        let y = self.y - 2.0;
        self.links.line((8.0, y), (self.band.right(), y), "rule");
        self.y += 4.0;
    }

    fn row(&self, row: usize) -> f64 {
        self.y + row as f64 * ROW
    }

    fn label(&mut self, (x, y): (f64, f64), text: &str) {
        self.edge = self.edge.max(x + text.chars().count() as f64 * CHARACTER);
        self.bars.text((x, y), "label", text);
    }

    /// In a bar that is wide enough for it, else behind it.
    fn bar_label(&mut self, (x, y): (f64, f64), width: f64, text: &str) {
        let length = text.chars().count() as f64 * CHARACTER;
        if width >= length + 6.0 {
            self.edge = self.edge.max(x + length);
            self.bars.text((x + 4.0, y + 11.0), "", text);
        } else {
            self.label((x + width + 4.0, y + 11.0), text);
        }
    }
}

fn class_of(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Bad => "bad",
        Tone::Off => "off",
        Tone::Alarm => "alarm",
    }
}
