"""The set-up finds its Python, makes what is missing, and runs what was asked for.

A copy of it works in a folder of its own. Programs and modules that take long, or need a network,
are stand-ins there, which note how they were called.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "tools"
SCRIPTS = [TOOLS / "setup.py", *sorted((TOOLS / "setting_up").glob("*.py"))]
OLDEST = (3, 8)

needs_shell = pytest.mark.skipif(os.name == "nt", reason="stand-ins are scripts of the shell")

STAND_IN = """#!/bin/sh
echo "{name} $*" >> "{calls}"
{then}
"""
MODULE = """
import pathlib, sys
if __name__ == "__main__":
    with pathlib.Path({calls!r}).open("a") as file:
        print({name!r}, *sys.argv[1:], file=file)
    sys.exit(int(pathlib.Path({codes!r}).read_text() or 0) if {name!r} == "pip" else 0)
"""


class Project:
    """A copy of the set-up in a folder, with a path on which there are stand-ins alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.programs = folder / "bin"
        self.calls_file = folder / "calls"
        self.pip_ends_with = folder / "code"
        self.variables: dict[str, str] = {}
        self.pip_ends_with.write_text("")
        self.programs.mkdir()
        shutil.copytree(TOOLS, self.folder / "tools")
        for name in ("Makefile", "pyproject.toml", "setup.cfg"):
            shutil.copy(ROOT / name, self.folder)
        self.program("xvfb-run")

    def program(self, name: str, then: str = "") -> None:
        """Put a program on the path."""
        path = self.programs / name
        path.write_text(STAND_IN.format(name=name, calls=self.calls_file, then=then))
        path.chmod(0o755)

    def environment(self, name: str = ".venv") -> Path:
        """Make an environment in which nothing is real but Python."""
        folder = self.folder / name
        venv.create(folder, symlinks=True)
        library = next(folder.glob("lib/python*/site-packages"))
        for module in ("pip", "pytest"):
            (library / f"{module}.py").write_text(
                MODULE.format(
                    name=module, calls=str(self.calls_file), codes=str(self.pip_ends_with)
                )
            )
        for program in ("ruff", "mypy", "lint-imports"):
            path = folder / "bin" / program
            path.write_text(STAND_IN.format(name=program, calls=self.calls_file, then=""))
            path.chmod(0o755)
        return folder

    def wants(self, version: tuple[int, int]) -> None:
        """Let the project run on no Python that is older than this."""
        path = self.folder / "tools" / "setting_up" / "pythons.py"
        text = path.read_text().replace("LOWEST = (3, 12)", f"LOWEST = {version}")
        path.write_text(text.replace("NEWEST_MINOR = 14", f"NEWEST_MINOR = {version[1] + 1}"))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the set-up as a person would."""
        return self._run(sys.executable, str(self.folder / "tools" / "setup.py"), *arguments)

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run make as a person would."""
        make = shutil.which("make")
        if make is None:
            pytest.skip("make is not there")
        return self._run(make, "-C", str(self.folder), *arguments)

    def find_python(self) -> subprocess.CompletedProcess[str]:
        return self._run("/bin/sh", str(self.folder / "tools" / "find-python"))

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        variables = {"PATH": str(self.programs), "HOME": str(self.folder), **self.variables}
        return subprocess.run(
            command, env=variables, capture_output=True, text=True, timeout=200, check=False
        )

    def calls(self) -> list[str]:
        """What was called since this was asked last."""
        if not self.calls_file.exists():
            return []
        found = self.calls_file.read_text().splitlines()
        self.calls_file.unlink()
        return found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_part_is_understood_by_the_oldest_python_and_imports_nothing_else(
    path: Path,
) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=OLDEST)
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names | {"setting_up"}


