"""Opens the editor: builds everything once and runs Qt's loop. `main(options)` is what the command line calls."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.options import OpenOptions

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from desktop.crash_reports import CrashReports
    from desktop.runtime.runner import Runner
    from desktop.ui.main_window import MainWindow
    from desktop.window_selftest import Step

QT_PACKAGES = (
    "libegl1 libgl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libgssapi-krb5-2 libxkbcommon-x11-0 libxcb-cursor0 "
    "libxcb-icccm4 libxcb-keysyms1 libxcb-randr0 libxcb-shape0 libxcb-xkb1 fonts-dejavu-core"
)
NO_LIBRARIES = "Qt needs system libraries that are missing here ({reason}). On Debian or Ubuntu this installs them:"
INSTALL_LINE = f"sudo apt-get install -y {QT_PACKAGES}"
NO_DISPLAY = (
    "scumble: there is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set). "
    "Start it on a desktop, or use --screenshot or the commands that need no window: scumble --help"
)
DEVICES_AFTER_MS = 1200  # the window is painted and the kernels are on their way by then
WANTED_SOON = ("desktop.io.scratch", "desktop.runtime.jobs")  # with the first picture, and with the first model
SWITCH_INTERVAL_S = 0.001
SCREENSHOT_LIMIT_MS = 30_000
SETTLED_MS = 300
DESKTOP_ID = "org.scumble.Scumble"  # the name of the .desktop file, by which a desktop finds the icon
TRIED_SIZE = (1280, 800)

EXIT_NO_SCREEN = 2

__all__ = ["OpenOptions", "main"]


def main(options: OpenOptions) -> int:
    """Open the editor and return the exit code when its window is closed."""
    if options.screenshot is not None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if not _has_screen():
        print(NO_DISPLAY, file=sys.stderr)
        return EXIT_NO_SCREEN
    try:
        import desktop.ui.main_window
        import desktop.ui.single_instance  # noqa: F401 - these two bring in all of Qt that the editor uses

        _load_screen_plugin()
    except (ImportError, OSError) as error:
        if not _is_missing_library(error):
            raise
        print(f"scumble: {NO_LIBRARIES.format(reason=error)}\n\n    {INSTALL_LINE}\n", file=sys.stderr)
        return EXIT_NO_SCREEN
    application = make_application(options)
    if options.screenshot is not None:
        return _take_screenshot(application, make_window(options), options)
    from desktop.crash_reports import CrashReports
    from desktop.log import set_up_log
    from desktop.paths import user_log_dir
    from desktop.ui.single_instance import InstanceServer, hand_over

    set_up_log(user_log_dir())
    if not options.new_instance and hand_over(options.files):
        return 0
    reports = CrashReports(user_log_dir())
    reports.install()
    window = make_window(options)
    _tell_of_crashes(reports, window)
    server = None if options.new_instance else InstanceServer(window.take_files, window)
    window.show()
    _after_first_paint(window)
    window.take_files(list(options.files))
    code = application.exec()
    if server is not None:
        server.close()
    reports.uninstall()
    return code


def try_window() -> list[Step]:
    """Open the editor without a screen and try it; a home of its own leaves the user's settings and journals alone."""
    import tempfile

    from desktop.paths import HOME_VARIABLE
    from desktop.window_selftest import check_window

    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ[HOME_VARIABLE] = home
        options = OpenOptions(size=TRIED_SIZE)
        application = make_application(options)
        window = make_window(options)
        window.show()
        try:
            return check_window(application, window)
        finally:
            _close_for_good(application, window)


def make_application(options: OpenOptions) -> QApplication:
    """The one QApplication, in the theme and language of the options or the settings."""
    from PySide6.QtCore import QLocale
    from PySide6.QtWidgets import QApplication

    from desktop.paths import settings_file
    from desktop.settings import LANGUAGE, THEME, Settings
    from desktop.ui import i18n
    from desktop.ui.fonts import choose_font
    from desktop.ui.icons import app_icon
    from desktop.ui.qt_messages import log_qt_messages
    from desktop.ui.theme import apply_theme

    log_qt_messages()
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("Scumble")
    application.setDesktopFileName(DESKTOP_ID)
    settings = Settings(settings_file())
    language = options.language or settings.get(LANGUAGE)
    if language == "system":
        language = i18n.preferred_language(QLocale.system().uiLanguages())
    i18n.set_language(language)
    choose_font(application)
    apply_theme(application, options.theme or settings.get(THEME))
    application.setWindowIcon(app_icon())
    return application


