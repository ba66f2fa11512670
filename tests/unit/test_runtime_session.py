"""Sessions are kept by file, device and options; devices tell the truth; the fake runner follows its scripts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from desktop.core.errors import UserError
from desktop.runtime import device
from desktop.runtime.attempts import Attempt, attempts_for
from desktop.runtime.catalog import Catalog, file_sha256
from desktop.runtime.device import Devices, thread_count
from desktop.runtime.fake import FakeRunner, Script
from desktop.runtime.runner import Cancelled, Failed, Finished, Progress, Request, Stage, run_and_wait
from desktop.runtime.session import DeviceFailed, OutOfMemory, SessionCache, SessionKey
from tests.runtime_models import blur_model, brightness_model, identity_model, photo, tile_table


def key_of(path: Path, threads: int = 1) -> SessionKey:
    return SessionKey(file_sha256(path), "cpu", threads)


def test_a_session_is_made_once_for_a_file_and_its_options(tmp_path: Path) -> None:
    path = identity_model(tmp_path / "same") / "model.onnx"
    cache = SessionCache()
    first = cache.get(path, key_of(path), "same")
    assert cache.get(path, key_of(path), "same") is first
    assert cache.get(path, key_of(path, threads=2), "same") is not first
    assert first.provider == "CPUExecutionProvider"


def test_the_least_recently_used_session_goes_when_bytes_run_out(tmp_path: Path) -> None:
    files = [make(tmp_path / make.__name__) / "model.onnx" for make in (identity_model, blur_model, brightness_model)]
    cache = SessionCache(budget_bytes=1)
    sessions = [cache.get(path, key_of(path), "x") for path in files]
    assert len(cache) == 1
    assert cache.get(files[2], key_of(files[2]), "x") is sessions[2]
    assert cache.get(files[0], key_of(files[0]), "x") is not sessions[0]


def test_what_is_loaded_is_what_was_hashed(tmp_path: Path) -> None:
    path = identity_model(tmp_path / "same") / "model.onnx"
    key = key_of(path)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(UserError, match="is not the file"):
        SessionCache().get(path, key, "same")


def test_weights_outside_the_file_are_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model folder of somebody else's could name any file of the user's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.bin").write_bytes(bytes(16))
    outside = onnx.TensorProto(name="w", data_type=onnx.TensorProto.FLOAT, dims=[4])
    outside.data_location = onnx.TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="secret.bin")
    shape = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [4])
    result = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [4])
    nodes = [onnx.helper.make_node("Add", ["x", "w"], ["y"])]
    graph = onnx.helper.make_graph(nodes, "outside", [shape], [result], [outside])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(UserError, match="cannot be loaded"):
        SessionCache().get(path, key_of(path), "outside")


def test_a_file_that_is_no_network_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(UserError, match="“junk” cannot be loaded: "):
        SessionCache().get(path, key_of(path), "junk")


@pytest.mark.parametrize(
    "words", ["Failed to allocate memory for requested buffer", "CUDA out of memory", "std::bad_alloc"]
)
def test_all_ways_to_say_that_memory_is_short_are_one(tmp_path: Path, words: str) -> None:
    path = identity_model(tmp_path / "same") / "model.onnx"
    session = SessionCache().get(path, key_of(path), "same")

    class Short:
        def run(self, *_: object) -> None:
            raise RuntimeError(words)

    session._session = Short()
    with pytest.raises(OutOfMemory):
        session.run(["result"], {}, onnxruntime.RunOptions())


def test_a_failing_network_gives_the_reason(tmp_path: Path) -> None:
    path = identity_model(tmp_path / "same") / "model.onnx"
    session = SessionCache().get(path, key_of(path), "same")
    with pytest.raises(UserError, match=r"“same” failed while computing: .*rank"):
        session.run(["result"], {"image": np.zeros((1, 2), np.float32)}, onnxruntime.RunOptions())


def test_memory_short_means_smaller_tiles_then_the_processor_and_an_end(tmp_path: Path) -> None:
    identity_model(tmp_path / "same", tile=tile_table(512, 32, 8))
    manifest = Catalog((tmp_path,)).get("same").manifest
    assert list(attempts_for(manifest, "cuda")) == [
        Attempt("cuda", None),
        Attempt("cuda", 256),
        Attempt("cuda", 128),
        Attempt("cpu", None),
        Attempt("cpu", 256),
        Attempt("cpu", 128),
    ]


def test_a_model_that_must_see_the_whole_is_not_cut(tmp_path: Path) -> None:
    identity_model(tmp_path / "same")
    manifest = Catalog((tmp_path,)).get("same").manifest
    assert list(attempts_for(manifest, "cpu")) == [Attempt("cpu", None)]


BROKEN = UserError("device.wrong_result")


@pytest.mark.parametrize(
    ("asked", "broken", "chosen"),
    [
        ("cpu", "_no_driver", ("cpu", None)),
        ("auto", "_no_driver", ("cpu", None)),
        ("auto", "_no_working_cuda", ("cpu", BROKEN)),
        ("auto", None, ("cuda", None)),
        ("cuda", None, ("cuda", None)),
    ],
)
def test_the_device_is_chosen_and_a_fall_back_has_its_reason(
    monkeypatch: pytest.MonkeyPatch,
    asked: device.DeviceChoice,
    broken: str | None,
    chosen: tuple[str, UserError | None],
) -> None:
    """`auto` is silent only where there is no GPU to be missed."""
    for check in ("_no_cuda_build", "_no_driver", "_no_working_cuda"):
        reason = BROKEN if check == broken else None
        monkeypatch.setattr(device, check, lambda reason=reason: reason)
    assert Devices().choose(asked) == chosen


@pytest.mark.parametrize("broken", ["_no_cuda_build", "_no_driver", "_no_working_cuda"])
def test_a_device_asked_for_by_name_is_never_replaced(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    for check in ("_no_cuda_build", "_no_driver", "_no_working_cuda"):
        reason = UserError("device.cuda_failed", reason=f"{check}.") if check == broken else None
        monkeypatch.setattr(device, check, lambda reason=reason: reason)
    with pytest.raises(UserError, match=f"“cuda” cannot be used: CUDA failed: {broken}"):
        Devices().choose("cuda")


@pytest.mark.parametrize(("name", "provider"), [("coreml", "CoreML"), ("directml", "Dml")])
def test_other_accelerators_are_offered_only_where_onnxruntime_has_them(
    monkeypatch: pytest.MonkeyPatch, name: device.DeviceChoice, provider: str
) -> None:
    monkeypatch.setattr(device.onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert [info.id for info in Devices().infos()] == ["cpu", "cuda"]
    with pytest.raises(UserError, match=f"no {provider} support"):
        Devices().choose(name)
    there = [f"{provider}ExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(device.onnxruntime, "get_available_providers", lambda: there)
    infos = Devices().infos()
    assert infos[-1].id == name
    assert "untested" in infos[-1].name
    assert Devices().choose(name) == (name, None)


def test_a_bound_run_gives_what_a_plain_run_gives(tmp_path: Path) -> None:
    """The path of GPUs, here with the memory of the processor: the same numbers, constants carried over once."""
    path = blur_model(tmp_path / "blur") / "model.onnx"
    session = SessionCache().get(path, key_of(path), "blur")
    tensor = np.random.default_rng(0).random((1, 3, 20, 30), np.float32)
    options = onnxruntime.RunOptions()
    (plain,) = session.run(["result"], {"image": tensor}, options)
    for _ in range(2):
        (bound,) = session._run_bound(["result"], {"image": tensor}, options)
        np.testing.assert_array_equal(bound, plain)
    carried = session._bound["image"][1]
    assert session._on_device("image", tensor) is carried
    assert session._on_device("image", tensor.copy()) is not carried


def test_a_session_that_silently_fell_back_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As onnxruntime does when CUDA libraries are missing: it returns a session without the provider asked for."""
    path = identity_model(tmp_path / "same") / "model.onnx"
    monkeypatch.setattr("desktop.runtime.session.providers_for", lambda _: ["CPUExecutionProvider"])
    with pytest.raises(DeviceFailed, match="CUDAExecutionProvider was asked for"):
        SessionCache().get(path, SessionKey(file_sha256(path), "cuda", 1), "same")


