//! Descriptions that earlier versions wrote are read as what they meant.

use std::fs;
use terrella_model::{EnsembleConfig, Error, JepaConfig, ModelConfig, Result, describe};

/// As written before loss weights were the family's own, but for weights unlike the defaults.
const EARLIER: &str = r#"{"version": 1, MODEL, "interface": {"signature": {"fps": 10.0, "image": [96, 96],
    "state": ["agent_x", "agent_y"], "units": [], "action": ["dx", "dy"], "env": "tworoom", "reward": false, "ends": false},
    "state_stats": {"mean": [115.8, 111.2], "std": [46.2, 39.6], "min": [30.5, 21.0], "max": [203.0, 185.6], "count": 720},
    "action_stats": {"mean": [0.0, 0.0], "std": [0.7, 0.7], "min": [-1.0, -1.0], "max": [1.0, 1.0], "count": 720},
    "angles": [], "data_hash": "4a3c7f58", "rate_stats": null, "learned": null},
    "train": {"steps": 30, "batch_size": 16, "n_frames": 4, "learning_rate": 0.0015, "weight_decay": 0.001, "warmup": 0.05,
    "clip_norm": 1.0, "directions": 128, "weights": {"sigreg": 0.05, "rollout": 0.5, "readout": 10.0}, "symmetry": null,
    "seed": 0, "log_every": 25}, "step": 30, "reacher": null, "decoder": false}"#;

fn read(model: &str, more: &str) -> Result<ModelConfig> {
    let folder = tempfile::tempdir().expect("a folder");
    let text = EARLIER.replace("MODEL", model).replace("\"seed\": 0", &format!("\"seed\": 0{more}"));
    fs::write(folder.path().join("model.json"), text).expect("written");
    describe(folder.path()).map(|(model, _)| model)
}

#[test]
fn weights_that_were_kept_with_the_training_are_the_models() {
    let jepa =
        r#""model": {"kind": "jepa", "size": "xs", "sees": "pixels", "frame_skip": 5, "history": 2, "readout": true}"#;
    for model in [jepa, &jepa.replace("\"kind\": \"jepa\", ", "")] {
        let config: JepaConfig = read(model, "").expect("readable").family("a test").expect("a JEPA");
        let weights = config.weights;
        assert_eq!((config.directions, weights.sigreg, weights.rollout, weights.readout), (128, 0.05, 0.5, 10.0));
        assert_eq!(weights.reach, 0.0, "what there was not has no weight");
    }
    let model = r#""model": {"kind": "ensemble", "members": 7}"#;
    let config: EnsembleConfig = read(model, "").expect("readable").family("a test").expect("an ensemble");
    assert_eq!(config.members, 7, "weights that meant nothing to it are left out");
}

#[test]
fn other_keys_that_nobody_knows_are_still_refused() {
    let model = r#""model": {"kind": "jepa", "size": "xs"}"#;
    let told = read(model, ", \"sigreg\": 1").expect_err("no such key");
    assert!(matches!(&told, Error::Checkpoint { reason, .. } if reason.contains("sigreg")), "{told}");
}
