"""Stands in for the module ``winreg`` of Windows: keys and values in memory, as its manual says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Key:
    """A key: names match in any case, and are kept as they were first written."""

    keys: dict[str, Key] = field(default_factory=dict)
    values: dict[str, tuple[object, int]] = field(default_factory=dict)

    def find(self, path: str, *, make: bool = False) -> Key:
        key = self
        for part in path.split("\\"):
            known = next((name for name in key.keys if name.lower() == part.lower()), None)
            if known is None:
                if not make:
                    raise FileNotFoundError(2, "The system cannot find the file specified")
                known = part
                key.keys[known] = Key()
            key = key.keys[known]
        return key


class FakeWinreg:
    """What `winreg` has of what is used.

    Parameters
    ----------
    locked : bool
        Whether writing is refused.
    """

    HKEY_CURRENT_USER = 1
    REG_SZ, REG_DWORD = 1, 4
    KEY_READ, KEY_SET_VALUE, KEY_WRITE = 0x20019, 0x0002, 0x20006

    def __init__(self, *, locked: bool = False) -> None:
        self.root = Key()
        self._locked = locked

    @contextmanager
    def OpenKey(
        self, root: int, path: str, reserved: int = 0, access: int = KEY_READ
    ) -> Iterator[Key]:
        assert root == self.HKEY_CURRENT_USER
        yield self.root.find(path)

    @contextmanager
    def CreateKeyEx(self, root: int, path: str, reserved: int, access: int) -> Iterator[Key]:
        assert root == self.HKEY_CURRENT_USER
        assert access & self.KEY_SET_VALUE
        if self._locked:
            raise PermissionError(13, "Access is denied")
        yield self.root.find(path, make=True)

    def QueryValueEx(self, key: Key, name: str) -> tuple[object, int]:
        if name not in key.values:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return key.values[name]

    def SetValueEx(self, key: Key, name: str, reserved: int, kind: int, value: object) -> None:
        key.values[name] = value, kind

    def DeleteValue(self, key: Key, name: str) -> None:
        self.QueryValueEx(key, name)
        del key.values[name]

    def QueryInfoKey(self, key: Key) -> tuple[int, int, int]:
        return len(key.keys), len(key.values), 0

    def EnumKey(self, key: Key, number: int) -> str:
        return list(key.keys)[number]

    def DeleteKey(self, root: int, path: str) -> None:
        if self.root.find(path).keys:
            raise PermissionError(13, "Access is denied: it has keys below it")
        above, _, name = path.rpartition("\\")
        parent = self.root.find(above)
        del parent.keys[next(known for known in parent.keys if known.lower() == name.lower())]


def tree(key: Key, path: str = "") -> dict[str, dict[str, object]]:
    """Return the values of each key that has any, or has no keys."""
    found: dict[str, dict[str, object]] = {}
    for name, below in key.keys.items():
        found |= tree(below, f"{path}\\{name}" if path else name)
    if path and (key.values or not key.keys):
        found[path] = {name: value for name, (value, _) in key.values.items()}
    return found
