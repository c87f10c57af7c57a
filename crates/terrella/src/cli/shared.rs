//! What several verbs need beside their options: a device, progress, the recordings of a run.

use crate::watch::Watch;
use burn::tensor::Device;

/// The device that networks run on: the CPU, unless the program was built for a GPU only.
pub(super) fn device() -> Device {
    #[cfg(feature = "flex")]
    return Device::flex();
    #[cfg(not(feature = "flex"))]
    return Device::default();
}

/// Progress and Ctrl-C, for verbs that take a while.
pub(super) fn watch() -> Watch {
    Watch::listening()
}

/// The folder of recordings that a run used.
pub(super) fn data_of(run: &crate::pipeline::Run) -> std::path::PathBuf {
    run.settings.data.path.clone().unwrap_or_else(|| run.file("data"))
}
