"""What was last applied, so that pending, drift and removal can be told apart."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Literal, cast

from remediate.model.aside import Aside
from remediate.model.clock import rfc3339
from remediate.model.errors import InvalidInput, Stale, StoreDamaged
from remediate.model.failpoint import passing
from remediate.model.json import Body, Json
from remediate.model.ref import Ref, record_ref
from remediate.stores.store import Store, ref_of
from remediate.stores.veil import Veil

FORMAT_VERSION = 2  # 1 knew of what replacements leave behind only the names
_READABLE = (1, FORMAT_VERSION)
OnRemove = Literal["keep", "delete"]
_TO_LOSE = (
    "Nothing was changed. Move that file away and try again: only the memory of what was applied "
    "is lost with it, so that what has left the YAML since is not seen"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource: its live name, the fields as they were sent, and its lifecycle's memory.

    `asides` are what replacements have left behind and, once it was removed, the resource itself.
    """

    name: str
    fields: Body
    on_remove: OnRemove = "keep"
    protect: bool = False
    asides: tuple[Aside, ...] = ()

    @property
    def is_aside(self) -> bool:
        """Whether the resource itself was removed and waits for `gc`."""
        return self.aside(self.name) is not None

    def aside(self, name: str) -> Aside | None:
        return next((aside for aside in self.asides if aside.name == name), None)

    def without(self, name: str) -> Entry:
        """The same, but for what was set aside under this live name."""
        return replace(self, asides=tuple(one for one in self.asides if one.name != name))

    def with_aside(self, aside: Aside) -> Entry:
        return replace(self, asides=(*self.without(aside.name).asides, aside))

    def to_json(self) -> Body:
        return {
            "name": self.name,
            "fields": self.fields,
            "onRemove": self.on_remove,
            "protect": self.protect,
            "asides": [_aside_json(aside) for aside in self.asides],
        }

    @staticmethod
    def from_json(stored: Body) -> Entry:
        return Entry(
            name=str(stored["name"]),
            fields=cast("Body", stored["fields"]),
            on_remove="delete" if stored["onRemove"] == "delete" else "keep",
            protect=stored["protect"] is True,
            asides=tuple(map(_aside, cast("list[Json]", _stored_asides(stored)))),
        )


def _kept_json(kept: Mapping[Ref, datetime]) -> Body:
    return {str(ref): rfc3339(moment) for ref, moment in kept.items()}


def _aside_json(aside: Aside) -> Body:
    return {"name": aside.name, "since": aside.since, "born": aside.born, "state": aside.state}


def _stored_asides(stored: Body) -> Json:
    return stored["asides"] if "asides" in stored else stored.get("retired", [])


def _aside(stored: Json) -> Aside:
    """Format 1 held nothing but the name: its time begins with the next apply."""
    if isinstance(stored, dict):
        aside = Aside(*(str(stored[name]) for name in ("name", "since", "born", "state")))
        aside.due(0)  # raises ValueError for what is no time
        return aside
    return Aside(str(stored))


_OF_AN_ENDPOINT = ("resources", "records")
_NOBODYS = ""  # the endpoint of a ledger that was only fenced
_KNOWS_NOTHING = {"endpoint": _NOBODYS, "resources": {}, "records": {}, "elsewhere": {}}


