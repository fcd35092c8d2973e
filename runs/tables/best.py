"""The best run of an experiment by a metric."""

import re
from dataclasses import dataclass
from typing import Literal

from runs.models import Experiment, Run
from runs.queries.names import Key
from runs.tables.ordering import Order, page_of
from runs.tables.selection import load, select

Goal = Literal["min", "max"]
# What is better the smaller it is, as the last of the words in a metric's name says it.
SMALLER = re.compile(
    r"(loss|err|error|perplexity|ppl|mse|rmse|mae|mape|rmsle|nll|bpc|wer|cer|fid|kl|divergence"
    r"|distance|latency|regret|cost|entropy|deviation|seconds|time|duration|memory)",
    re.IGNORECASE,
)
# What is better the greater it is.
GREATER = re.compile(
    r"(accuracy|acc|auc|auroc|auprc|ap|map|f\d|fbeta|precision|recall|sensitivity|specificity|r2"
    r"|score|scores|reward|rewards|return|returns|iou|miou|dice|bleu|rouge\w?|meteor|psnr|ssim|ndcg"
    r"|mrr|hits?|top\d+|correct|correlation|likelihood|throughput|elbo|wins?|success)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Best:
    """The run, its last value of the metric, and which way is better."""

    run: Run
    value: float
    goal: Goal


def goal_of(metric: str) -> Goal:
    """Which way is better for a metric of this name: "min" for losses and errors, else "max"."""
    return direction_of(metric) or "max"


def direction_of(metric: str) -> Goal | None:
    """Which way its name says is better; None for one that says neither, such as a rate."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[_\W]+", " ", metric).split()
    if any(SMALLER.fullmatch(word) for word in words):
        return "min"
    return "max" if any(GREATER.fullmatch(word) for word in words) else None


def best(experiment: Experiment, metric: str, goal: str = "") -> Best | None:
    """Return the best run by its last value of `metric`, the newest of equals; None for none.

    goal: "min" or "max"; "" for what the metric's name says.
    """
    better: Goal = "min" if goal == "min" else "max" if goal == "max" else goal_of(metric)
    key = Key("metric", metric, "last")
    selection = select(experiment, "", more=(key,))
    found, _ = page_of(selection, Order(key, better == "max"), size=1)
    if not found or found[0].value is None:
        return None
    [place] = found
    [run] = load([place.run])
    return Best(run, place.value, better)
