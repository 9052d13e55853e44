//! An attribute of a row in words.

use crate::evidence::attribute::Attribute;
use crate::report::words::{count, device_time, safe, time};

/// What the attribute says. Whatever a device claims is called its claim.
pub fn attribute_words(attribute: &Attribute) -> String {
    match attribute {
        Attribute::Path(path) => path.to_string(),
        Attribute::MediaType(media_type) => safe(media_type),
        Attribute::Captured(clock) => {
            format!("{} (the device's clock)", device_time(clock.seconds))
        }
        Attribute::Zone(seconds) => {
            format!("{} s east of UTC (the device's clock)", seconds)
        }
        Attribute::Gps(place) => format!(
            "{:.6} north, {:.6} east (the device's claim)",
            f64::from(place.latitude) / 1e6,
            f64::from(place.longitude) / 1e6
        ),
        Attribute::GpsTime(seconds) => format!("{} (the device's GPS receiver)", time(*seconds)),
        Attribute::CameraMake(text)
        | Attribute::CameraModel(text)
        | Attribute::CameraSerial(text)
        | Attribute::Deployment(text)
        | Attribute::MediaId(text)
        | Attribute::Format(text)
        | Attribute::Title(text) => safe(text),
        Attribute::Species(names) | Attribute::Labels(names) => safe(&names.join(", ")),
        Attribute::Extent(extent) => {
            let degrees = |micro: i32| f64::from(micro) / 1e6;
            format!(
                "{:.6} to {:.6} north, {:.6} to {:.6} east",
                degrees(extent.south),
                degrees(extent.north),
                degrees(extent.west),
                degrees(extent.east)
            )
        }
        Attribute::Span(span) if span.utc => {
            format!("{} to {}", time(span.first), time(span.last))
        }
        Attribute::Span(span) => format!(
            "{} to {} (the device's clock)",
            device_time(span.first),
            device_time(span.last)
        ),
        Attribute::Burst(burst) => match burst.of {
            Some(of) => format!("picture {} of {of}", burst.number),
            None => format!("picture {}", burst.number),
        },
        Attribute::Counts(counts) => {
            let one = |(what, number): (&String, &u64)| format!("{} {what}", count(*number));
            safe(&counts.iter().map(one).collect::<Vec<_>>().join(", "))
        }
        Attribute::Series(texts) => {
            let one = |(key, text): (&String, &String)| format!("{key} {text}");
            safe(&texts.iter().map(one).collect::<Vec<_>>().join(", "))
        }
        Attribute::Recording(recording) => {
            let seconds = recording.ms as f64 / 1_000.0;
            match recording.hz {
                Some(hz) => format!("{seconds:.3} s at {} Hz", count(u64::from(hz))),
                None => format!("{seconds:.3} s"),
            }
        }
        Attribute::Classified { by_machine: false, .. } => "by a person".into(),
        Attribute::Classified { by_machine: true, model } => match model {
            Some(model) => format!("by a machine: {}", safe(model)),
            None => "by a machine, its model not named".into(),
        },
        Attribute::Other { .. } => "of a kind this program does not understand".into(),
    }
}
