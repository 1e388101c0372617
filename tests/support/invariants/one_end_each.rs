//! Invariant 5: what was begun is ended once, and nothing comes after the end.

#[path = "../one_end.rs"]
mod one_end;

use one_end::Settled;

use super::Case;

pub(crate) fn judge(case: &Case) -> usize {
    let mut protocol = case.drained.begin();
    let mut settled = Settled::default();
    for (now, input) in &case.drained.inputs {
        settled.input(&mut protocol, *now, input.clone());
    }
    assert!(protocol.is_closed());
    settled.finish().unwrap_or_else(|reason| panic!("{reason}"));
    settled.begun()
}
