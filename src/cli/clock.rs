//! The one clock of the program.

use jiff::Timestamp;

/// Now, by this computer's clock.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Now, in seconds since 1970 UTC.
pub fn now_s() -> i64 {
    now().as_second()
}
