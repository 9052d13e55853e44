//! Those who pass before a camera, as strokes: legs, back, neck, head, and what tells them apart.

use super::canvas::{Point, Stroke};

/// Who passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Animal {
    Chamois,
    Stag,
    Ibex,
    Fox,
    Hare,
    Lynx,
    /// Bearded vulture, seen from below.
    Vulture,
}

/// An animal at a place in a picture.
#[derive(Clone, Copy, Debug)]
pub struct Pose {
    pub animal: Animal,
    /// Between its feet on the ground, in pixels; for a bird, the middle of its body.
    pub at: (i32, i32),
    /// Shoulder height in pixels; for a bird, half its wing span.
    pub height: i32,
    /// Looks left instead of right.
    pub to_left: bool,
    /// How far its legs are apart, of 100 of its height: where it is in its walk.
    pub stride: i32,
}

/// A stroke of an animal that looks right, its shoulder 100 above the ground: x, y (upwards) and
/// radius of one end, and of the other.
#[derive(Clone, Copy)]
struct Bone((i32, i32, i32), (i32, i32, i32));

/// The measures of four-footed animals, in hundredths of the shoulder height.
struct Build {
    /// From the middle to the shoulder, and to the hip.
    half_length: i32,
    chest: i32,
    hip: i32,
    leg: i32,
    neck: Bone,
    head: Bone,
    /// Ears, horns, antlers, tail.
    marks: &'static [Bone],
    /// The middle of the eye.
    eye: (i32, i32),
}

const CHAMOIS: Build = Build {
    half_length: 46,
    chest: 23,
    hip: 23,
    leg: 5,
    neck: Bone((46, 86, 17), (66, 120, 10)),
    head: Bone((66, 122, 11), (92, 106, 5)),
    marks: &[
        // Horns hooked at the tip.
        Bone((70, 130, 4), (74, 154, 3)),
        Bone((74, 154, 3), (66, 160, 2)),
        Bone((66, 160, 2), (61, 154, 1)),
        Bone((62, 130, 4), (50, 138, 2)),
        Bone((-66, 84, 6), (-74, 72, 3)),
    ],
    eye: (74, 124),
};

const STAG: Build = Build {
    half_length: 50,
    chest: 24,
    hip: 22,
    leg: 5,
    neck: Bone((50, 86, 19), (74, 128, 11)),
    head: Bone((74, 130, 10), (104, 114, 5)),
    marks: &[
        // One beam and its tines, the other beam behind it.
        Bone((72, 140, 3), (56, 166, 3)),
        Bone((56, 166, 3), (62, 200, 2)),
        Bone((68, 146, 2), (88, 160, 1)),
        Bone((57, 168, 2), (76, 184, 1)),
        Bone((60, 190, 2), (74, 204, 1)),
        Bone((62, 198, 2), (52, 212, 1)),
        Bone((76, 140, 3), (84, 168, 2)),
        Bone((84, 168, 2), (98, 196, 2)),
        Bone((80, 150, 2), (98, 158, 1)),
        Bone((88, 176, 2), (108, 182, 1)),
        Bone((66, 134, 5), (50, 140, 2)),
        Bone((-70, 84, 5), (-74, 74, 3)),
    ],
    eye: (82, 130),
};

const IBEX: Build = Build {
    half_length: 46,
    chest: 26,
    hip: 24,
    leg: 7,
    neck: Bone((46, 90, 19), (64, 116, 12)),
    head: Bone((64, 118, 11), (88, 104, 6)),
    marks: &[
        // Horns that bend back over the shoulder.
        Bone((66, 128, 5), (58, 156, 5)),
        Bone((58, 156, 5), (38, 172, 4)),
        Bone((38, 172, 4), (14, 170, 3)),
        Bone((14, 170, 3), (2, 160, 1)),
        Bone((86, 98, 3), (84, 90, 1)),
        Bone((56, 124, 4), (44, 124, 2)),
        Bone((-66, 92, 4), (-72, 100, 2)),
    ],
    eye: (72, 118),
};

