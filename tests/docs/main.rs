//! Checks that the documentation, the manifest and the sources agree. `tests/README.md` says where a new test goes.

mod cycles;
mod files;
mod layers;
mod limits;
mod links;
mod names;
mod prose;
mod readme;
