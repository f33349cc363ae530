"""Every attack, by family, in the order of the table."""

from __future__ import annotations

from types import MappingProxyType

from disclosure.attacks import (
    differencing,
    estimates,
    isolation,
    models,
    multilevel,
    noise,
    order_statistics,
    side_channels,
)

FAMILIES = MappingProxyType(
    {
        "Differencing": differencing.ATTACKS,
        "Isolation by construction": isolation.ATTACKS,
        "Order statistics and graphs": order_statistics.ATTACKS,
        "Noise": noise.ATTACKS,
        "Models": models.ATTACKS,
        "Multilevel models": multilevel.ATTACKS,
        "Other estimates": estimates.ATTACKS,
        "Side channels": side_channels.ATTACKS,
    }
)

ATTACKS = tuple(attack for attacks in FAMILIES.values() for attack in attacks)
