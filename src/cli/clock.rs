//! The one clock of the program.

use jiff::Timestamp;

use super::exit::Exit;
use super::voice::Failure;
use crate::tlog::cosignature::CosignatureTime;

/// Now, by this computer's clock.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Now, in seconds since 1970 UTC.
pub fn now_s() -> i64 {
    now().as_second()
}

/// Now, as a cosignature has it.
pub fn cosignature_time() -> Result<CosignatureTime, Failure> {
    let seconds =
        u64::try_from(now_s()).ok().and_then(|seconds| CosignatureTime::new(seconds).ok());
    seconds.ok_or_else(|| {
        let why = "it says that this is before 1970";
        Failure::new(Exit::Unexpected, "this computer's clock is wrong", why, "set the clock")
    })
}
