//! The line that a camera trap burns into its picture, in letters of 3 × 5 squares.

use super::canvas::{Canvas, Colour, HEIGHT, WIDTH};

/// Each row of a letter is one octal digit, from the top: its bits are ink, the left one highest.
const LETTERS: [(char, u16); 40] = [
    ('0', 0o75557),
    ('1', 0o26227),
    ('2', 0o71747),
    ('3', 0o71717),
    ('4', 0o55711),
    ('5', 0o74717),
    ('6', 0o74757),
    ('7', 0o71122),
    ('8', 0o75757),
    ('9', 0o75717),
    ('A', 0o25755),
    ('B', 0o65656),
    ('C', 0o34443),
    ('D', 0o65556),
    ('E', 0o74647),
    ('F', 0o74644),
    ('G', 0o34553),
    ('H', 0o55755),
    ('I', 0o72227),
    ('J', 0o11152),
    ('K', 0o55655),
    ('L', 0o44447),
    ('M', 0o57755),
    ('N', 0o65555),
    ('O', 0o25552),
    ('P', 0o65644),
    ('Q', 0o25563),
    ('R', 0o65655),
    ('S', 0o34216),
    ('T', 0o72222),
    ('U', 0o55557),
    ('V', 0o55552),
    ('W', 0o55775),
    ('X', 0o55255),
    ('Y', 0o55222),
    ('Z', 0o71247),
    ('-', 0o00700),
    (':', 0o02020),
    ('°', 0o25200),
    (' ', 0),
];

/// Pixels per square of a letter.
const SQUARE: i32 = 2;
/// From one letter to the next: three squares and a gap.
const ADVANCE: i32 = 4 * SQUARE;
/// The black band at the foot of the picture.
const BAND: i32 = 18;

/// Writes `left` and `right` into a black band at the picture's foot.
pub fn caption(canvas: &mut Canvas, left: &str, right: &str) {
    canvas.repaint(|pixel, _, y| if y < HEIGHT - BAND { pixel } else { Colour(12, 12, 14) });
    write(canvas, left, 8);
    write(canvas, right, WIDTH - 6 - ADVANCE * right.chars().count() as i32);
}

fn write(canvas: &mut Canvas, text: &str, x: i32) {
    let y = HEIGHT - BAND + 4;
    for (n, letter) in (0..).zip(text.chars()) {
        let ink = LETTERS.iter().find(|(of, _)| *of == letter).map(|(_, ink)| *ink);
        let ink = ink.unwrap_or_else(|| panic!("demo: no letter {letter:?} for a caption"));
        for square in (0..15).filter(|square| ink >> (14 - square) & 1 == 1) {
            let (column, row) = (square % 3, square / 3);
            for dot in 0..SQUARE * SQUARE {
                let dx = column * SQUARE + dot % SQUARE;
                let dy = row * SQUARE + dot / SQUARE;
                canvas.blend(x + n * ADVANCE + dx, y + dy, Colour(228, 228, 220), 256);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_its_squares() {
        let mut canvas = Canvas::painted(|_, _| Colour(90, 90, 90));
        caption(&mut canvas, "T", "");
        let rgb = canvas.rgb();
        let row = |y: i32| -> String {
            let red = |x: i32| rgb[((y * WIDTH + x) * 3) as usize];
            (8..14).map(|x| if red(x) > 100 { '#' } else { '.' }).collect()
        };
        let top = HEIGHT - BAND + 4;
        let rows: Vec<String> = (0..5).map(|n| row(top + n * SQUARE)).collect();
        assert_eq!(rows, ["######", "..##..", "..##..", "..##..", "..##.."]);
        assert_eq!(row(HEIGHT - BAND - 1), "......");
        assert_eq!(rgb[0], 90);
    }

    #[test]
    fn every_letter_is_there_once_and_another() {
        for (n, (letter, ink)) in LETTERS.iter().enumerate() {
            for (other, its) in &LETTERS[..n] {
                assert_ne!(letter, other);
                assert_ne!(ink, its, "{letter} {other}");
            }
        }
    }
}
