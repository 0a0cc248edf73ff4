"""Exit statuses of the command line, what they mean, and who writes them."""

from __future__ import annotations

GOOD, BAD, FAILED, INTERRUPTED = 0, 1, 2, 130
"""No errors; errors in a file; could not run; interrupted."""


def exit_statuses(good: str, bad: str = "") -> str:
    """Return what the exit statuses of a command mean, for its help.

    Parameters
    ----------
    good, bad : str
        When they are 0 and 1, as what follows "if"; without `bad` it is never 1.

    Examples
    --------
    >>> exit_statuses("the folder was made").partition("; ")[0]
    'Exit status: 0 if the folder was made'
    """
    one = f"; {BAD} if {bad}" if bad else ""
    return (
        f"Exit status: {GOOD} if {good}{one}; {FAILED} if it could not be done, and standard error "
        f"says why; {INTERRUPTED} if it was interrupted."
    )
