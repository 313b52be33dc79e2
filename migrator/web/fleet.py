"""The page of the fleet: every target at a glance, live."""

from __future__ import annotations

from migrator.web.answers import Document, Page
from migrator.web.fleet_reader import FleetReader
from migrator.web.hub import Hub
from migrator.web.roster import read_roster
from migrator.web.stream import Stream


class FleetPage(Page):
    """The first of our pages."""

    def get(self) -> None:
        """Filled by its stream."""
        self.render_page("migrator_fleet.html", active_page="fleet")


class FleetDocument(Document):
    """The conditions of all targets, and what goes on."""

    async def get(self) -> None:
        """As the page shows it: ``cells`` has a character for each of the roster's ``targets``."""
        frame = await self.asked(reader(self.hub))
        self.write_json({**frame.document, "cells": frame.cells})


class RosterDocument(Document):
    """Every target once, in the order of the cells."""

    async def get(self) -> None:
        """Asked for again only when the name of the roster is another one."""
        self.write_json(await self.asked(read_roster))


class FleetStream(Stream):
    """The fleet, live; never ends by itself."""

    async def get(self) -> None:
        """A frame whenever a target's condition changes, or something else that the page shows."""
        await self.follow("fleet", lambda: reader(self.hub))


def reader(hub: Hub) -> FleetReader:
    """The one reader of the fleet, which keeps what it knows while nobody looks."""
    return hub.kept("fleet", lambda: FleetReader(hub.probes))
