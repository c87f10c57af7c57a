//! How far two gradients of a network are apart, tensor by tensor: what tests ask that hold a gradient by hand to
//! that of the tensors.

use crate::host::dense::numbers;
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::prelude::*;

/// The largest difference and the largest number of the second gradient, one pair a tensor that learns.
pub(crate) fn apart<M: Module>(net: &M, gradients: [&GradientsParams; 2]) -> Vec<[f32; 2]> {
    let mut apart = Apart(gradients, Vec::new());
    net.visit(&mut apart);
    apart.1
}

struct Apart<'a>([&'a GradientsParams; 2], Vec<[f32; 2]>);

impl ModuleVisitor for Apart<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let [Some(a), Some(b)] = self.0.map(|all| all.get::<D>(param.id)) else {
            assert!(self.0.iter().all(|all| all.get::<D>(param.id).is_none()), "both or neither");
            return;
        };
        assert_eq!(a.dims(), b.dims(), "shapes");
        let (a, b) = (numbers(a), numbers(b));
        let most = b.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        self.1.push([a.iter().zip(&b).fold(0.0f32, |far, (a, b)| far.max((a - b).abs())), most]);
    }
}
