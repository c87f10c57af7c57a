//! Filmstrips: what was recorded above what was imagined, and what an attempt looked like.

use crate::html::{escape, push};
use crate::limits::with_unit;
use crate::png::data_uri;
use crate::recorded::recorded;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use terrella_core::{
    Clip, Dataset, Dynamics, Error, GoalWorld, Image, Result, Rollout, Rule, Table, Verdict, View, Window,
};

/// One row of pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StripRow {
    /// Whose pictures they are.
    pub label: String,
    /// One picture a step, where there is one.
    pub frames: Vec<Option<Image>>,
}

/// Rows of pictures over the same steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Filmstrip {
    /// What is shown.
    pub title: String,
    /// How it ended, in a sentence.
    pub caption: String,
    /// What stands above each column.
    pub steps: Vec<String>,
    /// The rows.
    pub rows: Vec<StripRow>,
}

impl Filmstrip {
    pub(crate) fn to_html(&self) -> String {
        let mut out = "<figure>".to_owned();
        push(&mut out, "<h3>", &self.title, "</h3>");
        out.push_str("<div class=\"wide\"><table class=\"strip\"><thead><tr><td></td>");
        let class = |step: &str| if step == "goal" { " class=\"goal\"" } else { "" };
        for step in &self.steps {
            let _ = write!(out, "<th scope=\"col\"{}>{}</th>", class(step), escape(step));
        }
        out.push_str("</tr></thead><tbody>");
        for row in &self.rows {
            push(&mut out, "<tr><th scope=\"row\">", &row.label, "</th>");
            for (frame, step) in row.frames.iter().zip(&self.steps) {
                let _ = write!(out, "<td{}>", class(step));
                if let Some(image) = frame {
                    let alt = escape(&format!("{}, {step}", row.label));
                    let _ = write!(out, "<img alt=\"{alt}\" src=\"{}\">", data_uri(image));
                }
                out.push_str("</td>");
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table></div>");
        push(&mut out, "<figcaption>", &self.caption, "</figcaption>");
        out + "</figure>\n"
    }
}

/// What was recorded from a clip's start on, above what the model imagines of it: it is shown the
/// first moment and told the actions. Where it tells states and the world is given, that is drawn in them; where it
/// can draw, it draws too.
///
/// # Errors
/// If the clip is too short, has no pictures, or the model can neither tell states nor draw.
pub fn dream_strip<D: Dynamics>(
    (dynamics, env): (&D, Option<&dyn GoalWorld>),
    dataset: &Dataset,
    clip: Clip,
    (view, horizon, n_columns): (View, usize, usize),
) -> Result<Filmstrip> {
    let log = &dataset.episodes[clip.episode];
    let width = dynamics.block_width();
    let window = Window { n_frames: horizon + 1, frame_skip: width / log.actions.width.max(1), goal: None };
    let (need, have) = (clip.start + window.span(), log.len());
    if have < need {
        return Err(Error::Invalid(format!(
            "episode {} has {have} rows, but {horizon} blocks from row {} need {need}; lower the horizon",
            clip.episode, clip.start
        )));
    }
    let start = dynamics.observe(&[recorded(dataset, (clip.episode, clip.start), view)?])?;
    let blocks = Table::from_data(width, clip.actions(window, log).to_vec());
    let rollout = Rollout::imagine(dynamics, &start, &blocks);
    let first = dynamics.draw(&start).map(|mut drawn| drawn.swap_remove(0));
    let decoded = first.zip(rollout.images).map(|(first, rest)| std::iter::once(first).chain(rest).collect());
    let believed = env.and_then(|env| self::believed(env, dynamics.read(&start).zip(rollout.states).as_ref()));
    let Some(frames) = log.frames.as_ref().filter(|_| decoded.is_some() || believed.is_some()) else {
        return Err(Error::Invalid(format!(
            "episode {} cannot be shown beside a dream: the recording needs pictures and the model a decoder or a readout",
            clip.episode
        )));
    };
    let picked = spread(horizon, n_columns);
    let rows: Vec<usize> = clip.rows(window).collect();
    let fps = dataset.signature.fps;
    let mut strip = vec![StripRow {
        label: "recorded".to_owned(),
        frames: picked.iter().map(|h| Some(frames.image(rows[*h]))).collect(),
    }];
    let has_belief = believed.is_some();
    let mut add = |label: &str, images: Option<Vec<Image>>| {
        if let Some(images) = images {
            let frames = picked.iter().map(|h| Some(images[*h].clone())).collect();
            strip.push(StripRow { label: label.to_owned(), frames });
        }
    };
    add("imagined", believed);
    add(if has_belief { "imagined, decoded" } else { "imagined" }, decoded);
    Ok(Filmstrip {
        title: format!("Episode {} from row {}", clip.episode, clip.start),
        caption: format!(
            "The model saw the first moment only and was told the actions; {horizon} blocks of {} steps, {:.1} s. {}",
            window.frame_skip,
            (horizon * window.frame_skip) as f64 / fps,
            if has_belief { "“Imagined” is the world drawn in the state that the model tells." } else { "" }
        ),
        steps: picked
            .iter()
            .map(|h| if *h == 0 { "seen".to_owned() } else { format!("step {}", h * window.frame_skip) })
            .collect(),
        rows: strip,
    })
}

/// The world drawn in what is believed: a first state and those that follow.
fn believed(env: &dyn GoalWorld, states: Option<&(Table, Table)>) -> Option<Vec<Image>> {
    const SIZE: usize = 96;
    let (first, rest) = states?;
    let mut world = env.boxed_clone();
    let rows = first.rows().chain(rest.rows());
    rows.map(|row| world.set_logged(row).ok().map(|()| world.draw(SIZE))).collect()
}

/// An attempt from its start to its end, and the goal beside it. The states are drawn anew by the
/// world, so a verdict is all that is needed.
///
/// # Errors
/// If the verdict is not of this world.
pub fn attempt_strip(
    env: &dyn GoalWorld,
    verdict: &Verdict,
    rule: Rule,
    (label, size, n_columns): (&str, usize, usize),
) -> Result<Filmstrip> {
    let mut world = env.boxed_clone();
    let mut draw = |state: &[f32]| -> Result<Option<Image>> {
        world.set_logged(state)?;
        Ok(Some(world.draw(size)))
    };
    let reached = verdict.reached.get(rule.name()).copied().flatten();
    let last = reached.unwrap_or(verdict.actions.len());
    let picked = spread(last, n_columns.saturating_sub(1));
    let mut steps: Vec<String> =
        picked.iter().map(|s| if *s == 0 { "start".to_owned() } else { format!("step {s}") }).collect();
    let mut frames = picked.iter().map(|s| draw(verdict.states.row(*s))).collect::<Result<Vec<_>>>()?;
    steps.push("goal".to_owned());
    frames.push(draw(&verdict.goal)?);
    let parts = env.spec().parts();
    let ends = parts.iter().map(|part| {
        let error = part.error(verdict.states.row(last), &verdict.goal);
        format!("{} {}", part.name, with_unit(error, part.error_unit()))
    });
    let end = ends.collect::<Vec<_>>().join(", ");
    let outcome = match reached {
        Some(step) => format!("Reached at step {step} under the {} rule", rule.name()),
        None => format!("Not reached in {last} steps under the {} rule", rule.name()),
    };
    Ok(Filmstrip {
        title: format!("Episode {} from row {}, seed {}", verdict.episode, verdict.start, verdict.seed),
        caption: format!("{outcome}; from the goal at the end: {end}."),
        steps,
        rows: vec![StripRow { label: label.to_owned(), frames }],
    })
}

/// Up to `n` whole numbers from 0 to `last`, evenly spread, both ends among them.
fn spread(last: usize, n: usize) -> Vec<usize> {
    let n = n.clamp(2, last + 2);
    let mut picked: Vec<usize> = (0..n).map(|i| (i * last + (n - 1) / 2) / (n - 1)).collect();
    picked.dedup();
    picked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_spread_from_end_to_end() {
        assert_eq!(spread(10, 6), [0, 2, 4, 6, 8, 10], "even");
        assert_eq!(spread(3, 8), [0, 1, 2, 3], "no more than there are");
        assert_eq!(spread(0, 8), [0], "nothing but the start");
    }
}
