//! What a camera on a tree looks at: sky, a far ridge, a wooded slope, open ground with a few
//! conifers. The same place has the same ridges in every picture.

use super::canvas::{Canvas, Colour, Point, Stroke};
use super::noise::{Draws, grain, hills, seed};

/// The colours of one season at one hour.
#[derive(Clone, Copy)]
pub struct Palette {
    pub sky_top: Colour,
    pub sky_low: Colour,
    pub rock: Colour,
    pub wood: Colour,
    /// The two kinds of conifer: spruce, and larch that turns golden and bare.
    pub needles: [Colour; 2],
    pub ground_far: Colour,
    pub ground_near: Colour,
    /// Snow lies on the ground and on the trees.
    pub snow: bool,
    /// Flowers among the grass.
    pub flowers: bool,
}

/// A clear day in July.
pub const SUMMER_DAY: Palette = Palette {
    sky_top: Colour(86, 146, 208),
    sky_low: Colour(206, 226, 238),
    rock: Colour(136, 150, 168),
    wood: Colour(58, 88, 66),
    needles: [Colour(30, 58, 42), Colour(66, 104, 52)],
    ground_far: Colour(132, 158, 84),
    ground_near: Colour(74, 106, 46),
    snow: false,
    flowers: true,
};

/// Before sunrise in August, mist in the valley.
pub const SUMMER_DAWN: Palette = Palette {
    sky_top: Colour(126, 142, 176),
    sky_low: Colour(240, 206, 178),
    rock: Colour(132, 128, 150),
    wood: Colour(68, 84, 84),
    needles: [Colour(36, 52, 50), Colour(62, 80, 58)],
    ground_far: Colour(116, 128, 94),
    ground_near: Colour(66, 82, 52),
    snow: false,
    flowers: false,
};

/// A bright day in October: the larches are golden.
pub const AUTUMN_DAY: Palette = Palette {
    sky_top: Colour(74, 128, 190),
    sky_low: Colour(214, 222, 222),
    rock: Colour(142, 142, 152),
    wood: Colour(122, 104, 52),
    needles: [Colour(38, 60, 44), Colour(206, 152, 44)],
    ground_far: Colour(178, 156, 92),
    ground_near: Colour(128, 102, 54),
    snow: false,
    flowers: false,
};

/// Half an hour before sunset in September.
pub const AUTUMN_DUSK: Palette = Palette {
    sky_top: Colour(92, 98, 142),
    sky_low: Colour(236, 164, 110),
    rock: Colour(112, 94, 112),
    wood: Colour(70, 60, 56),
    needles: [Colour(34, 40, 42), Colour(120, 84, 42)],
    ground_far: Colour(136, 106, 74),
    ground_near: Colour(84, 66, 44),
    snow: false,
    flowers: false,
};

/// A cold day in January.
pub const WINTER_DAY: Palette = Palette {
    sky_top: Colour(120, 160, 206),
    sky_low: Colour(226, 232, 236),
    rock: Colour(142, 154, 176),
    wood: Colour(92, 106, 112),
    needles: [Colour(42, 60, 56), Colour(104, 92, 80)],
    ground_far: Colour(232, 238, 246),
    ground_near: Colour(206, 218, 234),
    snow: true,
    flowers: false,
};

const SNOW: Colour = Colour(240, 244, 250);

/// Where the ground begins, without its waves, in pixels from the top.
const GROUND: i32 = 132;

/// Somewhere to look from.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Decides the shape of everything.
    pub name: &'static str,
    /// How many conifers stand in view.
    pub trees: i32,
}

/// What is seen from there.
pub fn landscape(view: View, palette: &Palette) -> Canvas {
    let skyline = Skyline::of(view);
    let mut canvas = Canvas::painted(|x, y| {
        if y >= skyline.ground(x) {
            ground(&skyline, palette, x, y)
        } else if y >= skyline.wood(x) {
            wood(&skyline, palette, x, y)
        } else if y >= skyline.ridge(x) {
            ridge(&skyline, palette, x, y)
        } else {
            sky(&skyline, palette, x, y)
        }
    });
    stones(&mut canvas, &skyline, palette, view);
    trees(&mut canvas, &skyline, palette, view);
    canvas
}

/// The heights of a view, by column. Each layer of grain has a seed of its own: the view's number,
/// with the layer's number on top.
struct Skyline(u64);

impl Skyline {
    fn of(view: View) -> Skyline {
        Skyline(seed(view.name))
    }

    /// Peaks: folded hills, the fold turned up.
    fn ridge(&self, x: i32) -> i32 {
        let folded =
            |layer, wavelength| 512 - (hills(self.0 ^ layer, x, 0, wavelength) - 512).abs();
        92 - folded(1, 130) * 72 / 512 - folded(2, 46) * 16 / 512 - folded(3, 13) * 5 / 512
    }