@needs_shell
class TestCommands:
    def test_tests_run_on_a_virtual_display_where_there_is_no_other(self, project: Project) -> None:
        project.environment()
        project.program("xvfb-run", 'shift; exec "$@"')
        ended = project.run("test", "-k", "thumbnail")
        assert ended.returncode == 0, ended.stderr
        python = project.folder / ".venv" / "bin" / "python"
        pytest_call = "-n 3 --dist worksteal -k thumbnail"
        assert project.calls() == [
            "pip install --quiet --editable .[dev]",
            "ruff check",
            "ruff format --check",
            "mypy ",
            "lint-imports ",
            f"xvfb-run -a {python} -m pytest {pytest_call}",
            f"pytest {pytest_call}",
        ]

    @pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY"])
    def test_a_display_that_is_there_is_used(self, project: Project, variable: str) -> None:
        project.environment()
        project.variables[variable] = ":0"
        assert project.run("test").returncode == 0
        assert project.calls()[-1] == "pytest -n 3 --dist worksteal"

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems have a display")
    def test_a_display_that_cannot_be_had_is_named(self, project: Project) -> None:
        project.environment()
        (project.programs / "xvfb-run").unlink()
        ended = project.run("test")
        assert ended.returncode == 1
        assert "no xvfb-run" in ended.stderr
        assert "xorg-x11-server-Xvfb" in ended.stderr
        assert "Traceback" not in ended.stderr

    def test_a_check_that_fails_ends_it_with_its_code(self, project: Project) -> None:
        folder = project.environment()
        (folder / "bin" / "mypy").write_text("#!/bin/sh\nexit 3\n")
        assert project.run("test").returncode == 3
        assert project.calls()[-1] == "ruff format --check"

    @pytest.mark.parametrize("command", ["lint", "system"])
    def test_what_takes_no_arguments_says_so(self, project: Project, command: str) -> None:
        ended = project.run(command, "--fix")
        assert ended.returncode == 1
        assert ended.stderr.strip() == f"The command {command} takes no --fix."

    def test_a_binding_of_qt_has_an_environment_of_its_own(self, project: Project) -> None:
        folder = project.environment(".venv-pyside6")
        (folder / "bin" / "python").rename(folder / "bin" / "python-itself")
        (folder / "bin" / "python").write_text(
            f'#!/bin/sh\necho "with $QT_API $PYTEST_QT_API" >> {project.calls_file}\n'
            f'exec {folder}/bin/python-itself "$@"\n'
        )
        (folder / "bin" / "python").chmod(0o755)
        project.variables["DISPLAY"] = ":0"
        assert project.run("test", "--qt", "pyside6").returncode == 0
        found = project.calls()
        assert found[-2:] == ["with pyside6 pyside6", "pytest -n 3 --dist worksteal"]
        assert (
            "pip install --quiet --editable .[cloud,oracles,test] napari[optional,pyside6]" in found
        )
        assert not any(line.startswith("ruff") for line in found)

    @pytest.mark.parametrize(
        ("target", "called"),
        [
            (["lint"], "lint-imports "),
            (["test", "ARGS=-k thumbnail -x"], "pytest -n 3 --dist worksteal -k thumbnail -x"),
        ],
    )
    def test_make_runs_the_same(self, project: Project, target: list[str], called: str) -> None:
        project.environment()
        project.variables["DISPLAY"] = ":0"
        (project.programs / "python3").symlink_to(sys.executable)
        ended = project.make(*target)
        assert ended.returncode == 0, ended.stderr
        assert project.calls()[-1] == called


@needs_shell
class TestEnvironments:
    def test_what_is_installed_is_not_installed_again(self, project: Project) -> None:
        project.environment()
        for _ in range(2):
            assert project.run("lint").returncode == 0
        assert [line for line in project.calls() if line.startswith("pip")] == [
            "pip install --quiet --editable .[dev]"
        ]

    @pytest.mark.parametrize("name", ["pyproject.toml", "setup.cfg"])
    def test_a_project_that_requires_something_else_is_installed_again(
        self, project: Project, name: str
    ) -> None:
        project.environment()
        assert project.run("lint").returncode == 0
        project.calls()
        with (project.folder / name).open("a") as file:
            file.write("\n# another version\n")
        assert project.run("lint").returncode == 0
        assert project.calls()[0] == "pip install --quiet --editable .[dev]"

    def test_an_installation_that_fails_is_tried_again(self, project: Project) -> None:
        project.environment()
        project.pip_ends_with.write_text("7")
        assert project.run("lint").returncode == 7
        project.pip_ends_with.write_text("")
        assert project.run("lint").returncode == 0
        assert project.calls()[:2] == ["pip install --quiet --editable .[dev]"] * 2

    def test_the_demonstration_installs_nothing_after_the_tests(self, project: Project) -> None:
        project.environment()
        assert project.run("lint").returncode == 0
        project.calls()
        assert project.run("demo").returncode == 0
        (call,) = project.calls()
        assert call.startswith("xvfb-run -a ")
        assert call.endswith("tools/demo.py --screenshot")

    def test_one_whose_python_is_gone_is_made_again_by_the_python_that_runs_this(
        self, project: Project
    ) -> None:
        folder = project.environment()
        project.program("python3")
        (folder / "bin" / "python").unlink()
        (folder / "bin" / "python").symlink_to("/nowhere/python3.12")
        project.variables.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(project.programs))
        ended = project.run("lint")
        assert f"$ {sys.executable} -m venv --clear {folder}" in ended.stdout
        assert "Could not find a version" in ended.stderr
        assert ended.returncode == 1
        assert project.calls() == []  # no other Python was asked

    def test_an_environment_of_an_older_python_is_named_and_left_alone(
        self, project: Project
    ) -> None:
        folder = project.environment()
        project.wants((3, 99))
        ended = project.run("lint")
        assert ended.returncode == 1
        there = "{}.{}".format(*sys.version_info[:2])
        assert f"in .venv has Python {there}, and Python 3.99 or newer is needed" in ended.stderr
        assert folder.is_dir()
        assert project.calls() == []

    def test_an_environment_without_pip_is_named_and_left_alone(self, project: Project) -> None:
        venv.create(project.folder / ".venv", symlinks=True)
        ended = project.run("lint")
        assert ended.returncode == 1
        assert "in .venv has no pip. Remove that folder" in ended.stderr


