//! From what was typed to what is meant: defaults < preset < file < `--set` < flags.
//!
//! A layer is a table and the name of where it came from. Each is laid over the ones before and read
//! at once, so that an unknown key or a wrong type is told with its origin and the nearest valid key.

use super::Settings;
use super::check::absurd;
use super::merge::{merge, missing, nearest};
use super::moved::move_keys;
use crate::error::usage;
use anyhow::{Context, Result};
use std::path::Path;
use terrella_model::{Augment, ModelConfig};
use toml::{Table, Value};

/// The presets, by name.
pub const PRESETS: &[(&str, &str)] = &[
    ("quickstart", include_str!("../../../../configs/quickstart.toml")),
    ("hour", include_str!("../../../../configs/hour.toml")),
    ("quickstart-state", include_str!("../../../../configs/quickstart-state.toml")),
    ("quickstart-pixels", include_str!("../../../../configs/quickstart-pixels.toml")),
    ("jepa", include_str!("../../../../configs/jepa.toml")),
    ("tworoom", include_str!("../../../../configs/tworoom.toml")),
    ("ensemble", include_str!("../../../../configs/ensemble.toml")),
    ("diffusion", include_str!("../../../../configs/diffusion.toml")),
    ("hybrid", include_str!("../../../../configs/hybrid.toml")),
    ("rssm", include_str!("../../../../configs/rssm.toml")),
];

/// The text of a preset.
///
/// # Errors
/// If there is none of this name; the nearest one is named.
pub fn preset(name: &str) -> Result<&'static str> {
    PRESETS.iter().find(|(n, _)| *n == name).map(|(_, text)| *text).ok_or_else(|| {
        let names: Vec<&str> = PRESETS.iter().map(|(n, _)| *n).collect();
        usage(format!("there is no preset {name:?}{}; there are {}", nearest(name, &names), names.join(", ")))
    })
}

/// Settings in the making.
#[derive(Clone, Debug)]
pub struct Layers {
    table: Table,
    schema: Table,
    seeded: Vec<String>,
}

/// Sections whose `seed` follows the run's seed unless it is set.
const SEEDED: [&str; 5] = ["train", "reacher", "steps_to_go", "eval.rollout", "eval.faithful"];

impl Layers {
    /// The defaults.
    ///
    /// # Errors
    /// Never in practice: defaults can be written as a table.
    pub fn new() -> Result<Self> {
        Ok(Self { seeded: Vec::new(), ..Self::over(&Settings::default())? })
    }

