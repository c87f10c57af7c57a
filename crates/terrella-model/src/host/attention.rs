//! What one token sees of itself and those before it, in each clip, forward and back.
//!
//! Windows are two or three tokens long and heads two lanes wide: there is nothing here for a matrix product. Rows of
//! queries, keys and values side by side stand token by token, clip by clip.

use super::block::MOST;
use super::dense;
use super::lanes::{LANE, Lane};
use super::vector::{Vector, widest};

/// What one token looks back on.
#[derive(Clone, Copy)]
pub(super) struct Glance<'a> {
    pub(super) clips: usize,
    pub(super) token: usize,
    /// Tokens that it sees, itself among them, at most [`MOST`].
    pub(super) sees: &'a [usize],
    pub(super) heads: usize,
    /// Lanes of a head.
    pub(super) head: usize,
    /// Room for the weights of a head's glance.
    pub(super) most: usize,
}

impl Glance<'_> {
    /// Lanes of a row of queries.
    fn inner(&self) -> usize {
        self.heads * self.head
    }

    /// Where a head's queries, keys or values (0, 1, 2) of a token begin.
    #[inline(always)]
    fn at(&self, token: usize, clip: usize, head: usize, what: usize) -> usize {
        ((token * self.clips + clip) * 3 + what) * self.inner() + head * self.head
    }

    fn scale(&self) -> f32 {
        1.0 / ((self.head * LANE) as f32).sqrt()
    }
}

widest! {
    /// Mixes values by the softmax of queries on keys; the weights stay in `looks`.
    pub(super) fn attend(glance: Glance<'_>, qkv: &[Lane], looks: &mut [f32], mixed: &mut [Lane]) by attend_of
}

#[inline(always)]
fn attend_of<V: Vector>(glance: Glance<'_>, qkv: &[Lane], looks: &mut [f32], mixed: &mut [Lane]) {
    let scale = glance.scale();
    for clip in 0..glance.clips {
        for head in 0..glance.heads {
            let row = (glance.token * glance.clips + clip) * glance.heads + head;
            let weights = &mut looks[row * glance.most..][..glance.sees.len()];
            let query = &qkv[glance.at(glance.token, clip, head, 0)..][..glance.head];
            let mut most = f32::NEG_INFINITY;
            for (weight, seen) in weights.iter_mut().zip(glance.sees) {
                *weight = dot::<V>(query, &qkv[glance.at(*seen, clip, head, 1)..][..glance.head]) * scale;
                most = most.max(*weight);
            }
            let mut sum = 0.0;
            for weight in &mut *weights {
                *weight = dense::exp(*weight - most);
                sum += *weight;
            }
            weights.iter_mut().for_each(|weight| *weight /= sum);
            for (i, mixed) in mixed[row * glance.head..][..glance.head].iter_mut().enumerate() {
                let mut told = V::all(0.0);
                for (weight, seen) in weights.iter().zip(glance.sees) {
                    let value = V::load(&qkv[glance.at(*seen, clip, head, 2) + i]);
                    told = told.add(value.mul(V::all(*weight)));
                }
                told.store(mixed);
            }
        }
    }
}

widest! {
    /// Adds the gradients of queries, keys and values for that of what [`attend`] mixed.
    pub(super) fn attend_back(glance: Glance<'_>, qkv: &[Lane], looks: &[f32], mixed: &[Lane], back: &mut [Lane]) by attend_back_of
}

/// `mixed` begins with the token's own rows.
#[inline(always)]
fn attend_back_of<V: Vector>(glance: Glance<'_>, qkv: &[Lane], looks: &[f32], mixed: &[Lane], back: &mut [Lane]) {
    let scale = glance.scale();
    for clip in 0..glance.clips {
        for head in 0..glance.heads {
            let row = (glance.token * glance.clips + clip) * glance.heads + head;
            let weights = &looks[row * glance.most..][..glance.sees.len()];
            let mixed = &mixed[(clip * glance.heads + head) * glance.head..][..glance.head];
            let mut slopes = [0.0f32; MOST];
            let mut mean = 0.0;
            for ((slope, weight), seen) in slopes.iter_mut().zip(weights).zip(glance.sees) {
                *slope = dot::<V>(mixed, &qkv[glance.at(*seen, clip, head, 2)..][..glance.head]);
                mean += *slope * weight;
            }
            let query = glance.at(glance.token, clip, head, 0);
            for ((slope, weight), seen) in slopes.iter().zip(weights).zip(glance.sees) {
                let slope = V::all((slope - mean) * weight * scale);
                let [key, value] = [1, 2].map(|what| glance.at(*seen, clip, head, what));
                for i in 0..glance.head {
                    let mut onto = |at: usize, x: V| V::load(&back[at]).add(x).store(&mut back[at]);
                    onto(query + i, V::load(&qkv[key + i]).mul(slope));
                    onto(key + i, V::load(&qkv[query + i]).mul(slope));
                    onto(value + i, V::load(&mixed[i]).mul(V::all(*weight)));
                }
            }
        }
    }
}

#[inline(always)]
fn dot<V: Vector>(x: &[Lane], y: &[Lane]) -> f32 {
    let mut sum = V::all(0.0);
    x.iter().zip(y).for_each(|(x, y)| sum = sum.add(V::load(x).mul(V::load(y))));
    sum.sum()
}
