//! From a host batch to tensors: the one place where log units become network inputs.

use crate::augment::Changes;
use crate::codec::StateCodec;
use crate::family::jepa::config::{JepaConfig, Sees};
use crate::family::jepa::net::patcher;
use crate::family::jepa::reach::Pairs;
use crate::interface::Interface;
use crate::pixels::Patcher;
use crate::{Error, Result};
use crate::{Symmetry, Turn};
use burn::prelude::*;
use std::borrow::Cow;
use std::ops::Range;
use terrella_core::{Batch, Observation, Stats};

/// A batch as a model takes it.
#[derive(Clone, Debug)]
pub struct Tensors {
    /// Encoder inputs, `[batch · shown, tokens, values]`: the frames of each clip, then its goal if it has one.
    pub inputs: Tensor<3>,
    /// Normalised action blocks, `[batch, frames - 1, block]`.
    pub actions: Tensor<3>,
    /// Features of the logged state, `[batch, frames, features]`, where a readout wants them.
    pub features: Option<Tensor<3>>,
}

/// What is known of a batch beside what the encoder looks at.
pub(crate) struct Lesson {
    /// Clips, and action blocks of each.
    pub(crate) shape: [usize; 2],
    /// Normalised action blocks, `[clips, frames - 1, block]`.
    pub(crate) actions: Vec<f32>,
    /// Features of the logged state, `[clips, frames, features]`, where a readout wants them.
    pub(crate) features: Option<Vec<f32>>,
    /// What is asked about how to get from one latent to another, where that is learned.
    pub(crate) pairs: Option<Pairs>,
    /// Features of the logged state, row by row, where anybody wants them.
    told: Option<Vec<f32>>,
}

impl Lesson {
    /// The action blocks as a tensor, `[clips, frames - 1, block]`.
    pub(crate) fn actions(&self, device: &Device) -> Tensor<3> {
        self.tensor(&self.actions, self.shape[1], device)
    }

    /// The features as a tensor, `[clips, frames, features]`.
    pub(crate) fn features(&self, device: &Device) -> Option<Tensor<3>> {
        self.features.as_ref().map(|features| self.tensor(features, self.shape[1] + 1, device))
    }

    fn tensor(&self, numbers: &[f32], rows: usize, device: &Device) -> Tensor<3> {
        let [clips, _] = self.shape;
        let shape = [clips, rows, numbers.len() / (clips * rows).max(1)];
        Tensor::from_data(TensorData::new(numbers.to_vec(), shape), device)
    }
}

/// Turns host batches and observations into tensors.
#[derive(Clone, Debug)]
pub struct Batcher {
    patcher: Option<Patcher>,
    codec: StateCodec,
    actions: Stats,
    frame_skip: usize,
    readout: bool,
    reach: Option<usize>,
    image_size: usize,
}

impl Batcher {
    /// The batcher of a model.
    pub fn new(config: &JepaConfig, interface: &Interface) -> Self {
        Self {
            patcher: (config.sees == Sees::Pixels).then(|| patcher(config)),
            codec: StateCodec::new(interface),
            actions: interface.action_stats.clone(),
            frame_skip: config.frame_skip,
            readout: config.readout,
            reach: config.goal(),
            image_size: config.image_size(),
        }
    }

    /// The codec between logged states and features.
    pub fn codec(&self) -> &StateCodec {
        &self.codec
    }

    /// The patcher, for models that see.
    pub fn patcher(&self) -> Option<&Patcher> {
        self.patcher.as_ref()
    }

    /// Tensors of some clips of a batch, changed as told of these clips.
    ///
    /// # Errors
    /// If the batch lacks pictures or states that the model needs, or has pictures of another size.
    pub fn changed(
        &self,
        (batch, clips): (&Batch, Range<usize>),
        changes: &Changes,
        device: &Device,
    ) -> Result<Tensors> {
        let lesson = self.lesson((batch, clips.clone()), changes)?;
        let inputs = self.inputs((batch, clips), &lesson, changes, device)?;
        Ok(Tensors { inputs, actions: lesson.actions(device), features: lesson.features(device) })
    }

    /// What the encoder looks at, `[batch · shown, tokens, values]`.
    ///
    /// # Errors
    /// If the batch lacks pictures that the model needs, or has pictures of another size.
    pub(crate) fn inputs(
        &self,
        (batch, clips): (&Batch, Range<usize>),
        lesson: &Lesson,
        changes: &Changes,
        device: &Device,
    ) -> Result<Tensor<3>> {
        let rows = clips.len() * batch.shown();
        let (data, shape) = match &self.patcher {
            Some(patcher) => {
                let (images, turns) = self.frames((batch, clips), changes)?;
                let patches = patcher.patches(&images, &turns);
                (patches, [rows, patcher.tokens(), patcher.values()])
            }
            None => (lesson.told.clone().unwrap_or_default(), [rows, 1, self.codec.feature_width()]),
        };
        Ok(Tensor::from_data(TensorData::new(data, shape), device))
    }

    /// The pictures of some clips as they are seen, and the turn of each.
    ///
    /// # Errors
    /// If there are none, or of another size.
    pub(crate) fn frames<'a>(
        &self,
        (batch, clips): (&'a Batch, Range<usize>),
        changes: &Changes,
    ) -> Result<(Cow<'a, [u8]>, Vec<Turn>)> {
        self.check_size(batch.image_size)?;
        let each = changes.turns.iter().flat_map(|turn| std::iter::repeat_n(*turn, batch.shown())).collect();
        Ok((changes.seen(part(&batch.images, batch.clips.len(), &clips)), each))
    }

