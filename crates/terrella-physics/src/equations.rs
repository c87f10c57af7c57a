//! From equations that are written once to a mechanism: Runge-Kutta steps over plain numbers and over dual ones.
//!
//! Dual numbers carry [`LANES`] derivatives at a time; a step that is asked for more is gone through again for the next ones. All of
//! it lies on the stack.

use crate::jacobians::Jacobians;
use crate::mechanism::{Mechanism, Row};
use crate::number::{Number, real};
use crate::parameter::{Parameter, Quantity};
use num_dual::DualSVec64;
use std::marker::PhantomData;

/// Derivatives that one pass carries: a cache line of `f64`, and enough for two numbers of a state and six parameters.
const LANES: usize = 8;
/// Numbers of a state, of an action and of parameters, at most.
const MOST: [usize; 3] = [8, 4, 24];

/// A number with [`LANES`] derivatives.
type Dual = DualSVec64<LANES>;

/// What the author of a mechanism writes. `state`, `action` and `parameters` are in the order of the lists, in SI units.
pub trait Equations: Send + Sync + 'static {
    /// Name in the registry.
    const NAME: &'static str;
    /// What it is, in words.
    const ABOUT: &'static str;
    /// The numbers of its state, at most 8.
    const STATE: &'static [Quantity];
    /// The numbers of its action, at most 4.
    const ACTION: &'static [Quantity];
    /// Its parameters, at most 24.
    const PARAMETERS: &'static [Parameter];

    /// Writes into `out` how fast each number of the state changes.
    fn derivative<T: Number>(state: &[T], action: &[T], parameters: &[T], out: &mut [T]);

    /// Changes the state at the end of a part of a step, as a bounce does; `before` is the state at its beginning. Nothing, unless
    /// there are such events.
    fn jump<T: Number>(_before: &[T], _after: &mut [T], _parameters: &[T]) {}

    /// Kinetic and potential energy in J, where that is defined.
    fn energy(_state: &[f64], _parameters: &[f64]) -> Option<f64> {
        None
    }
}

/// Equations with Runge-Kutta steps of fourth order, so many a row.
pub struct Integrated<E> {
    parts: usize,
    equations: PhantomData<fn() -> E>,
}

impl<E: Equations> Integrated<E> {
    /// With so many parts of each step, at least one.
    pub fn new(parts: usize) -> Self {
        const {
            let [state, action, parameters] = MOST;
            assert!(E::STATE.len() <= state && E::ACTION.len() <= action && E::PARAMETERS.len() <= parameters);
        }
        Self { parts: parts.max(1), equations: PhantomData }
    }

    fn advance<T: Number>(&self, state: &mut [T], action: &[T], parameters: &[T], dt: f64) {
        let (n, time) = (state.len(), dt / self.parts as f64);
        let zero = real::<T>(0.0);
        let (mut before, mut at) = ([zero; MOST[0]], [zero; MOST[0]]);
        let mut slopes = [[zero; MOST[0]]; 4];
        for _ in 0..self.parts {
            before[..n].copy_from_slice(state);
            E::derivative(&before[..n], action, parameters, &mut slopes[0][..n]);
            for (stage, ahead) in [(1, 0.5 * time), (2, 0.5 * time), (3, time)] {
                let starts = before[..n].iter().zip(&slopes[stage - 1]);
                at.iter_mut().zip(starts).for_each(|(at, (&before, &slope))| *at = before + slope * ahead);
                E::derivative(&at[..n], action, parameters, &mut slopes[stage][..n]);
            }
            for (i, number) in state.iter_mut().enumerate() {
                let slope = slopes[0][i] + (slopes[1][i] + slopes[2][i]) * 2.0 + slopes[3][i];
                *number = before[i] + slope * (time / 6.0);
            }
            E::jump(&before[..n], state, parameters);
        }
    }
}

impl<E: Equations> Mechanism for Integrated<E> {
    fn name(&self) -> &str {
        E::NAME
    }

    fn about(&self) -> &str {
        E::ABOUT
    }

    fn parameters(&self) -> &[Parameter] {
        E::PARAMETERS
    }

    fn state(&self) -> &[Quantity] {
        E::STATE
    }

    fn action(&self) -> &[Quantity] {
        E::ACTION
    }

    fn step_into(&self, row: Row<'_>, next: &mut [f64]) {
        assert_eq!(row.parameters.len(), E::PARAMETERS.len(), "parameters of {}", E::NAME);
        assert_eq!(row.action.len(), E::ACTION.len(), "action of {}", E::NAME);
        next.copy_from_slice(row.state);
        self.advance(next, row.action, row.parameters, row.dt);
    }

    fn step_with_jacobians(&self, row: Row<'_>, into: &mut Jacobians) {
        let [s, a] = [row.state.len(), row.action.len()];
        assert_eq!([s, a], [E::STATE.len(), E::ACTION.len()], "state and action of {}", E::NAME);
        assert_eq!(row.parameters.len(), E::PARAMETERS.len(), "parameters of {}", E::NAME);
        // Derivatives are counted through: by the state, by the action if that is wanted, by the parameters that are wanted.
        let acts = into.by_action.len() / s;
        let wanted = s + acts + into.parameters.len();
        for first in (0..wanted).step_by(LANES) {
            let dual = |x: f64, nth: Option<usize>| match nth {
                Some(nth) if (first..first + LANES).contains(&nth) => Dual::from(x).derivative(nth - first),
                _ => Dual::from(x),
            };
            let zero = dual(0.0, None);
            let (mut state, mut action, mut parameters) = ([zero; MOST[0]], [zero; MOST[1]], [zero; MOST[2]]);
            for (i, &x) in row.state.iter().enumerate() {
                state[i] = dual(x, Some(i));
            }
            for (i, &x) in row.action.iter().enumerate() {
                action[i] = dual(x, (i < acts).then_some(s + i));
            }
            for (i, &x) in row.parameters.iter().enumerate() {
                parameters[i] = dual(x, into.parameters.iter().position(|&p| p == i).map(|nth| s + acts + nth));
            }
            self.advance(&mut state[..s], &action[..a], &parameters[..row.parameters.len()], row.dt);
            let p = into.parameters.len();
            for (i, number) in state[..s].iter().enumerate() {
                into.next[i] = number.re;
                for lane in 0..LANES.min(wanted - first) {
                    // No derivatives at all are those of a constant.
                    let slope = number.eps.0.as_ref().map_or(0.0, |eps| eps[lane]);
                    match first + lane {
                        nth if nth < s => into.by_state[i * s + nth] = slope,
                        nth if nth < s + acts => into.by_action[i * acts + nth - s] = slope,
                        nth => into.by_parameters[i * p + nth - s - acts] = slope,
                    }
                }
            }
        }
    }

    fn energy(&self, state: &[f64], parameters: &[f64]) -> Option<f64> {
        E::energy(state, parameters)
    }
}
