//! Snapshots: a restored session is the same session, the form is versioned, damage is found, and the size has limits.

mod damaged;
mod form;
mod size;

use crate::cases::stride;
use crate::invariants::restore::{judge_each, through};
use crate::invariants::{Case, PanicContext};
use crate::play::{Event, Player};
use crate::recorded::{name, recordings};
use crate::recording::Recorded;
use crate::sequences::sequences;

/// Judges two thirds of the sequences, all of `SEED` and `FIRST`: each costs hundreds of snapshots.
#[test]
fn a_session_restored_at_any_point_behaves_equally() {
    let (mut snapshots, mut judged) = (0, 0);
    for (seed, sequence) in sequences().filter(|(seed, _)| seed % 3 != 2) {
        let _context = PanicContext(format!("seed {seed}"));
        snapshots += judge_each(&Case::of(sequence));
        judged += 1;
    }
    println!("{snapshots} snapshots in {judged} sequences");
    assert!(snapshots > 20 * judged, "{snapshots}");
}

#[test]
fn a_recording_restored_at_any_point_replays_equally() {
    let events = |player: Player, lines: &[Recorded]| -> Vec<String> {
        let played = player.play(lines);
        let counts = format!("{:?}", played.counts);
        let shown = |event: &Event| match event {
            // The line of an action has more than `Debug` shows.
            Event::Action(action) => format!("{action:?} {:?}", action.line()),
            event => format!("{event:?}"),
        };
        played.events.iter().map(|(now, event)| format!("{now:?} {}", shown(event))).chain([counts]).collect()
    };
    for (path, lines) in recordings().into_iter().step_by(stride()) {
        let _context = PanicContext(name(&path));
        assert_eq!(events(Player::new(), &lines), events(Player::new().between(through), &lines));
    }
}
