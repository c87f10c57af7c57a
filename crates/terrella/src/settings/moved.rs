//! Keys that earlier versions kept elsewhere, put where they belong now.

use terrella_model::{ModelConfig, Moved};
use toml::{Table, Value};

/// Puts keys of a model where they belong that earlier versions kept with its training; answers with them.
/// What never meant anything for this kind stays where it is.
pub(super) fn move_keys(settings: &mut Table, kind: &str) -> Vec<&'static str> {
    let here = |settings: &Table, key: &str| settings.get("train").is_some_and(|train| train.get(key).is_some());
    let moved = ModelConfig::moved(kind).filter(|(key, moved)| *moved == Moved::ToModel && here(settings, key));
    let moved: Vec<&str> = moved.map(|(key, _)| key).collect();
    for &key in &moved {
        let old = settings.get_mut("train").and_then(|train| train.as_table_mut()?.remove(key));
        let model = settings.entry("model").or_insert_with(|| Value::Table(Table::new()));
        if let (Some(old), Value::Table(model)) = (old, model) {
            match (model.get_mut(key), old) {
                // What is said in the right place holds.
                (Some(Value::Table(new)), Value::Table(old)) => {
                    for (key, value) in old {
                        new.entry(key).or_insert(value);
                    }
                }
                (Some(_), _) => {}
                (None, old) => {
                    model.insert(key.to_owned(), old);
                }
            }
        }
    }
    moved
}

/// Settings as an earlier version wrote them whole, with every key where it now belongs.
pub(crate) fn modernised(mut settings: Table) -> Table {
    let kind = settings.get("model").and_then(|model| model.get("kind")).and_then(Value::as_str);
    let kind = kind.unwrap_or(ModelConfig::KINDS[0]).to_owned();
    move_keys(&mut settings, &kind);
    if let Some(Value::Table(train)) = settings.get_mut("train") {
        // Written for every family, though it meant something for one only.
        ModelConfig::moved(&kind).for_each(|(key, _)| drop(train.remove(key)));
    }
    settings
}
