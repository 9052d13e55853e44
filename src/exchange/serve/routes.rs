//! Which request is answered how.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::X_CONTENT_TYPE_OPTIONS;
use axum::http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY,
};
use axum::http::{HeaderMap, Method, Response, StatusCode};

use super::accepting::NotTaken;
use super::files::{self, Wanted, not_found, said, set};
use super::metrics::{self, Route};
use super::names::Served;
use super::witnessing::come_again;
use super::{Shared, pages};
use crate::statement::envelope::{LedgerId, MAX_STATEMENT_BYTES, Statement};
use crate::tlog::hash::Hash;
use crate::tlog::witness::REQUEST_BYTES_MAX;

/// The longest path that is looked at: an id and the longest name of a tile.
const PATH_MAX: usize = 256;

/// The router. One handler for all: what a path means is decided below, in one place.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let begun = Instant::now();
    let head_only = request.method() == Method::HEAD;
    let (route, mut response) = dispatch(&shared, request).await;
    shared.metrics.count(route, response.status().as_u16(), begun.elapsed());
    // A tile is no page, whatever a browser thinks it sees in it.
    set(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    if head_only {
        *response.body_mut() = Body::empty();
    }
    response
}

async fn dispatch(shared: &Arc<Shared>, request: Request) -> (Route, Response<Body>) {
    let path = request.uri().path().to_owned();
    if path.len() > PATH_MAX {
        return (Route::Other, not_found());
    }
    match path.as_str() {
        "/add-checkpoint" => {
            let answered = match request.method() {
                &Method::POST => add_checkpoint(shared, request).await,
                _ => only("POST"),
            };
            return (Route::AddCheckpoint, answered);
        }
        "/statements" => {
            let answered = match request.method() {
                &Method::POST => statements(shared, request).await,
                _ => only("POST"),
            };
            return (Route::Statements, answered);
        }
        _ => {}
    }
    if !matches!(request.method(), &Method::GET | &Method::HEAD) {
        return (Route::Other, only("GET, HEAD"));
    }
    let headers = request.headers();
    match path.as_str() {
        "/" => (Route::List, list(shared, wants_json(headers)).await),
        "/ledgers.json" => (Route::List, list(shared, true).await),
        "/healthz" => (Route::Own, said(StatusCode::OK, "ok\n")),
        "/metrics" => (Route::Own, metrics(shared).await),
        path => file(shared, path, headers).await,
    }
}

/// A public file, or the newest head that the witness cosigned of a log.
async fn file(shared: &Arc<Shared>, path: &str, headers: &HeaderMap) -> (Route, Response<Body>) {
    let parts = path.strip_prefix('/').and_then(|path| path.split_once('/'));
    let Some((id, name)) = parts.and_then(|(id, name)| Some((Hash::from_hex(id)?, name))) else {
        return (Route::Other, not_found());
    };
    let Some(served) = Served::of(name) else { return (Route::Other, not_found()) };
    let ledgers = match shared.folders.at_hand() {
        Some(ledgers) => Some(ledgers),
        None => {
            let shared = Arc::clone(shared);
            blocking(move || shared.folders.list().ok()).await.flatten()
        }
    };
    let Some(ledger) = ledgers.as_ref().and_then(|ledgers| ledgers.get(&LedgerId(id))).cloned()
    else {
        if let (Some(witness), Served::Checkpoint) = (&shared.witness, served) {
            let newest = witness.newest(id).await;
            return (Route::WitnessCheckpoint, newest.unwrap_or_else(not_found));
        }
        return (Route::File, not_found());
    };
    let path = ledger.folder.join(name);
    let wanted = Wanted { ledger: ledger.id, name, served, path: path.clone() };
    if let Some(response) = files::at_hand(&shared.files, &wanted, headers) {
        return (Route::File, response);
    }
    let (shared, name, headers) = (Arc::clone(shared), name.to_owned(), headers.clone());
    let read = blocking(move || {
        let wanted = Wanted { ledger: ledger.id, name: &name, served, path };
        files::from_disk(&shared.files, &wanted, &headers)
    });
    (Route::File, read.await.unwrap_or_else(failed))
}

