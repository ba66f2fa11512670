"""What a network may do to the worker: take all memory, never end, fail on its device; and whose jobs are dropped."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from desktop.core.errors import UserError
from desktop.runtime import attempts
from desktop.runtime.attempts import Kept
from desktop.runtime.catalog import Catalog
from desktop.runtime.device import Devices
from desktop.runtime.jobs import RunnerLimits, WorkerRunner
from desktop.runtime.memory import available_bytes
from desktop.runtime.runner import Cancelled, Failed, Finished, Request, run_and_wait
from desktop.runtime.session import DeviceFailed, Session, SessionCache, SessionKey
from tests.runtime_models import endless_model, identity_model, make_model, photo, tile_table
from tests.runtime_parts import node
from tests.runtime_runs import run_request

PATIENCE_S = 60
MEGABYTE = 1 << 20


def hungry_model(folder: Path) -> Path:
    """Really takes 4,800 bytes for each pixel of a tile: 105 MB for the tiles below, 52 MB for smaller ones."""
    nodes = [
        node("Shape", "image", "shape"),
        node("ReduceProd", "shape", "count", keepdims=1),
        node("Mul", "count times", "wanted"),
        node("ConstantOfShape", "wanted", "zeros"),
        node("ReduceSum", "zeros", "nothing", keepdims=0),
        node("Add", "image nothing", "result"),
    ]
    return make_model(folder, nodes, constants={"times": np.array([400])}, tile=tile_table(256, 0))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("models")
    identity_model(folder / "same")
    endless_model(folder / "endless")
    hungry_model(folder / "hungry")
    return Catalog((folder,))


@pytest.fixture
def poor(models: Catalog) -> Iterator[WorkerRunner]:
    runner = WorkerRunner(models, RunnerLimits(memory_bytes=80 * MEGABYTE))
    yield runner
    runner.close()


@pytest.fixture
def strict(models: Catalog) -> Iterator[WorkerRunner]:
    runner = WorkerRunner(models, RunnerLimits(silence_s=4))
    yield runner
    runner.close()


def request_for(models: Catalog, model_id: str, size: tuple[int, int], owner: object = None) -> Request:
    return Request(model_id, models.get(model_id).sha256, {"image": photo(*size)}, device="cpu", owner=owner)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_a_network_that_takes_too_much_gets_smaller_tiles(poor: WorkerRunner, models: Catalog) -> None:
    """The limit makes it an error of the run; without one the system would kill the process, or worse, the editor."""
    request = request_for(models, "hungry", (300, 260))
    outcome = run_and_wait(poor, request)
    assert isinstance(outcome, Finished), outcome
    assert [str(note) for note in outcome.result.notes] == ["Not enough memory; used smaller tiles of 128 pixels."]
    np.testing.assert_array_equal(outcome.result.image, request.inputs["image"])


def test_a_run_that_gets_nowhere_is_stopped_and_the_next_one_works(strict: WorkerRunner, models: Catalog) -> None:
    outcome = run_and_wait(strict, request_for(models, "endless", (10, 10)))
    assert isinstance(outcome, Failed)
    assert "computed for 4 seconds without getting anywhere" in str(outcome.error)
    assert isinstance(run_and_wait(strict, request_for(models, "same", (10, 10))), Finished)


def test_the_jobs_of_a_closed_document_are_dropped_and_no_others(models: Catalog) -> None:
    runner = WorkerRunner(models)
    running = threading.Event()
    order: list[str] = []

    def submit(name: str, model_id: str, owner: str):
        return runner.submit(
            request_for(models, model_id, (10, 10), owner),
            on_progress=lambda progress: running.set() if progress.stage == "running" else None,
            on_done=lambda _outcome: order.append(name),
        )

    try:
        endless = submit("endless", "endless", "closed")
        other, mine = submit("other", "same", "open"), submit("mine", "same", "closed")
        assert running.wait(PATIENCE_S)
        runner.drop("closed")
        assert endless.wait(PATIENCE_S) == Cancelled()
        assert mine.wait(PATIENCE_S) == Cancelled()
        assert isinstance(other.wait(PATIENCE_S), Finished)
        assert order[-1] == "other"
    finally:
        runner.close()


class CudaThatBreaks(SessionCache):
    """As where a driver is too old for a network: the probe passed, this session does not."""

    def get(self, path: Path, key: SessionKey, model_id: str) -> Session:
        if key.device == "cuda":
            raise DeviceFailed("The driver is too old.")
        return super().get(path, key, model_id)


class CudaSeemsToWork(Devices):
    def cuda_reason(self) -> None:
        return None


def test_a_device_that_fails_on_a_network_is_left_for_the_processor_aloud(tmp_path: Path) -> None:
    model = identity_model(tmp_path / "same", tile=tile_table(64, 4))
    kept = Kept(devices=CudaSeemsToWork(), sessions=CudaThatBreaks())
    results, done, _ = run_request(model, {"image": photo(100, 90)}, kept=kept, device="auto")
    np.testing.assert_array_equal(results["image"], photo(100, 90))
    assert done.provider == "CPUExecutionProvider"
    assert [str(note) for note in done.notes] == [
        "Computed on the processor instead of the GPU. The driver is too old."
    ]
    with pytest.raises(UserError, match="“cuda” cannot be used: The driver is too old"):
        run_request(model, {"image": photo(9, 9)}, kept=kept, device="cuda")


def test_short_memory_on_the_gpu_goes_to_the_processor_aloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = identity_model(tmp_path / "same", tile=tile_table(256, 4))
    kept = Kept(devices=CudaSeemsToWork())
    tried: list[tuple[str, int | None]] = []
    real = attempts.TaskRun._try

    def short_on_cuda(self: object, attempt: attempts.Attempt, *arguments: object) -> attempts.Done:
        tried.append((attempt.device, attempt.tile_limit))
        if attempt.device == "cuda":
            raise attempts.OutOfMemory
        return real(self, attempt, *arguments)

    monkeypatch.setattr(attempts.TaskRun, "_try", short_on_cuda)
    _, done, _ = run_request(model, {"image": photo(50, 60)}, kept=kept, device="cuda")
    assert tried == [("cuda", None), ("cuda", 128), ("cuda", 64), ("cpu", None)]
    assert [str(note) for note in done.notes] == ["Not enough GPU memory; computed on the processor."]


def test_the_half_precision_form_is_only_for_gpus(tmp_path: Path) -> None:
    """On a processor half precision is slower, so the plain file runs there."""
    model = identity_model(tmp_path / "same")
    path = model / "manifest.toml"
    text = path.read_text().replace('main = "model.onnx"', 'main = "model.onnx"\nmain_fp16 = "half.onnx"')
    digest = text.split('[sha256]\nmain = "')[1][:64]
    path.write_text(text.replace(f'main = "{digest}"', f'main = "{digest}"\nmain_fp16 = "{digest}"'))
    (model / "half.onnx").write_bytes((model / "model.onnx").read_bytes())
    asked: list[SessionKey] = []

    class Remembering(SessionCache):
        def get(self, path: Path, key: SessionKey, model_id: str) -> Session:
            asked.append(key)
            return super().get(path, SessionKey(key.file_sha256, "cpu", 1), model_id)

    for device in ("cuda", "cpu"):
        run_request(model, {"image": photo(8, 8)}, kept=Kept(CudaSeemsToWork(), Remembering()), device=device)
    assert [(key.device, key.precision) for key in asked] == [("cuda", "fp16"), ("cpu", "fp32")]


def test_there_is_some_memory() -> None:
    assert 50 * MEGABYTE < available_bytes() < 1 << 50


@pytest.mark.gpu
def test_cuda_computes_what_the_processor_computes(tmp_path: Path) -> None:
    from tests.runtime_models import blur_model

    model, pixels = blur_model(tmp_path / "blur"), photo(300, 280)
    cpu = run_request(model, {"image": pixels}, device="cpu")[0]["image"]
    results, done, _ = run_request(model, {"image": pixels}, device="cuda")
    assert done.provider == "CUDAExecutionProvider"
    assert np.abs(results["image"].astype(int) - cpu).max() <= 1
