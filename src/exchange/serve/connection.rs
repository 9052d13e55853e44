//! Connections: how many, how slow, how they end.
//!
//! A client that sends its request byte by byte, or takes its answer so, holds a place that another one
//! could have. So each side of a connection has a clock: the head and the body of a request have to be
//! there in time, and of what is sent some has to be taken in time.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep};

use super::Patience;

/// Bytes of a request's head, at most: a path of some 200 and a few headers.
const HEAD_BYTES_MAX: usize = 16 * 1_024;

/// How often it is asked whether to stop: Ctrl-C sets a flag, and a flag has to be looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Whether to stop, for many to wait for.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Stops when `told` says so.
    pub fn polling(told: Arc<dyn Fn() -> bool + Send + Sync>) -> Stop {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            while !told() {
                sleep(LOOK).await;
            }
            // Nobody left to tell is fine.
            let _ = sender.send(true);
        });
        Stop(receiver)
    }

    async fn told(&mut self) {
        // A sender that is gone is the end, too.
        let _ = self.0.wait_for(|told| *told).await;
    }
}

/// Serves every connection until told to stop, then waits a while for those at work.
pub async fn accept_until(listener: TcpListener, router: Router, patience: Patience, stop: Stop) {
    let places = Arc::new(Semaphore::new(patience.connections));
    let mut stopping = stop.clone();
    loop {
        let next = async {
            // Who finds no place waits in the system's queue and is not read from.
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stopping.told() => break,
            next = next => next,
        };
        let (Ok(place), Ok((stream, _))) = (place, accepted) else {
            // Out of file handles, or the client is gone already: the next try may go better.
            sleep(Duration::from_millis(10)).await;
            continue;
        };
        let (router, stop) = (router.clone(), stop.clone());
        tokio::spawn(async move {
            serve_one(stream, router, patience, stop).await;
            drop(place);
        });
    }
    drop(listener);
    let all = u32::try_from(patience.connections).unwrap_or(u32::MAX);
    // Who is not done by then is cut off.
    let _ = tokio::time::timeout(patience.stopping, places.acquire_many(all)).await;
}

async fn serve_one(stream: TcpStream, router: Router, patience: Patience, mut stop: Stop) {
    let _ = stream.set_nodelay(true);
    let io = TokioIo::new(Watched::new(stream, patience));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(io, TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    tokio::select! {
        // How it ended is the client's business: gone, too slow, or no HTTP.
        _ = connection.as_mut() => return,
        () = stop.told() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// A connection whose client has to take some of what it is sent, and to send something now and then.
struct Watched {
    stream: TcpStream,
    reading: Clock,
    writing: Clock,
    taken: u64,
}

/// A time within which something has to happen.
struct Clock {
    within: Duration,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Clock {
    fn new(within: Duration) -> Clock {
        Clock { within, alarm: None }
    }

    fn stop(&mut self) {
        self.alarm = None;
    }

    /// Whether the time is over; starts it if it does not run.
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        let within = self.within;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(within)));
        alarm.as_mut().poll(context).is_ready()
    }

    fn again(&mut self, context: &mut Context<'_>) {
        let end = Instant::now() + self.within;
        if let Some(alarm) = &mut self.alarm {
            alarm.as_mut().reset(end);
            // Registers for the new end; it lies ahead.
            let _ = alarm.as_mut().poll(context);
        }
    }
}

impl Watched {
    fn new(stream: TcpStream, patience: Patience) -> Watched {
        // A client that waits for its answer sends nothing: it has the time of all that may take.
        let silent = patience.head + patience.body + patience.reading;
        Watched {
            stream,
            reading: Clock::new(silent),
            writing: Clock::new(patience.reading),
            taken: 0,
        }
    }

    /// What came of a try to write: waiting is allowed for a while.
    fn wrote<T>(
        &mut self,
        context: &mut Context<'_>,
        tried: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> u64,
    ) -> Poll<io::Result<T>> {
        match tried {
            Poll::Ready(done) => {
                if let Ok(written) = &done {
                    self.taken += bytes(written);
                    // Who takes an answer need not speak meanwhile.
                    self.reading.stop();
                }
                // As long as nothing has to wait nothing is slow.
                if self.taken >= Patience::LEAST_BYTES {
                    self.writing.stop();
                    self.taken = 0;
                }
                Poll::Ready(done)
            }
            Poll::Pending => match self.writing.is_over(context) {
                false => Poll::Pending,
                true if self.taken >= Patience::LEAST_BYTES => {
                    self.taken = 0;
                    self.writing.again(context);
                    Poll::Pending
                }
                true => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            },
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(done) => {
                self.reading.stop();
                Poll::Ready(done)
            }
            Poll::Pending if self.reading.is_over(context) => {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(context, tried, |written| *written as u64)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(context, tried, |written| *written as u64)
    }
}
