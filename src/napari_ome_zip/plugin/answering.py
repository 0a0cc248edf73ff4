"""Work that a caller waits for, while the window answers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context

from qtpy.QtCore import QThread
from qtpy.QtWidgets import QApplication

_LOOKED_AFTER = 0.02


def while_answering[R](work: Callable[[], R], looked: Callable[[], None] = lambda: None) -> R:
    """Work in a thread, and handle the events of the window until it is done.

    Without a window, or in another thread than its own, it is simply done here.

    Parameters
    ----------
    work : callable
        Touches nothing of the window.
    looked : callable
        Called here again and again meanwhile.
    """
    app = QApplication.instance()
    if app is None or QThread.currentThread() is not app.thread():
        return work()
    with ThreadPoolExecutor(1, thread_name_prefix="ome-zip-answering") as pool:
        future = pool.submit(copy_context().run, work)
        while not _is_done(future):
            looked()
            app.processEvents()
    looked()
    return future.result()


def _is_done[R](future: Future[R]) -> bool:
    try:
        future.exception(timeout=_LOOKED_AFTER)
    except TimeoutError:
        return future.done()
    return True
