//! Where the camera stands, told from where the agent went.
//!
//! Actions that are places are places in the frame of the recordings. A camera that was moved since then shows everything
//! elsewhere, and no single picture says so; where the agent is seen, after it was told where to go, does. Plans are made in
//! the frame that is seen, and what is done is moved by what is unexplained on average, shrunk by what eyes err by
//! (empirical Bayes, Efron and Morris 1973: where nothing was moved, it is nothing or next to nothing).

/// Newer looks weigh at least this much: nearer or farther cameras shift each place by something else.
const NEWEST: f32 = 0.3;

/// How far off one attempt sees where its agent is, in the units of its actions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Camera {
    mean: Vec<f32>,
    looks: usize,
}

impl Camera {
    /// Learns from one look: the agent was to be at `foretold` in the frame that is seen, moved as was thought by
    /// `thought`, and is at `seen`.
    pub(crate) fn learn(&mut self, thought: &[f32], foretold: &[f32], seen: &[f32]) {
        self.looks += 1;
        self.mean.resize(thought.len(), 0.0);
        let gain = (1.0 / self.looks as f32).max(NEWEST);
        for (mean, (thought, (foretold, seen))) in
            self.mean.iter_mut().zip(thought.iter().zip(foretold.iter().zip(seen)))
        {
            *mean += gain * (thought + seen - foretold - *mean);
        }
    }

    /// By how much what is seen is moved, if one look errs by `noise` in each number.
    pub(crate) fn moved(&self, noise: &[f32]) -> Vec<f32> {
        if self.looks == 0 {
            return vec![0.0; noise.len()];
        }
        let looks = (self.looks as f32).min(2.0 / NEWEST - 1.0);
        let size: f32 = self.mean.iter().zip(noise).map(|(mean, noise)| (mean / noise).powi(2)).sum();
        let share = (1.0 - noise.len() as f32 / (looks * size)).max(0.0);
        self.mean.iter().map(|mean| mean * share).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    /// Looks at an agent that goes where it is told, through a camera that is `off`, with eyes that err by one.
    fn after(looks: u64, off: [f32; 2]) -> Vec<f32> {
        let mut camera = Camera::default();
        let noise = [1.0; 2];
        let mut errors = Key::new(3).stream();
        for look in 0..looks {
            let thought = camera.moved(&noise);
            let told = [20.0 * look as f32, 5.0];
            let foretold = [told[0] + thought[0], told[1] + thought[1]];
            let seen = [0, 1].map(|i| told[i] + off[i] + errors.normal() as f32);
            camera.learn(&thought, &foretold, &seen);
        }
        camera.moved(&noise)
    }

    #[test]
    fn a_moved_camera_is_found_at_the_first_look_and_an_unmoved_one_left_alone() {
        for looks in [1, 2, 5, 30] {
            let far = after(looks, [30.0, -12.0]);
            assert!((far[0] - 30.0).abs() < 2.5 && (far[1] + 12.0).abs() < 2.5, "{looks} looks: {far:?}");
            let still = after(looks, [0.0; 2]);
            assert!(still.iter().all(|x| x.abs() < 1.0), "{looks} looks: {still:?}");
        }
        assert_eq!(Camera::default().moved(&[1.0; 2]), [0.0; 2], "nobody has looked");
    }
}
