//! How one clip is seen: from which place, in which light, through how much noise, and past what.
//!
//! All pictures of a clip and its goal are seen from one place, since a jump would be motion. In which light, is drawn for the
//! clip or for each picture; noise is always new. A picture goes through a [`Sight`] in one pass, row by row.

use super::config::Augment;
use std::borrow::Cow;
use std::sync::OnceLock;
use terrella_core::Key;

/// Numbers of noise that are drawn once; each picture begins somewhere in them.
const GRAIN: usize = 1 << 16;
/// Things that do not belong, at most.
const STRANGERS: usize = 3;
/// Levels of a colour that are told apart where it is painted anew.
const LEVELS: usize = 64;

/// How the pictures of one clip are seen.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    /// What is seen lies so many pixels to the right and down of where it lay.
    by: [f32; 2],
    /// How much larger it is, about the middle.
    zoom: f32,
    looks: Looks,
}

/// One look for all pictures of a clip, or what one is drawn from for each.
#[derive(Clone, Debug)]
enum Looks {
    One(Look),
    Anew(Augment, Key),
}

/// In which light, and past what.
#[derive(Clone, Debug)]
struct Look {
    /// Levels of seen red, green and blue from those recorded, and what is added.
    mix: [[f32; 3]; 3],
    add: f32,
    /// What is added to each colour before, where they are painted anew.
    paint: Option<Box<Paint>>,
    /// How much brighter it is at the right and at the lower edge than in the middle, as shares.
    slope: [f32; 2],
    /// Deviation of the noise, in levels of 255, and where the first picture begins in it.
    noise: (f32, usize),
    strangers: Vec<Stranger>,
}

/// What is added to red, green and blue for each level of each of the three, [`LEVELS`] of them.
type Paint = [[[f32; 3]; LEVELS]; 3];

/// Something that does not belong: a disc or a square of one colour.
#[derive(Clone, Debug)]
struct Stranger {
    /// Its middle, in pixels.
    at: [f32; 2],
    radius: f32,
    round: bool,
    colour: [f32; 3],
}

impl Look {
    fn draw(augment: &Augment, side: usize, key: Key) -> Self {
        let (mix, add) = colours(augment, key);
        let strength = key.with("light").stream().uniform(0.0, augment.light);
        let angle = key.with("light from").stream().uniform(0.0, std::f64::consts::TAU);
        let mut noise = key.with("noise").stream();
        Self {
            mix,
            add,
            paint: paint(augment.paint, key),
            slope: [angle.cos(), angle.sin()].map(|part| (strength * part) as f32),
            noise: (noise.uniform(0.0, augment.noise) as f32, noise.below(GRAIN)),
            strangers: strangers(augment.stranger * side as f64, side as f64, key),
        }
    }
}

impl Sight {
    /// Draws how a clip is seen whose things are `shift` pixels elsewhere; `side` is that of its pictures.
    pub(super) fn draw(augment: &Augment, shift: [isize; 2], side: usize, key: Key) -> Self {
        let within = |purpose: &str, by: f64| key.with(purpose).stream().uniform(-by, by);
        let pan = ["pan right", "pan down"].map(|axis| within(axis, augment.pan) * side as f64);
        Self {
            by: [0, 1].map(|axis| shift[axis] as f32 + pan[axis] as f32),
            zoom: (1.0 + within("zoom", augment.zoom)) as f32,
            looks: match augment.anew {
                true => Looks::Anew(augment.clone(), key),
                false => Looks::One(Look::draw(augment, side, key)),
            },
        }
    }