    fn wood(&self, x: i32) -> i32 {
        let tops = grain(self.0 ^ 5, x / 2, 0) * 5 / 1024;
        118 - hills(self.0 ^ 4, x, 0, 110) * 44 / 1024 - tops
    }

    fn ground(&self, x: i32) -> i32 {
        GROUND + hills(self.0 ^ 6, x, 0, 150) * 14 / 1024
    }
}

fn sky(skyline: &Skyline, palette: &Palette, x: i32, y: i32) -> Colour {
    let clear = palette.sky_top.mix(palette.sky_low, y * 256 / 110);
    let cloud = hills(skyline.0 ^ 7, x, y * 4, 90) + hills(skyline.0 ^ 8, x, y * 4, 34) / 2;
    clear.mix(palette.sky_low.mix(Colour(255, 255, 255), 110), (cloud - 780).clamp(0, 512) / 3)
}

fn ridge(skyline: &Skyline, palette: &Palette, x: i32, y: i32) -> Colour {
    let below = y - skyline.ridge(x);
    // Rock faces, lit from the left.
    let face = hills(skyline.0 ^ 9, x * 2 + y, y - x, 22)
        + hills(skyline.0 ^ 10, x * 3 - y, y * 2, 15) / 2;
    let rock = palette.rock.shifted((face - 760) / 22);
    let snow_line = if palette.snow { 90 } else { 9 };
    let snow = (snow_line - below) * 26 + (face - 760) / 2;
    let white = SNOW.mix(palette.sky_low, 90).shifted((face - 760) / 40);
    // Air between: the foot of the ridge is as pale as the sky above it.
    rock.mix(white, snow.clamp(0, 230)).mix(palette.sky_low, 40 + below.clamp(0, 70))
}

fn wood(skyline: &Skyline, palette: &Palette, x: i32, y: i32) -> Colour {
    let below = y - skyline.wood(x);
    let crowns = grain(skyline.0 ^ 11, x / 2, y / 3) / 2 + hills(skyline.0 ^ 12, x, y, 9);
    let light = palette.wood.shifted((crowns - 768) / 26);
    let dusted =
        if palette.snow { light.mix(SNOW, (crowns - 560).clamp(0, 900) / 9) } else { light };
    dusted.mix(palette.sky_low, (84 - below * 2).max(20))
}

fn ground(skyline: &Skyline, palette: &Palette, x: i32, y: i32) -> Colour {
    let depth = y - skyline.ground(x);
    let base = palette.ground_far.mix(palette.ground_near, depth * 256 / 100);
    // Nearer things are larger: 4 at the far edge, about 16 at the feet of the camera.
    let near = 4 + depth / 8;
    let patches = hills(skyline.0 ^ 13, x * 24 / near, y * 60 / near, 60);
    if palette.snow {
        let waves = hills(skyline.0 ^ 14, x * 20 / near, y * 70 / near, 44);
        return base.mix(Colour(168, 186, 216), (patches + waves - 900).clamp(0, 700) / 5);
    }
    let blades = grain(skyline.0 ^ 15, x * 4 / (3 + depth / 40), y * 4 / (6 + depth / 4));
    let grass = base.shifted((patches - 512) / 24 + (blades - 512) * (12 + depth / 5) / 1024);
    let flower = grain(skyline.0 ^ 16, x * 4 / near, y * 6 / near);
    if palette.flowers && flower > 1012 && patches > 480 {
        let petals = [Colour(232, 206, 74), Colour(236, 236, 230), Colour(150, 104, 186)];
        return grass.mix(petals[(flower % 3) as usize], 190);
    }
    grass
}

fn stones(canvas: &mut Canvas, skyline: &Skyline, palette: &Palette, view: View) {
    let mut draws = Draws::of(&format!("stones at {}", view.name));
    let mut stones: Vec<(i32, i32)> =
        (0..draws.between(4, 7)).map(|_| (draws.between(6, 64), draws.between(0, 319))).collect();
    // Far ones first: near ones stand before them.
    stones.sort_unstable();
    for (depth, x) in stones {
        let y = skyline.ground(x) + depth;
        let size = 2 + depth / 9;
        let from = Point { x: (x - size) * 16, y: (y - size / 3) * 16 };
        let to = Point { x: (x + size / 2) * 16, y: (y - size / 4) * 16 };
        let stone = Stroke { from, from_radius: size * 9, to, to_radius: size * 12 };
        canvas.silhouette(&[stone], |px, py| {
            let height = y + size / 3 - py;
            let grey =
                palette.rock.mix(palette.ground_near, 90).lit(150 + height * 90 / size.max(1));
            let texture = (grain(skyline.0 ^ 17, px, py) - 512) / 50;
            if palette.snow && height > size * 2 / 3 {
                SNOW.shifted(-8)
            } else {
                grey.shifted(texture)
            }
        });
    }
}

