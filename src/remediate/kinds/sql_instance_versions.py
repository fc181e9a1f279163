"""Versions of databases, and of Cloud SQL's own software on them: which is the newer.

Facts: the enum `databaseVersion` of the discovery document; recorded answers, in which
`databaseInstalledVersion` is `POSTGRES_15_7` and `maintenanceVersion`
`POSTGRES_15_7.R20240514.00_12`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from remediate.kinds.fields.spec import Word

DatabaseVersion: TypeAlias = Annotated[
    Literal[
        "MYSQL_5_1",
        "MYSQL_5_5",
        "MYSQL_5_6",
        "MYSQL_5_7",
        "MYSQL_8_0",
        "MYSQL_8_0_18",
        "MYSQL_8_0_26",
        "MYSQL_8_0_27",
        "MYSQL_8_0_28",
        "MYSQL_8_0_29",
        "MYSQL_8_0_30",
        "MYSQL_8_0_31",
        "MYSQL_8_0_32",
        "MYSQL_8_0_33",
        "MYSQL_8_0_34",
        "MYSQL_8_0_35",
        "MYSQL_8_0_36",
        "MYSQL_8_0_37",
        "MYSQL_8_0_39",
        "MYSQL_8_0_40",
        "MYSQL_8_0_41",
        "MYSQL_8_0_42",
        "MYSQL_8_0_43",
        "MYSQL_8_0_44",
        "MYSQL_8_0_45",
        "MYSQL_8_0_46",
        "MYSQL_8_4",
        "MYSQL_9_7",
        "POSTGRES_10",
        "POSTGRES_11",
        "POSTGRES_12",
        "POSTGRES_13",
        "POSTGRES_14",
        "POSTGRES_15",
        "POSTGRES_16",
        "POSTGRES_17",
        "POSTGRES_18",
        "POSTGRES_19",
        "POSTGRES_20",
        "POSTGRES_9_6",
        "SQLSERVER_2017_ENTERPRISE",
        "SQLSERVER_2017_EXPRESS",
        "SQLSERVER_2017_STANDARD",
        "SQLSERVER_2017_WEB",
        "SQLSERVER_2019_ENTERPRISE",
        "SQLSERVER_2019_EXPRESS",
        "SQLSERVER_2019_STANDARD",
        "SQLSERVER_2019_WEB",
        "SQLSERVER_2022_ENTERPRISE",
        "SQLSERVER_2022_EXPRESS",
        "SQLSERVER_2022_STANDARD",
        "SQLSERVER_2022_WEB",
        "SQLSERVER_2025_ENTERPRISE",
        "SQLSERVER_2025_EXPRESS",
        "SQLSERVER_2025_STANDARD",
        "SQL_DATABASE_VERSION_UNSPECIFIED",
    ],
    Word,
]

# MYSQL_8_0_35 and POSTGRES_9_6 have a major version of two numbers, POSTGRES_15_7 of one.
_VERSION = re.compile(
    r"(?P<engine>MYSQL|POSTGRES|SQLSERVER)"
    r"_(?P<major>20\d\d|9_6|(?<=MYSQL_)\d+_\d+|\d+)"
    r"(?:_(?P<edition>[A-Z]+)\w*)?"
    r"(?P<minor>(?:_\d+)*)"
)
_RELEASE = re.compile(r".*\.R(\d{8})\.(\d+)_(\d+)")


@dataclass(frozen=True, slots=True)
class Version:
    engine: str
    major: tuple[int, ...]
    minor: tuple[int, ...] = ()
    edition: str = ""  # SQL Server's own


def version_of(text: object) -> Version | None:
    """None for what does not look like any version that Google has."""
    found = _VERSION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    return Version(
        found["engine"], _numbers(found["major"]), _numbers(found["minor"]), found["edition"] or ""
    )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("_") if part)


def is_met(wanted: object, live: object) -> bool:
    """Whether live is that version, or a later minor one: Google raises these by itself."""
    want, have = version_of(wanted), version_of(live)
    if want is None or have is None:
        return wanted == live
    same = (want.engine, want.major, want.edition) == (have.engine, have.major, have.edition)
    return same and have.minor >= want.minor


def why_not(live: object, wanted: object) -> str:
    """Why a database cannot become that version in place; empty where it can."""
    want, have = version_of(wanted), version_of(live)
    if want is None or have is None:
        return ""
    if want.engine != have.engine:
        return f"a database does not change from {live} to {wanted}"
    if (want.major, want.minor) < (have.major, have.minor):
        return f"a database is never downgraded ({live} to {wanted})"
    return ""


def is_maintained(wanted: object, live: object) -> bool:
    """Whether Cloud SQL's software is as new as wanted: it moves on at each maintenance."""
    want, have = _release(wanted), _release(live)
    return wanted == live or bool(want and have and have >= want)


def _release(text: object) -> tuple[int, ...]:
    found = _RELEASE.fullmatch(text) if isinstance(text, str) else None
    return tuple(map(int, found.groups())) if found else ()
