"""Whole faults of an environment, injected by name and taken back: what a diagnosis is tried on.

`entries.json` says what each is made of. Whatever a client of Google's could do is done by the
very call; the rest is merged into the world's state: what Google alone decides, and the internet.
"""