    /// All of [`Self::changed`] but what the encoder looks at.
    ///
    /// # Errors
    /// If the batch lacks states that the model needs.
    pub(crate) fn lesson(&self, (batch, clips): (&Batch, Range<usize>), changes: &Changes) -> Result<Lesson> {
        let (n, all, frames, shown) = (clips.len(), batch.clips.len(), batch.n_frames, batch.shown());
        let mut states = part(&batch.states, all, &clips).to_vec();
        let mut actions = part(&batch.actions, all, &clips).to_vec();
        let widths = [self.codec.state_width(), self.actions.width()];
        changes.numbers((&mut states, &mut actions), widths);
        let told = if self.readout || self.patcher.is_none() {
            if states.is_empty() {
                return Err(Error::Invalid(
                    "the model wants a logged state, but the data has none; train from pixels without readout".into(),
                ));
            }
            Some(self.codec.encode(&states))
        } else {
            None
        };
        self.actions.normalize(&mut actions);
        let width = self.codec.feature_width();
        let of_frames = |told: &Vec<f32>| {
            told.chunks(shown * width).flat_map(|clip| &clip[..frames * width]).copied().collect::<Vec<f32>>()
        };
        let features = told.as_ref().filter(|_| self.readout).map(of_frames);
        let pairs =
            self.reach.map(|reach| Pairs::of(part(&batch.to_goal, all, &clips), (n, frames), (self.frame_skip, reach)));
        Ok(Lesson { shape: [n, frames - 1], actions, features, pairs, told })
    }

    /// Normalised action blocks, `[batch, steps, block]`, from actions in log units.
    pub fn blocks(&self, mut actions: Vec<f32>, batch: usize, steps: usize, device: &Device) -> Tensor<3> {
        self.actions.normalize(&mut actions);
        let block = self.frame_skip * self.actions.width();
        Tensor::from_data(TensorData::new(actions, [batch, steps, block]), device)
    }

    /// Encoder inputs of single observations under each of these turns: all of them under the first,
    /// then all under the second, `[turns · observations, tokens, values]`. Without a symmetry there is
    /// but one way to look.
    ///
    /// # Errors
    /// If an observation lacks what the model looks at, or has another size.
    pub fn observations(
        &self,
        observations: &[Observation],
        (symmetry, turns): (Option<&Symmetry>, &[Turn]),
        device: &Device,
    ) -> Result<Tensor<3>> {
        let n = observations.len();
        let Some(patcher) = &self.patcher else {
            let width = self.codec.state_width();
            let mut states = Vec::new();
            for o in observations {
                terrella_core::Error::check("state size", width, o.state.len())?;
                states.extend_from_slice(&o.state);
            }
            let mut all = states.repeat(turns.len());
            if let Some(symmetry) = symmetry {
                all.chunks_mut(n * width).zip(turns).for_each(|(rows, turn)| symmetry.turn_states(*turn, rows, width));
            }
            let features = self.codec.encode(&all);
            let shape = [turns.len() * n, 1, self.codec.feature_width()];
            return Ok(Tensor::from_data(TensorData::new(features, shape), device));
        };
        let (bytes, each) = self.pictures(observations, turns, patcher)?;
        let patches = patcher.patches(&bytes, &each);
        Ok(Tensor::from_data(TensorData::new(patches, [each.len(), patcher.tokens(), patcher.values()]), device))
    }

    /// The pictures of observations, and a turn for each time that one is looked at, as [`Patcher::patches`] takes them.
    ///
    /// # Errors
    /// If an observation has no picture, or one of another size.
    pub(crate) fn pictures(
        &self,
        observations: &[Observation],
        turns: &[Turn],
        patcher: &Patcher,
    ) -> Result<(Vec<u8>, Vec<Turn>)> {
        let mut bytes = Vec::with_capacity(observations.len() * patcher.bytes());
        for o in observations {
            let image = o.image.as_ref().ok_or_else(|| {
                Error::Invalid("the model sees pictures, but was shown none; give the observation an image".into())
            })?;
            self.check_size(Some([image.height, image.width]))?;
            bytes.extend_from_slice(&image.data);
        }
        Ok((bytes, turns.iter().flat_map(|turn| std::iter::repeat_n(*turn, observations.len())).collect()))
    }

    /// # Errors
    /// If there are no pictures, or of another size than the model takes.
    pub(crate) fn check_size(&self, size: Option<[usize; 2]>) -> Result<()> {
        let want = self.image_size;
        match size {
            Some([h, w]) if (h, w) == (want, want) => Ok(()),
            Some([h, w]) => Err(Error::Invalid(format!(
                "pictures are {h}x{w}, the model takes {want}x{want}; open the data at size {want}"
            ))),
            None => Err(Error::Invalid(format!(
                "the model takes {want}x{want} pictures, but the data has none; train from the state instead"
            ))),
        }
    }
}

/// The numbers of some of the clips, where each of `n` has as many.
fn part<'a, T>(all: &'a [T], n: usize, clips: &Range<usize>) -> &'a [T] {
    let each = all.len() / n.max(1);
    &all[clips.start * each..clips.end * each]
}
