"""One comment from run to run, whatever the forge answers on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from remediate.forges.thread import MergeRequest, PullRequest, Thread, marker_of, upsert
from remediate.forges.wire import NoThread, Wire
from remediate.gcp.retry import Patience
from remediate.model.chance import Chance
from remediate.model.errors import ApiRefused, InvalidInput, NotAuthorised, Unreachable
from tests.clocks import FakeClock
from tests.forges.boards import TOKEN, Board
from tests.gcp.server import Say, Stub

PATIENT = 300.0
MARKER = "<!-- remediate:staging:plan -->"


@pytest.fixture
def stub() -> Iterator[Stub]:
    stub = Stub()
    yield stub
    stub.close()


@pytest.fixture(params=["github", "gitlab"])
def board(request: pytest.FixtureRequest, stub: Stub) -> Board:
    board = Board(request.param)
    stub.answer = board
    return board


def thread(board: Board, stub: Stub, clock: FakeClock, where: str = "7") -> Thread:
    headers = {"Authorization": f"Bearer {TOKEN}", "PRIVATE-TOKEN": TOKEN}
    wire = Wire(board.kind, stub.url, headers, TOKEN, clock)
    if board.kind == "github":
        return PullRequest(wire, f"o/{where}/r" if where == "404" else "o/r", 7)
    return MergeRequest(wire, where, 7)


def put(board: Board, stub: Stub, text: str, clock: FakeClock | None = None) -> str:
    clock = clock or FakeClock()
    body = f"{MARKER}\n\n{text}\n"
    return upsert(thread(board, stub, clock), body, Patience(clock, Chance(1), each=PATIENT)).how


def test_the_first_run_writes_and_the_next_ones_edit(board: Board, stub: Stub) -> None:
    assert [put(board, stub, text) for text in ("one", "two", "two")] == [
        "created", "edited", "unchanged"
    ]  # fmt: skip
    assert board.bodies == [f"{MARKER}\n\ntwo\n"]


def test_it_is_found_behind_many_pages(board: Board, stub: Stub) -> None:
    for number in range(150):
        board.put(f"talk {number}", "somebody", "User")
    board.put(f"{MARKER}\n\nold\n")
    for number in range(99):
        board.put(f"more talk {number}", "somebody", "User")
    assert put(board, stub, "new") == "edited"
    assert board.comments[150]["body"] == f"{MARKER}\n\nnew\n"
    assert len(board.comments) == 250


def test_another_report_is_another_comment(board: Board, stub: Stub) -> None:
    board.put("<!-- remediate:production:plan -->\n\nold\n")
    assert put(board, stub, "new") == "created"
    assert len(board.comments) == 2


@pytest.mark.parametrize("me", ["remediate-bot", ""])
def test_a_marker_in_somebody_elses_comment_is_not_written_into(
    me: str, board: Board, stub: Stub
) -> None:
    board.me = me
    board.put(f"{MARKER}\n\nforged\n", "mallory", "User")
    assert put(board, stub, "plan") == "created"
    assert board.bodies[0] == f"{MARKER}\n\nforged\n"


def test_a_jobs_own_token_that_may_not_ask_who_it_is_still_finds_its_comment(stub: Stub) -> None:
    board = Board("github", me="")
    stub.answer = board
    assert [put(board, stub, text) for text in ("one", "two")] == ["created", "edited"]


@pytest.mark.parametrize(
    "trouble",
    [
        Say(502, b"<html>bad gateway</html>"),
        Say(429, {"message": "slow down"}, {"Retry-After": "7"}),
        Say(403, {"message": "secondary rate limit"}, {"Retry-After": "60"}),
        Say(403, {"message": "API rate limit exceeded"}, {"X-RateLimit-Remaining": "0"}),
        Say(cut="reset"),
    ],
    ids=["502", "429", "secondary", "limit", "reset"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_what_passes_is_tried_again_and_nothing_is_written_twice(
    trouble: Say, method: str, *, after: bool, board: Board, stub: Stub
) -> None:
    board.trouble = [(method, trouble, after)]
    clock = FakeClock()
    assert put(board, stub, "plan", clock) in {"created", "unchanged"}
    assert board.bodies == [f"{MARKER}\n\nplan\n"]
    if "Retry-After" in trouble.headers:
        assert clock.monotonic() >= float(trouble.headers["Retry-After"])


def test_patience_ends(board: Board, stub: Stub) -> None:
    board.trouble = [("GET", Say(503, {"message": "down"}), False)] * 100
    with pytest.raises(Unreachable, match=r"503.*down; tried \d+ times"):
        put(board, stub, "plan")


@pytest.mark.parametrize(
    ("say", "error", "code"),
    [
        (Say(401, {"message": f"Bad credentials {TOKEN}"}), NotAuthorised, 10),
        (Say(403, {"message": f"no rights for {TOKEN}"}), NotAuthorised, 10),
        (Say(404, {"message": "Not Found"}), NoThread, 9),
        (Say(422, {"message": f"Validation failed {TOKEN}"}), ApiRefused, 1),
        (Say(200, b"<html>sign in</html>"), Unreachable, 1),
        (Say(302, b"", {"Location": "https://elsewhere.example"}), ApiRefused, 1),
    ],
    ids=["401", "403", "404", "422", "html", "redirect"],
)
def test_what_does_not_pass_is_one_clear_error_without_the_token(
    say: Say, error: type[ApiRefused], code: int, board: Board, stub: Stub
) -> None:
    board.trouble = [("GET", say, False)]
    with pytest.raises(error) as caught:
        put(board, stub, "plan")
    assert caught.value.exit_code == code
    assert TOKEN not in str(caught.value)
    assert caught.value.hint
    assert not board.comments


def test_a_token_goes_over_tls_alone() -> None:
    with pytest.raises(InvalidInput, match="not https"):
        Wire("GitHub", "http://github.example", {}, TOKEN, FakeClock())


@pytest.mark.parametrize("body", ["", "no marker", "text <!-- remediate:s:plan -->"])
def test_what_is_no_report_is_not_posted(body: str) -> None:
    with pytest.raises(InvalidInput, match="marker"):
        marker_of(body)


def test_what_is_too_long_is_not_posted() -> None:
    with pytest.raises(InvalidInput, match="65,536"):
        marker_of(MARKER + "x" * 65_536)
