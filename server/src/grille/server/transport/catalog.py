"""CatalogService: see the contract in catalog.proto."""

from __future__ import annotations

import fnmatch

import grpc

from grille.server.catalog.model import BankMetadata, Code, RegisterVariable
from grille.server.commands.base import CommandSpec
from grille.server.errors import TypeMismatchError
from grille.server.execution.desk import Desk
from grille.server.text import Language, Text
from grille.server.transport.identity import Identify
from grille.server.transport.interceptor import language_of
from grille.v1 import catalog_pb2, catalog_pb2_grpc

LONGEST_PATTERN = 200


class CatalogServicer(catalog_pb2_grpc.CatalogServiceServicer):
    """Thin: messages in, desk, messages out."""

    def __init__(self, desk: Desk, identify: Identify) -> None:
        """Serve `desk` to callers that `identify` names."""
        self._desk = desk
        self._identify = identify

    def ListVariables(  # noqa: N802
        self, request: catalog_pb2.ListVariablesRequest, context: grpc.ServicerContext
    ) -> catalog_pb2.ListVariablesResponse:
        """List variables."""
        if len(request.pattern) > LONGEST_PATTERN:
            raise TypeMismatchError(
                "BAD_PATTERN",
                Text("The pattern is too long.", "Mønsteret er for langt."),
                hint=Text(f"At most {LONGEST_PATTERN} characters.", f"Høyst {LONGEST_PATTERN} tegn."),
            )
        language = language_of(request.language)
        pattern = f"*{request.pattern.casefold()}*"
        found = []
        for versions in self._desk.variables(self._identify(context), request.project).values():
            for bank in versions.values():
                for variable in bank.variables.values():
                    title = variable.title.in_language(language)
                    if any(fnmatch.fnmatchcase(text.casefold(), pattern) for text in (variable.name, title)):
                        found.append(_variable(bank, variable, language))
        found.sort(key=lambda message: (message.bank, message.name))
        return catalog_pb2.ListVariablesResponse(variables=found)

    def ListCommands(  # noqa: N802
        self, request: catalog_pb2.ListCommandsRequest, context: grpc.ServicerContext
    ) -> catalog_pb2.ListCommandsResponse:
        """List commands."""
        language = language_of(request.language)
        specs = self._desk.commands(self._identify(context), request.name)
        return catalog_pb2.ListCommandsResponse(commands=[_help(spec, language) for spec in specs])


def _variable(bank: BankMetadata, variable: RegisterVariable, language: Language) -> catalog_pb2.RegisterVariable:
    return catalog_pb2.RegisterVariable(
        bank=bank.name,
        version=bank.version,
        name=variable.name,
        title=variable.title.in_language(language),
        unit_type=variable.unit_type,
        temporality=variable.temporality,
        data_type="KEY" if variable.value_unit_type else variable.data_type,
        valid_from=variable.valid_from.isoformat() if variable.valid_from else "",
        valid_until=variable.valid_until.isoformat() if variable.valid_until else "",
        status_dates=[date.isoformat() for date in variable.status_dates],
        codes=[_code(code, language) for code in variable.codes],
        sensitivity_level=variable.sensitivity,
        description=variable.description.in_language(language),
        population=_optional(variable.documentation.population, language),
        subjects=[subject.in_language(language) for subject in variable.documentation.subjects],
        unit_of_measure=_optional(variable.documentation.unit_of_measure, language),
        value_unit_type=variable.value_unit_type or "",
    )


def _code(code: Code, language: Language) -> catalog_pb2.Code:
    return catalog_pb2.Code(
        code=str(code.code),
        label=code.label.in_language(language),
        valid_from=code.valid_from.isoformat() if code.valid_from else "",
        valid_until=code.valid_until.isoformat() if code.valid_until else "",
        missing=code.missing,
    )


def _optional(text: Text | None, language: Language) -> str:
    return "" if text is None else text.in_language(language)


def _help(spec: CommandSpec, language: Language) -> catalog_pb2.CommandHelp:
    return catalog_pb2.CommandHelp(
        name=spec.name,
        summary=spec.summary.in_language(language),
        syntax=spec.syntax,
        group=spec.group.in_language(language),
        options=[
            catalog_pb2.OptionHelp(syntax=option.syntax, summary=option.summary.in_language(language))
            for option in spec.options
        ],
        examples=spec.examples,
        details=spec.details.in_language(language) if spec.details else "",
    )
