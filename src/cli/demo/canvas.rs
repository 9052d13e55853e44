//! A small picture in memory, and the few marks that are made on it. Whole numbers only.

use super::noise::grain;

/// Pixels per row.
pub const WIDTH: i32 = 320;
/// Rows.
pub const HEIGHT: i32 = 240;

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub i32, pub i32, pub i32);

impl Colour {
    /// `part` of 256 of the other colour, the rest of this one.
    pub fn mix(self, other: Colour, part: i32) -> Colour {
        let part = part.clamp(0, 256);
        let between = |own: i32, its: i32| own + (its - own) * part / 256;
        Colour(between(self.0, other.0), between(self.1, other.1), between(self.2, other.2))
    }

    /// As bright as `part` of 256 says.
    pub fn lit(self, part: i32) -> Colour {
        Colour(self.0 * part / 256, self.1 * part / 256, self.2 * part / 256).within()
    }

    /// Each channel moved by the same amount.
    pub fn shifted(self, by: i32) -> Colour {
        Colour(self.0 + by, self.1 + by, self.2 + by).within()
    }

    /// What an infrared camera sees of it (the weights of ITU-R BT.601).
    pub fn grey(self) -> Colour {
        let luma = (self.0 * 299 + self.1 * 587 + self.2 * 114) / 1000;
        Colour(luma, luma, luma)
    }

    fn within(self) -> Colour {
        Colour(self.0.clamp(0, 255), self.1.clamp(0, 255), self.2.clamp(0, 255))
    }
}

/// A point in sixteenths of a pixel, from the top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    pub x: i32,
    pub y: i32,
}

/// A tapered stroke: everything within a radius of the line between two points, the radius growing
/// evenly from one end to the other. All measures in sixteenths of a pixel.
#[derive(Clone, Copy, Debug)]
pub struct Stroke {
    pub from: Point,
    pub from_radius: i32,
    pub to: Point,
    pub to_radius: i32,
}

impl Stroke {
    /// Left, top, right, bottom.
    fn edges(&self) -> [i32; 4] {
        let (from, to, from_radius, to_radius) =
            (self.from, self.to, self.from_radius, self.to_radius);
        [
            (from.x - from_radius).min(to.x - to_radius),
            (from.y - from_radius).min(to.y - to_radius),
            (from.x + from_radius).max(to.x + to_radius),
            (from.y + from_radius).max(to.y + to_radius),
        ]
    }

    fn covers(&self, point: Point) -> bool {
        let along = |a: Point, b: Point| (i64::from(b.x - a.x), i64::from(b.y - a.y));
        let (line, arm) = (along(self.from, self.to), along(self.from, point));
        let length2 = (line.0 * line.0 + line.1 * line.1).max(1);
        // The nearest point of the line, t = 0..=1024 of the way.
        let t = ((line.0 * arm.0 + line.1 * arm.1) * 1024 / length2).clamp(0, 1024);
        let (dx, dy) = (arm.0 - line.0 * t / 1024, arm.1 - line.1 * t / 1024);
        let radius =
            i64::from(self.from_radius) + i64::from(self.to_radius - self.from_radius) * t / 1024;
        dx * dx + dy * dy <= radius * radius
    }
}

/// A picture of [`WIDTH`] × [`HEIGHT`].
pub struct Canvas {
    pixels: Vec<Colour>,
}

impl Canvas {
    /// Every pixel as `colour(x, y)` says.
    pub fn painted(mut colour: impl FnMut(i32, i32) -> Colour) -> Canvas {
        let rows = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
        Canvas { pixels: rows.map(|(x, y)| colour(x, y)).collect() }
    }

    /// Every pixel again, as `colour(what it was, x, y)` says.
    pub fn repaint(&mut self, mut colour: impl FnMut(Colour, i32, i32) -> Colour) {
        for (at, pixel) in (0..).zip(&mut self.pixels) {
            *pixel = colour(*pixel, at % WIDTH, at / WIDTH);
        }
    }

    /// `part` of 256 of the colour at one pixel; nothing beyond the edge.
    pub fn blend(&mut self, x: i32, y: i32, colour: Colour, part: i32) {
        if (0..WIDTH).contains(&x) && (0..HEIGHT).contains(&y) {
            let pixel = &mut self.pixels[(y * WIDTH + x) as usize];
            *pixel = pixel.mix(colour, part);
        }
    }

