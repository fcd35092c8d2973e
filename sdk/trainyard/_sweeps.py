"""The names of parameter sweeps: spaces, samplings and policies can be written down.

Nothing here starts a sweep: HyperDriveConfig says what to do instead.
"""

import enum
import json
from typing import Any, Dict, List, Optional

from trainyard import _errors

INSTEAD = (
    "a loop: experiment.submit(ScriptRunConfig(..., arguments=[...])) for each set of values, then"
    " the studio's Compare page, or experiment.get_runs() and run.get_metrics()"
)
Expression = List[Any]


class PrimaryMetricGoal(enum.Enum):
    """Whether the best value of a sweep's metric is the largest or the smallest."""

    MAXIMIZE = "MAXIMIZE"
    MINIMIZE = "MINIMIZE"

    @staticmethod
    def from_str(primary_metric_goal: str) -> "PrimaryMetricGoal":
        """Return the goal of that name, however it is written. Raises UserErrorException."""
        for goal in PrimaryMetricGoal:
            if str(primary_metric_goal).upper() == goal.name:
                return goal
        raise _errors.UserErrorException(
            "there is no goal {!r}; there are MAXIMIZE and MINIMIZE".format(primary_metric_goal)
        )


# --- expressions: ["<name>", [parameters]] -------------------------------------------------------


def choice(*options: Any) -> Expression:
    """One of some values, given one by one or as a list, range or the like."""
    if len(options) == 1 and not isinstance(options[0], (str, bytes)):
        try:
            options = (list(options[0]),)
        except TypeError:
            options = ([options[0]],)
    else:
        options = (list(options),)
    if not options[0]:
        raise _errors.UserErrorException("choice(...) needs values to choose from")
    return ["choice", [options[0]]]


def randint(upper: int) -> Expression:
    """A whole number from 0 to upper - 1."""
    return ["randint", [upper]]


def uniform(min_value: float, max_value: float) -> Expression:
    """A number from min_value to max_value."""
    return ["uniform", _span(min_value, max_value)]


def quniform(min_value: float, max_value: float, q: float) -> Expression:
    """As uniform, rounded to a multiple of q."""
    return ["quniform", _span(min_value, max_value) + [q]]


def loguniform(min_value: float, max_value: float) -> Expression:
    """exp of a number from min_value to max_value."""
    return ["loguniform", _span(min_value, max_value)]


def qloguniform(min_value: float, max_value: float, q: float) -> Expression:
    """As loguniform, rounded to a multiple of q."""
    return ["qloguniform", _span(min_value, max_value) + [q]]


def normal(mu: float, sigma: float) -> Expression:
    """A normally distributed number of mean mu and standard deviation sigma."""
    return ["normal", [mu, sigma]]


def qnormal(mu: float, sigma: float, q: float) -> Expression:
    """As normal, rounded to a multiple of q."""
    return ["qnormal", [mu, sigma, q]]


def lognormal(mu: float, sigma: float) -> Expression:
    """exp of a normally distributed number."""
    return ["lognormal", [mu, sigma]]


def qlognormal(mu: float, sigma: float, q: float) -> Expression:
    """As lognormal, rounded to a multiple of q."""
    return ["qlognormal", [mu, sigma, q]]


def _span(least: float, most: float) -> List[Any]:
    if not least < most:
        raise _errors.UserErrorException(
            "the smaller value comes first: {!r} is not below {!r}".format(least, most)
        )
    return [least, most]


# --- samplings -----------------------------------------------------------------------------------


class _Sampling:
    """parameter_space: argument of the script → expression."""

    _name = ""
    _expressions: Any = ()

    def __init__(self, parameter_space: Dict[str, Expression], properties: Any = None):
        if not isinstance(parameter_space, dict) or not parameter_space:
            raise _errors.UserErrorException(
                'a parameter space is a dict such as {{"--lr": loguniform(-6, -1)}},'
                " not {!r}".format(parameter_space)
            )
        for key, expression in parameter_space.items():
            name = expression[0] if isinstance(expression, list) and expression else expression
            if self._expressions and name not in self._expressions:
                raise _errors.UserErrorException(
                    "{} takes {} only; {} has {!r}".format(
                        type(self).__name__, ", ".join(self._expressions), key, name
                    )
                )
        self.parameter_space = dict(parameter_space)
        self.properties = properties

    def to_json(self) -> Dict[str, Any]:
        """Return the sampling as JSON values."""
        words = {"name": self._name, "parameter_space": self.parameter_space}
        return dict(words, properties=self.properties) if self.properties else words

    def __repr__(self) -> str:
        return "{}({})".format(type(self).__name__, json.dumps(self.parameter_space, default=str))


