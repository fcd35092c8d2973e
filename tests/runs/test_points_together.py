"""Batches that arrive at once are stored at once; each is answered as if it had come alone."""

import asyncio
import json

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from trainyard._driver.points import Series, packed

from runs import metrics
from runs.driver_points import MOST_PLAIN_BYTES, PATH, PointsTogether, Sent, take
from runs.metrics import storing
from runs.metrics.reading import read
from runs.models import MetricSeries, MetricWriter, Run
from runs.states import State
from studio import tokens
from studio.errors import NotSignedIn, WrongOffset
from studio.models import TokenKind
from tests.factories import make_run
from tests.runs.series import series_of

pytestmark = pytest.mark.django_db
RUNS = 6


def secret_of(run: Run, kind: TokenKind = TokenKind.RUN) -> str:
    return tokens.issue(
        run.created_by, run.workspace, name="points", kind=kind, subject=run.run_id
    )[1]


def body(values, *, name: str = "loss", kind: str = "float", writer: str = "w", number: int = 1):
    series = Series(name, kind, "scalar")
    for step, value in enumerate(values):
        series.steps.append(step)
        series.times.append(1.7e9 + step)
        series.values.append(value)
    return packed(writer, number, [series])


def values_of(run: Run, name: str = "loss") -> list[float]:
    return list(read(series_of(run, name)).values)


@pytest.fixture
def runs() -> list[Run]:
    return [make_run(state=State.RUNNING) for _ in range(RUNS)]


def test_many_are_stored_with_the_statements_of_one(runs):
    first = [Sent(secret_of(run), body([0.5, 0.25])) for run in runs]
    assert take(first) == [metrics.Stored(1)] * RUNS
    again = [Sent(sent.secret, body([1.0], number=2)) for sent in first]
    with CaptureQueriesContext(
        connection,
    ) as of_one:
        take(again[:1])
    with CaptureQueriesContext(connection) as of_all:
        assert take(again) == [metrics.Stored(2)] * RUNS
    assert len(of_all) == len(of_one)
    assert [values_of(run) for run in runs] == [[0.5, 0.25, 1.0]] * RUNS


def test_what_is_wrong_with_one_is_answered_to_it_alone(runs):
    late, person, odd, early, fine, ended = *runs[:5], make_run(state=State.COMPLETED)
    take([Sent(secret_of(late), body([0.5]))])
    answers = take(
        [
            Sent(secret_of(late), body([0.5])),
            Sent(secret_of(ended), body([0.5])),
            Sent(secret_of(person, TokenKind.PERSONAL), body([0.5])),
            Sent("ty_nobody", body([0.5])),
            Sent(secret_of(odd), b"{}\n"),
            Sent(secret_of(early), body([0.5], number=3)),
            Sent(secret_of(fine), body([0.5])),
        ]
    )
    assert answers[0] == metrics.Stored(1)
    assert [type(answer).__name__ for answer in answers[1:6]] == [
        "Conflict", "NotAllowed", "NotSignedIn", "BadInput", "WrongOffset",
    ]  # fmt: skip
    assert answers[6] == metrics.Stored(1)
    assert values_of(late) == values_of(fine) == [0.5]
    assert not MetricSeries.objects.filter(run__in=[ended, person, odd, early]).exists()


def test_what_fails_in_the_middle_of_storing_takes_nobody_with_it(runs, monkeypatch):
    monkeypatch.setattr(storing, "MOST_SERIES", 1)
    take([Sent(secret_of(runs[0]), body([0.5]))])
    second = Sent(secret_of(runs[0]), body([0.5], name="accuracy", number=2))
    refused, stored = take([second, Sent(secret_of(runs[1]), body([0.5]))])
    assert "at most 1 metrics" in str(refused)
    assert stored == metrics.Stored(1)
    assert values_of(runs[1]) == [0.5]
    assert MetricWriter.objects.get(run=runs[0]).last_sequence == 1


def test_several_writers_of_a_run_and_repeats_may_come_together(runs):
    run, secret = runs[0], secret_of(runs[0])
    answers = take(
        [
            Sent(secret, body([1.0])),
            Sent(secret, body([2.0], writer="other")),
            Sent(secret, body([1.0])),
            Sent(secret, body([3.0] * 300, number=2)),
            Sent(secret, body([4.0], number=3)),
            Sent(secret, body(["text"], kind="text", writer="third")),
            Sent(secret, body([9.0], writer="other", number=9)),
        ]
    )
    assert answers[:6] == [
        metrics.Stored(1), metrics.Stored(1), metrics.Stored(1), metrics.Stored(2),
        metrics.Stored(3), metrics.Stored(1, ("loss",)),
    ]  # fmt: skip
    assert isinstance(answers[6], WrongOffset)
    assert answers[6].facts == {"at": 1}
    assert values_of(run) == [1.0, 2.0, *[3.0] * 300, 4.0]
    assert series_of(run).first_step == 0