    /// The union of strokes, its edge smooth (sixteen samples per pixel), each pixel as
    /// `colour(x, y)` says.
    pub fn silhouette(&mut self, strokes: &[Stroke], colour: impl Fn(i32, i32) -> Colour) {
        let edges = strokes.iter().map(Stroke::edges).reduce(|all, one| {
            let least = |side: usize| all[side].min(one[side]);
            let most = |side: usize| all[side].max(one[side]);
            [least(0), least(1), most(2), most(3)]
        });
        let Some([left, top, right, bottom]) = edges.map(|edges| edges.map(|at| at.div_euclid(16)))
        else {
            return;
        };
        for y in top.max(0)..=bottom.min(HEIGHT - 1) {
            for x in left.max(0)..=right.min(WIDTH - 1) {
                let covered = (0..16)
                    .map(|n| Point { x: x * 16 + n % 4 * 4 + 2, y: y * 16 + n / 4 * 4 + 2 })
                    .filter(|&sample| strokes.iter().any(|stroke| stroke.covers(sample)))
                    .count();
                if covered > 0 {
                    self.blend(x, y, colour(x, y), covered as i32 * 16);
                }
            }
        }
    }

    /// What a sensor adds: each pixel brighter or darker by up to `reach`.
    pub fn grainy(&mut self, seed: u64, reach: i32) {
        self.repaint(|pixel, x, y| {
            // Two grains make the middle likelier than the ends.
            let two = grain(seed, x, y) + grain(!seed, x, y) - 1023;
            pixel.shifted(two * reach / 1024)
        });
    }

    /// The bytes that an encoder wants: red, green, blue, row by row.
    pub fn rgb(&self) -> Vec<u8> {
        let channels = self.pixels.iter().flat_map(|&Colour(r, g, b)| [r, g, b]);
        channels.map(|channel| channel.clamp(0, 255) as u8).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: Colour = Colour(0, 0, 0);
    const WHITE: Colour = Colour(255, 255, 255);

    fn ink(canvas: &Canvas) -> i32 {
        canvas.pixels.iter().map(|pixel| pixel.0).sum::<i32>() / 255
    }

    #[test]
    fn a_disc_has_its_area() {
        let mut canvas = Canvas::painted(|_, _| BLACK);
        let middle = Point { x: 100 * 16, y: 100 * 16 };
        let disc = Stroke { from: middle, from_radius: 20 * 16, to: middle, to_radius: 20 * 16 };
        canvas.silhouette(&[disc], |_, _| WHITE);
        // π · 20² = 1256.6
        assert!((1245..=1268).contains(&ink(&canvas)), "{}", ink(&canvas));
        // A second disc in the same place adds nothing.
        let mut twice = Canvas::painted(|_, _| BLACK);
        twice.silhouette(&[disc, disc], |_, _| WHITE);
        assert_eq!(twice.pixels, canvas.pixels);
    }

    #[test]
    fn a_tapered_stroke_has_its_area() {
        let mut canvas = Canvas::painted(|_, _| BLACK);
        canvas.silhouette(
            &[Stroke {
                from: Point { x: 50 * 16, y: 100 * 16 },
                from_radius: 4 * 16,
                to: Point { x: 150 * 16, y: 100 * 16 },
                to_radius: 8 * 16,
            }],
            |_, _| WHITE,
        );
        // A trapezium of (8 + 16) / 2 · 100 and two half discs: 1200 + 25.1 + 100.5.
        assert!((1300..=1345).contains(&ink(&canvas)), "{}", ink(&canvas));
    }

    #[test]
    fn nothing_is_drawn_beyond_the_edge() {
        let mut canvas = Canvas::painted(|_, _| BLACK);
        let corner = Point { x: -16, y: HEIGHT * 16 };
        let disc = Stroke { from: corner, from_radius: 160, to: corner, to_radius: 160 };
        canvas.silhouette(&[disc], |_, _| WHITE);
        canvas.silhouette(&[], |_, _| WHITE);
        canvas.blend(-1, 0, WHITE, 256);
        canvas.blend(0, HEIGHT, WHITE, 256);
        assert!((30..80).contains(&ink(&canvas)), "{}", ink(&canvas));
        assert_eq!(canvas.rgb().len() as i32, WIDTH * HEIGHT * 3);
    }
}
