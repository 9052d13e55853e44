//! Ctrl-C: the first asks the running work to stop where nothing is lost, the second stops at once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED_TO_STOP: AtomicBool = AtomicBool::new(false);
static LISTENING: OnceLock<()> = OnceLock::new();

/// Begins to listen for Ctrl-C, once in a process.
pub fn listen() {
    LISTENING.get_or_init(|| {
        // Without a handler Ctrl-C still ends the program, only less politely.
        let _ = ctrlc::set_handler(|| {
            if ASKED_TO_STOP.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(super::exit::Exit::Interrupted.code()));
            }
        });
    });
}

/// The flag that long work looks at.
pub fn flag() -> &'static AtomicBool {
    &ASKED_TO_STOP
}

/// Whether somebody asked to stop.
#[cfg(feature = "serve")]
pub fn is_asked() -> bool {
    ASKED_TO_STOP.load(Ordering::SeqCst)
}
