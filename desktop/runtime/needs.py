"""What a request must bring for a model, and what else it may bring, by the roles of the manifest."""

from __future__ import annotations

from desktop.runtime.manifest import TWO_PICTURES, WITH_MASK, Manifest, Task

PICTURES = ("image", "image2", "style")
OPTIONAL = {
    Task.GENERATE: ("image",),  # a picture is turned into its latent first, where the model can
    Task.COLOURISE: ("hints",),
}


def needed_inputs(manifest: Manifest) -> list[str]:
    """The roles that a request must bring, in the manifest's order."""
    wanted = [spec.role for spec in manifest.inputs if spec.role in (*PICTURES, "mask", "points")]
    wanted += ["mask" for spec in manifest.inputs if spec.order in WITH_MASK]
    wanted += ["image2" for spec in manifest.inputs if spec.order in TWO_PICTURES]
    return [role for role in dict.fromkeys(wanted) if role not in OPTIONAL.get(manifest.task, ())]


def paints_from_noise(manifest: Manifest) -> bool:
    """A filter that makes its pixels out of noise: it needs no more of a picture than its size."""
    hears_noise = any(spec.role == "noise" for spec in manifest.inputs)
    return manifest.task is Task.FILTER and hears_noise and needed_inputs(manifest) == ["image"]


def takes_rough_mask(manifest: Manifest) -> bool:
    """A click model that may be shown an earlier mask, or what a person painted roughly."""
    return manifest.task is Task.ENCODE_DECODE and any(spec.role == "has_mask_input" for spec in manifest.inputs)


def allowed_inputs(manifest: Manifest) -> list[str]:
    described = {spec.role for spec in manifest.inputs}
    optional = [role for role in OPTIONAL.get(manifest.task, ()) if role in described]
    optional += ["mask"] if takes_rough_mask(manifest) else []
    named = [spec.name for spec in manifest.inputs if spec.role in ("latent", "noise")]
    latent = ["latent"] if "latent" in described else []
    return list(dict.fromkeys([*needed_inputs(manifest), *optional, *latent, *named]))
