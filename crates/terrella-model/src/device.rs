//! What has to be known of a device before anything is computed on it.

use burn::prelude::*;

/// Whether it is the CPU, where parts of a batch go side by side and planning needs no tensors.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn is_cpu(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    return *device == Device::flex();
    #[cfg(not(feature = "flex"))]
    false
}

/// The random numbers of the CPU backend are global: tests that make weights take turns.
#[cfg(test)]
pub(crate) fn alone() -> std::sync::MutexGuard<'static, ()> {
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
