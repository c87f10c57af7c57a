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
