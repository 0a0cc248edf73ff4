"""Set up all that is needed, and run the demonstration, the tests or the benchmarks.

It needs neither make nor a shell, and runs on any Python from 3.8 on, with the standard library
alone: it finds the Python that the project needs, or has uv fetch it, and makes an environment in
this folder. `make demo` and its like run this.
"""

from __future__ import annotations

import argparse
import sys

from setting_up.displays import has_display, install_system_packages, on_display
from setting_up.environments import Environment
from setting_up.running import SetupError, run

# Links are tested with a real server, and types with programs of desktops.
TESTED_WITH = (
    "nginx", "desktop-file-utils", "libglib2.0-bin", "pcmanfm", "shared-mime-info", "xdg-utils",
    "xdotool", "xvfb",
)  # fmt: skip
# One more than the cores of a small machine: tests wait for windows, servers and other programs.
PYTEST = ("-m", "pytest", "-n", "3", "--dist", "worksteal")
BINDINGS = ("pyqt6", "pyside6")


def main() -> None:
    """Run the command that is named."""
    arguments, further = _parser().parse_known_args()
    try:
        arguments.run(arguments, further)
    except SetupError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit(130)


def demo(arguments: argparse.Namespace, further: list[str]) -> None:
    """Build the sample archive in demo/ and open it in napari."""
    if arguments.qt:
        environment = _with_binding(arguments.qt, "napari,tables")
    else:
        environment = Environment(".venv")
        environment.install(".[all]")
    install_system_packages()
    picture = [] if has_display() else ["--screenshot"]
    _in_window(environment, "tools/demo.py", *picture, *further, binding=arguments.qt)


def test(arguments: argparse.Namespace, further: list[str]) -> None:
    """Run all checks and tests."""
    if arguments.qt:
        environment = _with_binding(arguments.qt, "cloud,oracles,test")
    else:
        environment = lint(arguments, [])
    install_system_packages(*TESTED_WITH)
    _in_window(environment, *PYTEST, *further, binding=arguments.qt)


def test_lowest(arguments: argparse.Namespace, further: list[str]) -> None:
    """Run the tests with the lowest versions that pyproject.toml states."""
    environment = Environment(".venv-lowest", lowest=True)
    environment.install(".[test]", "napari[pyqt6]")
    install_system_packages(*TESTED_WITH)
    _in_window(environment, *PYTEST, *further)


def lint(arguments: argparse.Namespace, further: list[str]) -> Environment:
    """Run the checks that take seconds."""
    _refuse(further, "lint")
    environment = Environment(".venv")
    environment.install(".[dev]", includes=".[all]")
    run(environment.program("ruff"), "check")
    run(environment.program("ruff"), "format", "--check")
    run(environment.program("mypy"))
    run(environment.program("lint-imports"))
    return environment


def bench(arguments: argparse.Namespace, further: list[str]) -> None:
    """Measure beside other programs, and put the figures into docs/: half an hour."""
    environment = Environment(".venv")
    environment.install(".[bench]", includes=".[all]")
    install_system_packages()
    chosen = further or ["--docs"]
    _in_window(environment, "benchmarks/bench.py", *chosen)


def system(arguments: argparse.Namespace, further: list[str]) -> None:
    """Install what windows and tests need of the system, on Debian and its derivatives."""
    _refuse(further, "system")
    install_system_packages(*TESTED_WITH)


def _refuse(further: list[str], command: str) -> None:
    if further:
        raise SetupError(f"The command {command} takes no {' '.join(further)}.")


def _with_binding(binding: str, extras: str) -> Environment:
    """An environment that has one binding of Qt alone."""
    environment = Environment(f".venv-{binding}")
    environment.install(f".[{extras}]", f"napari[optional,{binding}]")
    return environment


def _in_window(environment: Environment, *command: str, binding: str | None = None) -> None:
    """Run Python where it can open windows."""
    # Without compiled modules, each process that tests start would compile all of them again.
    variables = {"PYTHONDONTWRITEBYTECODE": ""}
    if binding:
        variables.update(QT_API=binding, PYTEST_QT_API=binding)
    run(*on_display(), environment.program("python"), *command, environment=variables)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="setup.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    commands.required = True
    takes = {
        demo: "of tools/demo.py",
        test: "of pytest",
        test_lowest: "of pytest",
        lint: "",
        bench: "of benchmarks/bench.py",
        system: "",
    }
    for command, whose in takes.items():
        also = f" Further arguments are those {whose}." if whose else ""
        about = (command.__doc__ or "") + also
        name = command.__name__.replace("_", "-")
        sub = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
        sub.set_defaults(run=command)
        if command in (demo, test):
            sub.add_argument("--qt", choices=BINDINGS, help=_QT_HELP)
    return parser


_QT_HELP = (
    "the binding of Qt, in an environment that has no other one; of `test`, the tests alone are "
    "run, without the checks of `lint`"
)

if __name__ == "__main__":
    main()
