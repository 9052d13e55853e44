//! Ctrl-C. The first asks running work to stop where nothing is lost; the second stops at once. What
//! only reads has nothing to lose, and the first stops it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::failures::{BEGIN_AGAIN, interrupted};
use super::voice::Voice;

static ASKED_TO_STOP: AtomicBool = AtomicBool::new(false);
/// Somebody looks at the flag, or is writing.
static WILL_STOP_BY_ITSELF: AtomicBool = AtomicBool::new(false);
static LISTENING: OnceLock<()> = OnceLock::new();

/// Begins to listen for Ctrl-C, once in a process.
pub fn listen(voice: Voice) {
    LISTENING.get_or_init(|| {
        // Without a handler Ctrl-C still ends the program, only less politely.
        let _ = ctrlc::set_handler(move || {
            let again = ASKED_TO_STOP.swap(true, Ordering::SeqCst);
            if again || !WILL_STOP_BY_ITSELF.load(Ordering::SeqCst) {
                let failure = interrupted("stopped", BEGIN_AGAIN);
                if !again {
                    voice.failure(&failure);
                }
                std::process::exit(i32::from(failure.exit.code()));
            }
        });
    });
}

/// The flag that long work looks at.
pub fn flag() -> &'static AtomicBool {
    finish_what_is_begun();
    &ASKED_TO_STOP
}

/// Whether somebody asked to stop.
#[cfg(feature = "serve")]
pub fn is_asked() -> bool {
    ASKED_TO_STOP.load(Ordering::SeqCst)
}

/// From here on the first Ctrl-C lets the command come to an end of its own.
pub fn finish_what_is_begun() {
    WILL_STOP_BY_ITSELF.store(true, Ordering::SeqCst);
}
