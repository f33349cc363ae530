"""Every attack, by family, in the order of the table."""

from __future__ import annotations

from types import MappingProxyType

from disclosure.attacks import (
    detours,
    differencing,
    estimates,
    exact_numbers,
    isolation,
    models,
    multilevel,
    noise,
    order_statistics,
    sessions,
    side_channels,
)

FAMILIES = MappingProxyType(
    {
        "Differencing": (*differencing.ATTACKS, *sessions.RESUMED),
        "Isolation by construction": (*isolation.ATTACKS, *detours.ATTACKS),
        "Order statistics and graphs": (*order_statistics.ATTACKS, *sessions.EXPORTED),
        "Noise": noise.ATTACKS,
        "Models": models.ATTACKS,
        "Multilevel models": multilevel.ATTACKS,
        "Other estimates": (*estimates.ATTACKS, *exact_numbers.ATTACKS),
        "Side channels": (*side_channels.ATTACKS, *sessions.AT_THE_SAME_TIME),
    }
)

ATTACKS = tuple(attack for attacks in FAMILIES.values() for attack in attacks)