class RandomParameterSampling(_Sampling):
    """Values drawn from the space at random."""

    _name = "RANDOM"


class GridParameterSampling(_Sampling):
    """All combinations of choices."""

    _name, _expressions = "GRID", ("choice",)


class BayesianParameterSampling(_Sampling):
    """Values where earlier runs did well; choice, uniform and quniform."""

    _name = "BayesianOptimization"
    _expressions = ("choice", "uniform", "quniform")


# --- policies ------------------------------------------------------------------------------------


class EarlyTerminationPolicy:
    """When a sweep ends a run before its end; evaluation counts how often the metric was logged."""

    def __init__(self, name: str, properties: Optional[Dict[str, Any]] = None):
        self.name = name
        self.properties = dict(properties or {})

    def to_json(self) -> Dict[str, Any]:
        """Return the policy as JSON values."""
        return dict({"name": self.name}, **self._words())

    def _words(self) -> Dict[str, Any]:
        return {"properties": dict(self.properties)} if self.properties else {}

    def __repr__(self) -> str:
        return "{}({})".format(type(self).__name__, json.dumps(self.properties))


class BanditPolicy(EarlyTerminationPolicy):
    """Ends runs that are worse than the best by a factor or by an amount."""

    def __init__(
        self,
        evaluation_interval: int = 1,
        slack_factor: Optional[float] = None,
        slack_amount: Optional[float] = None,
        delay_evaluation: int = 0,
    ):
        if (slack_factor is None) == (slack_amount is None):
            raise _errors.UserErrorException(
                "BanditPolicy needs either slack_factor or slack_amount"
            )
        slack = {"slack_factor": slack_factor, "slack_amount": slack_amount}
        words: Dict[str, Any] = _evaluation(evaluation_interval, delay_evaluation)
        words.update({name: value for name, value in slack.items() if value is not None})
        super().__init__("Bandit", words)


class MedianStoppingPolicy(EarlyTerminationPolicy):
    """Ends runs whose best value is worse than the median of the others' averages."""

    def __init__(self, evaluation_interval: int = 1, delay_evaluation: int = 0):
        super().__init__("MedianStopping", _evaluation(evaluation_interval, delay_evaluation))


class TruncationSelectionPolicy(EarlyTerminationPolicy):
    """Ends the worst so many percent of the runs."""

    def __init__(
        self, truncation_percentage: int, evaluation_interval: int = 1, delay_evaluation: int = 0
    ):
        words = _evaluation(evaluation_interval, delay_evaluation)
        words["truncation_percentage"] = truncation_percentage
        super().__init__("TruncationSelection", words)


class NoTerminationPolicy(EarlyTerminationPolicy):
    """Lets all runs go on to their end."""

    def __init__(self) -> None:
        super().__init__("Default")


def _evaluation(interval: int, delay: int) -> Dict[str, Any]:
    return {"evaluation_interval": interval, "delay_evaluation": delay}


class HyperDriveConfig:
    """A sweep. Raises NotImplementedError that says what to do instead."""

    def __init__(
        self,
        hyperparameter_sampling: Any,
        primary_metric_name: str,
        primary_metric_goal: Any,
        max_total_runs: int,
        max_concurrent_runs: Optional[int] = None,
        max_duration_minutes: int = 10080,
        policy: Any = None,
        estimator: Any = None,
        run_config: Any = None,
        resume_from: Any = None,
        resume_child_runs: Any = None,
        pipeline: Any = None,
        debug_flag: Any = None,
        custom_run_id: Any = None,
    ):
        raise _errors.not_built("HyperDriveConfig(...)", INSTEAD)
