//! Synthetic episodes whose numbers say where they are, and what errors have to say; shared by the tests of two crates.

use terrella_core::{Episode, Frames, Image, Key, Signature, Table};

/// Height and width of the pictures.
pub(crate) const SIZE: [usize; 2] = [6, 4];

/// A signature with 3 state and 2 action numbers.
pub(crate) fn signature() -> Signature {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Signature {
        fps: 10.0,
        image: Some(SIZE),
        state: names(&["x", "y", "angle"]),
        action: names(&["u", "v"]),
        env: Some("toy".to_owned()),
        ..Signature::default()
    }
}

/// An episode whose numbers say where they are: row `t` of episode `e` holds `1000 e + t`.
pub(crate) fn episode(index: usize, rows: usize) -> Episode {
    let at = |t: usize| (1000 * index + t) as f32;
    let mut stream = Key::new(index as u64).stream();
    let images: Vec<Image> = (0..rows)
        .map(|_| Image {
            height: SIZE[0],
            width: SIZE[1],
            data: (0..SIZE[0] * SIZE[1] * 3).map(|_| stream.below(256) as u8).collect(),
        })
        .collect();
    Episode {
        index,
        task: format!("task {}", index % 2),
        states: Table::from_data(3, (0..rows).flat_map(|t| [at(t), 0.5, -at(t)]).collect()),
        actions: Table::from_data(2, (0..rows).flat_map(|t| [at(t), t as f32]).collect()),
        frames: Some(Frames::from_images(&images)),
        ..Episode::default()
    }
}

/// Asserts that an error says all of this.
pub(crate) fn assert_says(error: &terrella_data::Error, words: &[&str]) {
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "\"{word}\" is missing in: {message}");
    }
}