def test_the_probe_network_computes_what_it_should() -> None:
    session = onnxruntime.InferenceSession(device.PROBE_MODEL, providers=["CPUExecutionProvider"])
    (answer,) = session.run(None, {"x": np.ones((1, 1, 8, 8), np.float32)})
    assert answer[0, 0, 4, 4] == 9


def test_threads_are_limited_to_the_cores_of_this_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(device.os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(device.psutil, "cpu_count", lambda logical: 2)
    monkeypatch.setattr(device, "_quota_cores", lambda _: 99)
    assert thread_count() == 2
    monkeypatch.setattr(device.os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert thread_count() == 1


@pytest.mark.parametrize(("text", "cores"), [("150000 100000", 1), ("400000 100000", 4), ("max 100000", 1 << 16)])
def test_the_quota_of_a_container_counts(tmp_path: Path, text: str, cores: int) -> None:
    path = tmp_path / "cpu.max"
    path.write_text(text)
    assert device._quota_cores(path) == cores
    assert device._quota_cores(tmp_path / "missing") == 1 << 16


REQUEST = Request("any", "0" * 64, {"image": photo(4, 5, 4)})


def test_the_fake_runner_inverts_by_default_and_reports_its_steps() -> None:
    heard: list[Progress] = []
    runner = FakeRunner()
    outcome = run_and_wait(runner, REQUEST, heard.append)
    assert isinstance(outcome, Finished)
    np.testing.assert_array_equal(outcome.result.image[..., :3], 255 - REQUEST.inputs["image"][..., :3])
    np.testing.assert_array_equal(outcome.result.image[..., 3], REQUEST.inputs["image"][..., 3])
    assert heard == [Progress(Stage.RUNNING, step, 3) for step in (1, 2, 3)]
    assert runner.requests == [REQUEST]
    runner.close()


def test_the_fake_runner_fails_and_waits_as_its_scripts_say() -> None:
    error = UserError("model.changed", model_id="test")
    runner = FakeRunner(Script(error=error), Script(waits_for_cancel=True))
    assert run_and_wait(runner, REQUEST) == Failed(error)
    job = runner.submit(REQUEST, on_progress=lambda _: None, on_done=lambda _: None)
    assert job.wait(0) is None
    job.cancel()
    assert job.wait(10) == Cancelled()
    waiting = runner.submit(REQUEST, on_progress=lambda _: None, on_done=lambda _: None)
    runner.close()
    assert waiting.wait(0) == Cancelled()
