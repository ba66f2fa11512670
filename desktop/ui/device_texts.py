"""What the window says of a device, in its language."""

from __future__ import annotations

from desktop.runtime.runner import DeviceInfo
from desktop.ui.i18n import tr, tr_error


def device_detail(device: DeviceInfo) -> str:
    """What it is; the processor with its threads."""
    return tr(f"status.device_detail.{device.id}", threads=device.threads)


def device_refusal(device: DeviceInfo) -> str:
    """Why it cannot be used; only for devices with a reason."""
    assert device.reason is not None, device.id
    return tr("status.device_not", name=tr(f"status.device.{device.id}"), reason=tr_error(device.reason))
