"""The part of the registry that tells what a person's files are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

CLASSES = r"Software\Classes"
"""Below ``HKEY_CURRENT_USER``: of one person, no administrator needed."""


class Registry:
    r"""Keys below ``HKEY_CURRENT_USER\Software\Classes`` and their texts.

    Parameters
    ----------
    winreg : module
        The standard library's, which Windows alone has, or what stands in for it.
    """

    def __init__(self, winreg: Any) -> None:
        self._winreg = winreg

    def text(self, key: str, name: str = "") -> str | None:
        """Return a value of a key; None where it is none, or no text. The default has no name."""
        try:
            with self._winreg.OpenKey(self._winreg.HKEY_CURRENT_USER, _full(key)) as opened:
                value, kind = self._winreg.QueryValueEx(opened, name)
        except FileNotFoundError:
            return None
        return value if kind == self._winreg.REG_SZ else None

    def write(self, key: str, values: Mapping[str, str]) -> None:
        """Write values to a key, which is made if need be."""
        with self._winreg.CreateKeyEx(
            self._winreg.HKEY_CURRENT_USER, _full(key), 0, self._winreg.KEY_WRITE
        ) as opened:
            for name, value in values.items():
                self._winreg.SetValueEx(opened, name, 0, self._winreg.REG_SZ, value)

    def remove_value(self, key: str, name: str) -> None:
        """Remove a value, if there is one."""
        with (
            suppress(FileNotFoundError),
            self._winreg.OpenKey(
                self._winreg.HKEY_CURRENT_USER, _full(key), 0, self._winreg.KEY_SET_VALUE
            ) as opened,
        ):
            self._winreg.DeleteValue(opened, name)

    def remove_if_empty(self, key: str) -> None:
        """Remove a key that holds nothing."""
        try:
            with self._winreg.OpenKey(self._winreg.HKEY_CURRENT_USER, _full(key)) as opened:
                keys, values, _ = self._winreg.QueryInfoKey(opened)
        except FileNotFoundError:
            return
        if not keys and not values:
            self._winreg.DeleteKey(self._winreg.HKEY_CURRENT_USER, _full(key))

    def remove_tree(self, key: str) -> None:
        """Remove a key with all below it."""
        for below in list(self._below(key)):
            self.remove_tree(f"{key}\\{below}")
        with suppress(FileNotFoundError):
            self._winreg.DeleteKey(self._winreg.HKEY_CURRENT_USER, _full(key))

    def _below(self, key: str) -> Iterator[str]:
        try:
            with self._winreg.OpenKey(self._winreg.HKEY_CURRENT_USER, _full(key)) as opened:
                for number in range(self._winreg.QueryInfoKey(opened)[0]):
                    yield self._winreg.EnumKey(opened, number)
        except FileNotFoundError:
            return


def _full(key: str) -> str:
    return f"{CLASSES}\\{key}"
