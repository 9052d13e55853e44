//! `treering site`: facts about the site, and its boundary by digest.

use std::path::PathBuf;

use serde_json::json;
use toml::{Table, Value as Toml};

use crate::cli::failures::usage;
use crate::cli::own_store::OwnStore;
use crate::cli::say::desk::{Desk, SignArgs, read_document};
use crate::cli::say::entry::Entry;
use crate::cli::say::{form, say};
use crate::cli::voice::{Answer, Failure};
use crate::cli::{Context, Outcome};
use crate::evidence::boundary;
use crate::evidence::polygons::Shape;
use crate::ledger::read;
use crate::report::words::{count, safe};
use crate::statement::bodies::Body;
use crate::statement::bodies::site::Describe;

/// Arguments of `treering site`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering site                                          what the ledger says of the site
  treering site --boundary park.geojson --category Ia    described anew; the rest stays
  treering site --name de=\"Nationalpark\" --name rm=\"Parc Naziunal\"")]
#[command(after_help = "\
The ledger gets the boundary's digest and the area; the file itself is kept in the store, so that claims \
can be held to it.")]
pub struct Args {
    /// The boundary, GeoJSON (WGS 84)
    #[arg(long, value_name = "FILE")]
    boundary: Option<PathBuf>,
    /// A name, by its language (BCP 47)
    #[arg(long, value_name = "LANGUAGE=NAME")]
    name: Vec<String>,
    /// SITE_ID of the World Database on Protected and Conserved Areas
    #[arg(long, value_name = "N")]
    site_id: Option<i64>,
    /// SITE_PID, the parcel
    #[arg(long, value_name = "PID")]
    site_pid: Option<String>,
    /// A country, three capital letters
    #[arg(long, value_name = "CHE")]
    country: Vec<String>,
    /// The area in square metres [default: that of the boundary]
    #[arg(long, value_name = "M2")]
    area_m2: Option<i64>,
    /// IUCN protected area category
    #[arg(long, value_name = "Ia")]
    category: Option<String>,
    /// Who governs it, in your words
    #[arg(long, value_name = "TEXT")]
    governance: Option<String>,
    #[command(flatten)]
    sign: SignArgs,
}

impl Args {
    fn says_nothing(&self) -> bool {
        self.boundary.is_none()
            && self.name.is_empty()
            && self.site_id.is_none()
            && self.site_pid.is_none()
            && self.country.is_empty()
            && self.area_m2.is_none()
            && self.category.is_none()
            && self.governance.is_none()
    }
}

/// Describes the site, or shows its description.
pub fn run(context: &Context, args: Args) -> Outcome {
    if args.says_nothing() {
        return show(context);
    }
    say(context, &args.sign, form("site.describe"), "site", |desk| fill(&args, desk))
}

/// What stands, with what was given in its place.
fn fill(args: &Args, desk: &Desk<'_>) -> Result<Table, Failure> {
    let before = desk.site()?.cloned().unwrap_or_default();
    let or = |given: &Option<String>, before: Option<String>| given.clone().or(before);
    let mut names = before.names.clone();
    for name in &args.name {
        let Some((language, name)) = name.split_once('=') else {
            return Err(usage(
                format!("{name:?} names no language"),
                "a name is given with its language",
                "for example --name de=\"Nationalpark\"",
            ));
        };
        names.insert(language.into(), name.into());
    }
    let mut area = args.area_m2.or(before.area_m2.and_then(|area| area.try_into().ok()));
    let mut digest = before.boundary.map(|boundary| boundary.to_string());
    if let Some(path) = &args.boundary {
        let bytes = read_document(path, boundary::MAX_BYTES)?;
        // What is wrong with the file is said when the form is judged.
        let shape = boundary::read(&bytes).ok().and_then(|limits| Shape::of(&limits).ok());
        if let (None, Some(shape)) = (args.area_m2, shape) {
            area = i64::try_from(shape.square_metres()).ok();
        }
        digest = Some(format!("file:{}", path.display()));
    }
    let countries = match args.country.is_empty() {
        true => &before.countries,
        false => &args.country,
    };
    let mut entry = Entry::default()
        .number("site_id", args.site_id.or(before.site_id.and_then(|id| id.try_into().ok())))
        .maybe("site_pid", &or(&args.site_pid, before.site_pid))
        .list("countries", countries)
        .number("area_m2", area)
        .maybe("boundary", &digest)
        .maybe("iucn_category", &or(&args.category, before.iucn_category))
        .maybe("governance", &or(&args.governance, before.governance));
    if !names.is_empty() {
        let names = names.into_iter().map(|(tag, name)| (tag, Toml::String(name)));
        entry = entry.value("names", Toml::Table(names.collect()));
    }
    Ok(entry.table())
}

fn show(context: &Context) -> Outcome {
    let own = OwnStore::find(context)?;
    let mut latest: Option<(u64, Describe)> = None;
    for statement in read::statements(&own.folder, own.head()?.tree().size) {
        let (position, statement) = statement?;
        if let Body::SiteDescribe(site) = &statement.payload.body {
            latest = Some((position.0, site.clone()));
        }
    }
    let Some((position, site)) = latest else {
        let text = "The ledger says nothing of its site yet.\n";
        let answer = Answer::new("site", text, json!({ "position": null }));
        return Ok(answer.and_next("treering site --name LANGUAGE=NAME --boundary FILE.geojson"));
    };
    let mut text = format!("As @{position} says:\n");
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            text.push_str(&format!("  {name:<12} {}\n", safe(&value)));
        }
    };
    line("SITE_ID", site.site_id.map(|id| id.to_string()));
    line("SITE_PID", site.site_pid.clone());
    for (language, name) in &site.names {
        line("name", Some(format!("{name} ({language})")));
    }
    line("country", (!site.countries.is_empty()).then(|| site.countries.join(", ")));
    line("area", site.area_m2.map(|area| format!("{} m2", count(area))));
    line("boundary", site.boundary.map(|digest| digest.to_string()));
    line("category", site.iucn_category.clone());
    line("governance", site.governance.clone());
    let kept = site.boundary.map(|digest| own.store.document(&digest).is_file());
    let fields = json!({
        "position": position,
        "site_id": site.site_id,
        "site_pid": site.site_pid,
        "names": site.names,
        "countries": site.countries,
        "area_m2": site.area_m2,
        "boundary": site.boundary.map(|digest| digest.to_string()),
        "boundary_kept": kept,
        "iucn_category": site.iucn_category,
        "governance": site.governance,
    });
    Ok(Answer::new("site", text, fields))
}
