//! A checkpoint holds everything, running statistics included.

use crate::support::{alone, batch, interface, values, with_goals};
use burn::prelude::*;
use terrella_core::Key;
use terrella_model::{Augment, JepaConfig, LossWeights, Symmetry, TrainConfig, Trainer};

/// Burn keeps the newest running statistics of a batch norm aside until they are asked for; a
/// checkpoint that does not ask loses the last batch.
#[test]
fn an_interrupted_run_ends_as_the_uninterrupted_one() {
    let _turn = alone();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = JepaConfig { weights: LossWeights { reach: 1.0, ..LossWeights::default() }, ..JepaConfig::default() };
    let moves = Symmetry { side: 2.0, points: vec![], headings: vec![], action_points: vec![[0, 1]] };
    let augment = Augment { shift: 4, colour: 0.2, light: 0.2, noise: 8.0, moves: Some(moves), ..Augment::default() };
    let train = TrainConfig { steps: 4, batch_size: 4, augment, ..TrainConfig::default() };
    let steps = |trainer: &mut Trainer<JepaConfig>, range: std::ops::Range<u64>| {
        for step in range {
            let lesson = with_goals(batch(&config, 4, 4, Key::new(1).at(step)), &[2, 9, 50, 16]);
            trainer.advance(&lesson, false).expect("a step");
        }
    };
    let mut whole = Trainer::new(config.clone(), interface(&config), train, &Device::flex());
    steps(&mut whole, 0..2);
    whole.save(folder.path()).expect("a checkpoint");
    let mut resumed = Trainer::<JepaConfig>::resume(folder.path(), &Device::flex()).expect("readable").expect("there");
    steps(&mut whole, 2..4);
    steps(&mut resumed, 2..4);
    assert_eq!(resumed.config, whole.config, "how it is taught");
    let (whole, resumed) = (values(&whole.model()), values(&resumed.model()));
    for (name, expected) in &whole {
        let same = expected.iter().zip(&resumed[name]).all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(same, "{name} differs after resuming");
    }
}
