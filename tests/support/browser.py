"""A person at a browser who enters the code of a device login, says who they are, and agrees or not."""

from __future__ import annotations

import ssl
import urllib.request
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode, urljoin


class Forms(HTMLParser):
    """The first form of a page with its fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action = found.get("action", "")
        if tag == "input" and "name" in found:
            self.fields[found["name"]] = found.get("value", "")


class Browser:
    """Keeps cookies and follows links, as browsers do."""

    def __init__(self, ca: Path) -> None:
        handler = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(ca)))
        self._opener = urllib.request.build_opener(handler, urllib.request.HTTPCookieProcessor(CookieJar()))

    def log_in(self, address: str, code: str, subject: str, *, agree: bool = True) -> str:
        """Fill in every page until none asks for more; returns the last."""
        where, page = self._open(address)
        typed = {"user_code": code, "login": subject, "password": "x"}
        for _ in range(10):
            forms = Forms(page)
            if forms.action is None:
                return page
            fields = {name: typed.get(name, value) for name, value in forms.fields.items()}
            if not agree and "user_code" in fields and fields.get("confirm"):
                return self._open(urljoin(where, forms.action), {**fields, "abort": "yes"})[1]
            where, page = self._open(urljoin(where, forms.action), fields)
        raise AssertionError(page)

    def _open(self, address: str, form: dict[str, str] | None = None) -> tuple[str, str]:
        data = None if form is None else urlencode(form).encode()
        with self._opener.open(address, data, timeout=60) as answer:
            return answer.url, answer.read().decode()
