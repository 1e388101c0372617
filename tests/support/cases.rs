//! How much the wide tests try: `CASES=1000` tries everything, as `.ci/run` does. Without it they try a quarter, which is
//! what fits into an unoptimized build.

use std::sync::LazyLock;

/// Number of generated cases from which on each item of a fixed list is tried, too.
const ALL: u64 = 1000;

/// Number of generated cases of a wide test: `CASES=20000` tries more.
pub(crate) static CASES: LazyLock<u64> = LazyLock::new(|| {
    let Some(cases) = std::env::var_os("CASES") else { return ALL / 4 };
    let cases = cases.to_str().and_then(|cases| cases.parse().ok());
    cases.filter(|cases| *cases > 0).expect("CASES is a number of cases, and not 0")
});

/// Number of seconds that an exhaustive search goes on: `WALK_SECONDS`, or `all` if all cases are tried.
pub(crate) fn seconds(all: u64) -> u64 {
    let Some(seconds) = std::env::var_os("WALK_SECONDS") else { return all / stride() as u64 };
    seconds.to_str().and_then(|seconds| seconds.parse().ok()).expect("WALK_SECONDS is a number of seconds")
}

/// Every how many-th item of a fixed list a wide test tries.
pub(crate) fn stride() -> usize {
    ALL.div_ceil(*CASES).max(1) as usize
}
