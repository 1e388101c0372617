//! Through the plain part of a JSON string, many bytes at a time.

/// A block is looked at as a whole: the compiler makes vector instructions of the loop over it.
const BLOCK: usize = 32;
/// Keys, and most other strings, are over within that.
const SHORT: usize = 16;
const WORD: usize = 8;

/// How many bytes come before the first that means something in a string: a quote, a backslash, or a control character,
/// which may not stand there.
#[inline(always)]
pub(crate) fn plain(bytes: &[u8]) -> usize {
    let Some((short, rest)) = bytes.split_first_chunk::<SHORT>() else { return plain_words(bytes) };
    let short = u128::from_le_bytes(*short);
    // Without a branch between the two words: lengths vary, and a wrong guess costs more than a word.
    let special = u128::from(specials((short >> 64) as u64)) << 64 | u128::from(specials(short as u64));
    if special != 0 {
        return special.trailing_zeros() as usize / 8;
    }
    SHORT + plain_rest(rest)
}

#[inline(never)]
fn plain_rest(bytes: &[u8]) -> usize {
    let head = plain_words(&bytes[..bytes.len().min(BLOCK)]);
    if head < BLOCK { head } else { BLOCK + plain_long(&bytes[BLOCK..]) }
}

#[inline(never)]
fn plain_long(bytes: &[u8]) -> usize {
    let at = plain_blocks(bytes);
    at + plain_words(&bytes[at..])
}

#[inline]
fn plain_words(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = bytes[at..].first_chunk() {
        let special = specials(u64::from_le_bytes(*word));
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += WORD;
    }
    at + bytes[at..].iter().take_while(|byte| !is_special(**byte)).count()
}

/// As many bytes as whole blocks have in which nothing is special.
fn plain_blocks(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = bytes[at..].first_chunk::<BLOCK>() {
        if block.iter().fold(0, |any, byte| any | u8::from(is_special(*byte))) != 0 {
            break;
        }
        at += BLOCK;
    }
    at
}

/// With one bit turned over, the quote follows upon the control characters: one comparison finds both.
const TURNED: u8 = 2;
const BELOW: u8 = (b'"' ^ TURNED) + 1;

#[inline(always)]
fn is_special(byte: u8) -> bool {
    (byte ^ TURNED < BELOW) | (byte == b'\\')
}

/// The highest bit of each special byte. A bit above the lowest one may be set for nothing: a subtraction borrows.
#[inline(always)]
fn specials(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * u64::from(bound)) & !word;
    let each = |byte: u8| ONES * u64::from(byte);
    (below(word ^ each(TURNED), BELOW) | below(word ^ each(b'\\'), 1)) & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for length in 0..150 {
            let mut bytes = vec![b'x'; length];
            assert_eq!(plain(&bytes), length);
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    bytes[at] = byte;
                    assert_eq!(
                        plain(&bytes),
                        if byte < 0x20 || b"\"\\".contains(&byte) { at } else { length },
                        "{byte:#x} at {at}"
                    );
                }
                // What stands behind it does not matter.
                bytes[at] = b'"';
                bytes[at + 1..].fill(0x1f);
                assert_eq!(plain(&bytes), at);
                bytes[at..].fill(b'x');
            }
        }
    }
}
