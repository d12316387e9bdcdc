//! One file a command, each with `run(&Args) -> anyhow::Result<Exit>`.

pub(crate) mod train;
