//! What the queries of [`crate::nn::patch`] see, on plain rows: the way a CPU encodes pictures and learns to.
//!
//! The graph of a training step is cut behind what each picture shows by itself, so no tensors are needed up to there.
//! A few pictures at a time go through all layers while they stay in the cache; the first layer goes over cells that
//! patches share ([`super::grid`]). Pictures are grouped by their number alone, and sums are added in order, so that no
//! result depends on how many threads there are. The tensors are the reference; tests hold the two together.

use super::grid::{Grid, PANEL, TERMS, join, spread};
use super::lanes::{LANE, Lane, Left, flat, product, sized};
use super::layer::Layer;
use super::threads::each;
use super::vector::{relu, softmax};
use std::cell::RefCell;
use std::sync::{Mutex, PoisonError};

/// Pictures that go through the layers together.
pub(super) const GROUP: usize = 2;

/// Layers and queries.
#[derive(Debug)]
pub(crate) struct Look {
    pub(super) grid: Grid,
    /// The first layer's weights, folded.
    pub(super) embed: Vec<Lane>,
    /// Its bias at each patch, `[tokens, hidden]`.
    pub(super) place: Vec<Lane>,
    pub(super) content: Layer,
    /// Scores of the queries, sharpness included.
    pub(super) queries: Layer,
    /// What a position is expected over, `[tokens, PLACE]`.
    pub(super) places: Vec<f32>,
}

/// What a group of pictures shows on its way, as the way back needs it.
#[derive(Default)]
pub(crate) struct Kept {
    pub(super) pictures: usize,
    pub(super) cells: Vec<Lane>,
    pub(super) hidden: Vec<Lane>,
    pub(super) content: Vec<Lane>,
    pub(super) looks: Vec<Lane>,
}

/// Room of a thread, kept from group to group: clearing it anew would cost a tenth of the work.
#[derive(Default)]
pub(super) struct Room {
    pub(super) x: Vec<Lane>,
    pub(super) m: Vec<Lane>,
    /// What queries see of contents and of places.
    pub(super) seen: [Vec<Lane>; 2],
    /// The other way round.
    pub(super) turned: Vec<Lane>,
    /// Gradients of scores, contents and hidden numbers.
    pub(super) back: [Vec<Lane>; 3],
}

thread_local! {
    pub(super) static ROOM: RefCell<(Kept, Room)> = RefCell::default();
}

impl Look {
    /// The layers, if their widths are whole lanes and panels.
    pub(crate) fn new(
        grid: Grid,
        (embed, place): (&[f32], &[f32]),
        (content, queries): (Layer, Layer),
        places: Vec<f32>,
    ) -> Option<Self> {
        let (hidden, whole) = (content.input, |n: usize, of: usize| n.is_multiple_of(of));
        if !whole(hidden, PANEL * LANE) || !whole(content.output, LANE) || !whole(queries.output, LANE) {
            return None;
        }
        let place = super::lanes::padded(place, hidden);
        Some(Self { grid, embed: grid.fold(embed, hidden), place, content, queries, places })
    }

    /// Numbers that are seen in a picture.
    pub(crate) fn told(&self) -> usize {
        self.queries.output * (self.content.output + self.coordinates())
    }

    /// Numbers of a place.
    pub(super) fn coordinates(&self) -> usize {
        self.places.len() / self.grid.tokens()
    }

    /// What is seen in `n` pictures, `[n, queries · (content + place)]`; `cells` writes the cells of one.
    pub(crate) fn see(&self, n: usize, cells: impl Fn(usize, &mut [Lane]) + Sync) -> Vec<f32> {
        let groups = each(n.div_ceil(GROUP), |group| {
            let pictures = group * GROUP..n.min((group + 1) * GROUP);
            ROOM.with_borrow_mut(|(kept, room)| {
                self.take(pictures, kept, &cells);
                let mut seen = vec![0.0; kept.pictures * self.told()];
                self.forward(kept, room, &mut seen);
                seen
            })
        });
        groups.concat()
    }

