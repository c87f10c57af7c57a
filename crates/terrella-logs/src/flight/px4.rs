//! What fields of PX4's topics are: units, which their definitions do not state, and which of them are state or action.
//!
//! PX4 writes units into many names (`_m_s`, `_rad`); the others are in the comments of its message definitions, from
//! which the ones that models are usually made of are listed here. Other fields have no unit.

use super::kind::Role;

/// Units of fields, by topic, where the name does not tell or tells otherwise.
const UNITS: &[(&str, &[(&str, &str)])] = &[
    (
        "vehicle_local_position",
        &[
            ("x", "m"),
            ("y", "m"),
            ("z", "m"),
            ("vx", "m/s"),
            ("vy", "m/s"),
            ("vz", "m/s"),
            ("z_deriv", "m/s"),
            ("ax", "m/s^2"),
            ("ay", "m/s^2"),
            ("az", "m/s^2"),
            ("heading", "rad"),
            ("yaw", "rad"),
            ("dist_bottom", "m"),
            ("eph", "m"),
            ("epv", "m"),
            ("evh", "m/s"),
            ("evv", "m/s"),
        ],
    ),
    (
        "vehicle_local_position_setpoint",
        &[
            ("x", "m"),
            ("y", "m"),
            ("z", "m"),
            ("vx", "m/s"),
            ("vy", "m/s"),
            ("vz", "m/s"),
            ("acceleration", "m/s^2"),
            ("yaw", "rad"),
            ("yawspeed", "rad/s"),
        ],
    ),
    (
        "trajectory_setpoint",
        &[
            ("position", "m"),
            ("velocity", "m/s"),
            ("acceleration", "m/s^2"),
            ("jerk", "m/s^3"),
            ("yaw", "rad"),
            ("yawspeed", "rad/s"),
        ],
    ),
    ("vehicle_odometry", &[("position", "m"), ("velocity", "m/s"), ("angular_velocity", "rad/s")]),
    ("vehicle_visual_odometry", &[("position", "m"), ("velocity", "m/s"), ("angular_velocity", "rad/s")]),
    ("vehicle_attitude", &[("rollspeed", "rad/s"), ("pitchspeed", "rad/s"), ("yawspeed", "rad/s")]),
    (
        "vehicle_attitude_setpoint",
        &[("roll_body", "rad"), ("pitch_body", "rad"), ("yaw_body", "rad"), ("yaw_sp_move_rate", "rad/s")],
    ),
    ("vehicle_rates_setpoint", &[("roll", "rad/s"), ("pitch", "rad/s"), ("yaw", "rad/s")]),
    ("vehicle_angular_velocity", &[("xyz", "rad/s"), ("xyz_derivative", "rad/s^2")]),
    ("vehicle_acceleration", &[("xyz", "m/s^2")]),
    ("sensor_combined", &[("gyro_rad", "rad/s"), ("gyro_integral_dt", "us"), ("accelerometer_integral_dt", "us")]),
    ("sensor_accel", &[("x", "m/s^2"), ("y", "m/s^2"), ("z", "m/s^2"), ("temperature", "degC")]),
    ("sensor_gyro", &[("x", "rad/s"), ("y", "rad/s"), ("z", "rad/s"), ("temperature", "degC")]),
    ("sensor_mag", &[("x", "G"), ("y", "G"), ("z", "G"), ("temperature", "degC")]),
    ("sensor_baro", &[("pressure", "Pa"), ("temperature", "degC")]),
    ("vehicle_global_position", &[("lat", "deg"), ("lon", "deg"), ("alt", "m"), ("eph", "m"), ("epv", "m")]),
    (
        "home_position",
        &[("lat", "deg"), ("lon", "deg"), ("alt", "m"), ("x", "m"), ("y", "m"), ("z", "m"), ("yaw", "rad")],
    ),
    ("distance_sensor", &[("current_distance", "m"), ("min_distance", "m"), ("max_distance", "m")]),
    ("wind", &[("windspeed_north", "m/s"), ("windspeed_east", "m/s")]),
];

/// Units in the ends of names; longer ones stand before those they end with.
const ENDINGS: &[(&str, &str)] = &[
    ("_m_s_s", "m/s^2"),
    ("_m_s2", "m/s^2"),
    ("_rad_s", "rad/s"),
    ("_m_s", "m/s"),
    ("_deg", "deg"),
    ("_rad", "rad"),
    ("_rpm", "rpm"),
    ("_ga", "G"),
    ("_pa", "Pa"),
    ("_hz", "Hz"),
    ("_celcius", "degC"),
    ("_celsius", "degC"),
    ("_meter", "m"),
    ("_m", "m"),
    ("_v", "V"),
    ("_a", "A"),
    ("_us", "us"),
];

/// The unit that a field is logged in, if it is known.
pub(super) fn unit(topic: &str, field: &str) -> Option<&'static str> {
    let listed = UNITS.iter().find(|(name, _)| *name == plain(topic)).map_or(&[][..], |(_, fields)| fields);
    let known = listed.iter().find(|(name, _)| *name == field).map(|(_, unit)| *unit);
    known.or_else(|| ENDINGS.iter().find(|(ending, _)| field.ends_with(ending)).map(|(_, unit)| *unit))
}

/// What a field usually is.
pub(super) fn role(topic: &str, field: &str) -> Option<Role> {
    match (topic, field) {
        ("vehicle_attitude", "q" | "rollspeed" | "pitchspeed" | "yawspeed") => Some(Role::State(0)),
        ("vehicle_angular_velocity", "xyz") => Some(Role::State(1)),
        ("vehicle_local_position", "x" | "y" | "z" | "vx" | "vy" | "vz") => Some(Role::State(2)),
        ("actuator_motors", "control") => Some(Role::Action(0)),
        ("actuator_controls_0", "control") => Some(Role::Action(1)),
        ("actuator_outputs", "output") => Some(Role::Action(2)),
        _ => None,
    }
}

/// Whether a topic has fields with a role.
pub(super) fn is_known(topic: &str) -> bool {
    matches!(
        topic,
        "vehicle_attitude"
            | "vehicle_angular_velocity"
            | "vehicle_local_position"
            | "actuator_motors"
            | "actuator_controls_0"
            | "actuator_outputs"
    )
}

/// A topic without the number of its instance.
fn plain(topic: &str) -> &str {
    topic.rsplit_once('.').map_or(topic, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_the_definitions() {
        for (topic, field, wanted) in [
            ("vehicle_local_position", "vx", Some("m/s")),
            ("sensor_baro.1", "pressure", Some("Pa")),
            // A rate, whatever its name ends with.
            ("sensor_combined", "gyro_rad", Some("rad/s")),
            ("sensor_combined", "accelerometer_m_s2", Some("m/s^2")),
            ("sensor_gps", "c_variance_rad", Some("rad")),
            ("vehicle_status", "nav_state", None),
        ] {
            assert_eq!(unit(topic, field), wanted, "{topic}.{field}");
        }
        let roles = ["vehicle_attitude", "actuator_motors"].map(|topic| role(topic, "q").or(role(topic, "control")));
        assert!(roles.iter().all(Option::is_some) && is_known("vehicle_attitude") && !is_known("cpuload"), "{roles:?}");
    }
}
