//! What messages of the standard packages of ROS 2 are made of, for bags that do not say it.
//!
//! These are the fields that go over the wire, a type a line, as they have been since Dashing; types that changed since
//! are not among them, but for `Range`, which got a field at its end.

use std::collections::HashMap;

const STANDARD: &str = include_str!("standard.txt");

/// The definition of a type with those that it is made of, as an MCAP file would have it.
pub(super) fn definition(kind: &str) -> Option<String> {
    let types: HashMap<&str, &str> = STANDARD.lines().filter_map(|line| line.split_once(':')).collect();
    let (package, name) = (kind.split('/').next()?, kind.rsplit('/').next()?);
    let mut parts = vec![*types.get_key_value(format!("{package}/{name}").as_str())?.0];
    let mut text = String::new();
    let mut at = 0;
    while let Some(kind) = parts.get(at).copied() {
        if at > 0 {
            text += &format!("===\nMSG: {kind}\n");
        }
        let package = kind.split('/').next().unwrap_or_default();
        for field in types[kind].split(',').map(str::trim).filter(|field| !field.is_empty()) {
            let of = field.split([' ', '[']).next().unwrap_or_default();
            let of = if of.contains('/') { of.to_owned() } else { format!("{package}/{of}") };
            let part = types.get_key_value(of.as_str()).map(|(name, _)| *name);
            parts.extend(part.filter(|part| !parts.contains(part)));
            text += field;
            text.push('\n');
        }
        at += 1;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::super::ros2msg;
    use super::*;

    #[test]
    fn every_standard_type_is_whole() {
        for line in STANDARD.lines() {
            let (kind, _) = line.split_once(':').expect("a type and its fields");
            let (package, name) = kind.split_once('/').expect("a package");
            let full = format!("{package}/msg/{name}");
            let text = definition(&full).expect("known");
            ros2msg::parse(&full, &text).unwrap_or_else(|e| panic!("{full}: {e}"));
        }
        let odometry = definition("nav_msgs/msg/Odometry").expect("known");
        let parts = odometry.lines().filter(|line| line.starts_with("MSG")).count();
        assert_eq!(parts, 8, "each part once: {odometry}");
        assert!(definition("my_msgs/msg/Odd").is_none() && definition("Twist").is_none(), "not known");
    }
}
