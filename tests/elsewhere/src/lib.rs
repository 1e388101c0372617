//! Sessions over the streams of other libraries. The functions are compiled, and were not run: there is neither a cluster nor a
//! container engine where this is tested. The guide "Beyond one machine" shows them.
//!
//! The launchers of `launchers/` are run.

#[cfg(feature = "libraries")]
pub mod bollard;
#[cfg(feature = "libraries")]
pub mod kube;
#[cfg(feature = "libraries")]
pub mod russh;
