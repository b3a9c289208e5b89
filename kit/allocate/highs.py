"""A quiet HiGHS: one thread, nothing on stdout, whoever used it before in this process."""

from __future__ import annotations

from typing import Any


def quiet_highs() -> Any:
    """Return a HiGHS solver that prints nothing and uses one thread.

    ``highspy.Highs`` itself turns on callbacks, which prints a banner to stdout and would spoil
    what ``--json`` prints; its base class does not.
    """
    import highspy  # here: `import kit` stays light

    base: Any = highspy.Highs.__base__
    solver = base()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("parallel", "off")
    return solver


def run_highs(solver: Any) -> Any:
    """Run a solver and return HiGHS's model status.

    HiGHS has one scheduler a process and refuses to run where another caller (cvxpy's interface)
    has started it with another number of threads; 0 takes it as it is.
    """
    import highspy

    if solver.run() == highspy.HighsStatus.kError:
        solver.setOptionValue("threads", 0)
        solver.run()
    return solver.getModelStatus()
