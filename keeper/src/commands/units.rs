//! Times and sizes of the command line.

use std::time::Duration;

/// Parses a time. Returns `None` for `never`.
pub(super) fn time(text: &str) -> Result<Option<Duration>, String> {
    let wrong = || format!("{text:?} is not a duration; use a number with ms, s, m, h or d, or `never`");
    if text == "never" {
        return Ok(None);
    }
    let end = text.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..end].parse().map_err(|_| wrong())?;
    let factor = match &text[end..] {
        "ms" => return Ok(Some(Duration::from_millis(number))),
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).map(|seconds| Some(Duration::from_secs(seconds))).ok_or_else(wrong)
}

/// Parses a number of bytes with an optional unit, e.g. `64M`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is not a size; use a number, optionally with K, M or G");
    let end = text.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..end].parse().map_err(|_| wrong())?;
    let factor = match &text[end..] {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_have_units() {
        assert_eq!(time("250ms"), Ok(Some(Duration::from_millis(250))));
        assert_eq!(time("2h"), Ok(Some(Duration::from_secs(7200))));
        assert_eq!(time("never"), Ok(None));
        assert_eq!((bytes("64M"), bytes("10")), (Ok(64 << 20), Ok(10)));
        for text in ["", "5", "s", "-1s", "1.5h", "99999999999999999d", "1 s"] {
            assert!(time(text).unwrap_err().contains("is not a duration"), "{text}");
        }
        for text in ["", "M", "-1", "1T", "99999999999999999999", "99999999999G"] {
            assert!(bytes(text).unwrap_err().contains("is not a size"), "{text}");
        }
    }
}
