"""Pages in a browser, and everything on them that should not have happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page


@pytest.fixture(scope="session")
def windows() -> dict[str, Page]:
    """The pages that are open, by their options: opening one costs more than what is done on it."""
    return {}


class Viewer:
    """Opens pages, and knows of everything on them that should not have happened."""

    def __init__(self, browser: Browser, windows: dict[str, Page]) -> None:
        self._browser = browser
        self._windows = windows
        self._listening: list[Page] = []
        self._listeners = {
            "console": lambda message: self.trouble.append(message.text),
            "pageerror": lambda error: self.trouble.append(str(error)),
            "dialog": self._dismiss,
            "request": lambda request: self.requests.append(request.url),
        }
        self._opened: set[str] = set()
        self.trouble: list[str] = []
        self.requests: list[str] = []

    def open(self, path: Path, fragment: str = "", **options: Any) -> Page:
        """A page; the options are those of `Browser.new_context`."""
        name = repr(sorted(options.items()))
        page = self._windows.get(name)
        if page is None:
            page = self._windows[name] = self._browser.new_context(**options).new_page()
        else:
            page.goto("about:blank")  # it has another document then, and nothing of the last one's
        if page not in self._listening:
            self._listening.append(page)
            for event, listener in self._listeners.items():
                page.on(event, listener)  # type: ignore[call-overload]
        self._opened.add(path.as_uri())
        page.goto(path.as_uri() + fragment)
        return page

    def close(self, page: Page) -> None:
        """Close a page that no other test should get."""
        page.context.close()
        self._listening.remove(page)
        for name in [name for name, one in self._windows.items() if one is page]:
            del self._windows[name]

    def done(self) -> set[str]:
        """Stop looking; whatever was asked for that is not a page that was opened."""
        for page in self._listening:
            for event, listener in self._listeners.items():
                page.remove_listener(event, listener)
        return {url.partition("#")[0] for url in self.requests} - self._opened - {"about:blank"}

    def _dismiss(self, dialog: Dialog) -> None:
        self.trouble.append(f"a dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def viewer(browser: Browser, windows: dict[str, Page]) -> Iterator[Viewer]:
    """Opens pages; whatever went wrong on them fails the test at its end."""
    viewer = Viewer(browser, windows)
    yield viewer
    asked = viewer.done()
    assert viewer.trouble == [], "a script ran that should not, or the page's own failed"
    assert {url for url in asked if not url.startswith("blob:")} == set(), "the page asked for more"
