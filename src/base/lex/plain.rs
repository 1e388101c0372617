//! Search for the end of the plain part of a JSON string, many bytes at a time.

/// Size of a block in bytes. The compiler vectorizes the loop over a block.
const BLOCK: usize = 32;
/// Length, in bytes, that covers keys and most other strings.
const SHORT: usize = 16;
const WORD: usize = 8;

/// Returns the number of bytes before the first special byte of a string: a quote, a backslash, or a control character.
/// Control characters are not allowed in JSON strings.
#[inline(always)]
pub(crate) fn plain(bytes: &[u8]) -> usize {
    let Some((short, rest)) = bytes.split_first_chunk::<SHORT>() else { return plain_words(bytes) };
    let short = u128::from_le_bytes(*short);
    // The two words are combined without a branch: lengths vary, and a mispredicted branch costs more than a word.
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

/// Returns the total length of the leading blocks without special bytes.
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

/// XOR with this bit moves the quote directly after the control characters. One comparison then finds both.
const TURNED: u8 = 2;
const BELOW: u8 = (b'"' ^ TURNED) + 1;

#[inline(always)]
fn is_special(byte: u8) -> bool {
    (byte ^ TURNED < BELOW) | (byte == b'\\')
}

/// Returns a word with the highest bit set in each special byte. Bits above the lowest set one can be wrong, because the
/// subtraction borrows.
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
                // Bytes behind the first special one do not matter.
                bytes[at] = b'"';
                bytes[at + 1..].fill(0x1f);
                assert_eq!(plain(&bytes), at);
                bytes[at..].fill(b'x');
            }
        }
    }
}
