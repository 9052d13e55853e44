//! Keeps the message of a panic that is caught from reaching the terminal.
//!
//! The standard library prints it through a hook of the whole process before anybody can catch the
//! panic. The hook set here asks the thread whether a catcher is waiting, and else does what the hook
//! before it did.

use std::cell::Cell;
use std::panic;
use std::sync::Once;

thread_local! {
    static CATCHER_WAITS: Cell<bool> = const { Cell::new(false) };
}

/// Runs something that catches its own panics.
pub fn without_message<T>(run: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |message| {
            if !CATCHER_WAITS.get() {
                usual(message);
            }
        }));
    });
    let before = CATCHER_WAITS.replace(true);
    let result = run();
    CATCHER_WAITS.set(before);
    result
}
