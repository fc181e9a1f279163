"""What is sent and never read back is nowhere to be found afterwards."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from remediate.report.human import plan_text
from remediate.report.machine import json_text, plan_json
from tests.workbench import Workbench, document

IAP_SECRET = "canary-of-the-proxy"


def key_and_certificate() -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "www.example.com")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=90))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode(), certificate.public_bytes(pem).decode()


def test_no_store_and_no_output_holds_a_private_key_or_a_proxys_secret(
    workbench: Workbench,
) -> None:
    key, certificate = key_and_certificate()
    canaries = [key.splitlines()[1], IAP_SECRET]

    def written(description: str) -> None:
        workbench.write(
            document("SslCertificate", "own", {"certificate": certificate, "privateKey": key}),
            document(
                "BackendService",
                "web",
                {
                    "description": description,
                    "iap": {
                        "enabled": True,
                        "oauth2ClientId": "client",
                        "oauth2ClientSecret": IAP_SECRET,
                    },
                },
            ),
        )

    said = ""
    for description in ("first", "second", "third"):  # each apply copies what the last remembered
        written(description)
        made = workbench.plan()
        said += plan_text(made) + json_text(plan_json(made))
        workbench.apply()
    assert workbench.plan().is_empty

    kept = {
        path: path.read_text()
        for path in (workbench.root / ".remediate").rglob("*")
        if path.is_file()
    }
    assert len(kept) > 6
    assert "own" in json.dumps(list(kept.values()))
    for canary in canaries:
        assert canary not in said
        assert [path for path, text in kept.items() if canary in text] == []
