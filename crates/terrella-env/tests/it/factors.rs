//! Factors of variation: the default is the plain world, each factor has an effect, and nonsense
//! is refused by name.

use serde_json::{Value, json};
use terrella_core::{Key, Sim};
use terrella_env::{BallsOptions, PushT, PushTOptions, TwoRoomOptions, make};

/// States after a fixed play, and the last picture.
fn outcome(id: &str, options: &Value) -> (Vec<f32>, Vec<u8>) {
    let mut env = make(id, options).expect("options in range");
    env.reset(2);
    let mut states = Vec::new();
    let mut stream = Key::new(2).with("factors").stream();
    for _ in 0..60 {
        let relative = env.spec().actions.space().high[0] <= 1.0;
        let mut action = env.spec().actions.sample(&mut stream);
        if !relative {
            // Near the T, so that contacts happen.
            let state = env.logged();
            action = vec![state[2] + 0.1 * (action[0] - 256.0), state[3] + 0.1 * (action[1] - 256.0)];
        }
        env.step(&action);
        states.extend(env.logged());
    }
    (states, env.draw(64).data)
}

#[test]
fn explicit_defaults_equal_the_plain_world() {
    let explicit = [
        ("pusht", serde_json::to_value(PushTOptions::default())),
        ("tworoom", serde_json::to_value(TwoRoomOptions::default())),
        ("balls", serde_json::to_value(BallsOptions::default())),
    ];
    for (id, options) in explicit {
        let options = options.expect("serialisable");
        assert!(outcome(id, &Value::Null) == outcome(id, &options), "{id}: written out");
        assert!(outcome(id, &Value::Null) == outcome(id, &json!({})), "{id}: empty");
    }
}

#[test]
fn each_factor_changes_what_it_names() {
    let physics = [
        ("pusht", json!({"shape": "l"})),
        ("pusht", json!({"shape": "bar"})),
        ("pusht", json!({"shape": "square"})),
        ("pusht", json!({"scale": 1.3})),
        ("pusht", json!({"inertia": 3.0})),
        ("pusht", json!({"friction": 0.8})),
        ("pusht", json!({"damping": 0.5})),
        ("pusht", json!({"agent_radius": 25.0})),
        ("pusht", json!({"latency": 2})),
        ("tworoom", json!({"door_y": 60.0, "door_size": 20.0, "speed": 9.0})),
        ("tworoom", json!({"glide": 0.5})),
        ("tworoom", json!({"latency": 1})),
        ("balls", json!({"mass": 4.0})),
        ("balls", json!({"gravity": 0.0})),
        ("balls", json!({"restitution": 0.5})),
        ("balls", json!({"drag": 0.3})),
        ("balls", json!({"radius": 9.0})),
        ("balls", json!({"latency": 3})),
    ];
    for (id, options) in physics {
        assert_ne!(outcome(id, &Value::Null).0, outcome(id, &options).0, "{id} with {options}");
    }
    let looks = [
        json!({"agent": [200, 30, 30]}),
        json!({"wall": [10, 30, 30]}),
        json!({"background": [200, 230, 255]}),
        json!({"pattern": "checker"}),
        json!({"pattern": "stripes"}),
        json!({"pattern": "noise"}),
    ];
    for id in ["pusht", "tworoom", "balls"] {
        for look in &looks {
            let (plain, varied) = (outcome(id, &Value::Null), outcome(id, &json!({"look": look})));
            assert_eq!(plain.0, varied.0, "{id}: {look} is only seen");
            assert_ne!(plain.1, varied.1, "{id}: {look} is seen");
        }
    }
}

#[test]
fn relative_actions_are_offsets_in_hundreds_of_pixels() {
    let mut absolute = make("pusht", &Value::Null).expect("valid");
    let mut relative = make("pusht", &json!({"action": "relative"})).expect("valid");
    for env in [&mut absolute, &mut relative] {
        env.set_logged(&[100.0, 200.0, 300.0, 300.0, 0.0]).expect("valid");
    }
    absolute.step(&[130.0, 180.0]);
    relative.step(&[0.3, -0.2]);
    let gap = absolute.logged().iter().zip(relative.logged()).map(|(a, r)| (a - r).abs()).fold(0.0, f32::max);
    assert!(gap < 1e-4, "one step of the two conventions: {gap}");
}

#[test]
fn unknown_names_and_values_are_refused_with_a_remedy() {
    let message = |id: &str, options: Value| make(id, &options).expect_err("refused").to_string();
    let world = message("push-t", Value::Null);
    assert!(world.contains("tworoom") && world.contains("did you mean \"pusht\""), "{world}");
    let key = message("pusht", json!({"sclae": 2.0}));
    assert!(key.contains("sclae") && key.contains("`scale`"), "{key}");
    let range = message("pusht", json!({"scale": 9.0}));
    assert!(range.contains("scale") && range.contains('9') && range.contains("0.25..=2"), "{range}");
    let door = message("tworoom", json!({"door_size": 10.0}));
    assert!(door.contains("wider than the agent"), "{door}");
}

#[test]
fn keypoints_are_where_the_recordings_have_them() {
    let mut world = PushT::new(PushTOptions::default()).expect("valid");
    // The first row of the recordings; keypoints 0 and 8 as logged there.
    world.set_state_exact([222.0, 97.0, 222.993_82, 381.599_03, 3.007_999_4]);
    let [first, .., last] = world.keypoints();
    for (got, logged) in [(first, [201.8135, 293.595_06]), (last, [199.8886, 386.4198])] {
        let gap = (got[0] - logged[0]).hypot(got[1] - logged[1]);
        assert!(gap < 0.05, "{got:?} against {logged:?}");
    }
}
