"""One editor per user: a second start hands its files to the first and ends."""

from __future__ import annotations

import getpass
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from desktop.paths import user_config_dir

CONNECT_MS = 300  # a running editor answers in a few; a dead one never does
MESSAGE_LIMIT_BYTES = 1 << 20


def server_name() -> str:
    """One name per user and settings folder."""
    owner = f"{getpass.getuser()}:{user_config_dir()}"
    return f"scumble-{hashlib.sha256(owner.encode()).hexdigest()[:16]}"


def hand_over(files: Sequence[Path]) -> bool:
    """Gives the files to an editor that runs already; False when none does."""
    socket = QLocalSocket()
    socket.connectToServer(server_name())
    if not socket.waitForConnected(CONNECT_MS):
        return False
    socket.write(json.dumps([str(path.resolve()) for path in files]).encode())
    socket.waitForBytesWritten(CONNECT_MS)
    socket.disconnectFromServer()
    return True


class InstanceServer(QObject):
    """Listens for later starts; `on_files` gets their files, maybe none, in the UI thread."""

    def __init__(self, on_files: Callable[[list[Path]], None], parent: QObject) -> None:
        super().__init__(parent)
        self._on_files = on_files
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._accept)
        if not self._server.listen(server_name()):
            QLocalServer.removeServer(server_name())  # left behind by an editor that was killed
            self._server.listen(server_name())

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        socket = self._server.nextPendingConnection()
        socket.setParent(self)
        socket.readChannelFinished.connect(lambda: self._read(socket))
        socket.disconnected.connect(socket.deleteLater)

    def _read(self, socket: QLocalSocket) -> None:
        data = bytes(socket.read(MESSAGE_LIMIT_BYTES).data())
        try:
            names = json.loads(data)
        except ValueError:  # nobody of ours speaks like that
            return
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            self._on_files([Path(name) for name in names])
