"""Every refusal and every remark of disclosure control: one text per rule, in both languages.

A text names numbers of the policy and never depends on the data: sets of none and of nine units are refused in the
same words.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from grille.server.disclosure.policy import Policy
from grille.server.disclosure.released import AppliedRule
from grille.server.errors import DisclosureError
from grille.server.text import Text

REFUSALS: Mapping[str, tuple[Text, Text]] = MappingProxyType(
    {
        "POPULATION_TOO_SMALL": (
            Text(
                "The data set has, or would have, fewer than {population_min} units with values.",
                "Datasettet har, eller ville fått, færre enn {population_min} enheter med verdier.",
            ),
            Text(
                "Keep a larger population, and select part of it with if in the statistics commands.",
                "Behold en større populasjon, og velg ut en del av den med if i statistikkommandoene.",
            ),
        ),
        "CONDITION_TOO_NARROW": (
            Text(
                "The rules on conditions that select, or leave, fewer than {condition_min} units changed meanwhile.",
                "Reglene for betingelser som velger, eller utelater, færre enn {condition_min} enheter, ble endret "
                "underveis.",
            ),
            Text(
                "Run the command again.",
                "Kjør kommandoen på nytt.",
            ),
        ),
        "TOO_FEW_UNITS": (
            Text(
                "There are fewer than {cell_min} units with values here.",
                "Det er færre enn {cell_min} enheter med verdier her.",
            ),
            Text(
                "Widen the condition, use coarser categories, or check that the codes exist.",
                "Utvid betingelsen, bruk grovere kategorier, eller sjekk at kodene finnes.",
            ),
        ),
        "TABLE_TOO_SPARSE": (
            Text(
                "The table is too fine: too many of its cells have fewer than {sparse_below} units, it has more than "
                "{table_cells_max} cells, or more than {table_dimensions_max} dimensions.",
                "Tabellen er for fin: for mange av cellene har færre enn {sparse_below} enheter, den har mer enn "
                "{table_cells_max} celler, eller mer enn {table_dimensions_max} dimensjoner.",
            ),
            Text(
                "Use fewer variables, or recode them into coarser categories.",
                "Bruk færre variabler, eller omkod dem til grovere kategorier.",
            ),
        ),
        "DOMINATED": (
            Text(
                "One or two units make up too much of this figure, or all units have the same value.",
                "Én eller to enheter utgjør for mye av dette tallet, eller alle enheter har samme verdi.",
            ),
            Text(
                "Use a larger or more even group.",
                "Bruk en større eller jevnere gruppe.",
            ),
        ),
        "MODEL_TOO_SMALL": (
            Text(
                "The model has fewer than {model_min} units, too few units for its number of parameters, or cannot be "
                "estimated on these units.",
                "Modellen har færre enn {model_min} enheter, for få enheter for antallet parametere, eller kan ikke "
                "estimeres på disse enhetene.",
            ),
            Text(
                "Widen the condition, use fewer regressors or coarser categories, or regressors with fewer missing "
                "values.",
                "Utvid betingelsen, bruk færre forklaringsvariabler eller grovere kategorier, eller variabler med "
                "færre manglende verdier.",
            ),
        ),
        "DESIGN_COLUMN_RARE": (
            Text(
                "A regressor or the outcome has the same value for all but fewer than {column_min} units, or the "
                "regressors determine the outcome completely.",
                "En forklaringsvariabel eller utfallet har samme verdi for alle unntatt færre enn {column_min} "
                "enheter, eller forklaringsvariablene bestemmer utfallet fullstendig.",
            ),
            Text(
                "Merge rare categories, or leave the variable out.",
                "Slå sammen sjeldne kategorier, eller utelat variabelen.",
            ),
        ),
        "UNIT_ISOLATED": (
            Text(
                "A few units alone steer a coefficient of the model.",
                "Noen få enheter styrer alene en koeffisient i modellen.",
            ),
            Text(
                "Leave out regressors with extreme values, high powers or nearly equal dummies, or take logarithms.",
                "Utelat variabler med ekstreme verdier, høye potenser eller nesten like dummyer, eller bruk "
                "logaritmer.",
            ),
        ),
        "FIT_TOO_GOOD": (
            Text(
                "The regressors determine the outcome almost completely, or it is computed from them.",
                "Forklaringsvariablene bestemmer utfallet nesten fullstendig, eller det er beregnet fra dem.",
            ),
            Text(
                "Leave out regressors that are parts or copies of the outcome.",
                "Utelat variabler som er deler eller kopier av utfallet.",
            ),
        ),
        "VALUES_TOO_RARE": (
            Text(
                "A variable has the same value for all but fewer than {column_min} units.",
                "En variabel har samme verdi for alle unntatt færre enn {column_min} enheter.",
            ),
            Text(
                "Widen the condition, merge rare values, or leave the variable out.",
                "Utvid betingelsen, slå sammen sjeldne verdier, eller utelat variabelen.",
            ),
        ),
        "VARIABLES_DETERMINED": (
            Text(
                "The variables determine each other almost completely.",
                "Variablene bestemmer hverandre nesten fullstendig.",
            ),
            Text(
                "Leave out variables that are copies of others.",
                "Utelat variabler som er kopier av andre.",
            ),
        ),
        "GROUP_COLUMN_RARE": (
            Text(
                "A regressor that is constant within groups tells fewer than {groups_min} groups apart, and one of "
                "them has fewer than {group_units_min} units.",
                "En forklaringsvariabel som er konstant innen grupper, skiller ut færre enn {groups_min} grupper, og "
                "en av dem har færre enn {group_units_min} enheter.",
            ),
            Text(
                "Use a regressor that varies within groups, or larger groups.",
                "Bruk en variabel som varierer innen grupper, eller større grupper.",
            ),
        ),
        "GROUPS_DETERMINE_OUTCOME": (
            Text(
                "The groups determine the outcome almost completely.",
                "Gruppene bestemmer utfallet nesten fullstendig.",
            ),
            Text(
                "Use larger groups, or another outcome.",
                "Bruk større grupper, eller et annet utfall.",
            ),
        ),
        "SETS_TOO_CLOSE": (
            Text(
                "The units here are nearly the same as those of results already released to the project: comparing the "
                "two would describe fewer than {difference_min} units.",
                "Enhetene her er nesten de samme som i resultater som prosjektet allerede har fått: en sammenligning "
                "ville beskrevet færre enn {difference_min} enheter.",
            ),
            Text(
                "Use exactly the same units as before, for instance by keeping those with values in all variables, or "
                "a clearly different selection.",
                "Bruk nøyaktig de samme enhetene som før, for eksempel ved å beholde dem som har verdier i alle "
                "variablene, eller et tydelig annet utvalg.",
            ),
        ),
        "TOO_MANY_PARTITIONS": (
            Text(
                "The project has already split exactly these units in {partitions_max} different ways.",
                "Prosjektet har allerede delt opp akkurat disse enhetene på {partitions_max} ulike måter.",
            ),
            Text(
                "Use a result that the project has, or a clearly different selection of units.",
                "Bruk et resultat som prosjektet har, eller et tydelig annet utvalg av enheter.",
            ),
        ),
        "NOT_PUBLIC": (
            Text(
                "The project's policy is open, and a variable behind this result is not public.",
                "Prosjektets regler er åpne, og en variabel bak dette resultatet er ikke offentlig.",
            ),
            Text(
                "Use public variables only, or a project with the policy standard.",
                "Bruk bare offentlige variabler, eller et prosjekt med reglene standard.",
            ),
        ),
    }
)

RULES: Mapping[str, tuple[Text, Text]] = MappingProxyType(
    {
        "count_noise": (
            Text("count noise", "støy i antall"),
            Text(
                "Counts may be a few units off, so totals need not add up.",
                "Antall kan være noen få enheter feil, så summer trenger ikke stemme.",
            ),
        ),
        "few_as_none": (
            Text("few units as none", "få enheter som ingen"),
            Text(
                "A condition that selects fewer than about {condition_min} units counts as selecting none, one that "
                "leaves fewer as selecting all.",
                "En betingelse som velger færre enn omtrent {condition_min} enheter, regnes som om den ikke velger "
                "noen, en som utelater færre, som om den velger alle.",
            ),
        ),
        "cell_suppression": (
            Text("small cells withheld", "små celler holdt tilbake"),
            Text(
                "Cells with fewer than {cell_min} units, or none, are withheld.",
                "Celler med færre enn {cell_min} enheter, eller ingen, er holdt tilbake.",
            ),
        ),
        "secondary_suppression": (
            Text("other cells withheld", "andre celler holdt tilbake"),
            Text(
                "Some larger cells are withheld too: the totals would give the small ones away.",
                "Noen større celler er også holdt tilbake: summene ville røpet de små.",
            ),
        ),
        "differencing": (
            Text("near repeats withheld", "nesten-gjentak holdt tilbake"),
            Text(
                "Cells that nearly repeat an earlier result are withheld.",
                "Celler som nesten gjentar et tidligere resultat, er holdt tilbake.",
            ),
        ),
        "code_suppression": (
            Text("rare categories left out", "sjeldne kategorier utelatt"),
            Text(
                "Categories with few units everywhere, or none, are left out.",
                "Kategorier med få enheter overalt, eller ingen, er utelatt.",
            ),
        ),
        "bin_merging": (
            Text("bars merged", "stolper slått sammen"),
            Text(
                "Bars with few units, or none, are merged with their neighbour.",
                "Stolper med få enheter, eller ingen, er slått sammen med naboen.",
            ),
        ),
        "open_bins": (
            Text("open outer bars", "åpne ytterstolper"),
            Text(
                "The outer bars hold everything beyond the data set's 1st and 99th percentile.",
                "Ytterstolpene holder alt utenfor datasettets 1. og 99. persentil.",
            ),
        ),
        "shares_from_noised_counts": (
            Text("shares of noisy counts", "andeler av antall med støy"),
            Text(
                "Shares are computed from the noisy counts.",
                "Andeler er beregnet av antall med støy.",
            ),
        ),
        "winsorising": (
            Text("winsorising", "winsorisering"),
            Text(
                "Means, sums, deviations, correlations and Gini use values cut at the data set's 1st and 99th "
                "percentile.",
                "Gjennomsnitt, summer, avvik, korrelasjoner og gini bruker verdier kuttet ved datasettets 1. og 99. "
                "persentil.",
            ),
        ),
        "sum_from_noised_count": (
            Text("sums from noisy counts", "summer av antall med støy"),
            Text(
                "A sum is the mean, or share, times the noisy count.",
                "En sum er gjennomsnittet, eller andelen, ganger antallet med støy.",
            ),
        ),
        "dominance": (
            Text("dominated cells withheld", "dominerte celler holdt tilbake"),
            Text(
                "Cells that one or two units dominate, or with equal values only, are withheld.",
                "Celler som én eller to enheter dominerer, eller med bare like verdier, er holdt tilbake.",
            ),
        ),
        "percentile_smoothing": (
            Text("smoothed percentiles", "glattede persentiler"),
            Text(
                "A percentile is the mean of the ten nearest values, to {percentile_digits} digits; it needs "
                "{tail_min} units beyond it.",
                "En persentil er gjennomsnittet av de ti nærmeste verdiene, med {percentile_digits} siffer; den krever "
                "{tail_min} enheter utenfor.",
            ),
        ),
        "rounding": (
            Text("rounding", "avrunding"),
            Text(
                "Figures have {number_digits} significant digits; means and deviations are no finer than a few units "
                "can move them.",
                "Tall har {number_digits} gjeldende siffer; gjennomsnitt og avvik er ikke finere enn det noen få "
                "enheter kan flytte dem.",
            ),
        ),
        "rare_columns": (
            Text("rare columns as constant", "sjeldne kolonner som konstante"),
            Text(
                "Categories and other columns with fewer than {column_min} units on one side, or none, are left out.",
                "Kategorier og andre kolonner med færre enn {column_min} enheter på én side, eller ingen, er utelatt.",
            ),
        ),
        "model_rounding": (
            Text("rounding of models", "avrunding av modeller"),
            Text(
                "Figures have {model_digits} significant digits, p-values {p_value_decimals} decimals.",
                "Tall har {model_digits} gjeldende siffer, p-verdier {p_value_decimals} desimaler.",
            ),
        ),
        "figure_steps": (
            Text("steps of a few units", "trinn på noen få enheter"),
            Text(
                "Correlations, skewness and kurtosis are no finer than a few units can move them.",
                "Korrelasjoner, skjevhet og kurtose er ikke finere enn det noen få enheter kan flytte dem.",
            ),
        ),
        "figure_suppression": (
            Text("other figures withheld", "andre tall holdt tilbake"),
            Text(
                "Figures of variables with fewer than {column_min} differing units, that a few units steer, or of "
                "variables that determine each other are withheld.",
                "Tall for variabler med færre enn {column_min} avvikende enheter, som noen få enheter styrer, eller "
                "for variabler som bestemmer hverandre, er holdt tilbake.",
            ),
        ),
        "constant_hidden": (
            Text("constant withheld", "konstantledd holdt tilbake"),
            Text(
                "The constant is withheld: some combination of categories has fewer than {constant_min} units.",
                "Konstantleddet er holdt tilbake: en kombinasjon av kategorier har færre enn {constant_min} enheter.",
            ),
        ),
        "mean_alone": (
            Text("means of a model's figures", "gjennomsnitt av tall fra en modell"),
            Text(
                "Of figures that a model gave single units, only mean and number are shown.",
                "For tall som en modell ga enkelte enheter, vises bare gjennomsnitt og antall.",
            ),
        ),
        "part_withheld": (
            Text("part of a model withheld", "del av en modell holdt tilbake"),
            Text(
                "A test or a prediction is withheld: few units would make up most of it, or it would give the "
                "constant away.",
                "En test eller en prediksjon er holdt tilbake: få enheter ville utgjort det meste av den, eller den "
                "ville røpet konstantleddet.",
            ),
        ),
        "group_size": (
            Text("noisy group sizes", "støy i gruppestørrelser"),
            Text(
                "Group sizes may be a few units off; below {cell_min} only that is shown.",
                "Gruppestørrelser kan være noen få enheter feil; under {cell_min} vises bare det.",
            ),
        ),
    }
)

FEW_OR_NONE = Text(
    "holds for few units or none: it counts as holding for none.",
    "gjelder få enheter eller ingen: det regnes som om ingen er med.",
)

ALL_OR_NEARLY = Text(
    "holds for all units or all but few: it counts as holding for all.",
    "gjelder alle enheter eller alle unntatt få: det regnes som om alle er med.",
)

FEW_GROUPS = Text(
    "There are fewer than {groups_few} groups: the variance between groups is poorly known.",
    "Det er færre enn {groups_few} grupper: variansen mellom grupper er usikkert anslått.",
)


def in_numbers(text: Text, policy: Policy) -> Text:
    """Return a text of this module with the numbers of `policy` filled in."""
    numbers = {item.name: f"{getattr(policy, item.name)}" for item in dataclasses.fields(policy)}
    return Text(text.en.format(**numbers), text.no.format(**numbers))


def refusal(reason: str, policy: Policy) -> DisclosureError:
    """Return the error of a rule; raise it.

    Args:
        reason: Key of REFUSALS.
        policy: The numbers that the text names.
    """
    message, hint = REFUSALS[reason]
    return DisclosureError(reason, in_numbers(message, policy), hint=in_numbers(hint, policy))


def applied(rule: str, policy: Policy) -> AppliedRule:
    """Return the remark that a rule touched a result; `rule` is a key of RULES."""
    name, detail = RULES[rule]
    return AppliedRule(rule, name, in_numbers(detail, policy))
