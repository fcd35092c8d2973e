"""What a page's socket is told: what it listens to, in bursts, however slow other pages are."""

import base64
import os
import time
from contextlib import ExitStack

import psutil
import pytest
import redis
from channels_redis.pubsub import RedisPubSubChannelLayer

from tests.fixtures.page_sockets import page_socket, signed_in

# A workspace of this file's own: what other tests have left running is told of in theirs.
TOPIC = "workspace:live-sockets"
ASKED = """
from django.conf import settings
from studio.models import Member, Role, User, Workspace
lab = Workspace.objects.create(name="live-sockets")
Member.objects.create(workspace=lab, user=User.objects.get(username="admin"), role=Role.OWNER)
print()
print(settings.VALKEY_URL, lab.pk)
"""
# What cannot be packed any smaller on its way.
PIECE = base64.b64encode(os.urandom(75_000)).decode()
PAGES = 30


@pytest.fixture(scope="module")
def cookies(live_studio, publish):
    return signed_in(live_studio)


@pytest.fixture(scope="module")
def publish(live_studio):
    """Publish to the workspace's topic, as a process of that studio does."""
    url, key = live_studio.manage("shell", "-v", "0", "-c", ASKED).split()[-2:]
    layer, client = RedisPubSubChannelLayer(prefix="live"), redis.Redis.from_url(url)
    group = f"workspace.{key}"

    def say(event, **payload):
        message = {"type": "live.event", "group": group, "event": event, **payload}
        assert client.publish(f"live__group__{group}", layer.serialize(message)) == 1

    yield say
    client.close()


def test_what_is_ignored_is_not_told_until_it_is_listened_to_again(live_studio, cookies, publish):
    with page_socket(live_studio, cookies) as page, page_socket(live_studio, cookies) as other:
        other.listen(TOPIC)
        page.listen(TOPIC)
        publish("run-changed", number=1)
        assert page.hear() == {"topic": TOPIC, "event": "run-changed", "number": 1}
        page.say(ignore=[TOPIC, "workspace:none"])
        page.say(listen=["workspace:none"])
        assert page.hear()["event"] == "refused"
        publish("run-changed", number=2)
        assert [other.hear()["number"], other.hear()["number"]] == [1, 2]
        page.listen(TOPIC)
        publish("run-changed", number=3)
        assert page.hear()["number"] == 3


def test_what_is_no_request_closes_the_socket(live_studio, cookies):
    for words in ("{", "[]", '{"listen": 5}', '{"other": []}', '{"ignore": 1}'):
        with page_socket(live_studio, cookies) as page:
            page.connection.send(words)
            with pytest.raises(Exception, match="4400"):
                page.hear()


def test_a_burst_is_told_in_few_frames_to_all_pages(live_studio, cookies, publish):
    with ExitStack() as stack:
        pages = [stack.enter_context(page_socket(live_studio, cookies)) for _ in range(PAGES)]
        for page in pages:
            page.listen(TOPIC)
        began = time.monotonic()
        for number in range(400):
            publish("text", offset=number, next_offset=number + 1, text=str(number % 10))
        for page in pages:
            heard, events = "", 0
            while len(heard) < 400:
                event = page.hear()
                assert event["offset"] == len(heard)
                heard += event["text"]
                events += 1
            assert heard == "0123456789" * 40
            # Twenty a second, and what falls between, for as long as the studio needed.
            assert events <= 20 * (time.monotonic() - began) + 5


def test_a_page_that_does_not_read_delays_no_other_and_takes_no_memory(
    live_studio, cookies, publish
):
    web = psutil.Process(live_studio.record.children["web"].pid)
    with page_socket(live_studio, cookies) as slow, page_socket(live_studio, cookies) as quick:
        slow.listen(TOPIC)
        quick.listen(TOPIC)
        before = web.memory_info().rss
        # It reads nothing meanwhile: the pipes between fill, then it waits in the studio.
        end = 0
        for number in range(1000):
            publish("text", offset=end, next_offset=end + len(PIECE), text=PIECE)
            end += len(PIECE)
            if number % 20 == 19:
                while quick.hear()["next_offset"] < end:
                    pass
        publish("run-changed", number=7)
        assert quick.hear()["number"] == 7
        assert web.memory_info().rss - before < 60 * 2**20
        told = []
        while not told or told[-1]["event"] != "listening":
            told.append(slow.hear())
        # It has lost the end of the text and knows so, but has heard the wake-up.
        assert [event["number"] for event in told if event["event"] == "run-changed"] == [7]
        assert max(event.get("next_offset", 0) for event in told) < end
