//! Stages that keep, measure or label episodes: each is one query.

use super::Work;
use crate::pipeline::{Alike, Stage};
use crate::tables::{TableWriter, Tables, ints, nullable};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// A query for the new `episodes`, and the text in it that the user wrote.
pub(super) struct Selection {
    query: String,
    text: String,
}

impl Work<'_> {
    /// The query of a selecting stage.
    pub(super) fn selection(&self, stage: &Stage) -> Result<Selection> {
        let seed = self.expand("{seed}");
        let (query, text) = match stage {
            Stage::Filter { condition } => {
                (format!("SELECT * FROM episodes WHERE ({})", self.expand(condition)), condition.clone())
            }
            Stage::Measure { columns } => (self.measuring(columns)?, format!("{columns:?}")),
            Stage::Sql { query } => (self.joining(query)?, query.clone()),
            Stage::Deduplicate { by, columns, tolerance } => {
                let columns = match columns {
                    Some(columns) => columns.join(", "),
                    None => [self.before.state.clone(), self.before.action.clone()].concat().join(", "),
                };
                (deduplicating(*by, &columns, *tolerance), columns)
            }
            Stage::Balance { by, at_most } => {
                let group = self.expand(by);
                let draw = format!("random('balance', {seed}, episode_index), episode_index");
                let ranked = format!(
                    "SELECT *, row_number() OVER (PARTITION BY ({group}) ORDER BY {draw}) AS balance_rank FROM episodes"
                );
                let query = format!("SELECT * EXCEPT (balance_rank) FROM ({ranked}) WHERE balance_rank <= {at_most}");
                (query, by.clone())
            }
            Stage::Shard { parts, rows } => {
                let query = match rows {
                    Some(rows) => shards(*rows),
                    None => parted(parts, &seed),
                };
                (query, stage.text())
            }
            // These two rewrite frames.
            Stage::Split { .. } | Stage::Augment { .. } => (String::new(), String::new()),
        };
        Ok(Selection { query: format!("SELECT * FROM ({query}) ORDER BY episode_index"), text })
    }

    fn measuring(&self, columns: &BTreeMap<String, String>) -> Result<String> {
        let present = self.engine.columns("episodes");
        let mut measured = String::new();
        for (name, expression) in columns {
            if name.is_empty() || name.contains('"') || present.contains(name) {
                return Err(self
                    .fails(format!("a column cannot be named {name:?}; episodes has {} already", present.join(", "))));
            }
            measured.push_str(&format!(", ({}) AS \"{name}\"", self.expand(expression)));
        }
        let names: String = columns.keys().map(|name| format!(", m.\"{name}\"")).collect();
        let groups = format!("SELECT episode_index{measured} FROM frames GROUP BY episode_index");
        Ok(format!("SELECT e.*{names} FROM episodes e LEFT JOIN ({groups}) m ON e.episode_index = m.episode_index"))
    }

    fn joining(&self, query: &str) -> Result<String> {
        let query = self.expand(query.trim().trim_end_matches(';'));
        let schema = self.engine.schema(&query).map_err(self.refused(&query))?;
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        if !names.contains(&"episode_index") {
            return Err(self.fails(format!("the query returns {}; it must return episode_index", names.join(", "))));
        }
        let present = self.engine.columns("episodes");
        let new = names.iter().filter(|name| !present.iter().any(|p| p == *name));
        let added: String = new.map(|name| format!(", q.\"{name}\"")).collect();
        Ok(format!("SELECT e.*{added} FROM episodes e JOIN ({query}) q ON e.episode_index = q.episode_index"))
    }

    /// Writes the answer, and beside it who was left out.
    pub(super) fn select(&self, folder: &Path, name: &Path, selection: &Selection) -> Result<Tables> {
        let Selection { query, text } = selection;
        let path = folder.join("episodes.parquet");
        let schema = self.engine.schema(query).map_err(self.refused(text))?;
        let schema = nullable(schema.fields().iter().map(|f| f.as_ref().clone()));
        let mut writer = TableWriter::create(&path, schema.clone())?;
        let mut counts = [0, 0];
        let mut last = None;
        self.engine
            .stream(query, |batch| {
                let batch = batch.with_schema(schema.clone()).map_err(|e| Error::broken(&path, e))?;
                counts[0] += batch.num_rows();
                counts[1] += ints(&batch, "length").iter().sum::<i64>() as usize;
                for episode in ints(&batch, "episode_index") {
                    if last == Some(*episode) {
                        return Err(self.fails(format!(
                            "episode {episode} comes twice; the query must return each at most once (SELECT DISTINCT …)"
                        )));
                    }
                    last = Some(*episode);
                }
                writer.write(&batch)
            })
            .map_err(self.refused(text))??;
        writer.finish()?;
        if counts[0] < self.before.counts[0] {
            self.tell_dropped(folder, &path)?;
        }
        let complete = self.before.complete && counts[0] == self.before.counts[0];
        Ok(Tables { episodes: name.join("episodes.parquet"), complete, counts, ..self.before.clone() })
    }

    fn tell_dropped(&self, folder: &Path, kept: &Path) -> Result<()> {
        let path = folder.join("dropped.parquet");
        let query = format!(
            "SELECT {} AS stage, e.source, e.source_episode, e.source_from, e.source_every, e.length, e.variant \
             FROM episodes e LEFT ANTI JOIN kept k ON e.episode_index = k.episode_index ORDER BY e.episode_index",
            self.number
        );
        self.engine.register("kept", kept, &["episode_index"]).map_err(self.refused("kept"))?;
        let schema = self.engine.schema(&query).map_err(self.refused(&query))?;
        let schema = nullable(schema.fields().iter().map(|f| f.as_ref().clone()));
        let mut writer = TableWriter::create(&path, schema.clone())?;
        let write = |batch: arrow::array::RecordBatch| {
            writer.write(&batch.with_schema(schema.clone()).map_err(|e| Error::broken(&path, e))?)
        };
        self.engine.stream(&query, write).map_err(self.refused(&query))??;
        writer.finish()
    }
}

