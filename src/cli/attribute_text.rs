//! An attribute of a row in words.

use crate::evidence::attribute::Attribute;
use crate::report::words::{device_time, safe, time};

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
        | Attribute::MediaId(text) => safe(text),
        Attribute::Species(names) => safe(&names.join(", ")),
        Attribute::Other { .. } => "of a kind this program does not understand".into(),
    }
}
