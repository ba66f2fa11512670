"""The main window: puts the parts together and lets actions through. What actions do lives in commands/."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QPoint, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from desktop.core.errors import UserError
from desktop.io.brush_library import BrushLibrary
from desktop.paths import resources_dir, user_brushes_dir, user_tools_dir
from desktop.runtime.catalog import Catalog
from desktop.runtime.runner import Runner
from desktop.settings import WINDOW_STATE, Settings
from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.layer_sets import Joined
from desktop.tools.painting import Plane
from desktop.ui.action_set import ActionSet, call_handler
from desktop.ui.actions import action_spec
from desktop.ui.background import Background
from desktop.ui.canvas.aids import CanvasAids
from desktop.ui.canvas.canvas_widget import CanvasWidget
from desktop.ui.canvas.guide_overlay import GuideOverlay
from desktop.ui.canvas.rulers import RuledCanvas
from desktop.ui.canvas.scroll_bars import ScrolledCanvas
from desktop.ui.commands.ai_commands import AiCommands
from desktop.ui.commands.brush_commands import BrushCommands
from desktop.ui.commands.clipboard_commands import ClipboardCommands
from desktop.ui.commands.color_commands import ColorCommands
from desktop.ui.commands.editing_tools import EditingTools
from desktop.ui.commands.effect_commands import EffectCommands
from desktop.ui.commands.file_commands import FileCommands
from desktop.ui.commands.focus_commands import FocusCommands
from desktop.ui.commands.generate_files import make_generate
from desktop.ui.commands.guide_commands import GuideCommands
from desktop.ui.commands.history_commands import HistoryCommands
from desktop.ui.commands.layer_commands import LayerCommands
from desktop.ui.commands.live_commands import make_live
from desktop.ui.commands.model_commands import ModelCommands
from desktop.ui.commands.object_commands import ObjectCommands
from desktop.ui.commands.recovery_commands import RecoveryCommands
from desktop.ui.commands.screen_commands import ScreenCommands
from desktop.ui.commands.select_commands import SelectCommands
from desktop.ui.commands.self_restoring import SelfRestoring
from desktop.ui.commands.style_commands import StyleCommands
from desktop.ui.commands.text_commands import TextCommands
from desktop.ui.commands.tool_commands import ToolCommands
from desktop.ui.commands.tour_commands import TourCommands
from desktop.ui.commands.view_commands import HelpCommands, ViewCommands
from desktop.ui.commands.why_commands import WhyCommands
from desktop.ui.conditions import holds
from desktop.ui.dialogs.brush_dialogs import BrushDialogs
from desktop.ui.dialogs.dialogs import Dialogs
from desktop.ui.dialogs.guide_dialogs import GuideDialogs
from desktop.ui.documents import share_memory
from desktop.ui.focus import is_behind
from desktop.ui.i18n import tr, tr_error
from desktop.ui.icons import retint
from desktop.ui.kept_options import KeptOptions
from desktop.ui.keymap import is_pressed, is_released, load_keymap
from desktop.ui.panels.context_bar import ContextBar
from desktop.ui.panels.model_card import title_of
from desktop.ui.panels.panel_docks import PanelDocks
from desktop.ui.panels.status_bar import StatusBar
from desktop.ui.state import SELECT_TOOLS, EditorState, Tool
from desktop.ui.theme import apply_theme
from desktop.ui.widgets.action_search import ActionSearch
from desktop.ui.widgets.basics import rule, stacked
from desktop.ui.widgets.document_tabs import DocumentTabs
from desktop.ui.widgets.empty_state import EmptyState
from desktop.ui.widgets.info_bar import InfoBar, PreviewBar
from desktop.ui.widgets.recent_menu import RecentMenu
from desktop.ui.widgets.tool_strip import ToolStrip

FIRST_SIZE = (1280, 800)
MODEL_SUFFIX = ".onnx"
DURING_PREVIEW = ("edit.undo", "edit.redo")  # these give a waiting result up, other edits keep it


class MainWindow(QMainWindow):
    """`dialogs` and `ai` may be replaced by tests before anything is asked."""

    def __init__(self, settings: Settings, catalog: Catalog, make_runner: Callable[[], Runner]) -> None:
        super().__init__()
        self.settings = settings
        load_keymap(settings)
        self.background = Background(self)
        self.state = EditorState(self)
        self.dialogs = Dialogs(self)
        self.canvas = CanvasWidget(self.state, self)
        self.aids = CanvasAids(self.state, settings, self.canvas)
        self.guides = GuideCommands(self.state, settings, GuideOverlay(self.canvas, self.aids), GuideDialogs(self))
        self.files = FileCommands(self)
        self.layers = LayerCommands(self.state, self.background, lambda: self.panels.layers.rename(), self.show_error)
        self.clipboard = ClipboardCommands(self)
        self.tools = ToolCommands(self.state)
        library = BrushLibrary(resources_dir() / "brushes", user_brushes_dir())
        self.brushes = BrushCommands(self.state, library, BrushDialogs(self))
        self.view = ViewCommands(self)
        self._holds = self.view.holds()
        self.focused = FocusCommands(self)
        self.screen_colors = ScreenCommands(self)
        self.recovery = RecoveryCommands(self)
        self.help = HelpCommands(self)
        self.history = HistoryCommands(self)
        self.history.compare_wanted.connect(self.view.split_with_version)
        self.colors = ColorCommands(self)
        self.ai = AiCommands(self.state, catalog, make_runner, self.background, settings)
        self.selection = SelectCommands(self.state, self.background, self.dialogs.ask_amount)
        self.objects = ObjectCommands(self.state, self.ai, self.background)
        self.editing = EditingTools(self)
        self.effects, self.texts = EffectCommands(self), TextCommands(self)
        self.generate, self.explorer, self.latents, self.walks = make_generate(self, make_runner)
        self.styles, self.models = StyleCommands(self), ModelCommands(self.state, catalog, self.ai, self.background)
        self.live, self.restoring = make_live(self, make_runner), SelfRestoring(self)
        self.actions_by_id = ActionSet(self)
        self.actions_by_id.fill(self.menuBar())
        self._recent_menu = RecentMenu(self.files, self.actions_by_id.menus["file"])
        self._build()
        self._connect()
        self._retranslate()
        self.ai.form.load_models()
        self.kept_options = KeptOptions(self, user_tools_dir())
        self._restore()
        self._refresh()
        self.setFocusProxy(self.canvas)
        self.canvas.setFocus()

    # actions

    def perform(self, action_id: str) -> None:
        """Does what an action of the table does, if it can be done now; errors become messages."""
        spec = action_spec(action_id)
        if not self.editing.lets_through(action_id) or not holds(spec.condition, self, spec):
            return
        if spec.handler.startswith("layers."):
            if spec.id in DURING_PREVIEW and self.ai.has_preview:
                self.ai.discard()
                return
            self.ai.settle()
        self.guarded(lambda: call_handler(self, spec))
        self._refresh()

    def _select_from_layer(self, layer_id: int, plane: Plane, joined: Joined) -> None:
        self.guarded(lambda: self.layers.select_from(layer_id, plane, joined))

    def show_error(self, error: UserError) -> None:
        self.info.show_error(tr_error(error))

    def take_files(self, paths: list[Path]) -> None:
        """Files of the command line or of a later start: each opens in a tab of its own."""
        if self.isMinimized():
            self.showNormal()
        self.raise_()
        self.activateWindow()
        if paths:
            self.files.open_paths(paths)

    def set_theme(self, name: str) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        apply_theme(application, name)
        retint(application)

    def show_panels(self, shown: bool) -> None:
        if shown:
            self.panels.show_all()
        else:
            self.panels.put_away()
        for part in (self.strip, self.context):
            part.setVisible(shown)

    # putting together

    def _build(self) -> None:
        actions = self.actions_by_id
        self.strip = ToolStrip(self.state, actions, self)
        self.context = ContextBar(self.state, actions, self.brushes, self.objects, self.editing, self.texts, self)
        self.status = StatusBar(self.state, self.canvas, self.ai, actions, self)
        self.tabs = DocumentTabs(self.state, self.files, self)
        self.ruled = RuledCanvas(self.canvas, self.aids, self.guides.gestures_of_rulers(), self._show_ruler_menu)
        self.scrolled = ScrolledCanvas(self.canvas, self.ruled)
        self.panels = PanelDocks(self, stacked(self.tabs, self.scrolled))
        self.info = InfoBar(self.canvas, (self.state.tool_changed, self.state.active_layer_changed))
        self.preview_bar = PreviewBar(self.canvas)
        self.empty = EmptyState(actions, self.files.recent, self.files.open_path, self.canvas)
        self.tours, self.why = TourCommands(self), WhyCommands(self)
        self.action_search = ActionSearch(self)
        over = QVBoxLayout(self.canvas)
        over.addWidget(self.empty)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.strip)
        middle.addWidget(_line(self))
        middle.addWidget(self.panels, 1)
        holder = QWidget(self)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.context)
        column.addWidget(rule(self))
        column.addLayout(middle, 1)
        self.setCentralWidget(holder)
        self.setStatusBar(self.status)
        self.setAcceptDrops(True)
        self.resize(*FIRST_SIZE)

    def _connect(self) -> None:
        state, pointer = self.state, self.canvas.pointer
        pointer.make_gesture = self._gesture
        pointer.on_error = self.show_error
        pointer.grab = self.guides.grab
        self.guides.settle, self.guides.guarded = self.ai.settle, self.guarded
        self.tools.snapping = self.selection.snapping = self.aids.snapping
        pointer.on_resize = self.tools.resize_brush
        self.tools.show_line = self.canvas.gradient_line.show
        self.tools.show_picked = self.canvas.picker_ring.show
        self.brushes.on_problem = self.show_error
        pointer.on_nudge = lambda dx, dy: self.guarded(lambda: self.tools.nudge(dx, dy))
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._refresh)
        for signal in (
            state.document_replaced,
            state.document_renamed,
            state.documents_changed,
            state.active_layer_changed,
            state.tool_changed,
            state.region_changed,
            self.canvas.orientation_changed,
            self.canvas.split.changed,
            self.ai.changed,
            self.objects.changed,
            self.generate.changed,
            self.explorer.changed,
            self.live.changed,
            self.why.changed,
            self.aids.changed,
            self.editing.removal.changed,
        ):
            signal.connect(self._later.start)
        self.layers.before_edit = self.ai.settle
        self.ai.failed.connect(self.show_error)
        self.objects.failed.connect(self.show_error)
        self.objects.noted.connect(self.info.show_note)
        self.selection.failed.connect(self.show_error)
        self.selection.changing.told.connect(self.status.show_task)
        self.effects.failed.connect(self.show_error)
        self.selection.outline_changed.connect(self.canvas.outline.show)
        self.canvas.pointer.on_key = lambda key: (
            self.why.key(key)
            or self.effects.key(key)
            or self.objects.key(key)
            or self.selection.key(key)
            or self.editing.key(key)
        )
        self.objects.changed.connect(lambda: self.canvas.clicks.show(self.objects.clicks))
        self.objects.dragged.connect(self.canvas.clicks.show_dragged)
        self.ai.noted.connect(self.info.show_note)
        self.ai.preview_changed.connect(self._preview_changed)
        self.ai.document_made.connect(self.files.show_made)
        self.preview_bar.keep.clicked.connect(lambda: self.perform("ai.keep"))
        self.preview_bar.discard.clicked.connect(lambda: self.perform("ai.discard"))
        rows = self.panels.layers.list.rows
        rows.comes_first, rows.elsewhere = self.texts.keep, self.editing.transfers
        self.panels.layers.list.rows.settings_wanted.connect(self.effects.edit_layer_by_id)
        self.panels.layers.list.rows.selection_wanted.connect(self._select_from_layer)
        self.strip.colors.clicked.connect(lambda: self.panels.bring_to_front("color"))
        opened = self.actions_by_id["file.place"]
        self.actions_by_id.menus["file"].insertMenu(opened, self._recent_menu)

    def _retranslate(self) -> None:
        self.actions_by_id.retranslate()
        self._recent_menu.retranslate()
        parts = (self.strip, self.context, self.status, self.tabs, self.panels, self.scrolled, self.ruled, self.empty)
        for part in parts:
            part.retranslate()
        self.canvas.setAccessibleName(tr("canvas.name"))
        self._refresh()

    def _refresh(self) -> None:
        """What can be done, the title, what lies over the canvas."""
        self.actions_by_id.refresh()
        opened = self.state.open_document
        self.empty.setVisible(opened is None)
        if opened is None:
            self.setWindowTitle("Scumble")
        else:
            self.setWindowTitle(f"{self.state.title}[*] — Scumble")
        self.setWindowModified(opened is not None and opened.is_modified)
        share_memory(self.state.documents, self.files.memory_budget())

    # the canvas

    def _show_ruler_menu(self, place: QPoint) -> None:
        self.actions_by_id.refresh()
        self.actions_by_id.menus["rulers"].popup(place)

    def _gesture(self, tool: Tool, modifiers: Modifier) -> Gesture | None:
        if (gesture := self.editing.gesture(tool, modifiers)) is not None:
            return gesture
        if tool is Tool.PICKER:
            pass  # only looks
        elif tool in SELECT_TOOLS:
            self.ai.settle()
            zoom = self.canvas.view.zoom
            return self.objects.gesture(zoom) if tool is Tool.OBJECT else self.selection.gesture(tool, modifiers, zoom)
        elif tool is not Tool.REGION:
            self.ai.settle()
        else:
            self.ai.discard()
        return self.tools.gesture(tool, modifiers)

    def _preview_changed(self) -> None:
        waiting = self.ai.result
        if waiting is None:
            self.preview_bar.hide()
            self.canvas.show_before(None)
            self.canvas.show_document(self.state.open_document, keeps_view=True)
            return
        self.canvas.show_document(waiting.shown, keeps_view=True)
        self.preview_bar.show()
        key = "preview.quick" if waiting.plan.is_preview else "preview.title"
        self.preview_bar.set_texts(tr(key, model=title_of(waiting.plan.settings.model.manifest)))
        self.canvas.setFocus()

    # events

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab passes what lies behind another tab."""
        tried: set[QWidget | None] = set()
        while bool(super().focusNextPrevChild(next)):
            reached = QApplication.focusWidget()
            if reached is None or reached in tried or not is_behind(reached):
                return True
            tried.add(reached)
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        held = [hold for name, hold in self._holds.items() if is_pressed(name, event)]
        if event.key() == Qt.Key.Key_Escape:
            if not self.editing.stop():  # the status bar promises it wherever the focus is
                self.canvas.setFocus()
        elif not held:
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            held[0](True)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        held = [hold for name, hold in self._holds.items() if is_released(name, event)]
        if not held:
            super().keyReleaseEvent(event)
        elif not event.isAutoRepeat():
            held[0](False)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        elif event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            for hold in self._holds.values():
                hold(False)
        super().changeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        models = [path for path in paths if path.suffix.lower() == MODEL_SUFFIX]
        self.files.drop([path for path in paths if path not in models])
        event.acceptProposedAction()
        for path in models:  # after the drop: a dialog must not hold the other program's drag
            QTimer.singleShot(0, self, lambda chosen=path: self.view.import_model_file(chosen))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.canvas.pointer.cancel()
        self.effects.give_up()
        if not self.files.can_close():
            event.ignore()
            return
        self.guarded(self._remember_layout)
        self.guarded(self.kept_options.save)
        self.hide()
        for part in (self.ai, self.generate, self.styles, self.restoring, self.live, self.background, self.recovery):
            part.close()
        self.canvas.close_document()
        event.accept()

    def _remember_layout(self) -> None:
        place = bytes(self.saveGeometry().toBase64().data()).decode()
        self.settings.set(WINDOW_STATE, f"{place};{self.panels.layout_text()}")

    def _restore(self) -> None:
        """The size, place and panels of last time; what does not fit is left as it is."""
        place, _, layout = self.settings.get(WINDOW_STATE).partition(";")
        if place:
            self.restoreGeometry(QByteArray.fromBase64(QByteArray(place.encode())))
            self.panels.restore_layout(layout)

    def guarded(self, work: Callable[[], Any]) -> None:
        try:
            work()
        except UserError as error:
            self.show_error(error)


def _line(parent: QWidget) -> QFrame:
    line = QFrame(parent)
    line.setProperty("role", "rule-v")
    return line
