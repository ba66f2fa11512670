"""The worker process for real: cancel, kill, restart, idle, leftovers, no network, nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from desktop.core.errors import UserError
from desktop.runtime.catalog import Catalog
from desktop.runtime.jobs import RunnerLimits, WorkerRunner
from desktop.runtime.preparing import prepared
from desktop.runtime.process import WorkerProcess
from desktop.runtime.runner import Cancelled, Failed, Finished, Outcome, Progress, Request, Stage, run_and_wait
from desktop.runtime.sharing import (
    NAME_PREFIX,
    PixelShare,
    SharedPixels,
    open_for_reading,
    open_for_writing,
    remove_leftovers,
    sharing_folders,
)
from tests.runtime_models import blur_model, endless_model, identity_model, photo

PATIENCE_S = 60


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("models")
    identity_model(folder / "same")
    blur_model(folder / "blur")
    endless_model(folder / "endless")
    return Catalog((folder,))


@pytest.fixture(scope="module")
def runner(models: Catalog) -> Iterator[WorkerRunner]:
    """One worker for the tests that leave it alive: starting one costs most of a second."""
    runner = WorkerRunner(models)
    yield runner
    runner.close()


def request_for(models: Catalog, model_id: str, size: tuple[int, int] = (40, 50)) -> Request:
    return Request(model_id, models.get(model_id).sha256, {"image": photo(*size, 4)})


def image_of(outcome: Outcome) -> np.ndarray:
    assert isinstance(outcome, Finished), outcome
    return outcome.result.image


def error_of(outcome: Outcome) -> UserError:
    assert isinstance(outcome, Failed), outcome
    return outcome.error


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


class Started:
    """Callbacks that tell when the network has begun to run."""

    def __init__(self) -> None:
        self.running = threading.Event()
        self.outcomes: list[Outcome] = []

    def on_progress(self, progress: Progress) -> None:
        if progress.stage == Stage.RUNNING:
            self.running.set()

    def on_done(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


def start_endless(runner: WorkerRunner, models: Catalog) -> tuple[Started, object]:
    started = Started()
    request = request_for(models, "endless")
    job = runner.submit(request, on_progress=started.on_progress, on_done=started.on_done)
    assert started.running.wait(PATIENCE_S)
    return started, job


def pixel_files() -> list[Path]:
    return [path for folder in sharing_folders() for path in folder.glob(f"{NAME_PREFIX}-{os.getpid()}-*")]


def test_pixels_go_through_the_worker_and_back(runner: WorkerRunner, models: Catalog) -> None:
    heard: list[Progress] = []
    request = request_for(models, "blur", (100, 90))
    outcome = run_and_wait(runner, request, heard.append)
    image = image_of(outcome)
    assert isinstance(outcome, Finished)
    assert image.shape == (100, 90, 4)
    assert image.dtype == np.uint8
    assert (image != request.inputs["image"]).any()
    assert outcome.result.provider == "CPUExecutionProvider"
    assert outcome.result.tiles == heard[-1].done == heard[-1].total
    assert outcome.result.model_sha256 == models.get("blur").sha256
    assert outcome.result.peak_memory_bytes > 1e7
    assert not pixel_files()


def test_two_runs_of_one_request_give_equal_bytes(runner: WorkerRunner, models: Catalog) -> None:
    request = request_for(models, "blur", (100, 90))
    first, second = (image_of(run_and_wait(runner, request)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_request_may_ask_for_other_tiles_and_gets_the_same_picture(runner: WorkerRunner, models: Catalog) -> None:
    request = request_for(models, "blur", (300, 200))
    outcomes = [run_and_wait(runner, replace(request, tile_side=side)) for side in (None, 100, 1024)]
    own, larger, whole = (image_of(outcome) for outcome in outcomes)
    tiles = [outcome.result.tiles for outcome in outcomes if isinstance(outcome, Finished)]
    assert tiles[0] > tiles[1] > tiles[2] == 1
    assert np.abs(own.astype(int) - whole).max() <= 1
    assert np.abs(larger.astype(int) - whole).max() <= 1


def test_jobs_run_in_the_order_in_which_they_came(runner: WorkerRunner, models: Catalog) -> None:
    done: list[int] = []
    for number in range(5):
        request = request_for(models, "same")
        job = runner.submit(request, on_progress=lambda _: None, on_done=lambda _, n=number: done.append(n))
    job.wait(PATIENCE_S)
    assert done == [0, 1, 2, 3, 4]


def test_devices_tell_the_truth(runner: WorkerRunner) -> None:
    devices = {device.id: device for device in runner.devices()}
    assert devices["cpu"].is_available
    assert devices["cuda"].is_available == (not devices["cuda"].reason)


def test_asking_for_cuda_where_there_is_none_says_why(runner: WorkerRunner, models: Catalog) -> None:
    cuda = next(device for device in runner.devices() if device.id == "cuda")
    if cuda.is_available:
        pytest.skip("CUDA works here")
    request = Request("same", models.get("same").sha256, {"image": photo(8, 8)}, device="cuda")
    assert str(cuda.reason) in str(error_of(run_and_wait(runner, request)))


@pytest.mark.gpu
def test_cuda_computes_what_the_processor_computes_within_one_level(runner: WorkerRunner, models: Catalog) -> None:
    results = []
    for device in ("cuda", "cpu"):
        request = Request("blur", models.get("blur").sha256, {"image": photo(150, 170)}, device=device)
        outcome = run_and_wait(runner, request)
        assert isinstance(outcome, Finished), outcome
        assert device.upper() in outcome.result.provider.upper(), outcome.result.notes
        results.append(outcome.result.image.astype(int))
    assert np.abs(results[0] - results[1]).max() <= 1


def test_cancel_stops_an_endless_network_and_the_worker_lives_on(runner: WorkerRunner, models: Catalog) -> None:
    started, job = start_endless(runner, models)
    worker = runner.worker_pid
    job.cancel()
    assert job.wait(PATIENCE_S) == Cancelled()
    assert started.outcomes == [Cancelled()]
    assert image_of(run_and_wait(runner, request_for(models, "same"))) is not None
    assert runner.worker_pid == worker


def test_a_job_cancelled_while_it_waits_does_not_wait_for_the_one_before(runner: WorkerRunner, models: Catalog) -> None:
    _, running = start_endless(runner, models)
    waiting = runner.submit(request_for(models, "same"), on_progress=lambda _: None, on_done=lambda _: None)
    waiting.cancel()
    assert waiting.wait(PATIENCE_S) == Cancelled()
    assert running.wait(0) is None
    running.cancel()
    assert running.wait(PATIENCE_S) == Cancelled()


def test_a_callback_that_fails_does_not_stop_the_runner(
    runner: WorkerRunner, models: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise ValueError("a defect in a callback")

    job = runner.submit(request_for(models, "same"), on_progress=fail, on_done=fail)
    assert isinstance(job.wait(PATIENCE_S), Finished)
    assert "A callback of a model job failed" in caplog.text
    caplog.clear()
    assert isinstance(run_and_wait(runner, request_for(models, "same")), Finished)


def test_the_request_lets_its_pixels_go_once_they_are_with_the_worker(runner: WorkerRunner, models: Catalog) -> None:
    started, job = start_endless(runner, models)
    assert job.request is None
    job.cancel()
    job.wait(PATIENCE_S)
    assert started.outcomes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_id": "nothing"}, "no model “nothing”. Installed models: blur, endless, same"),
        ({"model_sha256": "0" * 64}, "has changed since"),
        ({"parameters": {"strength": 1}}, "has no parameter “strength”; it has none at all"),
        ({"inputs": {}}, "needs the input “image”"),
        ({"inputs": {"image": photo(4, 4), "mask": photo(4, 4)[..., 0]}}, "takes no input “mask”"),
    ],
)
def test_a_wrong_request_fails_with_a_sentence(
    runner: WorkerRunner, models: Catalog, change: dict[str, object], message: str
) -> None:
    fields = {"model_id": "same", "model_sha256": models.get("same").sha256, "inputs": {"image": photo(4, 4)}}
    outcome = run_and_wait(runner, Request(**{**fields, **change}))
    assert message in str(error_of(outcome))


def test_a_killed_worker_fails_its_job_at_once_and_the_next_job_works(models: Catalog) -> None:
    runner = WorkerRunner(models)
    try:
        started, job = start_endless(runner, models)
        worker = psutil.Process(runner.worker_pid)
        worker.kill()
        assert "was killed, perhaps because memory ran out" in str(error_of(job.wait(PATIENCE_S)))
        assert len(started.outcomes) == 1
        assert not worker.is_running(), "no zombie"
        assert image_of(run_and_wait(runner, request_for(models, "same"))).shape == (40, 50, 4)
        assert runner.worker_pid != worker.pid
    finally:
        runner.close()
    assert not pixel_files()


def test_a_worker_that_does_not_stop_is_killed_after_the_grace_time(models: Catalog) -> None:
    runner = WorkerRunner(models, RunnerLimits(grace_s=0.1))
    try:
        _, job = start_endless(runner, models)
        worker = psutil.Process(runner.worker_pid)
        worker.suspend()  # it cannot hear the cancel
        job.cancel()
        assert job.wait(PATIENCE_S) == Cancelled()
        assert not worker.is_running()
        assert isinstance(run_and_wait(runner, request_for(models, "same")), Finished)
    finally:
        runner.close()


def test_a_worker_killed_while_idle_is_replaced(models: Catalog) -> None:
    runner = WorkerRunner(models)
    try:
        run_and_wait(runner, request_for(models, "same"))
        os.kill(runner.worker_pid, signal.SIGKILL)
        assert isinstance(run_and_wait(runner, request_for(models, "same")), Finished)
    finally:
        runner.close()


def test_an_idle_worker_ends_and_the_next_job_starts_another(models: Catalog) -> None:
    runner = WorkerRunner(models, RunnerLimits(idle_s=0.05))
    try:
        run_and_wait(runner, request_for(models, "same"))
        wait_until(lambda: runner.worker_pid is None)
        assert isinstance(run_and_wait(runner, request_for(models, "same")), Finished)
    finally:
        runner.close()


def test_close_cancels_what_runs_and_what_waits_and_ends_the_process(models: Catalog) -> None:
    runner = WorkerRunner(models)
    _, running = start_endless(runner, models)
    waiting = runner.submit(request_for(models, "same"), on_progress=lambda _: None, on_done=lambda _: None)
    worker = psutil.Process(runner.worker_pid)
    runner.close()
    assert (running.wait(0), waiting.wait(0)) == (Cancelled(), Cancelled())
    assert not worker.is_running()
    assert not pixel_files()


def test_closing_a_runner_that_never_ran_is_quick_and_starts_nothing(models: Catalog) -> None:
    runner = WorkerRunner(models)
    runner.close()
    assert runner.worker_pid is None


def test_the_worker_has_lower_priority_and_no_qt(runner: WorkerRunner, models: Catalog) -> None:
    run_and_wait(runner, request_for(models, "same"))
    worker = psutil.Process(runner.worker_pid)
    assert worker.nice() > psutil.Process().nice()
    loaded = {Path(mapped.path).name for mapped in worker.memory_maps()}
    assert any("onnxruntime" in name for name in loaded)
    assert not any("Qt" in name or "pyside" in name.lower() for name in loaded)


EDITOR = """
    import socket, sys, time
    from pathlib import Path
    from desktop.runtime.catalog import Catalog
    from desktop.runtime.jobs import WorkerRunner
    from desktop.runtime.runner import Request, run_and_wait
    from tests.runtime_models import photo

    def main():
        catalog = Catalog((Path(sys.argv[1]),))
        runner = WorkerRunner(catalog)
        model = catalog.get(sys.argv[2])
        def report(progress):
            print(progress.stage, runner.worker_pid, flush=True)
        outcome = run_and_wait(runner, Request(model.id, model.sha256, {"image": photo(40, 40)}), report)
        runner.close()
        print(type(outcome).__name__, flush=True)

    if __name__ == "__main__":
        main()
