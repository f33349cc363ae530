"""Code lists of the synthetic register's variables, as published for the real ones."""

from __future__ import annotations

from grille.server.catalog.model import Code
from grille.server.catalog.synthetic.municipalities import municipalities
from grille.server.text import Text, same

SEX = (Code("1", Text("Man", "Mann")), Code("2", Text("Woman", "Kvinne")))

SOCIAL_BACKGROUND = (
    Code("1", Text("Long higher education (parent level 7/8)", "Lang høyere (forelder nivå 7/8)")),
    Code("2", Text("Short higher education (parent level 6)", "Kort høyere (forelder nivå 6)")),
    Code("3", Text("Upper secondary (parent level 3/4/5)", "Videregående (forelder nivå 3/4/5)")),
    Code("4", Text("Compulsory (parent level 0/1/2)", "Grunnskole (forelder nivå 0/1/2)")),
    Code("9", Text("Not stated", "Uoppgitt")),
)

MARITAL_STATUS = (
    Code("0", Text("Unknown", "Ukjent")),
    Code("1", Text("Unmarried", "Ugift")),
    Code("2", Text("Married", "Gift")),
    Code("3", Text("Widow/widower", "Enke/enkemann")),
    Code("4", Text("Divorced", "Skilt")),
    Code("5", Text("Separated", "Separert")),
    Code("6", Text("Registered partner", "Registrert partner")),
    Code("7", Text("Separated partner", "Separert partner")),
    Code("8", Text("Divorced partner", "Skilt partner")),
    Code("9", Text("Surviving partner", "Gjenlevende partner")),
)


def municipality_codes() -> tuple[Code, ...]:
    """Return the municipalities; the register uses the codes of 2020 to 2023 for all years."""
    return tuple(Code(place.code, same(place.name)) for place in municipalities())
