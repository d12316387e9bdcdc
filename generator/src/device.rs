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
        "wgpu" => wgpu(),
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

/// burn ends with a panic where there is no GPU, of which nothing is printed: the error says it.
#[cfg(feature = "wgpu")]
fn wgpu() -> Result<Device> {
    use burn::tensor::{DeviceKind, Tensor};
    use std::panic::{catch_unwind, set_hook, take_hook};
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let found = catch_unwind(|| {
        let device = Device::wgpu(DeviceKind::DefaultDevice);
        let data = Tensor::<1>::zeros([1], &device).into_data();
        (device, data)
    });
    set_hook(hook);
    match found {
        Ok((device, _)) => Ok(device),
        Err(_) => Err(Error::Device { name: "wgpu".to_owned(), reason: "no GPU was found".to_owned() }),
    }
}