/// A conifer: how far before the edge of the open ground, in which column, how high, and with which
/// of a palette's needles. Ordered from far to near.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Tree {
    depth: i32,
    x: i32,
    height: i32,
    kind: usize,
}

fn trees(canvas: &mut Canvas, skyline: &Skyline, palette: &Palette, view: View) {
    let mut draws = Draws::of(&format!("trees at {}", view.name));
    let mut trees: Vec<Tree> = (0..view.trees)
        .map(|_| {
            // The middle of the view is kept open: somebody chose where the camera looks.
            let aside = draws.between(8, 150);
            let x = if draws.between(0, 1) == 0 { 150 - aside } else { 170 + aside };
            let depth = draws.between(0, aside / 8);
            let height = 22 + depth * 3 + draws.between(0, 22);
            Tree { depth, x, height, kind: draws.between(0, 1) as usize }
        })
        .collect();
    trees.sort_unstable();
    for tree in &trees {
        conifer(canvas, skyline, palette, tree);
    }
}

fn conifer(canvas: &mut Canvas, skyline: &Skyline, palette: &Palette, tree: &Tree) {
    // Far trees stand in the haze.
    let needles = palette.needles[tree.kind].mix(palette.sky_low, 60 - tree.depth * 3);
    let top = skyline.ground(tree.x) + tree.depth - tree.height;
    // Branches in tiers, each wider than the one above.
    let tier = (tree.height / 7).max(3);
    for down in 0..tree.height {
        let y = top + down;
        let spread = down * 24 / 100 + down % tier * 46 / 100;
        let ragged = grain(skyline.0 ^ 18, tree.x, y) * (2 + spread / 4) / 1024;
        let half = (spread - ragged).max(0);
        for aside in -half..=half {
            let x = tree.x + aside;
            // Lit from the left.
            let light = -aside * 22 / (half + 1);
            let laden = palette.snow && down % tier > tier / 2;
            let colour = if laden && grain(skyline.0 ^ 20, x, y) > 380 {
                SNOW.shifted(light - 14)
            } else {
                needles.shifted(light + (grain(skyline.0 ^ 19, x, y) - 512) / 30)
            };
            canvas.blend(x, y, colour, if aside.abs() == half { 120 } else { 240 });
        }
    }
}

/// The same view by the camera's own infrared lamp: no colour, no sky, and light that falls off
/// with distance and towards the corners.
pub fn by_infrared(canvas: &mut Canvas, view: View) {
    let skyline = Skyline::of(view);
    canvas.repaint(|pixel, x, y| {
        let depth = y - skyline.ground(x);
        let reach = match depth {
            ..0 => 20 + (y - 40).clamp(0, 90) / 3,
            _ => 66 + depth * 2,
        };
        let corner = ((x - 160) * (x - 160) + (y - 150) * (y - 150)) / 190;
        pixel.grey().lit((reach - corner * reach / 256).clamp(4, 230))
    });
}

#[cfg(test)]
mod tests {
    use super::super::canvas::{HEIGHT, WIDTH};
    use super::*;

    fn view(name: &'static str) -> View {
        View { name, trees: 20 }
    }

    /// Mean brightness of some rows.
    fn brightness(canvas: &Canvas, rows: std::ops::Range<i32>) -> i32 {
        let bytes = canvas.rgb();
        let of = &bytes[(rows.start * WIDTH * 3) as usize..(rows.end * WIDTH * 3) as usize];
        of.iter().map(|&channel| i32::from(channel)).sum::<i32>() / of.len() as i32
    }

    #[test]
    fn a_place_is_recognised_and_another_is_another() {
        let seen = |name| landscape(view(name), &SUMMER_DAY).rgb();
        assert_eq!(seen("here"), seen("here"));
        assert_ne!(seen("here"), seen("there"));
    }

    #[test]
    fn the_skyline_is_in_order_and_within_the_picture() {
        for name in ["here", "there", "anywhere", ""] {
            let skyline = Skyline::of(view(name));
            for x in -20..WIDTH + 20 {
                assert!((0..HEIGHT).contains(&skyline.ridge(x)), "{name} {x}");
                assert!(skyline.wood(x) < skyline.ground(x), "{name} {x}");
            }
        }
    }

    #[test]
    fn the_sky_is_bright_by_day_and_dark_by_lamp() {
        let mut canvas = landscape(view("here"), &WINTER_DAY);
        assert!(brightness(&canvas, 0..20) > 140);
        by_infrared(&mut canvas, view("here"));
        assert!(brightness(&canvas, 0..20) < 30);
        assert!(brightness(&canvas, 170..210) > 80);
        let rgb = canvas.rgb();
        assert!(rgb.chunks(3).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]));
    }
}
