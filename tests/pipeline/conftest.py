"""What tests of more than one file begin with."""

from __future__ import annotations

import pytest

from tests.pipeline.certificate_chain import chain
from tests.workbench import Workbench


@pytest.fixture
def chained(workbench: Workbench) -> Workbench:
    """A certificate is live, with all from its authorization to the front door that shows it."""
    workbench.write(*chain())
    workbench.apply()
    return workbench