    /// As [`Self::see`], with what is needed for the way back.
    pub(crate) fn watch(&self, n: usize, cells: impl Fn(usize, &mut [Lane]) + Sync, album: &Album) -> Vec<f32> {
        let mut rooms = album.0.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.resize_with(n.div_ceil(GROUP), Mutex::default);
        let groups = each(rooms.len(), |group| {
            let pictures = group * GROUP..n.min((group + 1) * GROUP);
            let mut kept = rooms[group].lock().unwrap_or_else(PoisonError::into_inner);
            self.take(pictures, &mut kept, &cells);
            let mut seen = vec![0.0; kept.pictures * self.told()];
            ROOM.with_borrow_mut(|(_, room)| self.forward(&mut kept, room, &mut seen));
            seen
        });
        groups.concat()
    }

    fn take(&self, pictures: std::ops::Range<usize>, kept: &mut Kept, cells: impl Fn(usize, &mut [Lane])) {
        let each = self.grid.cells() * self.grid.lanes();
        kept.pictures = pictures.len();
        let all = sized(&mut kept.cells, pictures.len() * each);
        pictures.zip(all.chunks_exact_mut(each)).for_each(|(at, own)| cells(at, own));
    }

    /// What is seen in the pictures whose cells are kept.
    fn forward(&self, kept: &mut Kept, room: &mut Room, seen: &mut [f32]) {
        let (grid, pictures, tokens) = (self.grid, kept.pictures, self.grid.tokens());
        let (numbers, tiles, rows) = (grid.lanes() * LANE, pictures * grid.tiles(), pictures * tokens);
        let hidden = self.place.len() / tokens;
        let x = sized(&mut room.x, TERMS * tiles * grid.lanes());
        spread(grid, &kept.cells, x);
        sized(&mut kept.hidden, rows * hidden);
        for (panel, embed) in self.embed.chunks_exact(TERMS * numbers * PANEL).enumerate() {
            let m = sized(&mut room.m, TERMS * tiles * PANEL);
            let terms = m.chunks_exact_mut(tiles * PANEL).zip(embed.chunks_exact(numbers * PANEL));
            for ((m, embed), x) in terms.zip(x.chunks_exact(tiles * grid.lanes())) {
                let left = Left { numbers: flat(x), rows: numbers, depth: 1 };
                product((tiles, numbers, PANEL), left, embed, None, m);
            }
            join(grid, m, &self.place, &mut kept.hidden, panel);
        }
        let (content, queries) = (self.content.width(), self.queries.width());
        let contents = sized(&mut kept.content, rows * content);
        self.content.forward(rows, (flat(&kept.hidden), self.content.input), contents);
        relu(contents);
        let looks = sized(&mut kept.looks, rows * queries);
        self.queries.forward(rows, (flat(contents), content * LANE), looks);

        let of = looks.chunks_exact_mut(tokens * queries).zip(contents.chunks_exact(tokens * content));
        for ((looks, contents), seen) in of.zip(seen.chunks_exact_mut(self.told())) {
            softmax(looks, queries);
            let [whats, wheres] = &mut room.seen;
            let whats = sized(whats, queries * LANE * content);
            let left = Left { numbers: flat(looks), rows: 1, depth: queries * LANE };
            product((queries * LANE, tokens, content), left, contents, None, whats);
            let wheres = sized(wheres, self.coordinates() * queries);
            let left = Left { numbers: &self.places, rows: 1, depth: self.coordinates() };
            product((self.coordinates(), tokens, queries), left, looks, None, wheres);
            let (whats, wheres) = (flat(whats), flat(wheres));
            let width = content * LANE;
            for (query, seen) in seen.chunks_exact_mut(width + self.coordinates()).enumerate() {
                seen[..width].copy_from_slice(&whats[query * width..(query + 1) * width]);
                for (at, seen) in seen[width..].iter_mut().enumerate() {
                    *seen = wheres[at * queries * LANE + query];
                }
            }
        }
    }
}

/// What was seen in a batch, group by group; its room serves one batch after the other.
#[derive(Default)]
pub(crate) struct Album(pub(super) Mutex<Vec<Mutex<Kept>>>);
