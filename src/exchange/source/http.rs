//! Public files from a web server: `http://` and `https://`, GET and nothing else.
//!
//! What a server can cost is bounded on every side: connecting, waiting for the first byte, each pause,
//! the whole of one answer, the bytes after decompression, the number of tries. It is never followed to
//! another host: whoever named this one has not chosen another.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use ureq::http::{HeaderMap, StatusCode, Uri};
use ureq::{Agent, Body};

use super::{Given, Source, SourceError, Version, Wanted, copy_within};
use crate::exchange::public_file::PublicFile;

/// How long a server may take, and how often it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// To be reached, and to begin an answer.
    pub answer: Duration,
    /// For one whole answer. A longer file is asked for again from where it stopped, as long as it
    /// goes on growing.
    pub whole: Duration,
    /// Tries beyond the first, after a failure that may pass.
    pub tries_more: u32,
    /// The pause before the second try; each later one is four times the one before.
    pub pause: Duration,
}

impl Default for Patience {
    /// For a slow line in the mountains: 20 seconds, 2 minutes, three tries over five seconds.
    fn default() -> Patience {
        Patience {
            answer: Duration::from_secs(20),
            whole: Duration::from_secs(120),
            tries_more: 2,
            pause: Duration::from_secs(1),
        }
    }
}

/// Pauses that a server asks for (Retry-After) are kept up to this.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Redirects within one host.
const REDIRECTS_MAX: u32 = 3;
/// A whole answer must bring more than this for its rest to be worth asking for.
const GROWTH_MIN: u64 = 1 << 16;

/// A public folder on a web server.
#[derive(Clone, Debug)]
pub struct HttpSource {
    agent: Agent,
    /// Without a slash at its end.
    prefix: String,
    patience: Patience,
}

/// Host and port of an address, to be shown before anything is sent there; `None` if it is none.
pub fn address_host(address: &str) -> Option<String> {
    let uri: Uri = address.parse().ok()?;
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    uri.authority().filter(|_| known).map(|authority| authority.host().to_string())
}

/// How one try ended that gave no file.
enum Try {
    /// Asking again may help, after this pause at least.
    Again(SourceError, Option<Duration>),
    /// It will not.
    Over(SourceError),
}