def test_pages_are_told_of_each_run_its_own(runs, monkeypatch):
    told = []
    monkeypatch.setattr(storing.live, "publish_all", told.extend)
    take([Sent(secret_of(run), body([float(n)])) for n, run in enumerate(runs)])
    assert [(one.group, one.payload["series"]["loss"]["values"]) for one in told] == [
        (metrics.group(run), [float(n)]) for n, run in enumerate(runs)
    ]


# --- over HTTP -----------------------------------------------------------------------------


class Door:
    """The application, and before it what asks it; what went on is kept."""

    def __init__(self):
        self.went_on: list[bytes] = []
        self.app = PointsTogether(self._rest)

    async def _rest(self, scope, receive, send) -> None:
        self.went_on.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def post(self, secret: str, content: bytes, **other):
        headers = {
            "content-type": metrics.PACKED, "content-length": str(len(content)),
            "authorization": f"Bearer {secret}", **other.pop("headers", {}),
        }  # fmt: skip
        scope = {
            "type": "http", "method": "POST", "path": PATH,
            "headers": [(k.encode(), v.encode()) for k, v in headers.items() if v], **other,
        }  # fmt: skip
        half = len(content) // 2
        pieces = [(content[:half], True), (content[half:], False)]
        said = []

        async def receive():
            piece, more = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": more}

        async def send(message):
            said.append(message)

        await self.app(scope, receive, send)
        return said[0]["status"], dict(said[0]["headers"]), json.loads(said[1]["body"])

    def post_all(self, *many):
        async def together():
            return await asyncio.gather(*(self.post(*one) for one in many))

        try:
            return asyncio.run(together())
        finally:
            self.app._thread.submit(connections.close_all).result()
            self.app._thread.shutdown()


@pytest.mark.django_db(transaction=True)
def test_over_http_each_gets_the_answer_that_the_api_gives(runs, driver_of, client):
    given = [
        (secret_of(runs[0]), body([0.5])),
        (secret_of(make_run(state=State.CANCELED)), body([0.5])),
        ("ty_nobody", body([0.5])),
        (secret_of(runs[2]), b"no batch at all"),
        (secret_of(runs[3]), body([0.5], number=7)),
        (secret_of(runs[4]), body([0.5], writer="w" * 81)),
    ]
    answers = Door().post_all(*given)
    for (secret, content), (status, headers, answer) in zip(given, answers, strict=True):
        of_api = client.post(
            PATH,
            content,
            content_type=metrics.PACKED,
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert (status, answer) == (of_api.status_code, of_api.json())
        assert headers.get(b"www-authenticate", b"").decode() == of_api.get("WWW-Authenticate", "")
    assert [status for status, _, _ in answers] == [200, 409, 401, 400, 409, 400]
    assert values_of(runs[0]) == [0.5]


@pytest.mark.parametrize(
    "odd",
    [
        {"path": "/api/v1/driver/log"},
        {"method": "GET"},
        {"headers": {"content-type": "application/json"}},
        {"headers": {"content-length": ""}},
        {"headers": {"content-length": str(MOST_PLAIN_BYTES + 1)}},
        {"headers": {"content-length": "-1"}},
        {"headers": {"authorization": ""}},
        {"headers": {"authorization": "Basic YTpi"}},
    ],
)
def test_what_is_no_plain_batch_goes_on_untouched(odd):
    door = Door()
    status, _, _ = asyncio.run(door.post("ty_secret", b"12", **odd))
    assert (status, door.went_on) == (299, [b"1"])


def test_who_hangs_up_in_the_middle_is_no_error_and_leaves_nothing():
    door = Door()
    scope = {
        "type": "http", "method": "POST", "path": PATH,
        "headers": [
            (b"content-type", metrics.PACKED.encode()), (b"content-length", b"10"),
            (b"authorization", b"Bearer ty_x"),
        ],
    }  # fmt: skip
    left = [{"type": "http.request", "body": b"1", "more_body": True}, {"type": "http.disconnect"}]

    async def receive():
        return left.pop(0)

    asyncio.run(door.app(scope, receive, None))
    assert not door.app._waiting


def test_a_token_that_is_none_says_why(runs):
    [answer] = take([Sent("ty_x", b"")])
    assert isinstance(answer, NotSignedIn)
    assert "not known here" in str(answer)
