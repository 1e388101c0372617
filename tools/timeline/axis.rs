//! From times to places: one long line, which is cut where nothing happened, and broken into bands of the width of a page.

use claude_duplex::SessionTime;

use crate::story::Story;

/// Pixels for a second, unless that would make the line too long.
const SECOND: f64 = 260.0;
/// Pixels between two events at least, and at most.
const LEAST: f64 = 7.0;
const MOST: f64 = 160.0;
/// Pixels that times take on the whole line. What has to be told apart takes [`LEAST`] all the same.
const LINE: f64 = 8000.0;
/// Width of a band. Labels reach beyond it.
const BAND: f64 = 1880.0;
/// Part of a band that is filled before it is broken where nothing runs.
const FULL: f64 = 0.6;

pub(crate) struct Axis {
    /// Every time at which something happened, and its place.
    places: Vec<(u64, f64)>,
    /// Parts of the line that stand for more time than their width tells.
    cuts: Vec<(f64, f64)>,
    left: f64,
}

/// A part of the line, drawn below the one before it.
pub(crate) struct Band<'a> {
    axis: &'a Axis,
    from: f64,
    until: f64,
    is_last: bool,
}

/// A span of time within a band.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) x: f64,
    pub(crate) width: f64,
    /// Whether the span began in an earlier band.
    pub(crate) is_continued: bool,
}

impl Axis {
    pub(crate) fn new(left: f64, story: &Story) -> Self {
        let mut times: Vec<(u64, bool)> = story.times().into_iter().map(|time| (time.as_nanos(), true)).collect();
        times.extend(story.texts.iter().map(|(time, _)| (time.as_nanos(), false)));
        // Of one time, the event that is no mere line comes first.
        times.sort_unstable_by_key(|(time, is_event)| (*time, !is_event));
        times.dedup_by_key(|(time, _)| *time);
        let gaps = times.windows(2).map(|pair| (pair[1].0 - pair[0].0) as f64 / 1e9);
        let line: f64 = gaps.map(|gap| (gap * SECOND).min(MOST)).sum();
        let second = SECOND * (LINE / line.max(1.0)).min(1.0);
        let folds: Vec<(u64, u64)> =
            story.folds.iter().map(|(from, until)| (from.as_nanos(), until.as_nanos())).collect();
        let (mut places, mut cuts): (Vec<(u64, f64)>, _) = (Vec::new(), Vec::new());
        let mut x = left;
        for (time, is_event) in times {
            if let Some((before, _)) = places.last().copied() {
                let wanted = (time - before) as f64 / 1e9 * second;
                let from = x;
                let is_fold = folds.contains(&(before, time));
                x += if is_fold { MOST } else { wanted.clamp(if is_event { LEAST } else { 0.0 }, MOST) };
                if is_fold || wanted > MOST * 1.5 {
                    cuts.push((from, x));
                }
            }
            places.push((time, x));
        }
        Self { places, cuts, left }
    }

    /// Breaks the line: where nothing runs if there is such a place, else between two events.
    pub(crate) fn bands(&self, story: &Story) -> Vec<Band<'_>> {
        let calm: Vec<f64> = story.calm().into_iter().map(|time| self.x(time)).collect();
        let right = self.places.last().map_or(self.left, |(_, x)| *x);
        let (mut bands, mut from) = (Vec::new(), self.left);
        while right - from > BAND {
            let any = || last_within(self.places.iter().map(|(_, x)| *x), from);
            let until = last_within(calm.iter().copied(), from).or_else(any).unwrap_or(from + BAND);
            bands.push(Band { axis: self, from, until, is_last: false });
            from = until;
        }
        bands.push(Band { axis: self, from, until: right, is_last: true });
        bands
    }

    /// The place of a time; one at which nothing happened lies in between.
    fn x(&self, time: SessionTime) -> f64 {
        let time = time.as_nanos();
        let after = self.places.partition_point(|(place, _)| *place < time);
        match (after.checked_sub(1).map(|before| self.places[before]), self.places.get(after)) {
            (_, Some((at, x))) if *at == time => *x,
            (Some((t0, x0)), Some((t1, x1))) => x0 + (x1 - x0) * (time - t0) as f64 / (t1 - t0) as f64,
            (Some((_, x)), None) | (None, Some(&(_, x))) => x,
            (None, None) => self.left,
        }
    }
}

/// Returns the last of some places in order that a band from there reaches, if the band is filled enough there.
fn last_within(places: impl Iterator<Item = f64>, from: f64) -> Option<f64> {
    places.filter(|x| (from + BAND * FULL..=from + BAND).contains(x)).last()
}

impl Band<'_> {
    fn contains(&self, x: f64) -> bool {
        x >= self.from && (x < self.until || self.is_last)
    }

    fn on_page(&self, x: f64) -> f64 {
        self.axis.left + x.clamp(self.from, self.until) - self.from
    }

    /// Returns the place of a time, if it is in this band.
    pub(crate) fn x(&self, time: SessionTime) -> Option<f64> {
        let x = self.axis.x(time);
        self.contains(x).then(|| self.on_page(x))
    }

    /// Returns the part of a span in this band. What has no end reaches to the end of the line.
    pub(crate) fn extent(&self, from: SessionTime, until: Option<SessionTime>) -> Option<Extent> {
        let from = self.axis.x(from);
        let until = until.map_or(f64::INFINITY, |until| self.axis.x(until));
        let begins_before = from < self.from && until > self.from;
        if !begins_before && !self.contains(from) {
            return None;
        }
        let x = self.on_page(from);
        Some(Extent { x, width: (self.on_page(until) - x).max(3.0), is_continued: begins_before })
    }

    pub(crate) fn right(&self) -> f64 {
        self.on_page(self.until)
    }

    /// Parts that stand for more time than their width tells.
    pub(crate) fn cuts(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let cuts = self.axis.cuts.iter().filter(|(from, until)| *until > self.from && *from < self.until);
        cuts.map(|(from, until)| (self.on_page(*from), self.on_page(*until)))
    }

    /// Times to write at the axis, no two closer than `distance` pixels, in seconds.
    pub(crate) fn marks(&self, distance: f64) -> Vec<(f64, f64)> {
        let mut marks: Vec<(f64, f64)> = Vec::new();
        for (time, x) in self.axis.places.iter().filter(|(_, x)| self.contains(*x)) {
            let x = self.on_page(*x);
            if marks.last().is_none_or(|(last, _)| x - last >= distance) {
                marks.push((x, *time as f64 / 1e9));
            }
        }
        marks
    }
}
