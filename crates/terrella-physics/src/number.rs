//! What equations are written over: plain numbers, or numbers that carry their derivatives along.
//!
//! The arithmetic is that of the crate `num-dual`: an equation that is written once for any [`Number`] gives values with `f64` and
//! exact derivatives with a dual number. Branches look at the [`value`] alone.

use num_dual::DualNum;

/// A number with or without derivatives: `+ − × ÷` with others and with `f64` on the right, and `sin`, `cos`, `tan`, `tanh`, `sqrt`,
/// `exp`, `powi`, `abs` … as methods.
pub trait Number: DualNum<Primitive = f64> + Copy {}

impl<T: DualNum<Primitive = f64> + Copy> Number for T {}

/// A constant.
pub fn real<T: Number>(x: f64) -> T {
    T::from(x)
}

/// The number without its derivatives, for branches.
pub fn value<T: Number>(x: T) -> f64 {
    x.re()
}

/// −1 to 1 as a velocity is far below or above 0, smooth in between: `tanh(x / width)`. Dry friction that switches its sign at once has
/// no derivative there, and a fixed step would rattle around rest.
pub fn smooth_sign<T: Number>(x: T, width: f64) -> T {
    (x / width).tanh()
}
