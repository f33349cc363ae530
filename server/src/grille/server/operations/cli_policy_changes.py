"""The commands grille-server policy that are about signatures: key, custodians, enrol, retire, sign, apply, history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grille.server.operations.terminal import Terminal
from grille.server.text import Text, same

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from grille.server.errors import GrilleError
    from grille.server.operations.policies.setting import Proposal

HomeArgument = Annotated[Path, typer.Argument(metavar="HOME", help="Folder of the server.")]
KeyOption = Annotated[Path, typer.Option(metavar="FILE", help="Private key of the custodian.")]
PhraseOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="File with the passphrase of the key; it is asked for otherwise.")
]
ChangeOption = Annotated[
    Path | None, typer.Option("--out", metavar="CHANGE", help="Where to write a change that needs signatures.")
]


def add_policy_changes(policy_app: typer.Typer, terminal: Terminal) -> None:
    """Add the commands to `policy_app`."""
    _add_keys(policy_app, terminal)
    _add_changes(policy_app, terminal)

    @policy_app.command("custodians")
    def custodians(home: HomeArgument) -> None:
        """List the enrolled custodians."""
        from grille.server.operations.home import Home
        from grille.server.operations.policies.book import PolicyBook

        state = PolicyBook(Home.existing(home)).state()
        enrolled = {one.change.subject: one for one in state.changes if one.change.kind == "enrol"}
        terminal.table(
            (Text("custodian", "forvalter"), Text("enrolled", "innført"), Text("change", "endring")),
            ((name, enrolled[name].time, str(enrolled[name].change.number)) for name in sorted(state.custodians)),
        )

    @policy_app.command("history")
    def history(home: HomeArgument) -> None:
        """List every change of custodians and of banks' policies, with who signed it."""
        from grille.server.operations.home import Home
        from grille.server.operations.policies.book import PolicyBook

        heads = (
            Text("change", "endring"),
            Text("time", "tid"),
            Text("what", "hva"),
            Text("of", "for"),
            Text("signed by", "signert av"),
        )
        changes = PolicyBook(Home.existing(home)).state().changes
        terminal.table(
            heads,
            (
                (str(c.change.number), c.time, c.change.kind, c.change.subject or "-", ", ".join(c.signers) or "-")
                for c in changes
            ),
        )


def _add_keys(policy_app: typer.Typer, terminal: Terminal) -> None:
    @policy_app.command("key")
    def key(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="New file of the private key.")],
        passphrase_file: Annotated[
            Path | None, typer.Option(metavar="FILE", help="File with a passphrase that encrypts the private key.")
        ] = None,
    ) -> None:
        """Make a custodian's key pair, FILE and FILE.pub, on the custodian's own machine."""
        from grille.server.operations.policies.custodians import make_custodian_key

        with _written(file):
            public = make_custodian_key(file, _phrase(passphrase_file))
        terminal.say(
            Text(
                f"Wrote {file}, the private key: it stays with the custodian.\n"
                f"Next: grille-server policy enrol HOME NAME --public {public} --out CHANGE",
                f"Skrev {file}, den private nøkkelen: den blir hos forvalteren.\n"
                f"Neste: grille-server policy enrol HOME NAVN --public {public} --out ENDRING",
            )
        )
        mark = _mark(_read(public).decode())
        terminal.say(Text(f"Public key: {public}, {mark}", f"Offentlig nøkkel: {public}, {mark}"))

    @policy_app.command("enrol")
    def enrol(
        home: HomeArgument,
        name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the custodian.")],
        public: Annotated[
            Path | None,
            typer.Option(metavar="FILE", help="Public key (.pub): the custodian signs the change elsewhere."),
        ] = None,
        key: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Private key, where it is at hand: signs at once.")
        ] = None,
        passphrase_file: PhraseOption = None,
        out: ChangeOption = None,
    ) -> None:
        """Enrol a custodian, who signs it with the own key; from the third on, two who are enrolled sign it too."""
        from grille.server.operations.home import Home
        from grille.server.operations.names import parse_name
        from grille.server.operations.policies.book import PolicyBook
        from grille.server.operations.policies.setting import Proposal, apply_change, custodian_change

        found = Home.existing(home)
        parse_name(name, Text("The custodian's name", "Forvalterens navn"))
        if (public is None) == (key is None):
            raise _one_key()
        private = _private(key, passphrase_file) if key is not None else None
        pem = _read(public).decode("utf-8", "replace") if public is not None else _public_pem(private)
        proposal = custodian_change(PolicyBook(found), "enrol", name, pem)
        if private is None:
            finish(terminal, home, Proposal(proposal.signed, proposal.needed + 1), out)
            return
        signed = proposal.signed.signed(name, private)
        finish(
            terminal, home, Proposal(signed, proposal.needed) if proposal.needed else apply_change(found, signed), out
        )

    @policy_app.command("retire")
    def retire(
        home: HomeArgument,
        name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the custodian.")],
        out: ChangeOption = None,
    ) -> None:
        """End a custodian's right to sign; two who are enrolled sign it."""
        from grille.server.operations.home import Home
        from grille.server.operations.policies.book import PolicyBook
        from grille.server.operations.policies.setting import custodian_change

        finish(terminal, home, custodian_change(PolicyBook(Home.existing(home)), "retire", name), out)


