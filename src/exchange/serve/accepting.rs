//! Submissions: a queue with an end, and one worker who files what stands in it, all that has come
//! meanwhile at once. So the cost of making a batch durable is shared by everybody who waits for it.
//!
//! What filing is, this floor does not know: [`Acceptor`] is implemented where the ledger's writer is
//! known. An answer leaves only after the acceptor has returned, and it returns only when what it says
//! is durable.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::exchange::submission::Submission;
use crate::statement::envelope::Statement;

/// Statements that wait, at most. Who comes later is told to come again.
const QUEUE_MAX: usize = 1_024;

/// Statements that are filed at once, at most.
pub const BATCH_MAX: usize = 256;

/// A quiet time after which the acceptor may tidy up.
const QUIET: Duration = Duration::from_secs(2);

/// Files statements.
pub trait Acceptor: Send {
    /// Judges and files statements in this order, and says what became of each. When this returns, what
    /// it calls accepted is durable. An error speaks for all of them: nothing is known to be filed.
    fn accept(&mut self, statements: &[Statement]) -> Result<Vec<Submission>, NotNow>;

    /// Called when nothing came for a while, and at the end.
    fn tidy(&mut self);
}

/// Why nothing is filed at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotNow {
    /// In a sentence.
    pub why: String,
}

/// The way in.
pub struct Queue {
    jobs: mpsc::Sender<Job>,
    waiting: Arc<AtomicUsize>,
}

/// Why a statement did not come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The queue is full.
    Full,
    /// The worker cannot file now.
    NotNow(String),
    /// The server is stopping, or the worker failed.
    Gone,
}

struct Job {
    statement: Statement,
    answer: oneshot::Sender<Result<Submission, NotNow>>,
}

/// The worker, to be waited for at the end.
pub struct Worker(JoinHandle<()>);

impl Worker {
    /// Waits until everything that came in is answered.
    pub fn finish(self) {
        // A worker that panicked has nothing more to finish, and everybody it left was told so.
        let _ = self.0.join();
    }
}

impl Queue {
    /// Starts the worker.
    pub fn begin(acceptor: Box<dyn Acceptor>) -> io::Result<(Queue, Worker)> {
        let (sender, jobs) = mpsc::channel(QUEUE_MAX);
        let waiting = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&waiting);
        let builder = thread::Builder::new().name("accept".into());
        let worker = builder.spawn(move || work(acceptor, jobs, &counted))?;
        Ok((Queue { jobs: sender, waiting }, Worker(worker)))
    }

    /// Files a statement and waits until that is durable.
    pub async fn submit(&self, statement: Statement) -> Result<Submission, NotTaken> {
        let (answer, answered) = oneshot::channel();
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let sent = self.jobs.try_send(Job { statement, answer });
        if let Err(why) = sent {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(match why {
                mpsc::error::TrySendError::Full(_) => NotTaken::Full,
                mpsc::error::TrySendError::Closed(_) => NotTaken::Gone,
            });
        }
        match answered.await {
            Ok(Ok(submission)) => Ok(submission),
            Ok(Err(NotNow { why })) => Err(NotTaken::NotNow(why)),
            Err(_) => Err(NotTaken::Gone),
        }
    }

    /// How many statements wait or are being filed.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// Takes what has come, files it, answers; until nobody can send any more.
