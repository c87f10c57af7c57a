//! PushT against a path computed once by gym-pusht 0.1.8. The full judge, on human recordings and
//! with gym-pusht beside it, is `tests/judges/pusht_replay.sh`.

use terrella_core::Sim;
use terrella_env::{PushT, PushTOptions};

/// From gym-pusht 0.1.8 (angle set before position): a start state, 25 targets that push the T,
/// and the T's pose after the last.
const START: [f64; 5] = [250.0, 180.0, 256.0, 230.0, 0.3];
const END: [f64; 3] = [250.210_967_104_095_18, 288.215_153_548_421_14, 0.759_610_172_965_886_4];

#[test]
fn a_push_ends_where_the_original_ends() {
    let mut world = PushT::new(PushTOptions::default()).expect("valid");
    world.set_state_exact(START);
    for k in 1..=25_u8 {
        world.step(&[250.0 + 4.0 * f32::from(k), 180.0 + 10.0 * f32::from(k)]);
    }
    let pose = &world.state_exact()[2..];
    for (got, expected) in pose.iter().zip(END) {
        assert!((got - expected).abs() < 1e-6, "{pose:?} against {END:?}");
    }
}