def _add_changes(policy_app: typer.Typer, terminal: Terminal) -> None:
    @policy_app.command("sign")
    def sign(
        file: Annotated[Path, typer.Argument(metavar="CHANGE", help="The change; the signature is added to it.")],
        key: KeyOption,
        name: Annotated[str, typer.Option(help="Name under which the custodian is enrolled.")],
        passphrase_file: PhraseOption = None,
    ) -> None:
        """Show what a change does and add a custodian's signature to it. Needs no home."""
        from grille.server.operations.policies.changes import parse_change
        from grille.server.operations.secret_files import replace_secret

        signed = parse_change(_read(file), file.name)
        _tell(terminal, signed.change.kind, signed.change.subject, signed.change.before, signed.change.content)
        signed = signed.signed(name, _private(key, passphrase_file))
        with _written(file):
            replace_secret(file, signed.document())
        names = ", ".join(one.custodian for one in signed.signatures)
        terminal.say(Text(f"Signed by: {names}", f"Signert av: {names}"))

    @policy_app.command("apply")
    def apply(
        home: HomeArgument,
        file: Annotated[Path, typer.Argument(metavar="CHANGE", help="The signed change.")],
    ) -> None:
        """Put in a signed change; a running server takes it up with the next command, after it is on record."""
        from grille.server.operations.home import Home
        from grille.server.operations.policies.changes import parse_change
        from grille.server.operations.policies.setting import apply_change

        finish(terminal, home, apply_change(Home.existing(home), parse_change(_read(file), file.name)), None)


def finish(terminal: Terminal, home: Path, proposal: Proposal, out: Path | None) -> None:
    """Tell what came of a change, or write it to be signed.

    Raises:
        AccessDeniedError: SIGNATURES_NEEDED, when it needs signatures and there is no `out`.
    """
    from grille.server.operations.policies.state import signatures_needed
    from grille.server.operations.secret_files import write_secret

    change = proposal.signed.change
    if proposal.needed == 0:
        what = f"{change.kind} {change.subject}"
        terminal.say(Text(f"Change {change.number} is in: {what}.", f"Endring {change.number} er inne: {what}."))
        for project in proposal.tightened:
            terminal.say(
                Text(
                    f"  The policy of the project {project} was tightened with it.",
                    f"  Reglene for prosjektet {project} ble strammet inn samtidig.",
                )
            )
        return
    if out is None:
        raise signatures_needed(proposal.needed, proposal.looser)
    with _written(out):
        write_secret(out, proposal.signed.document())
    _tell(terminal, change.kind, change.subject, change.before, change.content)
    who = _who_signs(proposal)
    terminal.say(
        Text(
            f"Wrote {out}: {who.en}.\n"
            f"Next, each: grille-server policy sign {out} --key FILE --name NAME\n"
            f"Then: grille-server policy apply {home} {out}",
            f"Skrev {out}: {who.no}.\n"
            f"Neste, hver: grille-server policy sign {out} --key FIL --name NAVN\n"
            f"Så: grille-server policy apply {home} {out}",
        )
    )


