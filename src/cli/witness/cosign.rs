//! `treering witness cosign`: a request that came on a stick or by mail.

use std::path::PathBuf;

use serde_json::json;

use super::{incarnation, open};
use crate::cli::given_file::{self, Kind};
use crate::cli::output::{self, Overwrite};
use crate::cli::own_store::OwnStore;
use crate::cli::voice::Answer;
use crate::cli::{Context, Outcome, clock};
use crate::exchange::witness::WitnessError;
use crate::report::words::{rfc3339, safe, time};
use crate::tlog::witness::{AddCheckpoint, REQUEST_BYTES_MAX};

/// Arguments of `treering witness cosign`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering witness cosign request.txt -o cosigned.txt    the log's side: treering cosign-request
                                                         and then treering cosign-accept cosigned.txt")]
#[command(after_help = "\
The files hold what the two sides would send over HTTP (C2SP tlog-witness), to the byte.")]
pub struct Args {
    /// The request; - is standard input
    file: PathBuf,
    /// Where to write the line [default: standard output]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    #[command(flatten)]
    overwrite: Overwrite,
}

/// Cosigns it, or says why not.
pub fn run(context: &Context, args: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let bytes = given_file::read_or_stdin(&args.file, Kind::CosignRequest, REQUEST_BYTES_MAX)?;
    if given_file::is_another(Kind::CosignRequest, &bytes).is_some() {
        return Err(given_file::not_one(&args.file, Kind::CosignRequest, &bytes, ""));
    }
    let request = AddCheckpoint::parse(&bytes).map_err(WitnessError::Declined)?;
    let witness = open(context, &own, "witness cosign")?;
    let cosigned = witness.cosign(&request, clock::cosignature_time()?, incarnation())?;
    let line = format!("{}\n", cosigned.line);
    let origin = &request.checkpoint().origin;
    let seconds = i64::try_from(cosigned.time.seconds()).unwrap_or(i64::MAX);
    let fields = json!({
        "origin": origin.to_string(),
        "size": cosigned.tree.size.0,
        "root": cosigned.tree.root.to_string(),
        "time": rfc3339(seconds),
        "line": cosigned.line.to_string(),
    });
    let Some(path) = &args.output else {
        // The line alone, so that it can be sent on as it stands.
        context.voice.note(&format!(
            "Cosigned {} at size {}",
            safe(origin.as_str()),
            cosigned.tree.size
        ));
        return Ok(Answer::new("witness", line, fields));
    };
    output::write(path, &line, args.overwrite)?;
    let text = format!(
        "Cosigned {} at size {}, {}\nWrote {}\n",
        safe(origin.as_str()),
        cosigned.tree.size,
        time(seconds),
        path.display()
    );
    let next = format!("hand it back; they run treering cosign-accept {}", path.display());
    Ok(Answer::new("witness", text, fields).and_next(&next))
}
