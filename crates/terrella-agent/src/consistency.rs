//! Whether a plan does what its own imagined moments say was done.
//!
//! A search finds what flatters the model that it searches in: moments that nothing leads to. An inverse model tells from two moments
//! what was done between them; where it tells something else than the plan does, the model is doubtful, and the plan costs more
//! (inverse-dynamics consistency as a cost of planning: ACID, arXiv:2607.02403).

use terrella_core::{Dynamics, Error, Imagined, Result, Table};

/// What an inverse model tells between latents, `[rows, latent]` each: the action block, `[rows, block]`, in log units.
type Tell<'a> = Box<dyn Fn(&Table, &Table) -> Table + 'a>;

/// Makes plans cost more by how far they are from what an inverse model tells of them.
pub struct Consistency<'a> {
    weight: f32,
    scale: Vec<f32>,
    tell: Tell<'a>,
}

impl<'a> Consistency<'a> {
    /// A plan costs `1 + weight × doubt` times as much. `scale` is by how much each number of a block varies in the recordings.
    ///
    /// # Errors
    /// If the weight is negative or not finite, or a scale is not above 0.
    pub fn new(weight: f32, scale: Vec<f32>, tell: impl Fn(&Table, &Table) -> Table + 'a) -> Result<Self> {
        if !(weight.is_finite() && weight >= 0.0) {
            return Err(Error::Invalid(format!("cost.consistency is {weight}; use a number of at least 0")));
        }
        if let Some(at) = scale.iter().position(|scale| scale.is_nan() || *scale <= 0.0) {
            let scale = scale[at];
            return Err(Error::Invalid(format!(
                "number {at} of a block varies by {scale}; use a number above 0, as Stats::scale tells it"
            )));
        }
        Ok(Self { weight, scale, tell: Box::new(tell) })
    }

    /// What each cost is to be multiplied by.
    pub(crate) fn factors<D: Dynamics>(&self, dynamics: &D, imagined: &Imagined<'_, D::State>) -> Vec<f32> {
        self.doubts(dynamics, imagined).into_iter().map(|doubt| 1.0 + self.weight * doubt).collect()
    }

    /// The mean distance between what is done and what is told of it, in deviations of the recordings, one a row.
    fn doubts<D: Dynamics>(&self, dynamics: &D, imagined: &Imagined<'_, D::State>) -> Vec<f32> {
        let (n, width, blocks) = (imagined.rows.len(), self.scale.len(), imagined.rollout.len());
        let mut doubts = vec![0.0; n];
        let mut before = dynamics.latents(imagined.start).take(imagined.rows);
        for (k, state) in imagined.rollout.iter().enumerate() {
            let after = dynamics.latents(state);
            let told = (self.tell)(&before, &after);
            let done = imagined.blocks.chunks_exact(width * blocks).map(|plan| &plan[k * width..(k + 1) * width]);
            for ((doubt, told), done) in doubts.iter_mut().zip(told.rows()).zip(done) {
                let apart = told.iter().zip(done).zip(&self.scale);
                let apart: f32 = apart.map(|((told, done), scale)| (told - done).abs() / scale).sum();
                *doubt += apart / (width * blocks) as f32;
            }
            before = after;
        }
        doubts
    }
}
