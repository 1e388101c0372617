//! From times to places. What happens at once is spread so that it can be told apart, and long silence is cut.

use claude_duplex::SessionTime;

/// Pixels for a second, for the least gap, and for the longest.
const SECOND: f64 = 260.0;
const LEAST: f64 = 7.0;
const MOST: f64 = 160.0;

pub(crate) struct Axis {
    /// Every time at which something happened, and its place.
    places: Vec<(u64, f64)>,
    /// Where silence was cut: between these places.
    pub(crate) cuts: Vec<(f64, f64)>,
}

impl Axis {
    pub(crate) fn new(left: f64, times: impl IntoIterator<Item = SessionTime>) -> Self {
        let mut times: Vec<u64> = times.into_iter().map(SessionTime::as_nanos).collect();
        times.sort_unstable();
        times.dedup();
        let (mut places, mut cuts): (Vec<(u64, f64)>, _) = (Vec::new(), Vec::new());
        let mut x = left;
        for time in times {
            if let Some((before, _)) = places.last() {
                let wanted = (time - before) as f64 / 1e9 * SECOND;
                let from = x;
                x += wanted.clamp(LEAST, MOST);
                if wanted > MOST * 1.5 {
                    cuts.push((from, x));
                }
            }
            places.push((time, x));
        }
        Self { places, cuts }
    }

    /// The place of a time; one at which nothing happened lies in between.
    pub(crate) fn x(&self, time: SessionTime) -> f64 {
        let time = time.as_nanos();
        let after = self.places.partition_point(|(place, _)| *place < time);
        match (after.checked_sub(1).map(|before| self.places[before]), self.places.get(after)) {
            (_, Some((at, x))) if *at == time => *x,
            (Some((t0, x0)), Some((t1, x1))) => x0 + (x1 - x0) * (time - t0) as f64 / (t1 - t0) as f64,
            (Some((_, x)), None) | (None, Some(&(_, x))) => x,
            (None, None) => 0.0,
        }
    }

    pub(crate) fn right(&self) -> f64 {
        self.places.last().map_or(0.0, |(_, x)| *x)
    }

    /// Times to write at the axis, no two closer than `distance` pixels.
    pub(crate) fn marks(&self, distance: f64) -> Vec<(f64, f64)> {
        let mut marks: Vec<(f64, f64)> = Vec::new();
        for (time, x) in &self.places {
            if marks.last().is_none_or(|(last, _)| x - last >= distance) {
                marks.push((*x, *time as f64 / 1e9));
            }
        }
        marks
    }
}