def _who_signs(proposal: Proposal) -> Text:
    change, own = proposal.signed.change, {one.custodian for one in proposal.signed.signatures}
    needed = proposal.needed
    if change.kind != "enrol" or change.subject in own:
        return Text(
            f"it needs the signatures of {needed} enrolled custodians",
            f"den trenger signaturene til {needed} innførte forvaltere",
        )
    others = (
        (f" and {needed - 1} enrolled custodians", f" og {needed - 1} innførte forvaltere") if needed > 1 else ("", "")
    )
    return Text(
        f"it needs the signatures of {change.subject}{others[0]}",
        f"den trenger signaturene til {change.subject}{others[1]}",
    )


def _tell(terminal: Terminal, kind: str, subject: str, before: str, content: str) -> None:
    """Say what a change does; for a bank, each number with whether it becomes looser."""
    if kind != "bank":
        terminal.say(same(f"{kind} {subject}" + (f", {_mark(content)}" if kind == "enrol" else "")))
        return
    from grille.server.disclosure.policy_file import parse_policy
    from grille.server.operations.policies.book import differences

    old = parse_policy(before.encode(), subject, may_loosen_profile=True)
    new = parse_policy(content.encode(), subject, may_loosen_profile=True)
    looser = new.looser_keys(old)
    terminal.say(Text(f"Policy of the bank {subject}:", f"Regler for banken {subject}:"))
    for line in differences(old, new):
        is_looser = line.split(" ", 1)[0] in looser
        mark = Text("looser", "løsere") if is_looser else Text("tighter", "strengere")
        terminal.say(Text(f"  {line}  ({mark.en})", f"  {line}  ({mark.no})"))


def _private(path: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    from grille.server.operations.policies.custodians import is_encrypted, load_custodian_key

    phrase = _phrase(passphrase_file)
    if phrase is None and is_encrypted(path):
        phrase = typer.prompt("Passphrase", hide_input=True, err=True).encode()
    return load_custodian_key(path, phrase)


def _public_pem(private: Ed25519PrivateKey | None) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    assert private is not None
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _mark(pem: str) -> str:
    """Return what people compare of a public key: the beginning of the SHA-256 of its bytes."""
    import hashlib

    from grille.server.operations.policies.state import public_key

    return f"SHA-256 {hashlib.sha256(public_key(pem).public_bytes_raw()).hexdigest()[:32]}"


def _one_key() -> GrilleError:
    from grille.server.errors import TypeMismatchError

    return TypeMismatchError(
        "ONE_KEY", Text("Name one key: --public or --key.", "Oppgi én nøkkel: --public eller --key.")
    )


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """Tell in words why a file was not written."""
    from grille.server.errors import TypeMismatchError

    try:
        yield
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise TypeMismatchError(
            "FILE_NOT_WRITTEN", Text(f"{path} was not written: {why}.", f"{path} ble ikke skrevet: {why}.")
        ) from None


def _phrase(path: Path | None) -> bytes | None:
    return _read(path).rstrip(b"\r\n") or None if path is not None else None


def _read(path: Path) -> bytes:
    from grille.server.errors import UnknownNameError

    try:
        return path.read_bytes()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UnknownNameError(
            "FILE_UNREADABLE", Text(f"{path} cannot be read: {why}.", f"{path} kan ikke leses: {why}.")
        ) from None
