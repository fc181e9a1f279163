"""What is behind the load balancers: the application, the stream's instances, the database.

All of it follows from the state of the APIs; what no API shows stands in the part `backends` of
the section `internet`, each member optional:

- `"<Cloud Run service>"`: `{"revisions": {id: {"answers": 500}}, "delay": seconds,
  "instancesNeeded": n, "connectorInstancesNeeded": n}`. A service answers 429 while it may not have
  as many instances, and slowly while its connector may not.
- `"database"`: `{"sqlstate": "53300", "since": seconds on the clock, "connections": n}`. With
  `since`, revisions made afterwards get in. Connections count against `max_connections`.
- `"streamDependsOnDatabase"`: true where the health of the stream's instances does.
"""
