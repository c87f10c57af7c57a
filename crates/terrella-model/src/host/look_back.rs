//! The gradient of [`super::look`] by hand.

use super::grid::{PANEL, TERMS, part, spread};
use super::lanes::{LANE, Lane, Left, flat, flat_mut, product, product_onto, sized};
use super::look::{Album, GROUP, Kept, Look, ROOM, Room};
use super::threads::each;
use super::vector::{add_rows, behind, softmax_back};
use std::sync::PoisonError;

/// Pictures whose gradients are summed before they meet those of others.
const PIECE: usize = 32;

/// Gradients of all layers, summed over pictures.
pub(crate) struct Sums {
    /// Of the folded weights.
    embed: Vec<Lane>,
    /// `[tokens, hidden]`.
    place: Vec<Lane>,
    /// Weight and bias.
    content: [Vec<Lane>; 2],
    queries: [Vec<Lane>; 2],
}

/// Gradients of weights and biases as tensors hold them.
pub(crate) struct Slopes {
    /// `[values, hidden]`.
    pub(crate) embed: Vec<f32>,
    /// `[tokens, hidden]`; the first layer's bias has their sum.
    pub(crate) place: Vec<f32>,
    pub(crate) bias: Vec<f32>,
    pub(crate) content: [Vec<f32>; 2],
    /// Of scores, sharpness included.
    pub(crate) queries: [Vec<f32>; 2],
}

impl Sums {
    fn new(look: &Look) -> Self {
        let zeros = |like: &Vec<Lane>| vec![Lane::default(); like.len()];
        let layer = |layer: &super::layer::Layer| [zeros(&layer.weight), zeros(&layer.bias)];
        Self {
            embed: zeros(&look.embed),
            place: zeros(&look.place),
            content: layer(&look.content),
            queries: layer(&look.queries),
        }
    }

    fn add(&mut self, other: &Self) {
        add_rows(&mut self.embed, &other.embed);
        add_rows(&mut self.place, &other.place);
        let own = self.content.iter_mut().chain(&mut self.queries);
        own.zip(other.content.iter().chain(&other.queries)).for_each(|(own, other)| add_rows(own, other));
    }

    /// The gradients that the layers of a look ask for.
    pub(crate) fn slopes(self, look: &Look) -> Slopes {
        let hidden = look.content.input;
        let mut bias = vec![Lane::default(); hidden / LANE];
        add_rows(&mut bias, &self.place);
        let [place, bias] = [self.place, bias].map(|x| flat(&x).to_vec());
        let numbers = |layer: [Vec<Lane>; 2]| layer.map(|x| flat(&x).to_vec());
        let embed = look.grid.unfold(&self.embed, hidden);
        Slopes { embed, place, bias, content: numbers(self.content), queries: numbers(self.queries) }
    }
}

impl Look {
    /// The gradient of all layers for that of what was seen, `[pictures, told]`, in the pictures of an album.
    pub(crate) fn learn(&self, back: &[f32], album: &Album) -> Sums {
        let rooms = album.0.lock().unwrap_or_else(PoisonError::into_inner);
        let turned = [self.content.turned(), self.queries.turned()];
        let (groups, told) = (PIECE / GROUP, self.told());
        let pieces = each(rooms.len().div_ceil(groups), |piece| {
            let mut sums = Sums::new(self);
            for at in piece * groups..rooms.len().min((piece + 1) * groups) {
                let kept = rooms[at].lock().unwrap_or_else(PoisonError::into_inner);
                let back = &back[at * GROUP * told..][..kept.pictures * told];
                ROOM.with_borrow_mut(|(_, room)| self.back(&kept, &turned, back, room, &mut sums));
            }
            sums
        });
        let add = |mut sum: Sums, piece| {
            sum.add(&piece);
            sum
        };
        pieces.into_iter().reduce(add).unwrap_or_else(|| Sums::new(self))
    }

