//! Many ledgers at a time, where no one waits for another.
//!
//! Each is synced in turns: whoever had a turn while others wait goes to the end of the queue, and goes
//! on later from where it stopped. So a ledger of a million statements does not keep back three hundred
//! small ones, nor does a source that sends one byte a second. A source that does not answer at once is
//! asked again when all others had their turn.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{MirrorStore, Options, State, SyncError, Synced, Turn, sync};
use crate::exchange::source::{self, Patience};
use crate::store::mirrors::MirrorRecord;

/// How long one ledger goes on while others wait.
const TURN: Duration = Duration::from_secs(30);
/// How long a source may take to answer in its first turn.
const FIRST_ANSWER: Duration = Duration::from_secs(5);
/// Turns after which a ledger that gets nowhere is given up for this time.
const TURNS_WITHOUT_GROWTH: u32 = 3;

/// How the work is shared.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// Ledgers at a time.
    pub at_once: usize,
    /// How long a web server may take.
    pub patience: Patience,
    /// Somebody asked to stop.
    pub stop: &'a AtomicBool,
    /// Told when a ledger is done, in the order in which they end.
    pub done: &'a (dyn Fn(&MirrorRecord, &Result<Synced, SyncError>) + Sync),
    /// Told how far a ledger is, in statements.
    pub progress: &'a (dyn Fn(&MirrorRecord, u64) + Sync),
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("at_once", &self.at_once).finish_non_exhaustive()
    }
}

/// A ledger that waits for its turn.
struct Waiting {
    index: usize,
    turns_without_growth: u32,
    reached: u64,
    is_first: bool,
}

/// Syncs many ledgers. The results are in the order of the mirrors given.
pub fn sync_many(
    shelf: &MirrorStore,
    mirrors: &[MirrorRecord],
    options: &Options,
    job: Job<'_>,
) -> Vec<Result<Synced, SyncError>> {
    let waiting = (0..mirrors.len())
        .map(|index| Waiting { index, turns_without_growth: 0, reached: 0, is_first: true })
        .collect::<VecDeque<_>>();
    let in_line = AtomicUsize::new(waiting.len());
    let queue = Mutex::new(waiting);
    let results: Vec<Mutex<Option<Result<Synced, SyncError>>>> =
        mirrors.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while let Some(mut waiting) = queue.lock().ok().and_then(|mut queue| queue.pop_front()) {
            in_line.fetch_sub(1, Ordering::Relaxed);
            let mirror = &mirrors[waiting.index];
            let reached = Mutex::new(waiting.reached);
            let job = match waiting.is_first {
                true => Job { patience: quick(job.patience), ..job },
                false => job,
            };
            let ended = one_turn(shelf, mirror, options, job, &in_line, &reached);
            let reached = reached.into_inner().unwrap_or(waiting.reached);
            let is_paused = matches!(&ended, Ok(synced) if synced.state == State::Paused);
            waiting.turns_without_growth = match reached > waiting.reached {
                true => 0,
                false => waiting.turns_without_growth + 1,
            };
            waiting.reached = reached;
            let is_silent = matches!(&ended, Ok(Synced { state: State::Unreachable { .. }, .. }));
            let goes_on = is_paused || (is_silent && waiting.is_first);
            waiting.is_first = false;
            let stops = job.stop.load(Ordering::Relaxed);
            if goes_on && !stops && waiting.turns_without_growth < TURNS_WITHOUT_GROWTH {
                in_line.fetch_add(1, Ordering::Relaxed);
                if let Ok(mut queue) = queue.lock() {
                    queue.push_back(waiting);
                }
                continue;
            }
            (job.done)(mirror, &ended);
            if let Ok(mut slot) = results[waiting.index].lock() {
                *slot = Some(ended);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..job.at_once.clamp(1, mirrors.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    let take = |slot: Mutex<Option<_>>| slot.into_inner().ok().flatten();
    results.into_iter().filter_map(take).collect()
}

/// Patience for a first turn.
fn quick(patience: Patience) -> Patience {
    Patience { answer: patience.answer.min(FIRST_ANSWER), tries_more: 0, ..patience }
}

fn one_turn(
    shelf: &MirrorStore,
    mirror: &MirrorRecord,
    options: &Options,
    job: Job<'_>,
    in_line: &AtomicUsize,
    reached: &Mutex<u64>,
) -> Result<Synced, SyncError> {
    let began = Instant::now();
    let is_over = || began.elapsed() > TURN && in_line.load(Ordering::Relaxed) > 0;
    let progress = |statements: u64| {
        if let Ok(mut reached) = reached.lock() {
            *reached = (*reached).max(statements);
        }
        (job.progress)(mirror, statements);
    };
    let turn = Turn { stop: job.stop, is_over: &is_over, progress: &progress };
    match source::open(&mirror.source, job.patience) {
        Ok(source) => sync(shelf, mirror, &*source, options, turn),
        Err(fault) => {
            let state = State::Refused { why: fault.to_string() };
            Ok(Synced::without_growth(state, Default::default()))
        }
    }
}
