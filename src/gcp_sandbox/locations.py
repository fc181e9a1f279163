"""`/v1/projects/P/locations`: what Cloud Run, VPC Access and Certificate Manager all answer.

On one port they answer together; a client that comes through the sandbox as its proxy names the
API by its host and hears of that one alone.
"""

from __future__ import annotations

from typing import Final

from gcp_sandbox.paging import page
from gcp_sandbox.request import Body, Request
from gcp_sandbox.router import Router
from gcp_sandbox.status import StatusError

REGIONS: Final = {
    "asia-east1": "Taiwan",
    "asia-northeast1": "Tokyo",
    "asia-south1": "Mumbai",
    "asia-southeast1": "Singapore",
    "australia-southeast1": "Sydney",
    "europe-north1": "Finland",
    "europe-west1": "Belgium",
    "europe-west2": "London",
    "europe-west3": "Frankfurt",
    "europe-west4": "Netherlands",
    "europe-west9": "Paris",
    "northamerica-northeast1": "Montréal",
    "southamerica-east1": "São Paulo",
    "us-central1": "Iowa",
    "us-east1": "South Carolina",
    "us-east4": "Northern Virginia",
    "us-west1": "Oregon",
    "us-west2": "Los Angeles",
}
"""Some regions by the place they are named after; requests may name any other."""
_PAGE: Final = 1000


class Locations:
    """The locations of each API, by the first label of its host."""

    def __init__(self) -> None:
        self._offered: dict[str, dict[str, str]] = {}

    def offer(self, api: str, places: dict[str, str]) -> None:
        """Say where an API is: location ids and their display names."""
        self._offered[api] = places

    def get(self, request: Request) -> Body:
        location = request.params["location"]
        places = self._places(request)
        project = request.params["project"]
        if location not in places:
            raise StatusError(
                "NOT_FOUND", f"Location projects/{project}/locations/{location} was not found."
            )
        return _body(project, location, places[location])

    def listed(self, request: Request) -> Body:
        places = sorted(self._places(request).items())
        chosen, token = page(places, request.query, cap=_PAGE, key=lambda it: it[0])
        project = request.params["project"]
        body: Body = {"locations": [_body(project, *place) for place in chosen]}
        return body | ({"nextPageToken": token} if token else {})

    def _places(self, request: Request) -> dict[str, str]:
        api = request.headers.get("host", "").partition(".")[0].rpartition("-")[2]
        if api in self._offered:
            return self._offered[api]
        return {name: shown for places in self._offered.values() for name, shown in places.items()}


def register(router: Router) -> Locations:
    locations = Locations()
    path = "/v1/projects/{project}/locations"
    router.add("GET", path, locations.listed)
    router.add("GET", f"{path}/{{location}}", locations.get)
    return locations


def _body(project: str, location: str, shown: str) -> Body:
    return {
        "name": f"projects/{project}/locations/{location}",
        "locationId": location,
        "displayName": shown,
        "labels": {"cloud.googleapis.com/region": location},
    }
