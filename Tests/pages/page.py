"""Reads an HTML page as a browser does, and fails unless it obeys its own Content-Security-Policy."""

import base64
import hashlib
import html.parser
import sys

ELEMENTS = set(
    "html head meta title style body header main footer section h1 h2 h3 p b br div span i table thead tbody tr th td "
    "figure figcaption img svg g rect line path polyline circle text title desc dl dt dd pre code em ul li".split())


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.policy = None
        self.open = []
        self.style = ""

    def handle_starttag(self, tag, attributes):
        assert tag in ELEMENTS, tag
        names = [name for name, _ in attributes]
        assert "style" not in names and not any(name.startswith("on") for name in names), attributes
        values = dict(attributes)
        assert values.get("src", "data:image/png;base64,").startswith("data:image/png;base64,")
        assert "href" not in values, values
        if values.get("http-equiv") == "Content-Security-Policy":
            # Before anything that it is about.
            assert self.policy is None and self.open == ["html", "head"], self.open
            self.policy = values["content"]
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            self.style += data


page = Page()
page.feed(open(sys.argv[1], encoding="utf-8").read())
page.close()
assert page.open == []
digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
assert page.policy.split("; ") == [
    "default-src 'none'", "img-src data:", f"style-src 'sha256-{digest}'", "base-uri 'none'", "form-action 'none'"
], (page.policy, digest)
