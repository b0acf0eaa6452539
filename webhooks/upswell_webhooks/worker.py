"""The receiving process: it accepts webhooks and nothing else, and ends when its parent does."""

import multiprocessing
import os
import threading

from upswell.configuration.settings import Config
from upswell.logs import log_to_stderr
from upswell_webhooks.app import close, create_app
from upswell_webhooks.front import Front


def load(config: Config) -> Front:
    """Return what granian calls for every request; granian's child process calls this once, when it starts."""
    log_to_stderr(config.server.log)
    threading.Thread(target=_follow_parent, name="upswell-parent", daemon=True).start()
    app = create_app(config)
    return Front(app, lambda: close(app))


def _follow_parent() -> None:
    """End this process at once when the one that started it is gone: it would keep the port for nobody."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
