"""What a driver says at the end of a run, a line each in its 75_job_post.txt."""

from typing import List, Tuple

from trainyard._driver.logs import LogShipper
from trainyard._driver.metrics import MetricShipper
from trainyard._driver.outputs import OutputShipper

# Who asked for the end.
STUDIO, SIGNAL = "studio", "signal"


def of_ends(ends: List[str], left: int, asked_by: str, processes: int) -> List[str]:
    """Say how the scripts ended, who asked for that, and how many processes they left behind."""
    lines = list(ends)
    if asked_by:
        who = "a signal to the driver" if asked_by == SIGNAL else "the studio"
        lines.append("{} had asked for the end".format(who))
    if left:
        who = "they" if processes > 1 else "it"
        lines.append("{} processes that {} left behind were ended".format(left, who))
    return lines


def of_shippers(shippers: Tuple[LogShipper, MetricShipper, OutputShipper]) -> List[str]:
    """Say what was kept, and what was not."""
    _, metrics, outputs = shippers
    lines = ["{:,} metric points kept".format(metrics.count)]
    lines.append("{} files kept, {:,} bytes".format(outputs.count, outputs.size_bytes))
    lines += [note for shipper in shippers for note in shipper.notes]
    return lines + ["not delivered: " + s.undelivered for s in shippers if s.undelivered]
