//! `ugmm devices`: the devices that networks can compute on.

use crate::arguments::Common;
use crate::device;
use crate::error::CliError;
use crate::output::{print, write_json};
use serde::Serialize;
use ugmm_network::{DeviceName, GpuBackend};

#[derive(Serialize)]
struct Report {
    devices: Vec<Listed>,
    /// Backends for GPUs that this program was built with.
    built: Vec<&'static str>,
    not_built: Vec<&'static str>,
}

#[derive(Serialize)]
struct Listed {
    name: String,
    description: String,
}

pub fn run(common: &Common) -> Result<(), CliError> {
    let list = |(name, description): (DeviceName, String)| Listed { name: name.to_string(), description };
    let (built, not_built) =
        GpuBackend::ALL.into_iter().partition::<Vec<_>, _>(|backend| device::is_built(*backend));
    let names = |backends: Vec<GpuBackend>| backends.into_iter().map(GpuBackend::name).collect();
    let report = Report {
        devices: device::all().into_iter().map(list).collect(),
        built: names(built),
        not_built: names(not_built),
    };
    write_json(common.json.as_deref(), "ugmm/devices", &report)?;
    if common.quiet { Ok(()) } else { print(&text(&report)) }
}

fn text(report: &Report) -> String {
    let width = report.devices.iter().map(|device| device.name.len()).max().unwrap_or_default();
    let line = |device: &Listed| format!("{:width$}  {}\n", device.name, device.description);
    let mut text: String = report.devices.iter().map(line).collect();
    let finds = |backend: &&&str| report.devices.iter().any(|device| device.name.starts_with(**backend));
    let without: Vec<&str> = report.built.iter().filter(|backend| !finds(backend)).copied().collect();
    if !without.is_empty() {
        text += &format!("no device was found by {}\n", without.join(", "));
    }
    if !report.not_built.is_empty() {
        text += &format!(
            "this program was built without {}; cargo install --path crates/ugmm-cli --features NAME builds one that \
             has it\n",
            report.not_built.join(", ")
        );
    }
    text
}