fn deduplicating(by: Alike, columns: &str, tolerance: f64) -> String {
    let (signature, twin) = match by {
        Alike::Content => (
            format!("content_hash({columns} ORDER BY frame_index)"),
            "CASE WHEN row_number() OVER (PARTITION BY signature ORDER BY episode_index) > 1 THEN 1 END".to_owned(),
        ),
        Alike::Path => (
            format!("path_signature({columns} ORDER BY frame_index)"),
            format!("twin_path(signature, CAST({tolerance} AS DOUBLE)) OVER (ORDER BY episode_index)"),
        ),
        Alike::Pictures => (
            "picture_signature((picture_hash >> 32) & 4294967295, picture_hash & 4294967295 ORDER BY frame_index)"
                .to_owned(),
            format!("twin_pictures(signature, CAST({tolerance} AS DOUBLE)) OVER (ORDER BY episode_index)"),
        ),
    };
    let signed = format!("SELECT episode_index, {signature} AS signature FROM frames GROUP BY episode_index");
    let compared = format!("SELECT episode_index, {twin} AS twin FROM ({signed})");
    format!("SELECT e.* FROM episodes e JOIN ({compared}) t ON e.episode_index = t.episode_index WHERE t.twin IS NULL")
}

/// A new dataset after so many rows, but not within what comes from one recorded episode.
fn shards(rows: usize) -> String {
    let start = "sum(length) OVER (ORDER BY episode_index) - length";
    let first = "min(shard_start) OVER (PARTITION BY source, source_episode)";
    let number = format!("CAST({first} / {rows} AS BIGINT)");
    format!(
        "SELECT * EXCEPT (shard_start), concat('shard-', lpad(CAST({number} AS VARCHAR), 5, '0')) AS part \
         FROM (SELECT *, CAST({start} AS BIGINT) AS shard_start FROM episodes)"
    )
}

/// Recorded episodes in random order, the first share to the first part, and so on.
fn parted(parts: &BTreeMap<String, f64>, seed: &str) -> String {
    let mut limit = 0.0;
    let last = parts.keys().next_back().cloned().unwrap_or_default();
    let mut cases = String::new();
    for (name, share) in parts.iter().filter(|(name, _)| **name != last) {
        limit += share;
        cases.push_str(&format!(" WHEN place < round({limit} * n) THEN '{name}'"));
    }
    let case = if cases.is_empty() { format!("'{last}'") } else { format!("CASE{cases} ELSE '{last}' END") };
    let order = format!("random('shard', {seed}, source, source_episode), source, source_episode");
    format!(
        "SELECT e.*, {case} AS part FROM episodes e JOIN (\
           SELECT source, source_episode, row_number() OVER (ORDER BY {order}) - 1 AS place, count(*) OVER () AS n \
           FROM (SELECT DISTINCT source, source_episode FROM episodes)) g \
         ON e.source = g.source AND e.source_episode = g.source_episode"
    )
}
