//! Framing and decoding: cases 1 to 18.
