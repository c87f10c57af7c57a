//! `features.json`: what TensorFlow Datasets says an episode is made of.
//!
//! The tree is flattened to the names under which an example stores its values. Kinds that are not
//! known stay in the list as [`Kind::Other`] with their class, so that somebody is told about them.

use serde_json::Value;
use terrella_data::vectors::LARGEST_WIDTH;

/// What a feature holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Numbers; how many a step, unless that varies.
    Numbers {
        width: Option<usize>,
        rank: usize,
        float: bool,
    },
    /// Encoded pictures; height and width, unless they vary.
    Image {
        size: Option<[usize; 2]>,
        colour: bool,
    },
    Text,
    /// Something that is not read; why.
    Other(String),
}

impl Kind {
    /// Height and width of pictures, where they are declared.
    pub(crate) fn size(&self) -> Option<[usize; 2]> {
        if let Self::Image { size, .. } = self { *size } else { None }
    }

    /// What it is, for people.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Numbers { width: Some(width), .. } => format!("{width} numbers a step"),
            Self::Numbers { width: None, .. } => {
                format!("numbers whose shape varies, or of more than {LARGEST_WIDTH} a step")
            }
            Self::Image { .. } => "pictures".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Other(what) => what.clone(),
        }
    }
}

/// One leaf of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Feature {
    /// Its path, as in `steps/observation/state`.
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

impl Feature {
    /// The last part of the name.
    pub(crate) fn leaf(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// The leaves of the tree, sorted by name.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<Feature>, String> {
    // The parser refuses more than 128 levels, so the walk below is no deeper.
    let tree: Value = serde_json::from_slice(text).map_err(|e| e.to_string())?;
    let mut features = Vec::new();
    walk(&tree, String::new(), &mut features);
    features.sort_by(|a, b| a.name.cmp(&b.name));
    if features.iter().any(|f| f.name.starts_with("steps/")) {
        return Ok(features);
    }
    let names: Vec<&str> = features.iter().map(|f| f.name.as_str()).take(8).collect();
    Err(format!("it has no feature \"steps\", which RLDS demands (there are: {})", names.join(", ")))
}

fn walk(node: &Value, name: String, features: &mut Vec<Feature>) {
    if let Some(children) = node["featuresDict"]["features"].as_object() {
        for (child, node) in children {
            let name = if name.is_empty() { child.clone() } else { format!("{name}/{child}") };
            walk(node, name, features);
        }
        return;
    }
    // `steps` is a sequence; one inside it has rows of its own, which an episode has no place for.
    let sequence = ["sequence", "dataset"].iter().map(|key| &node[*key]["feature"]).find(|inner| inner.is_object());
    let kind = match sequence {
        Some(inner) if name == "steps" => return walk(inner, name, features),
        Some(_) => Kind::Other("a sequence of its own".to_owned()),
        None => leaf(node),
    };
    features.push(Feature { name, kind });
}

fn leaf(node: &Value) -> Kind {
    let class = || {
        let path = node["pythonClassName"].as_str().unwrap_or("a feature without a class");
        path.rsplit('.').next().unwrap_or(path).to_owned()
    };
    if node["text"].is_object() {
        return Kind::Text;
    }
    if node["image"].is_object() {
        let shape = dimensions(&node["image"]);
        let size = match shape[..] {
            [Some(height), Some(width), ..] if height > 0 && width > 0 => Some([height, width]),
            _ => None,
        };
        let bytes = node["image"]["dtype"].as_str().is_none_or(|d| d == "uint8");
        let colour = bytes && matches!(shape[..], [_, _, Some(3) | None] | []);
        return Kind::Image { size, colour };
    }
    let tensor = &node["tensor"];
    if !tensor.is_object() {
        return Kind::Other(class());
    }
    let dtype = tensor["dtype"].as_str().unwrap_or("no dtype");
    if matches!(dtype, "string" | "object") {
        return Kind::Text;
    }
    let encoding = tensor["encoding"].as_str().unwrap_or("none");
    if !encoding.eq_ignore_ascii_case("none") {
        return Kind::Other(format!("{} with encoding {encoding}", class()));
    }
    let float = dtype.contains("float");
    if !float && !dtype.contains("int") && dtype != "bool" {
        return Kind::Other(format!("{} of {dtype}", class()));
    }
    let shape = dimensions(tensor);
    let width =
        shape.iter().try_fold(1usize, |n, side| n.checked_mul((*side)?)).filter(|n| (1..=LARGEST_WIDTH).contains(n));
    Kind::Numbers { width, rank: shape.len(), float }
}

/// The sides of a shape; those that vary, or make no sense, are absent.
fn dimensions(node: &Value) -> Vec<Option<usize>> {
    let sides = node["shape"]["dimensions"].as_array();
    let number = |side: &Value| match side {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|n| usize::try_from(n).ok()),
    };
    sides.into_iter().flatten().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_tree_becomes_names_with_kinds() {
        let tensor = |dims: Value, dtype: &str| json!({"tensor": {"shape": {"dimensions": dims}, "dtype": dtype}});
        let step = json!({"featuresDict": {"features": {
            "action": tensor(json!(["2", "3"]), "float64"),
            "ragged": tensor(json!(["-1"]), "float32"),
            "huge": tensor(json!(["9999999999", "9999999999", "9999999999"]), "float32"),
            "flag": {"tensor": {"shape": {}, "dtype": "bool"}},
            "packed": {"tensor": {"shape": {}, "dtype": "int8", "encoding": "zlib"}, "pythonClassName": "a.Tensor"},
            "depth": {"image": {"shape": {"dimensions": ["4", "6", "1"]}, "dtype": "uint16"}},
            "words": {"text": {}},
            "label": {"pythonClassName": "tfds.ClassLabel", "classLabel": {}},
            "inner": {"sequence": {"feature": {"text": {}}}},
        }}});
        let tree = json!({"featuresDict": {"features": {"steps": {"sequence": {"feature": step}}}}});
        let found = parse(tree.to_string().as_bytes()).expect("parsed");
        let numbers = |width, rank, float| Kind::Numbers { width, rank, float };
        let other = |text: &str| Kind::Other(text.to_owned());
        let expected = [
            ("action", numbers(Some(6), 2, true)),
            ("depth", Kind::Image { size: Some([4, 6]), colour: false }),
            ("flag", numbers(Some(1), 0, false)),
            ("huge", numbers(None, 3, true)),
            ("inner", other("a sequence of its own")),
            ("label", other("ClassLabel")),
            ("packed", other("Tensor with encoding zlib")),
            ("ragged", numbers(None, 1, true)),
            ("words", Kind::Text),
        ];
        let expected: Vec<Feature> =
            expected.into_iter().map(|(name, kind)| Feature { name: format!("steps/{name}"), kind }).collect();
        assert_eq!(found, expected, "sorted by name");
    }

    #[test]
    fn what_is_no_episode_is_refused() {
        let error = parse(br#"{"featuresDict": {"features": {"image": {"text": {}}}}}"#);
        assert!(error.is_err_and(|e| e.contains("no feature \"steps\"") && e.contains("image")), "another dataset");
        assert!(parse(b"{").is_err() && parse(b"[]").is_err() && parse(&[b'['; 500]).is_err(), "no JSON of ours");
    }
}
