"""nginx on this machine, serving a folder the way real servers do, each under a path of its own."""

from __future__ import annotations

import base64
import hashlib
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 128; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ text/html html; }}
    default_type application/octet-stream;
    server {{
        listen 127.0.0.1:{port};
        location /files/ {{ alias {files}/; }}
        location /whole/ {{ alias {files}/; max_ranges 0; }}
        location /untagged/ {{ alias {files}/; etag off; }}
        location /undated/ {{ alias {files}/; etag off; add_header Last-Modified ""; }}
        location /zipping/ {{
            alias {files}/; gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;
        }}
        location /private/ {{
            alias {files}/; auth_basic "cells"; auth_basic_user_file {folder}/users;
        }}
        location /forbidden/ {{ deny all; }}
        location /moved/ {{ rewrite ^/moved/(.*)$ /files/$1 redirect; }}
        location /login/ {{ return 302 /files/login.html; }}
        location /busy/ {{ return 503; }}
    }}
}}
"""


def find_nginx() -> str | None:
    """Return the program, which Debian has where only root looks for programs."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


class NginxServer:
    """Serves a folder.

    Parameters
    ----------
    program : str
        What `find_nginx` found.
    files : Path
        Folder that is served.
    folder : Path
        Empty folder for what it writes.
    """

    def __init__(self, program: str, files: Path, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._files = files
        self._port = 0
        digest = base64.b64encode(hashlib.sha1(b"Pa55word").digest()).decode()
        (folder / "users").write_text(f"me:{{SHA}}{digest}\n")
        (files / "login.html").write_text("<!DOCTYPE html><title>Log in</title>")

    def __enter__(self) -> Self:
        # Somebody else may take the free port first.
        for _ in range(5):
            if self._starts():
                return self
        raise RuntimeError((self._folder / "error.log").read_text())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def url(self, path: str) -> str:
        """Link to a file, such as ``files/a.ozx``."""
        return f"http://127.0.0.1:{self._port}/{path}"

    def _starts(self) -> bool:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        text = _CONFIGURATION.format(folder=self._folder, files=self._files, port=self._port)
        path = self._folder / "nginx.conf"
        path.write_text(text)
        log = str(self._folder / "error.log")
        self._process = subprocess.Popen(
            [self._program, "-c", str(path), "-e", log],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return True
        return False
