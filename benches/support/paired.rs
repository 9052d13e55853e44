//! Paired timing: what is compared runs in turns, A B A B, so that a busy machine slows both alike.
//!
//! ```text
//! ratio = median over rounds of (ceiling's time in the round / time in the round)
//! ```
//!
//! 1.00 is as fast as the ceiling, 0.50 takes twice as long.

use std::time::{Duration, Instant};

/// One of the things compared. A run says itself how long it took, since not all of it may count.
pub struct Runner<'a> {
    name: String,
    run: Box<dyn FnMut() -> Duration + 'a>,
}

impl<'a> Runner<'a> {
    /// Counts the whole run.
    pub fn timed(name: impl Into<String>, mut run: impl FnMut() + 'a) -> Runner<'a> {
        Runner::telling(name, move || {
            let start = Instant::now();
            run();
            start.elapsed()
        })
    }

    /// Counts what the run tells.
    pub fn telling(name: impl Into<String>, run: impl FnMut() -> Duration + 'a) -> Runner<'a> {
        Runner { name: name.into(), run: Box::new(run) }
    }
}

/// How long each round took.
pub struct Times {
    /// What was timed.
    pub name: String,
    rounds: Vec<f64>,
}

/// Runs all in turns: `warm_ups` rounds that do not count, then `rounds` that do.
pub fn in_turns(warm_ups: usize, rounds: usize, mut runners: Vec<Runner<'_>>) -> Vec<Times> {
    let mut times: Vec<Times> =
        runners.iter().map(|r| Times { name: r.name.clone(), rounds: Vec::new() }).collect();
    for round in 0..warm_ups + rounds {
        for (runner, times) in runners.iter_mut().zip(&mut times) {
            let took = (runner.run)();
            if round >= warm_ups {
                times.rounds.push(took.as_secs_f64());
            }
        }
    }
    times
}

impl Times {
    /// The median round, in seconds.
    pub fn median(&self) -> f64 {
        median(self.rounds.clone())
    }

    /// How fast this is as a part of the ceiling's speed.
    pub fn ratio_to(&self, ceiling: &Times) -> f64 {
        let rounds = self.rounds.iter().zip(&ceiling.rounds);
        median(rounds.map(|(own, ceiling)| ceiling / own).collect())
    }
}

/// The middle value, or the mean of the two in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

/// `met` or `MISSED`.
pub fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}
