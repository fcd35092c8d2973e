"""A script that prints without end: what the studio has, or does not keep, takes no room here."""

import os

from trainyard._driver import holes

from tests.sdk.driving import Driving, until
from tests.sdk.fake_studio import FakeStudio

MIB = 2**20
LOG = "azureml-logs/70_driver_log.txt"
PRINTS = """
import sys, time
for number in range({mib}):
    sys.stdout.write("%07d %s\\n" % (number, "x" * (2**20 - 9)))
sys.stdout.flush()
open("logs/printed", "w").write("all")
time.sleep({sleep_s})
"""


class FullAtOnce(FakeStudio):
    """Its logs have a limit of a few MiB; `in_vain` is what it was sent beyond that."""

    in_vain = 0

    def _log(self, query, body):
        path, offset = query["path"][0], int(query["offset"][0])
        if len(self.logs.get(path, b"")) < 4 * MIB:
            return super()._log(query, body)
        self.in_vain += len(body)
        return 200, {"at": offset + len(body), "is_cut": True}


def test_what_no_log_takes_any_more_is_not_sent(tmp_path):
    driving = Driving(tmp_path, studio=FullAtOnce())
    try:
        driving.studio.code(train=PRINTS.format(mib=60, sleep_s=0))
        assert driving.run() == 0
        assert 4 * MIB <= len(driving.studio.logs[LOG]) <= 6 * MIB
        assert 0 < driving.studio.in_vain <= 2 * MIB
        assert bytes(driving.studio.logs["logs/printed"]) == b"all"
        assert "not delivered" not in driving.said
    finally:
        driving.end()


def test_what_the_studio_has_gives_back_its_room_on_the_disk(driving):
    studio = driving.studio
    studio.code(train=PRINTS.format(mib=120, sleep_s=300))
    driving.start()
    until(lambda: len(studio.logs.get(LOG, b"")) == 120 * MIB, 120)
    place = driving.work / "spool" / "70_driver_log.txt"
    most = holes.KEPT_BYTES + holes.LEAST_BYTES
    until(lambda: os.stat(place).st_blocks * 512 <= most)
    assert place.stat().st_size == 120 * MIB
    starts = [bytes(studio.logs[LOG][n * MIB : n * MIB + 7]) for n in range(120)]
    assert starts == [b"%07d" % n for n in range(120)], "all of it came, once"
    studio.cancel = True
    assert driving.wait() == 0
