"""What the synthetic register holds: a new variable is one more entry in VARIABLES."""

from __future__ import annotations

import datetime

from grille.server.catalog.synthetic import (
    codes,
    couples,
    employment,
    households,
    marital,
    parents,
    persons,
    residence,
    schooling,
    wages,
)
from grille.server.catalog.synthetic.calendar import REGISTER_START, Years
from grille.server.catalog.synthetic.definition import Preparation, SyntheticVariable
from grille.server.text import Text

PREPARATIONS: tuple[Preparation, ...] = (
    Preparation(Text("Persons", "Personer"), persons.prepare),
    Preparation(Text("Couples", "Par"), couples.prepare),
    Preparation(Text("Parents", "Foreldre"), parents.prepare),
    Preparation(Text("Schooling", "Skolegang"), schooling.prepare),
    Preparation(Text("Moves", "Flyttinger"), residence.prepare),
    Preparation(Text("Families", "Familier"), households.prepare),
    Preparation(Text("Employment", "Sysselsetting"), employment.prepare),
    Preparation(Text("Effects on wages", "Virkninger på lønn"), wages.prepare),
)


def _first_of_january(years: Years) -> tuple[datetime.date, ...]:
    return tuple(datetime.date(year, 1, 1) for year in range(years.first, years.last + 2))


def _sixteenth_of_november(years: Years) -> tuple[datetime.date, ...]:
    within = years.within(employment.FIRST_YEAR, employment.LAST_YEAR)
    return tuple(datetime.date(year, 11, 16) for year in within)


VARIABLES: tuple[SyntheticVariable, ...] = (
    SyntheticVariable(
        name="BEFOLKNING_FOEDSELS_AAR_MND",
        title=Text("Year and month of birth", "Fødselsår og -måned"),
        temporality="FIXED",
        data_type="LONG",
        description=Text("Year and month as YYYYMM.", "År og måned som ÅÅÅÅMM."),
        write=persons.write_birth_month,
    ),
    SyntheticVariable(
        name="BEFOLKNING_KJOENN",
        title=Text("Sex", "Kjønn"),
        temporality="FIXED",
        data_type="STRING",
        description=Text("Registered sex.", "Registrert kjønn."),
        write=persons.write_sex,
        codes=lambda: codes.SEX,
    ),
    SyntheticVariable(
        name="BOSATTEFDT_BOSTED",
        title=Text("Municipality of residence", "Bostedskommune"),
        temporality="EVENT",
        data_type="STRING",
        description=Text(
            "Spells of residence. The first two digits are the county. All years use the municipalities of 2020-2023.",
            "Forløp for bosted. De to første sifrene er fylket. Alle år bruker kommunene i 2020-2023.",
        ),
        write=residence.write_residence,
        valid_from=lambda _years: REGISTER_START,
        valid_until=lambda _years: datetime.date(2023, 12, 31),
        codes=codes.municipality_codes,
    ),
    SyntheticVariable(
        name="SIVSTANDFDT_SIVSTAND",
        title=Text("Marital status", "Sivilstand"),
        temporality="EVENT",
        data_type="STRING",
        description=Text("Spells of marital status.", "Forløp for sivilstand."),
        write=marital.write_marital_status,
        valid_from=lambda _years: datetime.date(1991, 1, 1),
        valid_until=lambda _years: datetime.date(2023, 12, 31),
        codes=lambda: codes.MARITAL_STATUS,
    ),
    SyntheticVariable(
        name="BEFOLKNING_REGSTAT_FAMNR",
        title=Text("Family number", "Familienummer"),
        temporality="STATUS",
        data_type="STRING",
        description=Text(
            "The family of a person on 1 January; its number is that of its eldest member.",
            "Familien til en person 1. januar; nummeret er det eldste medlemmets.",
        ),
        write=households.write_family,
        status_dates=_first_of_january,
        value_unit_type="FAMILIE",
    ),
    SyntheticVariable(
        name="BEFOLKNING_BARN_I_REGSTAT_FAMNR",
        title=Text("Number of children (0-17 years) in the family", "Antall barn (0–17 år) i familien"),
        temporality="STATUS",
        data_type="LONG",
        description=Text(
            "Children of 0 to 17 years in the person's family on 1 January.",
            "Barn på 0 til 17 år i personens familie 1. januar.",
        ),
        write=households.write_children,
        status_dates=_first_of_january,
    ),
    SyntheticVariable(
        name="NUDB_BU",
        title=Text("Education (NUS2000), level of education", "Utdanningens art (NUS2000), utdanningsnivå"),
        temporality="EVENT",
        data_type="STRING",
        description=Text(
            "Highest completed education. First digit: level 0-8, 9 unknown; second digit: field. The last four digits "
            "are invented.",
            "Høyeste fullførte utdanning. Første siffer: nivå 0-8, 9 ukjent; andre siffer: fagfelt. De fire siste "
            "sifrene er oppdiktet.",
        ),
        write=schooling.write_education,
        valid_from=lambda _years: datetime.date(1970, 11, 1),
        valid_until=lambda _years: datetime.date(2024, 8, 1),
    ),
    SyntheticVariable(
        name="NUDB_SOSBAK",
        title=Text("Social background - education", "Sosial bakgrunn – utdanning"),
        temporality="FIXED",
        data_type="STRING",
        description=Text(
            "Highest level of education of the parents.",
            "Foreldrenes høyeste utdanningsnivå.",
        ),
        write=schooling.write_background,
        codes=lambda: codes.SOCIAL_BACKGROUND,
    ),
    SyntheticVariable(
        name="REGSYS_ARB_YRKE_STYRK08",
        title=Text("Occupation STYRK-08, main job", "Yrkeskode STYRK08, hovedarbeidsforhold"),
        temporality="STATUS",
        data_type="STRING",
        description=Text(
            "Four-digit occupation on 16 November of those who work then; the first digit is the major group.",
            "Firesifret yrke 16. november for dem som da er i arbeid; første siffer er yrkesfeltet.",
        ),
        write=employment.write_occupation,
        status_dates=_sixteenth_of_november,
    ),
    SyntheticVariable(
        name="INNTEKT_LONN",
        title=Text("Wages", "Lønnsinntekter"),
        temporality="ACCUMULATED",
        data_type="DOUBLE",
        description=Text(
            "Wages of the calendar year in NOK; no value for those without wages.",
            "Lønn i kalenderåret i kroner; ingen verdi for dem uten lønn.",
        ),
        write=wages.write_wages,
        valid_from=lambda years: datetime.date(years.within(wages.FIRST_YEAR, wages.LAST_YEAR)[0], 1, 1),
        valid_until=lambda years: datetime.date(years.within(wages.FIRST_YEAR, wages.LAST_YEAR)[-1], 12, 31),
    ),
)
"""In the order in which they are made: wages read marital status, residence and social background."""