class Ledger:
    """`ledger/<environment>.json`, written by compare-and-swap.

    `resources` are by Ref. Record sets are apart and stay plain JSON, `{zone: {"fqdn TYPE":
    [ttl, rrdata, …]}}` or `[ttl, {routing policy}]`, because there may be 100,000 of them; `kept`
    is about those whose TTL was lowered, and left out where there is none. What was applied to a
    sandbox says nothing of Google: the file is of one `endpoint`, and keeps what it knew of the
    others under `elsewhere`. So is `project`, once something was applied there; until then it is
    the one given.
    """

    def __init__(
        self, store: Store, environment: str, endpoint: str = "google", project: str = ""
    ) -> None:
        self.environment = environment
        self.endpoint = endpoint
        self.project = project
        self.exists = False  # before the first apply nobody can see what was removed
        self._elsewhere: dict[str, Body] = {}
        self.resources: dict[Ref, Entry] = {}
        self._records: dict[str, dict[str, list[Json]]] = {}
        self._kept: dict[Ref, datetime] = {}
        self._store = store
        self.veil = Veil(store)
        self._key = _key(environment)
        self._generation: str | None = None
        self._turn = Lock()  # the steps of a wave write side by side
        self._load()

    def record(self, zone: str, fqdn: str, rrtype: str) -> tuple[int, tuple[str, ...]] | None:
        """TTL in seconds and rdata of a record set that was once ours; a policy's is not told."""
        found = self._records.get(zone, {}).get(f"{fqdn} {rrtype}")
        if found is None:
            return None
        ttl, *rrdatas = found
        return cast("int", ttl), tuple(each for each in rrdatas if isinstance(each, str))

    def records(self, zone: str) -> Iterator[tuple[str, str]]:
        """Owner name and type of every record set that was once ours."""
        for key in self._records.get(zone, ()):
            fqdn, _, rrtype = key.rpartition(" ")
            yield fqdn, rrtype

    @property
    def refs(self) -> Iterator[Ref]:
        """Everything that was once ours."""
        yield from self.resources
        for zone in self._records:
            yield from (record_ref(zone, *record) for record in self.records(zone))

    def entry(self, ref: Ref) -> Entry | None:
        """What is remembered of a resource or of a record set."""
        if not ref.is_record_set:
            return self.resources.get(ref)
        zone, key = _record_key(ref)
        stored = self._records.get(zone, {}).get(key)
        if stored is None:
            return None
        ttl, *data = stored
        if data and isinstance(data[0], dict):
            return Entry(ref.name, {"ttl": ttl, "routingPolicy": data[0]})
        return Entry(ref.name, {"ttl": ttl, "rrdatas": data})

    def remember(self, ref: Ref, entry: Entry) -> None:
        """What was just applied; of a record set `ttl`, and `rrdatas` or `routingPolicy`."""
        with self._turn:
            if not ref.is_record_set:
                self.resources[ref] = entry
                return
            zone, key = _record_key(ref)
            policy = entry.fields.get("routingPolicy")
            data = [policy] if policy else cast("list[Json]", entry.fields.get("rrdatas", []))
            self._records.setdefault(zone, {})[key] = [entry.fields.get("ttl", 0), *data]

    def forget(self, ref: Ref) -> None:
        """It is gone; no matter if it was not known."""
        with self._turn:
            if not ref.is_record_set:
                self.resources.pop(ref, None)
                return
            zone, key = _record_key(ref)
            self._records.get(zone, {}).pop(key, None)

    def kept_until(self, ref: Ref) -> datetime | None:
        """When what resolvers have of a record set is no older than its TTL tells, if noted."""
        return self._kept.get(ref)

    def keep_until(self, ref: Ref, moment: datetime | None) -> None:
        """Note it, where a TTL was lowered; None where the TTL tells all."""
        with self._turn:
            self._kept.pop(ref, None)
            if moment is not None:
                self._kept[ref] = moment

    def drop_kept(self, now: datetime) -> None:
        """Forget what is over."""
        with self._turn:
            self._kept = {ref: moment for ref, moment in self._kept.items() if moment > now}

    def save(self) -> None:
        """Durable on return. Raises Stale if another run has saved since this one was loaded."""
        with self._turn:
            data = self._bytes()
            passing("ledger.save.before")
            swapped = self._store.compare_and_swap(self._key, data, self._generation)
            if swapped is None:
                raise Stale(f"another run has written the ledger of {self.environment}")
            passing("ledger.save.after")
            self._generation = swapped
            self.exists = True

    def _bytes(self) -> bytes:
        content = {
            "format_version": FORMAT_VERSION,
            "environment": self.environment,
            "endpoint": self.endpoint,
            "project": self.project,
            "resources": {
                str(ref): self.veil.veiled(entry.to_json()) for ref, entry in self.resources.items()
            },
            "records": self._records,
            **({"kept": kept} if (kept := _kept_json(self._kept)) else {}),
            "elsewhere": self._elsewhere,
        }
        return _text(content)

    def _load(self) -> None:
        stored = self._store.get(self._key)
        if stored is None:
            return
        try:
            content = json.loads(stored.data)
            version = content["format_version"]
            if version not in _READABLE:
                raise self._damaged(f"has format {version}, not {FORMAT_VERSION} or older")
            known = content["elsewhere"]
            known[content["endpoint"]] = {
                # earlier versions did not note these
                **{name: content[name] for name in ("project", "kept") if name in content},
                **{name: content[name] for name in _OF_AN_ENDPOINT},
            }
            known.pop(_NOBODYS, None)
            here = known.pop(self.endpoint, None)
            self._elsewhere, self.exists = known, here is not None
            if here is not None:
                self.project = str(here.get("project", "") or self.project)
                stored_resources: dict[str, Body] = here["resources"]
                self.resources = {
                    ref_of(text): Entry.from_json(fields)
                    for text, fields in stored_resources.items()
                }
                self._records = here["records"]
                kept: dict[str, str] = here.get("kept", {})
                self._kept = {ref_of(at): datetime.fromisoformat(t) for at, t in kept.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidInput):
            raise self._damaged("does not hold a ledger") from None
        self._generation = stored.generation

    def _damaged(self, how: str) -> StoreDamaged:
        return StoreDamaged(f"{self._key} {how}", hint=f"{_TO_LOSE} (.remediate/{self._key}).")


def fence(store: Store, environment: str) -> None:
    """Write the ledger anew as it is, so that whoever has loaded it can save it no more.

    Where there is none, one that knows nothing of any endpoint. A damaged one can be saved by
    nobody.
    """
    key, swapped = _key(environment), None
    while swapped is None:
        stored = store.get(key)
        empty = {"format_version": FORMAT_VERSION, "environment": environment, "project": ""}
        try:
            content = json.loads(stored.data) if stored else empty | _KNOWS_NOTHING
            content["fenced"] = secrets.token_hex(8)
        except (ValueError, TypeError, RecursionError):
            return
        swapped = store.compare_and_swap(key, _text(content), stored.generation if stored else None)


def _text(content: object) -> bytes:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode() + b"\n"


def _key(environment: str) -> str:
    return f"ledger/{environment}.json"


def _record_key(ref: Ref) -> tuple[str, str]:
    zone, _, rest = ref.name.partition("/")
    fqdn, _, rrtype = rest.rpartition("/")
    return zone, f"{fqdn} {rrtype}"
