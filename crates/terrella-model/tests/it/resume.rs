//! A checkpoint holds everything, running statistics included.

use crate::support::{alone, batch, interface, values};
use burn::prelude::*;
use terrella_core::Key;
use terrella_model::{JepaConfig, TrainConfig, Trainer};

/// Burn keeps the newest running statistics of a batch norm aside until they are asked for; a
/// checkpoint that does not ask loses the last batch.
#[test]
fn an_interrupted_run_ends_as_the_uninterrupted_one() {
    let _turn = alone();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = JepaConfig::default();
    let train = TrainConfig { steps: 4, batch_size: 4, ..TrainConfig::default() };
    let steps = |trainer: &mut Trainer<JepaConfig>, range: std::ops::Range<u64>| {
        for step in range {
            trainer.advance(&batch(&config, 4, 4, Key::new(1).at(step)), false).expect("a step");
        }
    };
    let mut whole = Trainer::new(config.clone(), interface(&config), train, &Device::flex());
    steps(&mut whole, 0..2);
    whole.save(folder.path()).expect("a checkpoint");
    let mut resumed = Trainer::<JepaConfig>::resume(folder.path(), &Device::flex()).expect("readable").expect("there");
    steps(&mut whole, 2..4);
    steps(&mut resumed, 2..4);
    let (whole, resumed) = (values(&whole.model()), values(&resumed.model()));
    for (name, expected) in &whole {
        let same = expected.iter().zip(&resumed[name]).all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(same, "{name} differs after resuming");
    }
}
