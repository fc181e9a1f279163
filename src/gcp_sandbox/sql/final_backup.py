"""The backup that a deletion leaves behind: asked for in its URL, or by the instance's settings.

https://cloud.google.com/sql/docs/postgres/backup-recovery/backups#final-backup
"""

from __future__ import annotations

from typing import Final

from gcp_sandbox.clock import rfc3339
from gcp_sandbox.request import Body, Request
from gcp_sandbox.sql.errors import bad_value

_DAY: Final = 86_400
_USUAL_DAYS: Final = 30
_MOST_DAYS: Final = 365


def days_asked(request: Request, body: Body) -> int | None:
    """For how many days one is to be kept; None for none. Raises 400."""
    config = body["settings"].get("finalBackupConfig") or {}
    asked = request.query.get("enableFinalBackup", str(config.get("enabled", False)))
    if asked.lower() != "true":
        return None
    days = request.query.get("finalBackupTtlDays", str(config.get("retentionDays", _USUAL_DAYS)))
    if not days.isdigit() or not 1 <= int(days) <= _MOST_DAYS:
        raise bad_value("final_backup_ttl_days", f"from 1 to {_MOST_DAYS}", days)
    return int(days)


def final_backup(body: Body, name: str, now: float, days: int) -> Body:
    """Of an instance that was deleted `now`."""
    return {
        "kind": "sql#backup",
        "name": f"projects/{body['project']}/backups/{name}",
        "type": "FINAL",
        "state": "SUCCESSFUL",
        "backupKind": "SNAPSHOT",
        "instance": body["name"],
        "databaseVersion": body["databaseVersion"],
        "location": "us",
        "instanceDeletionTime": rfc3339(now),
        "expiryTime": rfc3339(now + days * _DAY),
        "instanceSettings": {name: item for name, item in body.items() if name != "_"},
    }