    /// A picture of this clip, the `frame`-th of them: `[side, side, 3]` bytes each.
    pub(crate) fn through(&self, (from, frame): (&[u8], usize), side: usize, to: &mut [u8]) {
        let look = match &self.looks {
            Looks::One(look) => Cow::Borrowed(look),
            Looks::Anew(augment, key) => Cow::Owned(Look::draw(augment, side, key.at(frame as u64))),
        };
        let columns: Vec<Tap> = (0..side).map(|at| self.tap(at, 0, side)).collect();
        let share = |at: usize| 2.0 * (at as f32 + 0.5) / side as f32 - 1.0;
        let across: Vec<f32> = (0..side).map(|x| 1.0 + look.slope[0] * share(x)).collect();
        let mut room =
            Room { line: vec![0.0; 3 * side], seen: [0, 1, 2].map(|_| vec![0.0; side]), gain: across.clone() };
        let mut lit = [0, 1, 2].map(|_| vec![0.0; side]);
        for (y, out) in to.chunks_mut(3 * side).enumerate() {
            let tap = self.tap(y, 1, side);
            let line = |y: usize| &from[3 * side * y..][..3 * side];
            room.sample([line(tap.first), line(tap.second)], tap.weight, &columns);
            look.strangers.iter().for_each(|stranger| stranger.cover(y, &mut room.seen));
            look.paint.iter().for_each(|paint| room.paint(paint));
            let down = look.slope[1] * share(y);
            room.gain.iter_mut().zip(&across).for_each(|(gain, across)| *gain = across + down);
            for (channel, lit) in lit.iter_mut().enumerate() {
                let grain = grain(look.noise.1 + ((frame * side + y) * 3 + channel) * side, side);
                room.light(look.mix[channel], look.add, (look.noise.0, grain), lit);
            }
            for (x, out) in out.chunks_exact_mut(3).enumerate() {
                // Rounds and saturates.
                out.iter_mut().zip(&lit).for_each(|(to, lit)| *to = (lit[x] + 0.5) as u8);
            }
        }
    }

    /// Between which two pixels of an axis a seen one lies.
    fn tap(&self, at: usize, axis: usize, side: usize) -> Tap {
        let middle = side as f32 / 2.0;
        let source =
            ((at as f32 + 0.5 - middle) / self.zoom + middle - self.by[axis] - 0.5).clamp(0.0, (side - 1) as f32);
        let first = source as usize;
        Tap { first, second: (first + 1).min(side - 1), weight: source - first as f32 }
    }
}

/// A place between two pixels.
struct Tap {
    first: usize,
    second: usize,
    /// That of the second one.
    weight: f32,
}

/// Room for a row of a picture.
struct Room {
    /// Between two lines of the recorded one, pixel by pixel.
    line: Vec<f32>,
    /// What is seen, colour by colour.
    seen: [Vec<f32>; 3],
    /// How bright the light is, pixel by pixel.
    gain: Vec<f32>,
}

impl Room {
    /// The levels at places of a row between two lines.
    fn sample(&mut self, [first, second]: [&[u8]; 2], weight: f32, columns: &[Tap]) {
        for ((to, a), b) in self.line.iter_mut().zip(first).zip(second) {
            *to = f32::from(*a) + weight * (f32::from(*b) - f32::from(*a));
        }
        for (x, tap) in columns.iter().enumerate() {
            let [first, second] = [tap.first, tap.second].map(|x| &self.line[3 * x..][..3]);
            for (channel, seen) in self.seen.iter_mut().enumerate() {
                seen[x] = first[channel] + tap.weight * (second[channel] - first[channel]);
            }
        }
    }

    /// Paints the row.
    fn paint(&mut self, paint: &Paint) {
        let [red, green, blue] = &mut self.seen;
        for ((r, g), b) in red.iter_mut().zip(green).zip(blue) {
            let at = |level: f32| (level as usize * LEVELS / 256).min(LEVELS - 1);
            let [of_red, of_green, of_blue] = [&paint[0][at(*r)], &paint[1][at(*g)], &paint[2][at(*b)]];
            for (i, level) in [r, g, b].into_iter().enumerate() {
                *level = (*level + of_red[i] + of_green[i] + of_blue[i]).clamp(0.0, 255.0);
            }
        }
    }

    /// One colour of the row, mixed of those seen, in its light and with its noise.
    fn light(&self, mix: [f32; 3], add: f32, (noise, grain): (f32, &[f32]), lit: &mut [f32]) {
        let [red, green, blue] = &self.seen;
        let seen = red.iter().zip(green).zip(blue);
        for (((to, ((r, g), b)), gain), grain) in lit.iter_mut().zip(seen).zip(&self.gain).zip(grain) {
            *to = (mix[0] * r + mix[1] * g + mix[2] * b + add) * gain + noise * grain;
        }
    }
}

impl Stranger {
    /// Covers what it hides of a row.
    fn cover(&self, y: usize, seen: &mut [Vec<f32>; 3]) {
        let down = (y as f32 + 0.5 - self.at[1]).abs();
        if down >= self.radius {
            return;
        }
        let half = if self.round { (self.radius * self.radius - down * down).sqrt() } else { self.radius };
        for (levels, colour) in seen.iter_mut().zip(self.colour) {
            let hidden = levels.iter_mut().enumerate().filter(|(x, _)| (*x as f32 + 0.5 - self.at[0]).abs() < half);
            hidden.for_each(|(_, level)| *level = colour);
        }
    }
}

