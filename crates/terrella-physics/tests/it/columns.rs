//! Columns are found by name and unit or as told; what does not fit is refused with what would.

use crate::twins::made;
use terrella_core::{Dataset, Episode, NO_ACTION, Signature, Stats, Table};
use terrella_physics::{Choices, Columns, Named, Space, mechanism};

fn names(all: &[&str]) -> Vec<String> {
    all.iter().map(|name| (*name).to_owned()).collect()
}

fn signature(state: &[&str], units: &[&str], action: &[&str]) -> Signature {
    Signature { fps: 10.0, state: names(state), units: names(units), action: names(action), ..Signature::default() }
}

fn named(state: &[(&str, &str)], action: &[(&str, &str)]) -> Named {
    let pairs = |all: &[(&str, &str)]| all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    Named { state: pairs(state), action: pairs(action) }
}

#[test]
fn columns_are_found_whatever_their_order_and_spelling() {
    let signature = signature(&["temperature", "Velocity", "theta"], &["K", "rad/s", "rad"], &["u", "joint1_torque"]);
    let columns = Columns::find(&*made("pendulum", 1), &signature, &Named::default()).expect("found");
    assert_eq!((columns.state.clone(), columns.action.clone()), (vec![2, 1], vec![Some(1)]), "places");
    assert!(columns.notes.is_empty(), "{:?}", columns.notes);
    let other = Columns::find(&*made("pendulum", 1), &signature, &named(&[], &[("torque", "u")])).expect("told");
    assert_eq!(other.action, [Some(0)], "as told");
}

#[test]
fn rows_come_in_the_order_of_the_mechanism() {
    let signature = signature(&["velocity", "angle"], &[], &[NO_ACTION]);
    let episode = Episode {
        states: Table::from_data(2, vec![1.0, 0.5, 2.0, 0.25]),
        actions: Table::from_data(1, vec![0.0; 2]),
        ..Episode::default()
    };
    let dataset = Dataset {
        signature: signature.clone(),
        episodes: vec![episode],
        state_stats: Stats::default(),
        action_stats: Stats::default(),
        hash: String::new(),
        notes: Vec::new(),
    };
    let columns = Columns::find(&*made("pendulum", 1), &signature, &Named::default()).expect("found");
    assert!(columns.notes.iter().any(|note| note.contains("torque is taken as 0")), "{:?}", columns.notes);
    assert!(columns.notes.iter().any(|note| note.contains("angle in rad")), "{:?}", columns.notes);
    let records = columns.records(&dataset, &[0]).expect("records");
    assert_eq!(records[0].states, [0.5, 1.0, 0.25, 2.0], "angle first");
    assert_eq!((records[0].actions.clone(), records[0].dt.clone()), (vec![0.0; 2], vec![0.1; 2]), "nobody acts");
}

#[test]
fn what_does_not_fit_is_refused_with_what_would() {
    let usual = signature(&["angle", "velocity"], &["rad", "rad/s"], &["torque"]);
    for (wrong, told, wanted) in [
        (signature(&["angle"], &["rad"], &["torque"]), named(&[], &[]), "--state velocity=COLUMN"),
        (signature(&["angle", "velocity"], &["deg", "rad/s"], &["torque"]), named(&[], &[]), "column angle is in deg"),
        (
            signature(&["angle", "velocity"], &["rad", "rad/s"], &["u"]),
            named(&[], &[]),
            "--action torque=COLUMN, or none",
        ),
        (usual.clone(), named(&[("angle", "q")], &[]), "no column q; they have angle, velocity"),
        (usual.clone(), named(&[("phase", "angle")], &[]), "pendulum has no phase; it has angle, velocity"),
        (
            signature(&["angle", "velocity"], &["rad", ""], &["torque"]),
            named(&[("velocity", "angle")], &[]),
            "needs velocity in rad/s",
        ),
    ] {
        let text = Columns::find(&*made("pendulum", 1), &wrong, &told).expect_err(wanted).to_string();
        assert!(text.contains(wanted), "{text}");
    }
    let twice = signature(&["angle", "velocity"], &[], &["torque"]);
    let text = Columns::find(&*made("pendulum", 1), &twice, &named(&[("velocity", "angle")], &[])).expect_err("twice");
    assert!(text.to_string().contains("taken for two"), "{text}");
    let none = named(&[], &[("torque", "none")]);
    assert_eq!(Columns::find(&*made("pendulum", 1), &usual, &none).expect("told").action, [None], "0 throughout");
}

#[test]
fn parameters_that_are_none_are_refused_with_those_that_are() {
    let pendulum = made("pendulum", 1);
    let told = |choices: Choices| Space::new(&*pendulum, &choices).expect_err("refused").to_string();
    let fixed = |name: &str, x: f64| [(name.to_owned(), x)].into_iter().collect::<std::collections::BTreeMap<_, _>>();
    let text = told(Choices { fixed: fixed("weight", 1.0), ..Choices::default() });
    assert!(text.contains("no parameter weight; it has mass, length"), "{text}");
    let both = Choices { fixed: fixed("mass", 1.0), free: names(&["mass"]), ..Choices::default() };
    assert!(told(both).contains("both fixed and free"), "both");
    let turned = [("mass".to_owned(), [2.0, 1.0])].into_iter().collect();
    assert!(told(Choices { priors: turned, ..Choices::default() }).contains("from 2 to 1"), "turned round");
    assert!(told(Choices { fixed: fixed("mass", f64::INFINITY), ..Choices::default() }).contains("finite"), "infinite");
    let all = ["mass", "length", "viscous", "coulomb"].map(|name| (name.to_owned(), 0.1)).into_iter().collect();
    assert!(told(Choices { fixed: all, ..Choices::default() }).contains("leave one free"), "nothing to find");
    assert!(mechanism("pendulumm", 1).err().is_some_and(|e| e.to_string().contains("double-pendulum")), "a name");
}

#[test]
fn places_on_the_scale_of_priors_and_values_are_the_same() {
    let pendulum = made("pendulum", 1);
    let free = Choices { free: names(&["rest"]), ..Choices::default() };
    let space = Space::new(&*pendulum, &free).expect("a space");
    let z = space.starts();
    let back = space.values(&z);
    assert!(back.iter().zip(&space.start).all(|(a, b)| (a - b).abs() < 1e-12), "{back:?}");
    // 1.645 standard deviations are the ends of the interval.
    assert!(
        (space.told(0, 1.644_854) / 5.0 - 1.0).abs() < 1e-5 && (space.told(0, -1.644_854) / 0.05 - 1.0).abs() < 1e-5
    );
    assert!(space.is_log(0) && !space.is_log(space.len() - 1), "mass, and the angle of rest");
    let (slopes, h) = (space.slopes(&back), 1e-6);
    for nth in 0..space.len() {
        let difference = (space.told(nth, z[nth] + h) - space.told(nth, z[nth] - h)) / (2.0 * h);
        assert!((difference - slopes[nth]).abs() < 1e-6, "slope of {nth}");
    }
}