async fn list(shared: &Arc<Shared>, as_json: bool) -> Response<Body> {
    let shared = Arc::clone(shared);
    let Some(Ok(ledgers)) = blocking(move || shared.folders.list()).await else { return failed() };
    let mut response = match as_json {
        true => {
            let mut response = said(StatusCode::OK, pages::list(&ledgers));
            set(&mut response, CONTENT_TYPE, "application/json");
            response
        }
        false => {
            let mut response = said(StatusCode::OK, pages::page(&ledgers));
            set(&mut response, CONTENT_TYPE, "text/html; charset=utf-8");
            set(
                &mut response,
                CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            );
            response
        }
    };
    set(&mut response, CACHE_CONTROL, "public, max-age=2");
    set(&mut response, VARY, "Accept");
    response
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.contains("application/json") && !accepted.contains("text/html")
}

async fn metrics(shared: &Arc<Shared>) -> Response<Body> {
    let shared = Arc::clone(shared);
    let Some(text) = blocking(move || metrics::text(&shared)).await else { return failed() };
    let mut response = said(StatusCode::OK, text);
    set(&mut response, CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    response
}

async fn add_checkpoint(shared: &Arc<Shared>, request: Request) -> Response<Body> {
    let Some(witness) = &shared.witness else { return not_found() };
    match body_of(shared, request, REQUEST_BYTES_MAX).await {
        Ok(body) => witness.add_checkpoint(body, (shared.clock)()).await,
        Err(refused) => refused,
    }
}

async fn statements(shared: &Arc<Shared>, request: Request) -> Response<Body> {
    let Some(queue) = &shared.queue else { return not_found() };
    let body = match body_of(shared, request, MAX_STATEMENT_BYTES).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let statement = match Statement::read(body.to_vec()) {
        Ok(statement) => statement,
        Err(why) => return said(StatusCode::BAD_REQUEST, format!("not a statement: {why}\n")),
    };
    match queue.submit(statement).await {
        Ok(submission) => {
            let status = StatusCode::from_u16(submission.status()).unwrap_or(StatusCode::OK);
            let mut response = said(status, submission.print());
            set(&mut response, CONTENT_TYPE, "application/json");
            response
        }
        Err(NotTaken::Full) => come_again("too many statements wait already\n"),
        Err(NotTaken::NotNow(why)) => said(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the ledger takes no statements now: {why}\n"),
        ),
        Err(NotTaken::Gone) => {
            said(StatusCode::SERVICE_UNAVAILABLE, "the ledger takes no statements now\n")
        }
    }
}

/// The body of a request, within size and time.
async fn body_of(shared: &Shared, request: Request, max: usize) -> Result<Bytes, Response<Body>> {
    let told = request.headers().get(axum::http::header::CONTENT_LENGTH);
    let told = told.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|told| told > max as u64) {
        return Err(too_large(max));
    }
    match tokio::time::timeout(shared.patience.body, to_bytes(request.into_body(), max)).await {
        Ok(Ok(body)) => Ok(body),
        // Longer than it may be, or broken off: the second has nobody to tell.
        Ok(Err(_)) => Err(too_large(max)),
        Err(_) => Err(said(StatusCode::REQUEST_TIMEOUT, "the body came too slowly\n")),
    }
}

fn too_large(max: usize) -> Response<Body> {
    let mut response = said(StatusCode::PAYLOAD_TOO_LARGE, format!("at most {max} bytes\n"));
    // What is still to come is not read.
    set(&mut response, axum::http::header::CONNECTION, "close");
    response
}

fn only(methods: &str) -> Response<Body> {
    let mut response = said(StatusCode::METHOD_NOT_ALLOWED, format!("only {methods}\n"));
    set(&mut response, ALLOW, methods);
    response
}

fn failed() -> Response<Body> {
    said(StatusCode::INTERNAL_SERVER_ERROR, "the server failed\n")
}

/// Work that waits for a disk, by a thread that may. Nothing if it panicked.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