"""


def editor_process(tmp_path: Path, models: Catalog, model_id: str, prelude: str = "") -> subprocess.Popen[str]:
    script = tmp_path / "editor.py"
    script.write_text(prelude + textwrap.dedent(EDITOR), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    command = [sys.executable, str(script), str(models.folders[0]), model_id]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def test_when_the_editor_is_killed_the_worker_ends_and_leaves_no_pixels(tmp_path: Path, models: Catalog) -> None:
    with editor_process(tmp_path, models, "endless") as editor:
        assert editor.stdout
        line = next(line for line in editor.stdout if line.startswith("running"))
        worker = psutil.Process(int(line.split()[1]))
        editor.kill()
        editor.wait()
        wait_until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
        assert not list(Path("/dev/shm").glob(f"{NAME_PREFIX}-{editor.pid}-*"))


def test_models_run_with_every_internet_connection_forbidden(tmp_path: Path, models: Catalog) -> None:
    """The hook stands in the script itself, which the worker process runs too when it starts."""
    forbid = textwrap.dedent("""
        import socket
        class Forbidden(socket.socket):
            def connect(self, address):
                assert self.family == getattr(socket, "AF_UNIX", None), f"connects to {address}"
                return super().connect(address)
        socket.socket = Forbidden
    """)
    with editor_process(tmp_path, models, "blur", forbid) as editor:
        output, _ = editor.communicate(timeout=PATIENCE_S)
    assert output.split()[-1] == "Finished"
    assert editor.returncode == 0


def test_shared_pixels_are_seen_by_both_sides_and_outlive_their_name(tmp_path: Path) -> None:
    share = PixelShare((tmp_path,))
    pixels = photo(5, 6, depth=16)
    shared = share.put(pixels[::-1])
    reader = open_for_reading(shared)
    shared.path.unlink()
    np.testing.assert_array_equal(reader, pixels[::-1])
    room = share.room_for((5, 6, 3), "uint16")
    one, other = open_for_writing(room), open_for_writing(room)
    room.path.unlink()
    one[2, 3] = 777
    assert (other[2, 3] == 777).all()


def test_a_memory_folder_that_cannot_be_used_is_passed_over(tmp_path: Path) -> None:
    share = PixelShare((tmp_path / "missing", tmp_path))
    shared = share.put(photo(4, 4))
    assert shared.path.parent == tmp_path


def test_what_would_fill_the_memory_goes_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory, disk = tmp_path / "memory", tmp_path / "disk"
    memory.mkdir()
    disk.mkdir()
    monkeypatch.setattr("desktop.runtime.sharing.MEMORY_FOLDER", memory)
    share = PixelShare((memory, disk))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1000))
    assert share.put(photo(10, 10)).path.parent == memory
    assert share.put(photo(20, 20)).path.parent == disk


def test_no_room_anywhere_is_a_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("desktop.runtime.sharing._write_all", no_space)
    with pytest.raises(UserError, match="no room for 1 MB of pixels"):
        PixelShare((tmp_path,)).put(photo(4, 4))
    assert not list(tmp_path.iterdir())


def test_when_the_results_find_no_room_the_inputs_are_forgotten(
    models: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("desktop.runtime.sharing._reserve", no_space)
    with pytest.raises(UserError, match="no room for 1 MB of pixels"):
        prepared(models, PixelShare((tmp_path,)), request_for(models, "same"), 1)
    assert not list(tmp_path.iterdir())


def test_leftovers_of_dead_programs_are_removed_and_those_of_living_ones_kept(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    leftover = tmp_path / f"{NAME_PREFIX}-{dead.pid}-0.tmp"
    living = tmp_path / f"{NAME_PREFIX}-{os.getpid()}-0.tmp"
    foreign = tmp_path / f"{NAME_PREFIX}-notes.tmp"
    for path in (leftover, living, foreign):
        path.touch()
    assert remove_leftovers((tmp_path,)) == [leftover]
    assert living.exists()
    assert foreign.exists()


def test_size_of_shared_pixels_counts_bytes() -> None:
    assert SharedPixels(Path("x"), (2, 3, 4), "uint16").size_bytes == 48


@pytest.mark.skipif(sys.platform != "linux", reason="other systems return freed memory by themselves")
def test_memory_comes_back_after_a_large_picture(runner: WorkerRunner, models: Catalog) -> None:
    run_and_wait(runner, request_for(models, "same", (64, 64)))
    worker = psutil.Process(runner.worker_pid)
    before = worker.memory_info().rss
    outcome = run_and_wait(runner, request_for(models, "same", (1500, 1500)))
    assert isinstance(outcome, Finished)
    assert outcome.result.peak_memory_bytes > before + 50e6
    wait_until(lambda: worker.memory_info().rss < before + 25e6)


@pytest.mark.nightly
def test_a_hundred_kills_at_any_instant_cost_one_job_each(models: Catalog) -> None:
    rng = np.random.default_rng(11)
    runner = WorkerRunner(models, RunnerLimits(grace_s=0.2))
    ends = {Finished: 0, Failed: 0}
    for _ in range(100):
        job = runner.submit(request_for(models, "blur", (300, 300)), on_progress=lambda _: None, on_done=lambda _: None)
        time.sleep(rng.uniform(0, 0.6))
        pid = runner.worker_pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        outcome = job.wait(PATIENCE_S)
        assert isinstance(outcome, Finished | Failed), outcome
        ends[type(outcome)] += 1
    assert isinstance(run_and_wait(runner, request_for(models, "same")), Finished)
    runner.close()
    assert min(ends.values()) > 5, ends
    assert not pixel_files()
    assert not [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]


def test_a_worker_that_somebody_else_reaped_is_closed_all_the_same() -> None:
    """At exit multiprocessing itself waits for daemons, and of two who wait for a child only one hears of its end."""
    worker = WorkerProcess()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    os.waitpid(worker.pid, 0)
    worker.close(grace_s=0.1)
