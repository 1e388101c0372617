//! The documentation, the manifest and the sources, held to each other. `tests/README.md` says where a new test goes.

mod cycles;
mod files;
mod layers;
mod limits;
mod links;
mod names;
mod prose;
mod readme;