    /// Adds the gradients of some pictures for that of what was seen in them, `[pictures, told]`; `turned` are the
    /// weights of contents and queries the other way round.
    fn back(&self, kept: &Kept, turned: &[Vec<Lane>; 2], seen: &[f32], room: &mut Room, sums: &mut Sums) {
        let (grid, tokens, rows) = (self.grid, self.grid.tokens(), kept.pictures * self.grid.tokens());
        let (content, queries, hidden) = (self.content.width(), self.queries.width(), self.place.len() / tokens);
        let (narrow, wide, places) = (queries * LANE, content * LANE, self.coordinates());
        let [scores, contents, hiddens] = &mut room.back;
        let scores = sized(scores, rows * queries);
        let contents = sized(contents, rows * content);

        // Through what each picture shows, back to looks and contents.
        for (picture, seen) in seen.chunks_exact(self.told()).enumerate() {
            let [whats, wheres] = &mut room.seen;
            let (whats, wheres) = (sized(whats, narrow * content), sized(wheres, places * queries));
            let across = sized(&mut room.turned, wide * queries);
            for (query, seen) in seen.chunks_exact(wide + places).enumerate() {
                flat_mut(whats)[query * wide..][..wide].copy_from_slice(&seen[..wide]);
                let (across, wheres) = (flat_mut(across), flat_mut(wheres));
                seen[..wide].iter().enumerate().for_each(|(at, x)| across[at * narrow + query] = *x);
                seen[wide..].iter().enumerate().for_each(|(at, x)| wheres[at * narrow + query] = *x);
            }
            let all = picture * tokens * queries..(picture + 1) * tokens * queries;
            let (looks, scores) = (&kept.looks[all.clone()], &mut scores[all]);
            let all = picture * tokens * content..(picture + 1) * tokens * content;
            let left = Left { numbers: flat(looks), rows: narrow, depth: 1 };
            product((tokens, narrow, content), left, whats, None, &mut contents[all.clone()]);
            let left = Left { numbers: flat(&kept.content[all]), rows: wide, depth: 1 };
            product((tokens, wide, queries), left, across, None, scores);
            let left = Left { numbers: &self.places, rows: places, depth: 1 };
            product_onto((tokens, places, queries), left, wheres, scores);
            softmax_back(scores, looks, queries);
        }

        let left = Left { numbers: flat(&kept.content), rows: 1, depth: wide };
        product_onto((wide, rows, queries), left, scores, &mut sums.queries[0]);
        add_rows(&mut sums.queries[1], scores);
        let left = Left { numbers: flat(scores), rows: narrow, depth: 1 };
        product_onto((rows, narrow, content), left, &turned[1], contents);
        behind(contents, &kept.content);

        let left = Left { numbers: flat(&kept.hidden), rows: 1, depth: hidden * LANE };
        product_onto((hidden * LANE, rows, content), left, contents, &mut sums.content[0]);
        add_rows(&mut sums.content[1], contents);
        let hiddens = sized(hiddens, rows * hidden);
        let left = Left { numbers: flat(contents), rows: wide, depth: 1 };
        product((rows, wide, hidden), left, &turned[0], None, hiddens);
        behind(hiddens, &kept.hidden);
        add_rows(&mut sums.place, hiddens);

        let (numbers, tiles) = (grid.lanes() * LANE, kept.pictures * grid.tiles());
        let x = sized(&mut room.x, TERMS * tiles * grid.lanes());
        spread(grid, &kept.cells, x);
        let m = sized(&mut room.m, TERMS * tiles * PANEL);
        for (panel, embed) in sums.embed.chunks_exact_mut(TERMS * numbers * PANEL).enumerate() {
            part(grid, hiddens, hidden, m, panel);
            let terms = m.chunks_exact(tiles * PANEL).zip(embed.chunks_exact_mut(numbers * PANEL));
            for ((m, embed), x) in terms.zip(x.chunks_exact(tiles * grid.lanes())) {
                let left = Left { numbers: flat(x), rows: 1, depth: numbers };
                product_onto((numbers, tiles, PANEL), left, m, embed);
            }
        }
    }
}
