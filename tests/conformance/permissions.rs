//! Permission asks: cases 66 to 77.