    /// Over settings of an earlier run, whose sections keep their seeds.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn over(settings: &Settings) -> Result<Self> {
        let seeded = SEEDED.map(str::to_owned).to_vec();
        Ok(Self { table: table(settings)?, schema: table(&Settings::complete())?, seeded })
    }

    /// Lays a preset over it.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn preset(&mut self, name: &str) -> Result<()> {
        let layer = preset(name)?.parse::<Table>().with_context(|| format!("preset {name}"))?;
        self.lay(&layer, &format!("preset {name}"))
    }

    /// Lays a file over it.
    ///
    /// # Errors
    /// If it cannot be read, or has an unknown key or a wrong type.
    pub fn file(&mut self, path: &Path) -> Result<()> {
        let origin = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|e| usage(format!("cannot read {origin}: {e}")))?;
        let layer = text.parse::<Table>().map_err(|e| usage(format!("{origin} is not TOML: {e}")))?;
        self.lay(&layer, &origin)
    }

    /// Lays one `a.b=c` over it; `a.b=` takes an optional setting back.
    ///
    /// # Errors
    /// If it is not of that form, takes back what must be there, or has an unknown key or a wrong type.
    pub fn set(&mut self, assignment: &str) -> Result<()> {
        let origin = format!("--set {assignment}");
        let Some((path, text)) = assignment.split_once('=') else {
            return Err(usage(format!("{origin} has no '='; write it as --set train.steps=500")));
        };
        let text = text.trim();
        if text.is_empty() {
            return self.unset(path.trim(), &origin);
        }
        // What is not a TOML value is a bare word: `--set model.size=s`.
        let parsed = format!("v = {text}").parse::<Table>().ok().and_then(|mut t| t.remove("v"));
        self.value(path.trim(), parsed.unwrap_or_else(|| Value::String(text.to_owned())), &origin)
    }

    /// Takes an optional setting back, as if nobody had given it.
    fn unset(&mut self, path: &str, origin: &str) -> Result<()> {
        let optional = missing(&self.schema, &table(&Settings::default())?, "");
        if !optional.iter().any(|known| known == path) {
            let optional = optional.join(", ");
            return Err(usage(format!("{origin}: {path} needs a value; what can be left empty is {optional}")));
        }
        let (section, key) = path.rsplit_once('.').unwrap_or(("", path));
        let names = section.split('.').filter(|name| !name.is_empty());
        let inside = names.into_iter().try_fold(&mut self.table, |t, name| t.get_mut(name)?.as_table_mut());
        if let Some(section) = inside {
            section.remove(key);
        }
        self.read(origin).map(|_| ())
    }

    /// Lays one value over it.
    ///
    /// # Errors
    /// If the key is unknown or the type is wrong.
    pub fn value(&mut self, path: &str, value: impl Into<Value>, origin: &str) -> Result<()> {
        let mut layer = value.into();
        for key in path.rsplit('.') {
            layer = Value::Table(Table::from_iter([(key.trim().to_owned(), layer)]));
        }
        match layer {
            Value::Table(layer) => self.lay(&layer, origin),
            _ => Err(usage(format!("{origin}: there is no key"))),
        }
    }

    /// The settings.
    ///
    /// # Errors
    /// If they cannot be read; every layer was read before, so this does not happen.
    pub fn resolve(mut self) -> Result<Settings> {
        let seed = self.table.get("seed").cloned().unwrap_or(Value::Integer(0));
        for section in SEEDED.iter().filter(|s| !self.seeded.iter().any(|have| have == *s)) {
            let table = section.split('.').try_fold(&mut self.table, |t, key| t.get_mut(key)?.as_table_mut());
            if let Some(table) = table {
                table.insert("seed".to_owned(), seed.clone());
            }
        }
        self.read("settings")
    }

    fn lay(&mut self, layer: &Table, origin: &str) -> Result<()> {
        self.change_kind(layer)?;
        let mut layer = layer.clone();
        for key in move_keys(&mut layer, self.kind("model")) {
            crate::out::note(&format!("note: {origin}: train.{key} is now model.{key}"));
        }
        let layer = &layer;
        let mut known = self.schema.clone();
        let kind = self.kind("model").to_owned();
        if let Some(model) = ModelConfig::all().iter().find(|m| m.kind() == kind) {
            known.insert("model".to_owned(), Value::Table(table(model)?));
        }
        if let (Some(Value::Table(now)), Some(Value::Table(planner))) =
            (self.table.get("planner"), known.get_mut("planner"))
        {
            *planner = now.clone();
        }
        merge(&mut self.table, layer, &known, "", origin)?;
        for section in SEEDED {
            let table = section.split('.').try_fold(layer, |t, key| t.get(key)?.as_table());
            if table.is_some_and(|t| t.contains_key("seed")) {
                self.seeded.push(section.to_owned());
            }
        }
        self.read(origin).map(|_| ())
    }

    /// Another kind of planner or model brings its own keys and defaults, a model also those of its
    /// training; what the layer itself says comes after.
    fn change_kind(&mut self, layer: &Table) -> Result<()> {
        let wanted = |section: &str| layer.get(section).and_then(|p| p.get("kind")).and_then(Value::as_str);
        if let Some(kind) = wanted("planner").filter(|kind| *kind != self.kind("planner")) {
            let planner: terrella_agent::PlannerConfig = of_kind(kind)
                .try_into()
                .map_err(|e: toml::de::Error| usage(format!("planner.kind: {}", e.message())))?;
            self.table.insert("planner".to_owned(), Value::Table(table(&planner)?));
        }
        if let Some(kind) = wanted("model").filter(|kind| *kind != self.kind("model")) {
            let model: ModelConfig =
                of_kind(kind).try_into().map_err(|e: toml::de::Error| usage(format!("model.kind: {}", e.message())))?;
            self.table.insert("model".to_owned(), Value::Table(table(&model)?));
            // How pictures are varied was meant for the other kind, which perhaps alone is shown any.
            if let Some(Value::Table(train)) = self.table.get_mut("train") {
                train.insert("augment".to_owned(), Value::Table(table(&Augment::default())?));
            }
            if PRESETS.iter().any(|(name, _)| *name == kind) {
                self.preset(kind)?;
            }
        }
        Ok(())
    }

    /// Which kind a section is of.
    fn kind(&self, section: &str) -> &str {
        self.table.get(section).and_then(|p| p.get("kind")).and_then(Value::as_str).unwrap_or_default()
    }

    fn read(&self, origin: &str) -> Result<Settings> {
        let settings: Result<Settings, toml::de::Error> = self.table.clone().try_into();
        let settings = settings.map_err(|e| {
            let text = e.to_string();
            usage(format!("{origin}: {}", text.trim().replace('\n', " ")))
        })?;
        match absurd(&self.table) {
            Some(why) => Err(usage(format!("{origin}: {why}"))),
            None => Ok(settings),
        }
    }
}