fn work(mut acceptor: Box<dyn Acceptor>, mut jobs: mpsc::Receiver<Job>, waiting: &AtomicUsize) {
    let mut is_tidy = true;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    loop {
        let next = match (&runtime, is_tidy) {
            (Ok(runtime), false) => {
                let waited =
                    runtime.block_on(async { tokio::time::timeout(QUIET, jobs.recv()).await });
                match waited {
                    Ok(next) => next,
                    Err(_) => {
                        acceptor.tidy();
                        is_tidy = true;
                        continue;
                    }
                }
            }
            _ => jobs.blocking_recv(),
        };
        let Some(first) = next else { break };
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        is_tidy = false;
        let (statements, answers): (Vec<Statement>, Vec<_>) =
            batch.into_iter().map(|job| (job.statement, job.answer)).unzip();
        let filed = acceptor.accept(&statements);
        waiting.fetch_sub(answers.len(), Ordering::Relaxed);
        match filed {
            Ok(submissions) => {
                for (answer, submission) in answers.into_iter().zip(submissions) {
                    // Who is gone does not hear it; the statement is in the ledger all the same.
                    let _ = answer.send(Ok(submission));
                }
            }
            Err(why) => {
                for answer in answers {
                    let _ = answer.send(Err(why.clone()));
                }
            }
        }
    }
    acceptor.tidy();
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::statement::bodies::Body;
    use crate::statement::bodies::ledger::{Genesis, Guardians};
    use crate::statement::chain::Chain;
    use crate::statement::envelope::{CoSignature, Draft, Issuer, Payload, Subject};
    use crate::statement::key::KeyId;
    use crate::tlog::checkpoint::Origin;
    use crate::tlog::ed25519::SecretKey;

    fn statement() -> Statement {
        let (root, log) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
        let origin = Origin::new("example.park/ledger").unwrap();
        let genesis = Genesis {
            name: "Park".into(),
            origin: origin.clone(),
            kind: "site".into(),
            root: root.public(),
            next: KeyId::of(&SecretKey::from_seed(&[3; 32]).public()).sealed(),
            guardians: Guardians::default(),
            log_key: log.public(),
            succeeds: None,
        };
        let mut draft = Draft {
            issuer: Issuer::Origin(origin.to_string()),
            subject: Subject::Ledger,
            issued_at: 1_777_615_200,
            payload: Payload {
                chain: Chain::default(),
                also: Vec::new(),
                key: None,
                by: None,
                body: Body::Genesis(genesis),
            },
        };
        let message = draft.also_message(None).unwrap();
        draft.payload.also = vec![CoSignature { key: log.public(), sig: log.sign(&message) }];
        draft.sign(&root).unwrap()
    }

    /// Waits until it is let go, then refuses everything; notes how many came at once.
    struct Slow {
        gate: Arc<Mutex<()>>,
        batches: Arc<Mutex<Vec<usize>>>,
    }

    impl Acceptor for Slow {
        fn accept(&mut self, statements: &[Statement]) -> Result<Vec<Submission>, NotNow> {
            drop(self.gate.lock().unwrap());
            self.batches.lock().unwrap().push(statements.len());
            Err(NotNow { why: "no".into() })
        }

        fn tidy(&mut self) {}
    }

    #[test]
    fn a_full_queue_says_so_and_what_waited_is_filed_together() {
        let (gate, batches) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(Vec::new())));
        let slow = Slow { gate: Arc::clone(&gate), batches: Arc::clone(&batches) };
        let (queue, worker) = Queue::begin(Box::new(slow)).unwrap();
        let queue = Arc::new(queue);
        let closed = gate.lock().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let all: Vec<_> = (0..3_000)
            .map(|_| {
                let queue = Arc::clone(&queue);
                let statement = statement();
                runtime.spawn(async move { queue.submit(statement).await })
            })
            .collect();
        while queue.waiting() < QUEUE_MAX {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_millis(100));
        drop(closed);
        let (mut full, mut answered) = (0, 0);
        for one in all {
            match runtime.block_on(one).unwrap() {
                Err(NotTaken::Full) => full += 1,
                Err(NotTaken::NotNow(why)) if why == "no" => answered += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(full + answered, 3_000);
        assert!(full > 0 && answered >= QUEUE_MAX, "{full} {answered}");
        drop((queue, runtime));
        worker.finish();
        let batches = batches.lock().unwrap();
        assert_eq!(batches.iter().sum::<usize>(), answered);
        assert!(batches.contains(&BATCH_MAX) && batches.iter().all(|size| *size <= BATCH_MAX));
    }
}
