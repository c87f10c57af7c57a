//! Stages that keep, measure or label episodes: each is one query.

use super::work::Work;
use crate::pipeline::Alike;
use crate::tables::{TableWriter, Tables, ints};
use crate::{Error, Result};
use arrow::array::RecordBatch;
use std::collections::BTreeMap;
use std::path::Path;

impl Work<'_> {
    pub(super) fn measuring(&self, columns: &BTreeMap<String, String>) -> Result<String> {
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

    pub(super) fn joining(&self, query: &str) -> Result<String> {
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

    /// Writes the answer of a query for the new `episodes`, and beside it who was left out; `text` is what the user
    /// wrote of it.
    pub(super) fn select(&self, folder: &Path, name: &Path, query: &str, text: &str) -> Result<Tables> {
        let path = folder.join("episodes.parquet");
        let mut counts = [0, 0];
        let mut last = None;
        let query = format!("SELECT * FROM ({query}) ORDER BY episode_index");
        self.answer(&path, &query, text, |batch| {
            counts[0] += batch.num_rows();
            counts[1] += ints(batch, "length").iter().sum::<i64>() as usize;
            for episode in ints(batch, "episode_index") {
                if last == Some(*episode) {
                    return Err(self.fails(format!(
                        "episode {episode} comes twice; the query must return each at most once (SELECT DISTINCT …)"
                    )));
                }
                last = Some(*episode);
            }
            Ok(())
        })?;
        if counts[0] < self.before.counts[0] {
            let query = format!(
                "SELECT {} AS stage, e.source, e.source_episode, e.source_from, e.source_every, e.length, e.variant \
                 FROM episodes e LEFT ANTI JOIN kept k ON e.episode_index = k.episode_index ORDER BY e.episode_index",
                self.number
            );
            self.engine.register("kept", &path, &["episode_index"]).map_err(self.refused("kept"))?;
            self.answer(&folder.join("dropped.parquet"), &query, &query, |_| Ok(()))?;
        }
        let complete = self.before.complete && counts[0] == self.before.counts[0];
        Ok(Tables { episodes: name.join("episodes.parquet"), complete, counts, ..self.before.clone() })
    }

    /// Writes the answer of a query, each batch of which is checked.
    fn answer(
        &self,
        path: &Path,
        query: &str,
        text: &str,
        mut check: impl FnMut(&RecordBatch) -> Result<()>,
    ) -> Result<()> {
        let schema = self.engine.schema(query).map_err(self.refused(text))?;
        let mut writer = TableWriter::create(path, schema.clone())?;
        let write = |batch: RecordBatch| {
            let batch = batch.with_schema(schema.clone()).map_err(|e| Error::broken(path, e))?;
            check(&batch)?;
            writer.write(&batch)
        };
        self.engine.stream(query, write).map_err(self.refused(text))??;
        writer.finish()
    }
}

/// At most so many episodes of a group, in random order.
pub(super) fn balancing(group: &str, at_most: usize, seed: &str) -> String {
    let draw = format!("random('balance', {seed}, episode_index), episode_index");
    let ranked =
        format!("SELECT *, row_number() OVER (PARTITION BY ({group}) ORDER BY {draw}) AS balance_rank FROM episodes");
    format!("SELECT * EXCEPT (balance_rank) FROM ({ranked}) WHERE balance_rank <= {at_most}")
}

/// Episodes that are like no earlier one.
pub(super) fn deduplicating(by: Alike, columns: &str, tolerance: f64) -> String {
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
pub(super) fn shards(rows: usize) -> String {
    let start = "sum(length) OVER (ORDER BY episode_index) - length";
    let first = "min(shard_start) OVER (PARTITION BY source, source_episode)";
    let number = format!("CAST({first} / {rows} AS BIGINT)");
    format!(
        "SELECT * EXCEPT (shard_start), concat('shard-', lpad(CAST({number} AS VARCHAR), 5, '0')) AS part \
         FROM (SELECT *, CAST({start} AS BIGINT) AS shard_start FROM episodes)"
    )
}

/// Recorded episodes in random order, the first share to the first part, and so on.
pub(super) fn parted(parts: &BTreeMap<String, f64>, seed: &str) -> String {
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