fn of_kind(kind: &str) -> Table {
    Table::from_iter([("kind".to_owned(), Value::String(kind.to_owned()))])
}

fn table(value: &impl serde::Serialize) -> Result<Table> {
    match Value::try_from(value).context("cannot write settings as TOML")? {
        Value::Table(table) => Ok(table),
        other => Err(anyhow::anyhow!("settings are a {}", other.type_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_agent::PlannerConfig;

    #[test]
    fn later_layers_win_and_seeds_follow() {
        let mut layers = Layers::new().expect("defaults");
        layers.preset("quickstart").expect("a preset");
        layers.set("train.steps=7").expect("a number");
        layers.set("model.size=s").expect("a bare word");
        layers.value("seed", 5, "--seed").expect("a flag");
        layers.set("reacher.seed=9").expect("its own");
        let settings = layers.resolve().expect("settings");
        assert_eq!((settings.train.steps, settings.train.seed, settings.reacher.seed), (7, 5, 9), "layers");
        let model = table(&settings.model).expect("a table");
        assert_eq!(model["size"].as_str(), Some("s"), "size");
    }

    #[test]
    fn a_planner_of_another_kind_brings_its_own_keys() {
        let mut layers = Layers::new().expect("defaults");
        layers.set("planner.samples=300").expect("of icem");
        layers.set("planner.kind=mppi").expect("another");
        layers.set("planner.temperature=0.5").expect("of mppi");
        let settings = layers.clone().resolve().expect("settings");
        assert!(matches!(settings.planner, PlannerConfig::Mppi(c) if c.samples == 64), "fresh defaults");
        let error = layers.set("planner.elites=3").expect_err("not of mppi").to_string();
        assert!(error.contains("planner.elites"), "{error}");
    }

    #[test]
    fn a_model_of_another_kind_brings_its_own_keys_and_its_own_training() {
        let mut layers = Layers::new().expect("defaults");
        layers.preset("quickstart").expect("of another kind");
        layers.set("model.kind=ensemble").expect("another");
        layers.set("model.members=7").expect("of an ensemble");
        let settings = layers.clone().resolve().expect("settings");
        let wanted = matches!(&settings.model, ModelConfig::Ensemble(c) if c.members == 7);
        assert!(wanted && settings.train.n_frames == 2, "{:?} {:?}", settings.model, settings.train);
        assert!(!settings.train.augment.varies(), "pictures that it is not shown are not varied");
        let error = layers.set("model.size=s").expect_err("not of an ensemble").to_string();
        assert!(error.contains("model.size"), "{error}");
        let error = layers.set("model.kind=oracle").expect_err("no such family").to_string();
        assert!(ModelConfig::KINDS.iter().all(|kind| error.contains(kind)), "{error}");
    }

    #[test]
    fn a_kind_brings_all_that_its_preset_brings() {
        for kind in ModelConfig::KINDS.iter().filter(|kind| PRESETS.iter().any(|(name, _)| name == *kind)) {
            let [mut asked, mut chosen] = [(); 2].map(|()| Layers::new().expect("defaults"));
            asked.preset("quickstart").expect("of another kind");
            asked.set(&format!("model.kind={kind}")).expect("this kind");
            chosen.preset(kind).expect("its preset");
            let [asked, chosen] = [asked, chosen].map(|layers| layers.resolve().expect("settings"));
            assert_eq!((&asked.model, &asked.train), (&chosen.model, &chosen.train), "{kind}");
        }
    }

    #[test]
    fn an_optional_setting_is_taken_back_by_an_empty_value_and_no_other_is() {
        let mut layers = Layers::new().expect("defaults");
        for (set, unset) in [
            ("data.env=pusht", "data.env="),
            ("data.path=here", "data.path ="),
            ("mpc.deadline_ms=5", "mpc.deadline_ms="),
            ("cost.tolerance=[1.0]", "cost.tolerance= "),
        ] {
            layers.set(set).expect("a value");
            assert_ne!(layers.clone().resolve().expect("settings"), Settings::default(), "{set}");
            layers.set(unset).expect("none");
            assert_eq!(layers.clone().resolve().expect("settings"), Settings::default(), "{unset}");
        }
        let earlier = Settings {
            data: crate::settings::DataSettings { env: Some("pusht".into()), ..Default::default() },
            ..Settings::default()
        };
        let mut over = Layers::over(&earlier).expect("an earlier run");
        over.set("data.env=").expect("none");
        assert_eq!(over.resolve().expect("settings").data.env, None, "of an earlier run");
        for wrong in ["train.steps=", "data=", "nothing.here="] {
            let text = layers.set(wrong).expect_err("refused").to_string();
            assert!(text.contains(wrong) && text.contains("data.env, data.path"), "{text}");
        }
    }

    #[test]
    fn plans_that_are_always_as_long_can_be_asked_for_and_written_down() {
        let mut layers = Layers::new().expect("defaults");
        let slack = |layers: &Layers| layers.clone().resolve().expect("settings").mpc.slack_blocks;
        assert_eq!(slack(&layers), Some(1), "the default");
        layers.set("mpc.slack_blocks=none").expect("without");
        let without = layers.clone().resolve().expect("settings");
        assert_eq!(slack(&Layers::over(&without).expect("written down")), None, "as it was meant, not the default");
        layers.set("mpc.slack_blocks=3").expect("a number again");
        assert_eq!(slack(&layers), Some(3), "blocks");
        let text = layers.set("mpc.slack_blocks=few").expect_err("no number").to_string();
        assert!(text.contains("number of blocks") && text.contains("\"none\""), "{text}");
    }

    #[test]
    fn mistakes_name_their_origin_and_the_nearest_key() {
        let mut layers = Layers::new().expect("defaults");
        let told = |assignment: &str| layers.clone().set(assignment).expect_err("refused").to_string();
        let text = told("train.step=3");
        assert!(text.contains("--set train.step=3") && text.contains("\"train.steps\""), "{text}");
        let text = told("modle.size=s");
        assert!(text.contains("\"model\""), "{text}");
        let text = told("train.steps=many");
        assert!(text.contains("train") && text.contains("many"), "{text}");
        assert!(told("train.steps").contains("no '='"), "form");
        let text = layers.preset("quikstart").expect_err("no such").to_string();
        assert!(text.contains("\"quickstart\""), "{text}");
    }
}