/// In half of the clips none; in the others up to three of up to this radius, anywhere.
fn strangers(radius: f64, side: f64, key: Key) -> Vec<Stranger> {
    let mut stream = key.with("strangers").stream();
    if radius <= 0.0 || stream.chance(0.5) {
        return Vec::new();
    }
    let mut one = || Stranger {
        at: [0, 1].map(|_| stream.uniform(0.0, side) as f32),
        radius: stream.uniform(0.2 * radius, radius) as f32,
        round: stream.chance(0.5),
        colour: [0, 1, 2].map(|_| stream.uniform(0.0, 255.0) as f32),
    };
    (0..1 + key.with("how many strangers").stream().below(STRANGERS)).map(|_| one()).collect()
}

/// Brightness, contrast (about middle grey), saturation, the share of each colour and a turn of the paled hues about grey, as
/// one matrix and what is added to each colour.
fn colours(augment: &Augment, key: Key) -> ([[f32; 3]; 3], f32) {
    let mut stream = key.with("colour").stream();
    let mut factor = || stream.uniform(1.0 - augment.colour, 1.0 + augment.colour);
    let (brightness, contrast, saturation) = (factor(), factor(), factor());
    let shares = [factor(), factor(), factor()];
    let mut hue = key.with("hue").stream();
    let turn = hue.uniform(-augment.hue, augment.hue) * std::f64::consts::PI;
    let saturation = saturation * (1.0 - hue.uniform(0.0, augment.pale));
    let (cos, sin) = (turn.cos(), turn.sin() / 3.0f64.sqrt());
    // A rotation about the grey axis, towards grey by what is missing of the saturation.
    let cell = |row: usize, column: usize| {
        let hue = match (3 + column - row) % 3 {
            0 => cos + (1.0 - cos) / 3.0,
            1 => (1.0 - cos) / 3.0 - sin,
            _ => (1.0 - cos) / 3.0 + sin,
        };
        let colourful = saturation * hue + (1.0 - saturation) / 3.0;
        (contrast * brightness * shares[row] * colourful) as f32
    };
    (std::array::from_fn(|row| std::array::from_fn(|column| cell(row, column))), (127.5 * (1.0 - contrast)) as f32)
}

/// Each colour goes to another by up to this share of all levels, near ones to near ones, and those of different things
/// independently: a wave over each of red, green and blue is added to each of them.
fn paint(most: f64, key: Key) -> Option<Box<Paint>> {
    let mut stream = key.with("paint").stream();
    let strength = 255.0 * stream.uniform(0.0, most) / 3.0f64.sqrt();
    let mut wave = || {
        let (waves, phase) = (stream.uniform(0.75, 1.5), stream.uniform(0.0, std::f64::consts::TAU));
        move |share: f64| (strength * (std::f64::consts::TAU * waves * share + phase).sin()) as f32
    };
    let waves: [[_; 3]; 3] = std::array::from_fn(|_| std::array::from_fn(|_| wave()));
    let level = |of: usize, at: usize| waves[of].each_ref().map(|wave| wave((at as f64 + 0.5) / LEVELS as f64));
    (most > 0.0).then(|| Box::new(std::array::from_fn(|of| std::array::from_fn(|at| level(of, at)))))
}

