//! Hook asks: cases 78 to 84.