impl HttpSource {
    /// The public folder below an address.
    pub fn new(address: &str, patience: Patience) -> Result<HttpSource, SourceError> {
        let no = |why: &str| SourceError::NoSource(format!("{address:?} is no address: {why}"));
        let uri: Uri = address.parse().map_err(|_| no("it is not spelled like one"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(no("it begins with neither http:// nor https://"));
        }
        let authority = uri.authority().ok_or_else(|| no("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(no("a name or password in it would be written down and sent"));
        }
        if uri.query().is_some() {
            return Err(no("file names are put after it, so it cannot hold a question mark"));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("treering/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(patience.answer))
            .timeout_connect(Some(patience.answer))
            .timeout_recv_response(Some(patience.answer))
            .timeout_per_read(Some(patience.answer))
            .timeout_recv_body(Some(patience.whole))
            .max_response_header_size(1 << 14)
            .build();
        let prefix = address.trim_end_matches('/').to_string();
        Ok(HttpSource { agent: config.into(), prefix, patience })
    }

    /// One question and its answer. What it wrote is added to `written`.
    fn attempt(
        &self,
        wanted: &Wanted<'_>,
        sink: &mut Counted<'_>,
        version: &mut Option<Version>,
    ) -> Result<Given, Try> {
        let file = wanted.file;
        let from = wanted.from + sink.written;
        let answer = self.ask(wanted, from, version.as_ref())?;
        let (parts, mut body) = answer.into_parts();
        let headers = &parts.headers;
        match parts.status {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => {}
            StatusCode::NOT_MODIFIED if wanted.known.is_some() => return Ok(Given::AsBefore),
            // What is asked for begins where the file ends.
            StatusCode::RANGE_NOT_SATISFIABLE if from > 0 => {
                return Ok(Given::Bytes(version.take()));
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                return Err(Try::Over(SourceError::Missing { file }));
            }
            status => return Err(refused(file, status, headers)),
        }
        if let Some(what) = page_for_people(headers) {
            return Err(Try::Over(SourceError::SomethingElse { file, what }));
        }
        let found = version_in(headers);
        let partial = parts.status == StatusCode::PARTIAL_CONTENT;
        if partial && !continues(headers, from) {
            let what = "another part of it".into();
            return Err(Try::Over(SourceError::SomethingElse { file, what }));
        }
        // A whole answer, perhaps compressed and under another tag, is passed over up to here; whether
        // its bytes are the same shows when they are proven.
        if partial && sink.written > 0 && *version != found {
            let what = "another file than a moment ago".into();
            return Err(Try::Over(SourceError::SomethingElse { file, what }));
        }
        *version = found;
        // A server that ignores ranges begins anew; what is here already is passed over.
        let mut skipped = Skip { sink, left: if partial { 0 } else { from } };
        // The ceiling holds after decompression, so that is where it is counted.
        let ceiling = Wanted { from: if partial { from } else { 0 }, ..*wanted };
        let reader = body.with_config().limit(u64::MAX).reader();
        let broken = |why: io::Error| SourceError::Unreachable { why: plain(&why) };
        match copy_within(reader, &ceiling, &mut skipped, broken) {
            Ok(()) => Ok(Given::Bytes(version.take())),
            Err(fault @ SourceError::Unreachable { .. }) => Err(Try::Again(fault, None)),
            Err(fault) => Err(Try::Over(fault)),
        }
    }

    fn ask(
        &self,
        wanted: &Wanted<'_>,
        from: u64,
        version: Option<&Version>,
    ) -> Result<ureq::http::Response<Body>, Try> {
        let mut address = format!("{}/{}", self.prefix, wanted.file.path());
        for _ in 0..=REDIRECTS_MAX {
            let mut request = self.agent.get(&address).header(
                "accept-encoding",
                match from {
                    0 => "gzip, identity",
                    _ => "identity",
                },
            );
            if from > 0 {
                request = request.header("range", format!("bytes={from}-"));
                if let Some(Version(tag)) = version {
                    request = request.header("if-range", tag);
                }
            } else if let Some(Version(tag)) = wanted.known {
                request = request.header(
                    if tag.contains('"') { "if-none-match" } else { "if-modified-since" },
                    tag,
                );
            }
            let answer = request.call().map_err(failed)?;
            if !answer.status().is_redirection() || answer.status() == StatusCode::NOT_MODIFIED {
                return Ok(answer);
            }
            address = self.redirected(wanted.file, &address, answer.headers())?;
        }
        let what = "one redirect after another".into();
        Err(Try::Over(SourceError::SomethingElse { file: wanted.file, what }))
    }

    /// Where a redirect leads, if that is the same host.
    fn redirected(&self, file: PublicFile, from: &str, headers: &HeaderMap) -> Result<String, Try> {
        let to = headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
        let elsewhere = || {
            let to = to.chars().take(200).collect();
            Try::Over(SourceError::Elsewhere { file, to })
        };
        let here: Uri = from.parse().map_err(|_| elsewhere())?;
        if to.starts_with('/') && !to.starts_with("//") {
            let authority = here.authority().ok_or_else(elsewhere)?;
            return Ok(format!("{}://{authority}{to}", here.scheme_str().unwrap_or("https")));
        }
        let there: Uri = to.parse().map_err(|_| elsewhere())?;
        let place = |uri: &Uri| (uri.scheme().cloned(), uri.authority().cloned());
        if there.authority().is_none() || place(&there) != place(&here) {
            return Err(elsewhere());
        }
        Ok(to.to_string())
    }
}

impl Source for HttpSource {
    fn called(&self) -> String {
        self.prefix.clone()
    }

    fn read(&self, wanted: &Wanted<'_>, sink: &mut dyn Write) -> Result<Given, SourceError> {
        let mut sink = Counted { sink, written: 0 };
        let mut version = None;
        let (mut tries_left, mut pause) = (self.patience.tries_more, self.patience.pause);
        loop {
            let (before, began) = (sink.written, Instant::now());
            let (fault, asked) = match self.attempt(wanted, &mut sink, &mut version) {
                Ok(given) => return Ok(given),
                Err(Try::Over(fault)) => return Err(fault),
                Err(Try::Again(fault, asked)) => (fault, asked),
            };
            // A long file over a slow line comes in parts; each part that grew it is no failure.
            let grew = sink.written - before >= GROWTH_MIN;
            if grew && began.elapsed() >= self.patience.whole {
                continue;
            }
            if tries_left == 0 {
                return Err(fault);
            }
            tries_left -= 1;
            std::thread::sleep(asked.unwrap_or(pause).min(PAUSE_MAX));
            pause *= 4;
        }
    }
}

/// A sink that knows how much it took.
struct Counted<'a> {
    sink: &'a mut dyn Write,
    written: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Passes over the first bytes.
struct Skip<'a, 'b> {
    sink: &'a mut Counted<'b>,
    left: u64,
}

impl Write for Skip<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let over = self.left.min(bytes.len() as u64) as usize;
        self.left -= over as u64;
        self.sink.write_all(&bytes[over..])?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Whether an answer to a range begins where it was asked to.
fn continues(headers: &HeaderMap, from: u64) -> bool {
    let range = headers.get("content-range").and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {from}-")))
}

fn version_in(headers: &HeaderMap) -> Option<Version> {
    let tag = headers.get("etag").or_else(|| headers.get("last-modified"))?;
    tag.to_str().ok().map(|tag| Version(tag.to_string()))
}

/// Public files are bytes or plain text. HTML is what login pages and tidy error pages are made of.
fn page_for_people(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get("content-type")?.to_str().ok()?;
    let html = ["text/html", "application/xhtml"];
    html.iter().any(|html| kind.trim_start().to_ascii_lowercase().starts_with(html)).then(|| {
        "a page for people (HTML): perhaps a login or an error page stands in between".into()
    })
}

/// Overload and trouble on the other side may pass; other refusals do not.
fn refused(file: PublicFile, status: StatusCode, headers: &HeaderMap) -> Try {
    let fault = SourceError::Refused { file, why: format!("status {status}") };
    let asked = headers.get("retry-after").and_then(|pause| pause.to_str().ok()?.parse().ok());
    match status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        true => Try::Again(fault, asked.map(Duration::from_secs)),
        false => Try::Over(fault),
    }
}

fn failed(why: ureq::Error) -> Try {
    let fault = SourceError::Unreachable { why: plain(&why) };
    match why {
        ureq::Error::Timeout(_)
        | ureq::Error::Io(_)
        | ureq::Error::ConnectionFailed
        | ureq::Error::HostNotFound => Try::Again(fault, None),
        _ => Try::Over(fault),
    }
}

/// An error on one line, whatever the other side put into it.
fn plain(why: &dyn std::error::Error) -> String {
    why.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}
