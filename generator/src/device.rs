//! Names of devices to burn devices.

use crate::error::{Error, Result};
use burn::tensor::Device;

/// The device of this name: `cpu` (burn-flex, the faster of the two on a CPU), `ndarray`, and where built in
/// `wgpu` and `tch`.
///
/// # Errors
/// When the name is unknown or the device is not built in.
#[expect(
    deprecated,
    reason = "burn-ndarray and burn-tch are on their way out of burn; both are kept while they are there"
)]
pub fn device(name: &str) -> Result<Device> {
    match name {
        "cpu" | "flex" => Ok(Device::flex()),
        "ndarray" => Ok(Device::ndarray()),
        #[cfg(feature = "wgpu")]
        "wgpu" => Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
        #[cfg(feature = "tch")]
        "tch" => Ok(Device::libtorch()),
        #[cfg(not(feature = "wgpu"))]
        "wgpu" => not_built_in(name),
        #[cfg(not(feature = "tch"))]
        "tch" => not_built_in(name),
        _ => Err(Error::Device { name: name.to_owned(), reason: "there is no device of this name".to_owned() }),
    }
}

#[cfg(not(all(feature = "wgpu", feature = "tch")))]
fn not_built_in(name: &str) -> Result<Device> {
    Err(Error::Device { name: name.to_owned(), reason: format!("this build is without the feature `{name}`") })
}