const FOX: Build = Build {
    half_length: 62,
    chest: 24,
    hip: 22,
    leg: 6,
    neck: Bone((64, 82, 20), (82, 104, 15)),
    head: Bone((84, 106, 17), (120, 92, 4)),
    marks: &[
        Bone((78, 118, 7), (74, 140, 2)),
        Bone((90, 118, 6), (90, 138, 2)),
        Bone((-78, 74, 9), (-110, 58, 16)),
        Bone((-110, 58, 16), (-146, 46, 5)),
    ],
    eye: (98, 106),
};

const HARE: Build = Build {
    half_length: 44,
    chest: 30,
    hip: 40,
    leg: 8,
    neck: Bone((44, 80, 24), (60, 100, 17)),
    head: Bone((62, 104, 19), (84, 96, 10)),
    marks: &[
        Bone((56, 118, 7), (36, 166, 5)),
        Bone((62, 120, 7), (50, 172, 5)),
        Bone((-80, 64, 12), (-90, 68, 9)),
    ],
    eye: (74, 108),
};

const LYNX: Build = Build {
    half_length: 56,
    chest: 22,
    hip: 24,
    leg: 8,
    neck: Bone((56, 88, 20), (74, 106, 15)),
    head: Bone((78, 108, 18), (92, 102, 12)),
    marks: &[
        Bone((70, 122, 7), (66, 138, 3)),
        Bone((66, 138, 2), (64, 150, 1)),
        Bone((86, 122, 7), (86, 138, 3)),
        Bone((86, 138, 2), (88, 150, 1)),
        // Whiskered cheeks, and a tail that ends too soon.
        Bone((80, 96, 9), (74, 84, 3)),
        Bone((-76, 88, 6), (-92, 80, 6)),
    ],
    eye: (94, 108),
};

/// The vulture, wings spread from -100 to 100, its wedge of a tail below: it flies up the slope.
const VULTURE: [Bone; 11] = [
    Bone((0, -14, 10), (0, 16, 8)),
    Bone((0, 16, 7), (2, 28, 4)),
    Bone((0, 6, 11), (44, 20, 10)),
    Bone((44, 20, 10), (100, 4, 2)),
    Bone((40, 14, 8), (92, 0, 1)),
    Bone((0, 6, 11), (-44, 20, 10)),
    Bone((-44, 20, 10), (-100, 4, 2)),
    Bone((-40, 14, 8), (-92, 0, 1)),
    Bone((0, -14, 8), (0, -38, 8)),
    Bone((0, -38, 8), (0, -58, 1)),
    Bone((-18, 8, 8), (18, 8, 8)),
];

impl Pose {
    /// The strokes of its body.
    pub fn strokes(&self) -> Vec<Stroke> {
        self.bones().iter().map(|&bone| self.placed(bone)).collect()
    }

    /// The eye that shines back at a lamp, if it has one to the camera.
    pub fn eye(&self) -> Option<(i32, i32)> {
        let build = self.animal.build()?;
        let eye = (build.eye.0, build.eye.1, 0);
        let point = self.placed(Bone(eye, eye)).from;
        Some((point.x / 16, point.y / 16))
    }

    fn bones(&self) -> Vec<Bone> {
        let Some(build) = self.animal.build() else { return VULTURE.to_vec() };
        let (length, back) = (build.half_length, 100 - build.chest);
        let waist = (0, back + build.chest / 8, build.chest * 7 / 8);
        let mut bones = vec![
            Bone((-length, 100 - build.hip, build.hip), waist),
            Bone(waist, (length, back, build.chest)),
            build.neck,
            build.head,
        ];
        let lean = self.stride / 2;
        for side in [lean, -lean] {
            bones.extend(leg(length, side, build.chest, build.leg, 4));
            // Hind knees bend backwards.
            bones.extend(leg(-length, -side, build.hip, build.leg, -12));
        }
        bones.extend_from_slice(build.marks);
        bones
    }