@needs_shell
class TestPythons:
    def test_a_newer_one_is_found_by_its_name(self, project: Project) -> None:
        project.wants((3, 98))
        # It says that it is 3.99, and what it is asked to do first is to make an environment.
        project.program("python3.99", f'[ "$1" = -m ] || printf "{project.programs}/it\\n3 99\\n"')
        project.program("it", "exit 5")
        assert project.run("lint").returncode == 5
        asked = [line for line in project.calls() if line.startswith("it ")]
        assert asked == [f"it -m venv --clear {project.folder / '.venv'}"]

    def test_one_without_ensurepip_is_completed_by_whoever_may_install(
        self, project: Project
    ) -> None:
        project.wants((3, 98))
        project.program("apt-get")
        script = f'printf "{project.programs}/python3.98\\n3 98\\n"; exit 1'
        project.program("python3.98", script)
        installer = project.folder / "tools" / "install-system-libraries"
        installer.write_text(f'#!/bin/sh\necho "install $*" >> {project.calls_file}\n')
        ended = project.run("lint")
        assert ended.returncode == 1
        assert "sudo apt-get install python3.98-venv" in ended.stderr
        assert "install python3.98-venv" in project.calls()

    def test_uv_fetches_one_where_there_are_only_older_ones(self, project: Project) -> None:
        project.wants((3, 99))
        project.program("fetched", "exit 6")
        fetched = project.programs / "was-fetched"
        project.program(
            "uv",
            f'[ "$2" = install ] && echo > "{fetched}"\n'
            f'[ -e "{fetched}" ] && echo "{project.programs}/fetched"',
        )
        ended = project.run("lint")
        assert ended.returncode == 6
        assert project.calls() == [
            "uv python find 3.99",
            "uv python install 3.99",
            "uv python find 3.99",
            f"fetched -m venv --clear {project.folder / '.venv'}",
        ]
        assert "Python 3.99 or newer is needed, and there is only Python 3." in ended.stdout
        assert f"uv keeps it: {project.programs}/fetched" in ended.stdout

    def test_what_uv_has_fetched_before_is_not_fetched_again(self, project: Project) -> None:
        project.wants((3, 99))
        project.program("fetched", "exit 6")
        project.program("uv", f'echo "{project.programs}/fetched"')
        assert project.run("lint").returncode == 6
        assert project.calls()[:-1] == ["uv python find 3.99"]

    def test_what_uv_may_not_fetch_is_left_to_the_person(self, project: Project) -> None:
        project.wants((3, 99))
        project.program("uv", "echo 'error: no network' >&2; exit 2")
        ended = project.run("lint")
        assert ended.returncode == 1
        assert "error: no network" in ended.stderr
        assert "Install Python 3.99 or newer yourself" in ended.stderr
        assert "Traceback" not in ended.stderr

    def test_without_uv_and_without_pypi_the_message_is_the_same(self, project: Project) -> None:
        project.wants((3, 99))
        project.variables.update(PIP_NO_INDEX="1")
        ended = project.run("lint")
        assert ended.returncode == 1
        assert "Install Python 3.99 or newer yourself" in ended.stderr


@needs_shell
class TestWhatMakeFinds:
    def test_a_stand_in_that_runs_nothing_is_passed_over(self, project: Project) -> None:
        project.program("python3", "exit 127")
        project.program("python3.13")
        assert project.find_python().stdout.strip() == str(project.programs / "python3.13")

    def test_without_any_python_it_says_what_to_do(self, project: Project) -> None:
        ended = project.find_python()
        assert ended.returncode == 1
        assert ended.stdout == ""
        assert "No Python was found. Install Python 3.12 or newer" in ended.stderr
        assert "uv run --no-project --python 3.12 tools/setup.py" in ended.stderr
