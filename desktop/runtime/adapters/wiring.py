"""How the parts of a model are joined: which output feeds which input, and in what order the parts run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from desktop.runtime.adapters.base import broken
from desktop.runtime.manifest import Input, Manifest, Output

PICTURE_ROLES = {"image", "image2", "style", "mask"}
WIRED_ROLES = {"latent", "embedding", "noise", "mask_input"}  # what may pass from part to part


@dataclass(frozen=True)
class Wiring:
    """The parts of a manifest. `given` are the roles that the request brings: a part that eats a picture which is not
    there does not run, and what it would feed comes from elsewhere (a generator's latent from the seed).
    """

    manifest: Manifest
    given: frozenset[str]

    @classmethod
    def of(cls, manifest: Manifest, given: Collection[str]) -> Wiring:
        return cls(manifest, frozenset(given))

    def source_of(self, spec: Input) -> Output | None:
        """The output of another part that feeds this input; None when something else does."""
        output = self._wired_output(spec)
        return output if output is not None and self._can_run(output.part, ()) else None

    @cached_property
    def last_part(self) -> str:
        """The part that makes what the task is for: the only one that feeds no other."""
        feeding = {output.part for spec in self.manifest.inputs if (output := self._wired_output(spec)) is not None}
        last = [part for part in self.manifest.parts if part not in feeding]
        if len(last) != 1:
            raise broken(self.manifest, "its parts are not joined into one chain.")
        return last[0]

    def order(self, part: str) -> list[str]:
        """All parts that must run before `part`, in order, and `part` itself at the end."""
        found: list[str] = []
        for spec in self.manifest.inputs_of(part):
            source = self.source_of(spec)
            if source is not None:
                found += [earlier for earlier in self.order(source.part) if earlier not in found]
        return [*found, part]

    def _wired_output(self, spec: Input) -> Output | None:
        if spec.source is None and spec.role not in WIRED_ROLES:
            return None
        name = spec.source or spec.name
        fitting = [output for output in self.manifest.outputs if output.name == name and output.part != spec.part]
        if spec.source is not None and not fitting:
            raise broken(self.manifest, f"no other part has the output “{name}”, from which “{spec.name}” comes.")
        return fitting[0] if fitting else None

    def _can_run(self, part: str, seen: tuple[str, ...]) -> bool:
        if part in seen:
            raise broken(self.manifest, "its parts feed each other in a circle.")
        for spec in self.manifest.inputs_of(part):
            if spec.role in PICTURE_ROLES and spec.role not in self.given:
                return False
            output = self._wired_output(spec)
            if output is not None and not self._can_run(output.part, (*seen, part)) and spec.role != "latent":
                return False
        return True
