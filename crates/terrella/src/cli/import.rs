//! `terrella import`.

use crate::out;
use crate::pipeline::local;
use anyhow::Result;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use terrella_data::SourceOptions;
use terrella_formats::ImportOptions;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Recordings of any known format, or an address of some (s3://, gs://, hf://, https://)
    source: PathBuf,
    /// Folder to make
    destination: PathBuf,
    /// Scale pictures to squares of this side; as recorded if absent
    #[arg(long, value_name = "PIXELS")]
    image_size: Option<usize>,
    /// Store pictures as H.264 video: a tenth of the size, but no longer the very pixels
    #[arg(long)]
    video: bool,
    #[command(flatten)]
    source_options: SourceArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What recordings may not say about themselves.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "What the recordings may not say")]
pub(super) struct SourceArgs {
    /// Rows a second; where the recordings say their rate, every n-th row is taken
    #[arg(long)]
    fps: Option<f64>,
    /// World that can replay them (see `terrella envs`)
    #[arg(long)]
    env: Option<String>,
    /// What was being done
    #[arg(long)]
    task: Option<String>,
    /// Names of the state's numbers, separated by commas
    #[arg(long, value_delimiter = ',')]
    state: Option<Vec<String>>,
    /// Names of the action's numbers, separated by commas
    #[arg(long, value_delimiter = ',')]
    action: Option<Vec<String>>,
    /// Vectors that make the state, joined in this order, separated by commas (positions, forces, keypoints; topics of a log)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    vectors: Vec<String>,
    /// Picture feature that models see, where there are several
    #[arg(long)]
    camera: Option<String>,
    /// Further picture features to keep beside it, separated by commas, or `all`; depth is one too
    #[arg(long, value_name = "NAMES|all", value_delimiter = ',')]
    views: Vec<String>,
    /// Leave pictures out
    #[arg(long)]
    no_pictures: bool,
    /// Mapping that says what the columns of a log mean: a file, or the name of a known one
    #[arg(long, value_name = "FILE|NAME")]
    map: Option<String>,
}

impl SourceArgs {
    pub(super) fn resolve(self) -> Result<SourceOptions> {
        if let Some(env) = &self.env {
            terrella_env::make(env, &serde_json::Value::Null)?;
        }
        let trimmed = self.vectors.iter().map(|name| name.trim().to_owned());
        let vectors = trimmed.filter(|name| !name.is_empty()).collect();
        let Self { fps, env, task, state, action, vectors: _, camera, views, no_pictures, map } = self;
        Ok(SourceOptions { fps, env, task, state, action, vectors, camera, views, no_pictures, map })
    }
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let source = self.source_options.resolve()?;
        let options = ImportOptions { source, image_size: self.image_size, video: self.video };
        let watch = super::shared::watch();
        let from = local(&self.source, &watch)?;
        let mut stage = None;
        let imported = terrella_formats::import(&from, &self.destination, &options, &mut |done, total| {
            stage.get_or_insert_with(|| watch.stage("import", total as u64)).at(done as u64, "");
        })?;
        drop(stage);
        if self.json {
            return out::json(
                &json!({ "path": self.destination, "written": imported.written, "notes": imported.notes }),
            );
        }
        imported.notes.iter().for_each(|note| out::note(&format!("note: {note}")));
        let written = imported.written;
        out::line(&format!("{}: {} episodes, {} rows", self.destination.display(), written.episodes, written.rows))
    }
}
