//! Chance and waves that fall the same way on every machine: whole numbers only, no clock, no
//! random device, no floating point.

/// A stream of numbers that look random and are fixed by their label (SplitMix64).
///
/// Each part of a file draws from a stream of its own, so that one more drop of noise in a picture
/// does not move the lynx.
pub struct Draws(u64);

impl Draws {
    /// The stream of this label.
    pub fn of(label: &str) -> Draws {
        Draws(seed(label))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scramble(self.0)
    }

    /// A number of `low..=high`. The bias of the remainder, below 2⁻³², does no harm to a picture.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        assert!(low <= high, "demo: a range from {low} to {high}");
        let width = high.abs_diff(low) as u64 + 1;
        (i64::from(low) + (self.next() % width) as i64) as i32
    }

    /// About a bell around 0, within ±`reach`: the mean of four draws.
    pub fn around_zero(&mut self, reach: i32) -> i32 {
        (0..4).map(|_| self.between(-reach, reach)).sum::<i32>() / 4
    }
}

/// The number a label stands for (FNV-1a).
pub fn seed(label: &str) -> u64 {
    label.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The output function of SplitMix64: every bit of the input moves every bit of the output.
fn scramble(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The number of one grid point: 0..1024.
pub fn grain(seed: u64, x: i32, y: i32) -> i32 {
    let point = (u64::from(x as u32) << 32) | u64::from(y as u32);
    (scramble(seed ^ scramble(point)) >> 54) as i32
}

/// Soft hills: grain on a lattice of `wavelength`, smooth in between, 0..1024.
pub fn hills(seed: u64, x: i32, y: i32, wavelength: i32) -> i32 {
    let (column, row) = (x.div_euclid(wavelength), y.div_euclid(wavelength));
    let across = ease(x.rem_euclid(wavelength) * 1024 / wavelength);
    let down = ease(y.rem_euclid(wavelength) * 1024 / wavelength);
    let edge = |row| {
        let (left, right) = (grain(seed, column, row), grain(seed, column + 1, row));
        left + (right - left) * across / 1024
    };
    let (above, below) = (edge(row), edge(row + 1));
    above + (below - above) * down / 1024
}

/// 3t² − 2t³ for t = 0..=1024 standing for 0..=1.
fn ease(t: i32) -> i32 {
    t * t / 1024 * (3 * 1024 - 2 * t) / 1024
}

/// sin(2π · phase / 65536) · 32767, within 60 of it: Bhaskara's fraction,
/// sin πt ≈ 16t(1−t) / (5 − 4t(1−t)).
pub fn sine(phase: u16) -> i32 {
    let t = i32::from(phase & 0x7fff);
    let product = t * (0x8000 - t) / 0x8000;
    let height = 4 * product * 0x7fff / (5 * 0x2000 - product);
    if phase < 0x8000 { height } else { -height }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_its_stream() {
        let first = |label| Draws::of(label).next();
        assert_eq!(first("chamois"), first("chamois"));
        assert_ne!(first("chamois"), first("ibex"));
        // SplitMix64's published first output for the seed 0.
        assert_eq!(Draws(0).next(), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn draws_reach_both_ends_and_stay_between() {
        let mut draws = Draws::of("ends");
        let drawn: Vec<i32> = (0..1000).map(|_| draws.between(-3, 4)).collect();
        assert_eq!(drawn.iter().min(), Some(&-3));
        assert_eq!(drawn.iter().max(), Some(&4));
        assert!((0..1000).all(|_| draws.around_zero(50).abs() <= 50));
        assert_eq!(draws.between(7, 7), 7);
        draws.between(i32::MIN, i32::MAX);
    }

    #[test]
    fn hills_are_smooth_also_across_zero() {
        for x in -200..200 {
            let step = hills(5, x, -x, 40) - hills(5, x + 1, -x, 40);
            assert!(step.abs() <= 1024 * 3 / 2 / 40 + 3, "{x}: {step}");
            assert!((0..1024).contains(&hills(5, x, -x, 40)));
        }
    }

    #[test]
    fn the_sine_is_a_sine() {
        for phase in 0..=u16::MAX {
            let true_sine = (f64::from(phase) / 65536.0 * std::f64::consts::TAU).sin() * 32767.0;
            assert!((f64::from(sine(phase)) - true_sine).abs() < 60.0, "{phase}");
        }
    }
}