    /// From hundredths of the animal's height to sixteenths of a pixel of the picture.
    fn placed(&self, Bone(from, to): Bone) -> Stroke {
        let scaled = |length: i32| length * self.height * 16 / 100;
        let ahead = |x: i32| if self.to_left { -scaled(x) } else { scaled(x) };
        let point = |(x, y, _): (i32, i32, i32)| Point {
            x: self.at.0 * 16 + ahead(x),
            y: self.at.1 * 16 - scaled(y),
        };
        Stroke {
            from: point(from),
            from_radius: scaled(from.2),
            to: point(to),
            to_radius: scaled(to.2),
        }
    }
}

impl Animal {
    /// The measures of a four-footed animal.
    fn build(self) -> Option<&'static Build> {
        match self {
            Animal::Chamois => Some(&CHAMOIS),
            Animal::Stag => Some(&STAG),
            Animal::Ibex => Some(&IBEX),
            Animal::Fox => Some(&FOX),
            Animal::Hare => Some(&HARE),
            Animal::Lynx => Some(&LYNX),
            Animal::Vulture => None,
        }
    }
}

/// Thigh and shin from a joint `x` along the body to a foot `lean` before or behind it; the knee
/// `bend` before or behind the line between.
fn leg(x: i32, lean: i32, thigh: i32, radius: i32, bend: i32) -> [Bone; 2] {
    let knee = (x + lean / 2 + bend, 42);
    [
        Bone((x, 70, thigh * 2 / 3), (knee.0, knee.1, radius + 1)),
        Bone((knee.0, knee.1, radius + 1), (x + lean, radius, radius)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Animal; 7] = [
        Animal::Chamois,
        Animal::Stag,
        Animal::Ibex,
        Animal::Fox,
        Animal::Hare,
        Animal::Lynx,
        Animal::Vulture,
    ];

    fn pose(animal: Animal, to_left: bool) -> Pose {
        Pose { animal, at: (160, 200), height: 50, to_left, stride: 30 }
    }

    #[test]
    fn four_feet_stand_on_the_ground() {
        for animal in ALL.into_iter().filter(|&animal| animal != Animal::Vulture) {
            let lowest = |stroke: &Stroke| stroke.to.y + stroke.to_radius;
            let strokes = pose(animal, false).strokes();
            let standing = strokes.iter().filter(|stroke| lowest(stroke) == 200 * 16).count();
            assert_eq!(standing, 4, "{animal:?}");
            assert!(strokes.iter().all(|stroke| lowest(stroke) <= 200 * 16), "{animal:?}");
        }
    }

    #[test]
    fn one_that_looks_left_is_the_mirror_of_one_that_looks_right() {
        for animal in ALL {
            let pairs = pose(animal, false).strokes().into_iter().zip(pose(animal, true).strokes());
            for (right, left) in pairs {
                assert_eq!(right.from.x - 160 * 16, 160 * 16 - left.from.x, "{animal:?}");
                assert_eq!(
                    (right.to.y, right.to_radius),
                    (left.to.y, left.to_radius),
                    "{animal:?}"
                );
            }
        }
    }

    #[test]
    fn the_eye_is_in_the_head() {
        for animal in ALL.into_iter().filter(|animal| animal.build().is_some()) {
            let (x, y) = pose(animal, false).eye().unwrap();
            let head = pose(animal, false).placed(animal.build().unwrap().head);
            let middle = ((head.from.x + head.to.x) / 32, (head.from.y + head.to.y) / 32);
            assert!((x - middle.0).abs() < 12 && (y - middle.1).abs() < 9, "{animal:?}");
        }
        assert_eq!(pose(Animal::Vulture, false).eye(), None);
    }
}
