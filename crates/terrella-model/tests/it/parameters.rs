//! The published size, layer by layer, against the specification of LeWM.

use crate::support::{alone, interface, parameters};
use burn::prelude::*;
use terrella_model::{Jepa, JepaConfig, Size};

/// Our names and the numbers the specification gives; a name stands for everything below it.
///
/// Width 192; 256 patches of 14×14×3 and a class token; 12 encoder blocks with MLP 768; projectors
/// 192 → 2048 → 192 with a batch norm between; actions 10 → 10 → 768 → 192; three positions, 6
/// predictor blocks of 16 heads × 64 (no bias on q, k, v), MLP 2048, modulation 192 → 1152.
const PUBLISHED: [(&str, usize); 34] = [
    ("encoder", 5_501_376),
    ("encoder.Vit.class", 192),
    ("encoder.Vit.position", 257 * 192),
    ("encoder.Vit.patch", 14 * 14 * 3 * 192 + 192),
    ("encoder.Vit.blocks", 12 * 444_864),
    ("encoder.Vit.blocks.N.norm_before", 2 * 192),
    ("encoder.Vit.blocks.N.query", 192 * 192 + 192),
    ("encoder.Vit.blocks.N.key", 192 * 192 + 192),
    ("encoder.Vit.blocks.N.value", 192 * 192 + 192),
    ("encoder.Vit.blocks.N.output", 192 * 192 + 192),
    ("encoder.Vit.blocks.N.norm_after", 2 * 192),
    ("encoder.Vit.blocks.N.up", 192 * 768 + 768),
    ("encoder.Vit.blocks.N.down", 768 * 192 + 192),
    ("encoder.Vit.norm", 2 * 192),
    ("projector", 792_768),
    ("projector.Batch.first", 192 * 2048 + 2048),
    ("projector.Batch.norm", 2 * 2048),
    ("projector.Batch.second", 2048 * 192 + 192),
    ("predictor_projector", 792_768),
    ("action", 156_206),
    ("action.squeeze", 10 * 10 + 10),
    ("action.up", 10 * 768 + 768),
    ("action.down", 768 * 192 + 192),
    ("predictor", 10_791_360),
    ("predictor.position", 3 * 192),
    ("predictor.blocks", 6 * 1_798_400),
    ("predictor.blocks.N.attention_norm", 2 * 192),
    ("predictor.blocks.N.qkv", 192 * 3 * 1024),
    ("predictor.blocks.N.output", 1024 * 192 + 192),
    ("predictor.blocks.N.mlp_norm", 2 * 192),
    ("predictor.blocks.N.up", 192 * 2048 + 2048),
    ("predictor.blocks.N.down", 2048 * 192 + 192),
    ("predictor.blocks.N.modulation", 192 * 1152 + 1152),
    ("predictor.norm", 2 * 192),
];

#[test]
fn the_large_size_is_the_published_one() {
    let _turn = alone();
    let config = JepaConfig { size: Size::L, readout: false, ..JepaConfig::default() };
    let interface = interface(&config);
    assert_eq!(config.frame_skip * interface.action_width(), 10, "ten action numbers a block");
    let found = parameters(&Jepa::new(&config, &interface, &Device::flex()));

    for (layer, expected) in PUBLISHED {
        let blocks = if !layer.contains(".N.") {
            0..1
        } else if layer.starts_with("encoder") {
            0..12
        } else {
            0..6
        };
        for block in blocks {
            let layer = layer.replace(".N.", &format!(".{block}."));
            let below = |name: &str| name == layer || name.starts_with(&format!("{layer}."));
            let counted: usize = found.iter().filter(|(name, _)| below(name)).map(|(_, n)| n).sum();
            assert_eq!(counted, expected, "parameters of {layer}");
        }
    }
    assert_eq!(found.values().sum::<usize>(), 18_034_478, "the whole model");
    // The released files hold 303: two of these are counters of PyTorch's batch norm.
    assert_eq!(found.len() + 2 * 2 + 2, 303, "tensors, with running statistics and the two counters");
}

/// Nothing hides outside the five named parts, in any size.
#[test]
fn every_parameter_belongs_to_a_named_part() {
    let _turn = alone();
    for size in [Size::Xs, Size::S, Size::M, Size::L] {
        let config = JepaConfig { size, readout: true, ..JepaConfig::default() };
        let found = parameters(&Jepa::new(&config, &interface(&config), &Device::flex()));
        for name in found.keys() {
            let part = name.split('.').next().unwrap_or_default();
            let parts = ["encoder", "projector", "action", "predictor", "predictor_projector", "readout"];
            assert!(parts.contains(&part), "{size:?} has {name}");
        }
    }
}
