"""Checks of the incident plan that pass while clients are turned away, beside ours."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from remediate.probes.dial import Dial
from remediate.probes.http import Request, get
from remediate.probes.tls import shake_hands
from tests.probes import edge
from tests.probes.certificates import NOW, authority, leaf
from tests.probes.edge import LB, answer, listening, secured, wait_for_end

ROOT = authority("a root that is trusted")
HOST = "staging.netrasystems.ai"
OTHER = "api-staging.netrasystems.ai"
HEALTHY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


def loopback(dial: Dial) -> str:
    """Where their tools, which know no dial map, find the same socket."""
    where = dial.where(LB, 443)
    assert isinstance(where, tuple)
    return f"{where[0]}:{where[1]}"


@needs("openssl")
def test_s_client_takes_a_certificate_for_somebody_else(tmp_path: Path) -> None:
    """`openssl s_client … | grep "Verify return code: 0"` asks for no name."""
    roots = tmp_path / "roots.pem"
    roots.write_text(ROOT.pem)
    shown = leaf(ROOT, OTHER)
    with listening(secured(shown, wait_for_end)) as dial:
        theirs = subprocess.run(
            ["openssl", "s_client", "-connect", loopback(dial), "-servername", HOST,
             "-CAfile", roots, "-attime", str(int(NOW.timestamp()))],
            input="", capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        ours = shake_hands(dial, LB, HOST, now=NOW, roots=[ROOT.pem])
    assert "Verify return code: 0 (ok)" in theirs.stdout
    assert ours.outcome == "name_mismatch"


def only_by_default(connection: socket.socket) -> None:
    """A front door that is good to who names nobody, and turns its own host away."""
    made = edge.context(leaf(ROOT, OTHER))
    alert = ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    made.sni_callback = lambda _, name, __: alert if name == HOST else None
    edge.with_context(made, answer(HEALTHY))(connection)


@needs("curl")
def test_curl_k_to_an_address_asks_for_nobody() -> None:
    """`curl -k https://ADDRESS/health` sends no SNI, and takes any certificate."""
    with listening(only_by_default) as dial:
        theirs = subprocess.run(
            ["curl", "--noproxy", "*", "-sk", "-o", "-", "-w", " %{http_code}",
             f"https://{loopback(dial)}/health"],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        request = Request(f"https://{HOST}/health", LB)
        (ours,) = get(dial, [request], now=NOW, roots=[ROOT.pem])
    assert theirs.stdout == "ok 200"
    assert (ours.outcome, ours.status) == ("tls", None)
    assert ours.tls
    assert ours.tls.outcome == "alert"


@needs("curl")
def test_curl_k_takes_a_certificate_that_nobody_trusts() -> None:
    with listening(secured(leaf(None, OTHER), answer(HEALTHY))) as dial:
        theirs = subprocess.run(
            ["curl", "--noproxy", "*", "-sk", f"https://{loopback(dial)}/health"],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        request = Request(f"https://{HOST}/health", LB)
        (ours,) = get(dial, [request], now=NOW, roots=[ROOT.pem])
    assert theirs.stdout == "ok"
    assert ours.status == 200
    assert ours.tls
    assert ours.tls.problems == ("name_mismatch", "self_signed")