/// So many normal numbers of deviation 1 from some place on, the same always.
fn grain(at: usize, n: usize) -> &'static [f32] {
    static GRAINS: OnceLock<Vec<f32>> = OnceLock::new();
    let grains = GRAINS.get_or_init(|| {
        let mut stream = Key::new(0).with("grain").stream();
        (0..GRAIN).map(|_| stream.normal() as f32).collect()
    });
    // A row that would reach over the end begins a little earlier.
    &grains[(at % GRAIN).min(GRAIN - n)..][..n]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 16;

    fn seen(augment: &Augment, shift: [isize; 2], image: &[u8], clip: u64) -> Vec<u8> {
        let mut out = vec![0; image.len()];
        Sight::draw(augment, shift, SIDE, Key::new(4).at(clip)).through((image, 0), SIDE, &mut out);
        out
    }

    fn picture() -> Vec<u8> {
        (0..3 * SIDE * SIDE).map(|i| (i * 37 % 251) as u8).collect()
    }

    fn grey(level: u8) -> Vec<u8> {
        vec![level; 3 * SIDE * SIDE]
    }

    fn mean(levels: impl Iterator<Item = u8>) -> f64 {
        let levels: Vec<f64> = levels.map(f64::from).collect();
        levels.iter().sum::<f64>() / levels.len() as f64
    }

    #[test]
    fn whole_pixels_are_moved_exactly_and_the_edge_is_repeated() {
        let image = picture();
        let at = |image: &[u8], y: usize, x: usize| image[(y * SIDE + x) * 3..][..3].to_vec();
        for by in [[0, 0], [1, 0], [-1, 2], [2, -1], [-5, -2], [16, 0], [0, -16]] {
            let to = seen(&Augment::default(), by, &image, 0);
            for (y, x) in (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (y, x))) {
                let from = |at: usize, by: isize| (at as isize - by).clamp(0, SIDE as isize - 1) as usize;
                assert_eq!(at(&to, y, x), at(&image, from(y, by[1]), from(x, by[0])), "{by:?}, row {y}, column {x}");
            }
        }
    }

    #[test]
    fn a_clip_has_one_light_and_brighter_stays_brighter() {
        let augment = Augment { colour: 0.3, ..Augment::default() };
        for clip in 0..8 {
            let [dark, bright] = [60, 120].map(|level| seen(&augment, [0, 0], &grey(level), clip));
            assert!(dark.iter().zip(&bright).all(|(d, b)| d < b), "clip {clip}");
            assert!(dark.chunks(3).all(|pixel| pixel == &dark[..3]), "everywhere alike");
            assert_eq!(dark, seen(&augment, [0, 0], &grey(60), clip), "the same again");
            assert_ne!(dark, seen(&augment, [0, 0], &grey(60), clip + 1), "another clip, another light");
        }
    }

    /// A turn of the hues leaves grey as it is, and a third of a whole turn makes green of red or blue; paling leaves the hue.
    #[test]
    fn hues_turn_about_grey() {
        let image = [150, 100, 90].repeat(SIDE * SIDE);
        let turned = |augment: &Augment, clip| seen(augment, [0, 0], &image, clip)[..3].to_vec();
        let hue = Augment { hue: 1.0, ..Augment::default() };
        let found: Vec<Vec<u8>> = (0..80).map(|clip| turned(&hue, clip)).collect();
        for channel in 0..3 {
            let most = found.iter().map(|c| c[channel]).max();
            assert!(most > Some(130), "some clip makes channel {channel} the brightest: {found:?}");
        }
        let colourful = |c: &[u8]| c.iter().max().zip(c.iter().min()).map_or(0, |(most, least)| most - least);
        assert!(found.iter().all(|c| colourful(c) > 45), "none is pale: {found:?}");
        let pale = Augment { pale: 1.0, ..Augment::default() };
        let paled: Vec<Vec<u8>> = (0..40).map(|clip| turned(&pale, clip)).collect();
        assert!(paled.iter().any(|c| colourful(c) < 12) && paled.iter().any(|c| colourful(c) > 45), "{paled:?}");
        assert!(paled.iter().all(|c| c[0] >= c[1] && c[1] >= c[2]), "as red as before: {paled:?}");
        for (clip, found) in found.iter().enumerate() {
            let sum: i32 = found.iter().map(|&level| i32::from(level)).sum();
            assert!((sum - 340).abs() <= 3, "as bright as before: {found:?}");
            let grey = seen(&hue, [0, 0], &grey(90), clip as u64);
            assert!(grey.iter().all(|&level| level.abs_diff(90) <= 1), "grey stays grey");
        }
        let none = Augment { hue: 1e-9, ..Augment::default() };
        assert_eq!(turned(&none, 0), [150, 100, 90]);
    }

    #[test]
    fn what_is_of_one_colour_stays_so_and_things_are_painted_independently() {
        let augment = Augment { paint: 0.3, ..Augment::default() };
        let change = |colour: [u8; 3], clip| -> Vec<f64> {
            let seen = seen(&augment, [0, 0], &colour.repeat(SIDE * SIDE), clip);
            assert!(seen.chunks(3).all(|pixel| pixel == &seen[..3]), "everywhere alike");
            seen[..3].iter().zip(colour).map(|(to, from)| f64::from(*to) - f64::from(from)).collect()
        };
        let alike = |a: [u8; 3], b: [u8; 3]| {
            let pairs: Vec<(f64, f64)> =
                (0..300).flat_map(|clip| change(a, clip).into_iter().zip(change(b, clip))).collect();
            let mean = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / pairs.len() as f64;
            let (a, b, both) = (mean(&|p| p.0 * p.0), mean(&|p| p.1 * p.1), mean(&|p| p.0 * p.1));
            assert!(a.sqrt() > 20.0, "changes of {} levels", a.sqrt());
            both / (a * b).sqrt()
        };
        assert!(alike([100, 120, 140], [102, 119, 143]) > 0.95, "shades of one thing");
        assert!(alike([65, 105, 225], [120, 136, 153]).abs() < 0.6, "a disc and what it pushes");
        assert_eq!(change([1, 2, 3], 5), change([1, 2, 3], 5), "the same again");
    }

    #[test]
    fn light_falls_off_and_comes_from_any_side() {
        let augment = Augment { light: 0.6, ..Augment::default() };
        let mut sides = [0; 2];
        for clip in 0..40 {
            let lit = seen(&augment, [0, 0], &grey(100), clip);
            let column = |x: usize| mean((0..SIDE).map(|y| lit[3 * (y * SIDE + x)]));
            let by = column(SIDE - 1) - column(0);
            assert!(by.abs() <= 120.0, "no more than was asked for: {by}");
            if by.abs() > 20.0 {
                sides[usize::from(by > 0.0)] += 1;
            }
            assert!((mean(lit.iter().copied()) - 100.0).abs() < 1.0, "as bright in the mean");
        }
        assert!(sides.iter().all(|&n| n > 4), "{sides:?}");
    }

    #[test]
    fn noise_is_new_in_each_picture_and_as_strong_as_told() {
        let augment = Augment { noise: 16.0, ..Augment::default() };
        let sight = Sight::draw(&augment, [0, 0], SIDE, Key::new(9));
        let frame = |frame: usize| {
            let mut out = grey(0);
            sight.through((&grey(128), frame), SIDE, &mut out);
            out
        };
        let (one, two) = (frame(0), frame(1));
        assert_ne!(one, two, "each picture its own");
        let square = |out: &[u8]| out.iter().map(|&l| (f64::from(l) - 128.0).powi(2)).sum::<f64>() / out.len() as f64;
        let Looks::One(look) = &sight.looks else { panic!("one look for all") };
        let deviation = f64::from(look.noise.0);
        assert!((square(&one).sqrt() / deviation - 1.0).abs() < 0.15, "{} and {deviation}", square(&one).sqrt());
        assert!(deviation <= 16.0);
    }

    #[test]
    fn a_light_may_be_drawn_anew_for_each_picture_and_the_place_never() {
        let augment = Augment { colour: 0.3, pan: 0.2, anew: true, ..Augment::default() };
        let sight = Sight::draw(&augment, [0, 0], SIDE, Key::new(9));
        let frame = |image: &[u8], frame: usize| {
            let mut out = grey(0);
            sight.through((image, frame), SIDE, &mut out);
            out
        };
        assert_ne!(frame(&grey(90), 0), frame(&grey(90), 1), "another light");
        assert_eq!(frame(&grey(90), 1), frame(&grey(90), 1), "the same picture again");
        let edge: Vec<u8> = (0..SIDE * SIDE).flat_map(|at| [if at % SIDE < 8 { 20 } else { 220 }; 3]).collect();
        let step = |image: &[u8]| (1..SIDE).find(|x| image[3 * x].abs_diff(image[3 * x - 3]) > 10);
        assert_eq!(step(&frame(&edge, 0)), step(&frame(&edge, 5)), "seen from one place");
    }

    #[test]
    fn strangers_cover_a_little_and_a_nearer_camera_sees_less() {
        let augment = Augment { stranger: 0.15, ..Augment::default() };
        let covered: Vec<usize> = (0..60)
            .map(|clip| seen(&augment, [0, 0], &grey(7), clip).chunks(3).filter(|pixel| *pixel != [7; 3]).count())
            .collect();
        let with = covered.iter().filter(|&&n| n > 0).count();
        assert!((15..=42).contains(&with), "about half of the clips, the smallest ones between pixels: {with}");
        assert!(covered.iter().all(|&n| n < 3 * 30), "{covered:?}");
        let near = Augment { zoom: 0.5, ..Augment::default() };
        let dot: Vec<u8> = (0..SIDE * SIDE)
            .flat_map(|at| [if (6..10).contains(&(at / SIDE)) && (6..10).contains(&(at % SIDE)) { 255 } else { 0 }; 3])
            .collect();
        let sizes: Vec<f64> =
            (0..20).map(|clip| mean(seen(&near, [0, 0], &dot, clip).into_iter()) / mean(dot.iter().copied())).collect();
        assert!(sizes.iter().any(|&s| s > 1.4) && sizes.iter().any(|&s| s < 0.7), "areas: {sizes:?}");
        assert!(sizes.iter().all(|&s| s < 2.4 && s > 0.2), "within half: {sizes:?}");
    }
}
