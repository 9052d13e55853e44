//! Pictures as devices leave them on their cards: a camera trap's, with its line of time and
//! temperature, and a field phone's, with zone and place.

use jiff::civil::DateTime;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::animals::{Animal, Pose};
use super::canvas::{Canvas, Colour, HEIGHT, WIDTH};
use super::caption::caption;
use super::exif_writer::{Claims, Fix, exif_block};
use super::landscape::{Palette, View, by_infrared, landscape};
use super::noise::{grain, hills, seed};

/// A camera on a tree.
#[derive(Clone, Copy, Debug)]
pub struct Station {
    pub id: &'static str,
    pub serial: &'static str,
    pub view: View,
}

/// One release of a camera trap.
#[derive(Clone, Copy)]
pub struct Release<'a> {
    pub station: Station,
    pub palette: &'a Palette,
    /// By the camera's infrared lamp, at night.
    pub lamp: bool,
    /// On the camera's clock, whose zone it does not know.
    pub taken: DateTime,
    pub celsius: i32,
    pub animals: &'a [Pose],
}

/// What every picture says of itself.
const DESCRIPTION: &str = "Invented picture, drawn by treering demo";

/// The JPEG that a camera trap writes.
pub fn camera_trap(release: &Release<'_>) -> Vec<u8> {
    let frame = seed(&format!("{} {}", release.station.id, release.taken));
    let mut canvas = landscape(release.station.view, release.palette);
    if release.lamp {
        by_infrared(&mut canvas, release.station.view);
    }
    for &pose in release.animals {
        draw(&mut canvas, pose, release.palette, release.lamp);
    }
    canvas.grainy(frame, if release.lamp { 26 } else { 12 });
    caption(
        &mut canvas,
        &release.taken.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        &format!("{}°C  {}", release.celsius, release.station.id),
    );
    jpeg(
        &canvas,
        &Claims {
            description: DESCRIPTION,
            make: "FERNWILD",
            model: "FW-12 TRAIL",
            software: "FW12 2.4",
            serial: release.station.serial,
            size: (WIDTH as u32, HEIGHT as u32),
            taken: release.taken,
            fix: None,
        },
    )
}

/// The JPEG that a field phone writes.
pub fn field_phone(
    view: View,
    palette: &Palette,
    bird: Pose,
    taken: DateTime,
    fix: Fix,
) -> Vec<u8> {
    let mut canvas = landscape(view, palette);
    draw(&mut canvas, bird, palette, false);
    canvas.grainy(seed(view.name), 6);
    jpeg(
        &canvas,
        &Claims {
            description: DESCRIPTION,
            make: "Holdfast",
            model: "Fieldphone 3",
            software: "HF3.0412",
            serial: "HF3-118204",
            size: (WIDTH as u32, HEIGHT as u32),
            taken,
            fix: Some(fix),
        },
    )
}

/// The fur of an animal: of its belly and legs, and of its back.
fn coat(animal: Animal) -> (Colour, Colour) {
    match animal {
        Animal::Chamois => (Colour(56, 38, 26), Colour(118, 80, 48)),
        Animal::Stag => (Colour(44, 28, 20), Colour(92, 60, 40)),
        Animal::Ibex => (Colour(48, 40, 34), Colour(94, 80, 66)),
        Animal::Fox => (Colour(104, 62, 38), Colour(168, 98, 54)),
        Animal::Hare => (Colour(150, 146, 142), Colour(206, 204, 202)),
        Animal::Lynx => (Colour(112, 92, 70), Colour(168, 142, 108)),
        Animal::Vulture => (Colour(44, 38, 38), Colour(84, 66, 54)),
    }
}

fn draw(canvas: &mut Canvas, pose: Pose, palette: &Palette, lamp: bool) {
    let (x, foot) = pose.at;
    let flies = pose.animal == Animal::Vulture;
    if !flies {
        shadow(canvas, pose, palette.snow, lamp);
    }
    let (belly, back) = coat(pose.animal);
    let fur = seed(&format!("{:?}", pose.animal));
    let top = foot - pose.height;
    canvas.silhouette(&pose.strokes(), |px, py| {
        // Light from above: the back is bright, the belly and legs are dark.
        let light = (foot - py) * 256 / pose.height.max(1) - 90;
        let hair = (grain(fur, px, py) - 512) / 44;
        let spots = hills(fur, px - x, py - top, 2) > 640 && pose.animal == Animal::Lynx;
        let coat = if flies { belly } else { belly.mix(back, light) };
        let coat = if spots { coat.lit(190) } else { coat }.shifted(hair);
        if lamp {
            // Fur throws the lamp back, but less than snow.
            coat.grey().lit(300)
        } else {
            coat.mix(palette.sky_low, 6)
        }
    });
    if let Some((eye_x, eye_y)) = pose.eye() {
        let (shine, part) =
            if lamp { (Colour(255, 255, 255), 256) } else { (Colour(10, 8, 6), 200) };
        canvas.blend(eye_x, eye_y, shine, part);
        if lamp {
            for (dx, dy) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
                canvas.blend(eye_x + dx, eye_y + dy, shine, 130);
            }
        }
    }
}

/// A flat dark patch under an animal that stands.
fn shadow(canvas: &mut Canvas, pose: Pose, snow: bool, lamp: bool) {
    let (x, y) = pose.at;
    let (across, deep) = (pose.height * 80 / 100, (pose.height / 9).max(2));
    let shade = if snow { Colour(96, 116, 150) } else { Colour(22, 28, 18) };
    let shade = if lamp { shade.grey().lit(100) } else { shade };
    for dy in -deep..=deep {
        for dx in -across..=across {
            // 256 at the middle, 0 at the ellipse's edge.
            let inside = 256 - dx * dx * 256 / (across * across) - dy * dy * 256 / (deep * deep);
            if inside > 0 {
                canvas.blend(x + dx, y + dy, shade, inside * 150 / 256);
            }
        }
    }
}

fn jpeg(canvas: &Canvas, claims: &Claims<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 80);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    // Neither can fail: the block is some 500 bytes of the 65,528 that fit, the pixels are all
    // there, and a vector takes what it is given.
    encoder.add_exif_metadata(&exif_block(claims)).expect("demo: an EXIF block that fits");
    encoder
        .encode(&canvas.rgb(), WIDTH as u16, HEIGHT as u16, ColorType::Rgb)
        .expect("demo: a picture that encodes");
    bytes
}
