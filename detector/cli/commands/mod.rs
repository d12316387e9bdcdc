//! One file a command, each with `run(&Args) -> anyhow::Result<Exit>`.

pub(crate) mod generate;
pub(crate) mod judge;
mod measurements;
pub(crate) mod model;
pub(crate) mod train;
pub(crate) mod train_detector;
