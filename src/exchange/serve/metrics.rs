//! What the server counts, in the text format of Prometheus (version 0.0.4).

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Shared;
use crate::store::cosigned::CosignedCheckpoints;
use crate::store::durable;
use crate::tlog::hash::TreeSize;
use crate::tlog::policy::{POLICY_BYTES_MAX, Policy, Quorum};

/// Upper ends of the classes of latency, in seconds.
const CLASSES_S: [f64; 9] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];

/// Ledgers and logs that are told one by one, at most.
const TOLD_MAX: usize = 10_000;

/// What a request was about, however its path was spelled: a few words, so that nobody can fill the
/// server's memory with names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
    List,
    File,
    AddCheckpoint,
    WitnessCheckpoint,
    Statements,
    Own,
    Other,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Route::List => "list",
            Route::File => "file",
            Route::AddCheckpoint => "add-checkpoint",
            Route::WitnessCheckpoint => "witness-checkpoint",
            Route::Statements => "statements",
            Route::Own => "own",
            Route::Other => "other",
        })
    }
}

/// Counters.
#[derive(Default)]
pub struct Metrics {
    counted: Mutex<BTreeMap<Route, Counted>>,
}

#[derive(Default)]
struct Counted {
    by_status: BTreeMap<u16, u64>,
    by_class: [u64; CLASSES_S.len()],
    seconds: f64,
    requests: u64,
}

impl Metrics {
    /// Counts an answer.
    pub fn count(&self, route: Route, status: u16, took: Duration) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let of = counted.entry(route).or_default();
        let seconds = took.as_secs_f64();
        *of.by_status.entry(status).or_default() += 1;
        for (count, end) in of.by_class.iter_mut().zip(CLASSES_S) {
            *count += u64::from(seconds <= end);
        }
        of.seconds += seconds;
        of.requests += 1;
    }

    fn print(&self, text: &mut String) {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a String does not fail; here and below.
        text.push_str("# TYPE treering_http_requests_total counter\n");
        for (route, of) in counted.iter() {
            for (status, count) in &of.by_status {
                let _ = writeln!(
                    text,
                    "treering_http_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}"
                );
            }
        }
        text.push_str("# TYPE treering_http_request_duration_seconds histogram\n");
        for (route, of) in counted.iter() {
            const NAME: &str = "treering_http_request_duration_seconds";
            for (count, end) in of.by_class.iter().zip(CLASSES_S) {
                let _ = writeln!(text, "{NAME}_bucket{{route=\"{route}\",le=\"{end}\"}} {count}");
            }
            let _ =
                writeln!(text, "{NAME}_bucket{{route=\"{route}\",le=\"+Inf\"}} {}", of.requests);
            let _ = writeln!(text, "{NAME}_sum{{route=\"{route}\"}} {}", of.seconds);
            let _ = writeln!(text, "{NAME}_count{{route=\"{route}\"}} {}", of.requests);
        }
    }
}

/// Everything there is to tell. This reads files.
pub(super) fn text(shared: &Shared) -> String {
    let mut text = String::new();
    shared.metrics.print(&mut text);
    heads(shared, &mut text);
    if let Some(queue) = &shared.queue {
        text.push_str("# TYPE treering_submissions_waiting gauge\n");
        let _ = writeln!(text, "treering_submissions_waiting {}", queue.waiting());
    }
    if let Some(witness) = &shared.witness
        && let Ok(logs) = witness.logs()
    {
        text.push_str("# TYPE treering_witness_logs gauge\n");
        let _ = writeln!(text, "treering_witness_logs {}", logs.len());
        let cosigned = || logs.iter().filter(|log| log.mark.is_something()).take(TOLD_MAX);
        gauge(
            &mut text,
            "treering_witness_size",
            "origin",
            cosigned().map(|log| (escaped(log.origin.as_str()), log.mark.head.tree.size.0)),
        );
        gauge(
            &mut text,
            "treering_witness_last_cosigned_seconds",
            "origin",
            cosigned().map(|log| (escaped(log.origin.as_str()), log.mark.time.seconds())),
        );
    }
    text
}

/// Heads, and how far the quorum of trust.policy has come with each.
fn heads(shared: &Shared, text: &mut String) {
    let folders = &shared.folders;
    let policy = durable::read_if_there(
        &**folders.disk(),
        &folders.store().trust_policy(),
        POLICY_BYTES_MAX as u64,
    );
    let policy = policy.ok().flatten().and_then(|bytes| Policy::parse(&bytes).ok());
    let Ok(ledgers) = folders.list() else { return };
    let told = || ledgers.values().take(TOLD_MAX);
    let sizes = told().map(|ledger| (ledger.id.to_string(), ledger.head.tree().size.0));
    gauge(text, "treering_ledger_size", "ledger", sizes);
    let Some(policy) = policy.filter(|policy| !policy.witnesses().is_empty()) else { return };
    let witnessed: Vec<_> = told()
        .map(|ledger| {
            let cosigned = CosignedCheckpoints::of(folders.disk().clone(), &ledger.folder);
            let (mut size, mut time) = (TreeSize(0), None);
            // The last few: an older one that met the quorum is no news.
            for at in cosigned.sizes().unwrap_or_default().into_iter().rev().take(8) {
                let Ok(Some(checkpoint)) = cosigned.read(at) else { continue };
                if let Ok(evaluation) = policy.evaluate(&checkpoint)
                    && let Quorum::MetBy(met) = evaluation.quorum
                {
                    (size, time) = (at, Some(met.seconds()));
                    break;
                }
            }
            (ledger.id.to_string(), size.0, time)
        })
        .collect();
    let sizes = witnessed.iter().map(|(id, size, _)| (id.clone(), *size));
    gauge(text, "treering_ledger_witnessed_size", "ledger", sizes);
    let times = witnessed.iter().filter_map(|(id, _, time)| Some((id.clone(), (*time)?)));
    gauge(text, "treering_ledger_witnessed_seconds", "ledger", times);
}

/// One number for each of several things, in one group as the format asks.
fn gauge(text: &mut String, name: &str, label: &str, values: impl Iterator<Item = (String, u64)>) {
    let _ = writeln!(text, "# TYPE {name} gauge");
    for (of, value) in values {
        let _ = writeln!(text, "{name}{{{label}=\"{of}\"}} {value}");
    }
}

/// A label's value: backslash, quote and line end are escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
