//! When stdin may be closed: cases 104 to 139.