def make_window(options: OpenOptions) -> MainWindow:
    """The main window over the installed models and the worker process."""
    from desktop.paths import model_folders, settings_file
    from desktop.runtime.catalog import Catalog
    from desktop.settings import MODEL_IDLE_SECONDS, Settings
    from desktop.ui.main_window import MainWindow

    settings = Settings(settings_file())
    catalog = Catalog(model_folders())

    def make_runner() -> Runner:
        from desktop.runtime.jobs import RunnerLimits, WorkerRunner

        return WorkerRunner(catalog, RunnerLimits(idle_s=float(settings.get(MODEL_IDLE_SECONDS))))

    window = MainWindow(settings, catalog, make_runner)
    if options.size is not None:
        window.resize(*options.size)
    if options.panel is not None:
        window.panels.bring_to_front(options.panel)
    return window


def _tell_of_crashes(reports: CrashReports, window: MainWindow) -> None:
    """Where the report lies: of an error as soon as it happens, of a crash at the next start."""
    from desktop.ui.report_notice import tell_of_crash, tell_of_error

    reports.told = lambda report: tell_of_error(window, report)
    if (left := reports.found()) is not None:
        tell_of_crash(window, left)


def _after_first_paint(window: MainWindow) -> None:
    """Gets the kernels ready and looks for devices once the window is on the screen."""
    from PySide6.QtCore import QTimer

    from desktop.kernels import start_kernels
    from desktop.paths import kernel_stamp_file

    _share_interpreter()
    start_kernels(kernel_stamp_file())
    QTimer.singleShot(0, window, window.recovery.look)
    QTimer.singleShot(DEVICES_AFTER_MS, window, lambda: _find_devices(window))


def _find_devices(window: MainWindow) -> None:
    """After importing what runs models in a thread: two dozen modules take longer than a frame."""
    window.background.run(
        lambda: [import_module(name) for name in WANTED_SOON],
        on_done=lambda _modules: window.ai.find_devices(),
        on_error=window.show_error,
        name="imports",
    )


def _share_interpreter() -> None:
    """Keeps Python itself from holding the window's thread up.

    What exists after the start stays for good: looking through it for garbage took 70 ms every now and then. And a
    thread in the background gives the interpreter up within a millisecond instead of five.
    """
    gc.freeze()
    sys.setswitchinterval(SWITCH_INTERVAL_S)


def _take_screenshot(application: QApplication, window: MainWindow, options: OpenOptions) -> int:
    """Opens the first file, waits until all is painted, saves a picture of the window."""
    from PySide6.QtCore import QDeadlineTimer, QEventLoop

    assert options.screenshot is not None
    window.show()
    window.ai.find_devices()
    window.files.open_paths(options.files)
    deadline = QDeadlineTimer(SCREENSHOT_LIMIT_MS)
    settled = QDeadlineTimer(SETTLED_MS)
    while not deadline.hasExpired() and not settled.hasExpired():
        application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        if (
            window.background.is_busy
            or window.generate.runs.is_busy
            or window.styles.is_busy
            or not window.canvas.is_complete
        ):
            settled = QDeadlineTimer(SETTLED_MS)
    picture = window.grab()
    saved = _save_aside(picture, options.screenshot)
    failure = window.info.text
    _close_for_good(application, window)
    if options.files and failure:
        print(f"scumble: {failure}", file=sys.stderr)
        return EXIT_NO_SCREEN
    if not saved:
        print(f"scumble: {options.screenshot} cannot be written.", file=sys.stderr)
        return EXIT_NO_SCREEN
    return 0


def _close_for_good(application: QApplication, window: MainWindow) -> None:
    """Without a question about unsaved work; nobody is there to answer it."""
    from PySide6.QtCore import QEvent

    for session in window.state.documents:
        session.open_document.mark_saved()
    window.close()
    window.deleteLater()
    application.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _save_aside(picture: object, path: Path) -> bool:
    from desktop.core.errors import UserError
    from desktop.io.atomic import replacing

    try:
        with replacing(path) as temporary:
            return bool(picture.save(str(temporary), "PNG"))  # type: ignore[attr-defined]
    except UserError as error:
        print(f"scumble: {error}", file=sys.stderr)
        return False


def _has_screen() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"))


def _load_screen_plugin() -> None:
    """Qt ends the process when its plugin for X11 cannot be loaded; here that is an OSError with the library's name."""
    if not sys.platform.startswith("linux") or not os.environ.get("DISPLAY"):
        return
    if os.environ.get("QT_QPA_PLATFORM", "xcb") != "xcb":
        return
    import ctypes

    from PySide6.QtCore import QLibraryInfo

    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))
    plugin = folder / "platforms" / "libqxcb.so"
    if plugin.exists():
        ctypes.CDLL(str(plugin))


def _is_missing_library(error: ImportError | OSError) -> bool:
    return ".so" in str(error) and "cannot open shared object" in str(error)
