"""The user guide as a static site, without a network: `python build/guide_site.py OUT` (needs `markdown`).

One folder per language, one style sheet, no script, nothing from elsewhere. Every link and picture is checked: one that
leads nowhere stops the build.
"""

from __future__ import annotations

import argparse
import html
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import markdown

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "resources" / "guide"
LANGUAGES = {"en": ("en", "English", "Scumble user guide"), "zh_CN": ("zh-CN", "简体中文", "Scumble 用户指南")}
LINK = re.compile(r'(?:href|src)="([^"]+)"')
PAGE = """\
<!doctype html>
<html lang="{tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · {guide}</title>
<link rel="stylesheet" href="../style.css">
</head>
<body>
<nav>
<p class="guide">{guide}</p>
<ol>
{entries}
</ol>
<p class="languages">{languages}</p>
</nav>
<main>
{body}
</main>
</body>
</html>
"""
FIRST_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Scumble</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<main>
<h1>Scumble</h1>
{links}
</main>
</body>
</html>
"""
STYLE = """\
:root { color-scheme: light dark; --text: #222; --dim: #666; --page: #f4f4f4; --line: #d0d0d0; --accent: #1f5fd0; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e6e6; --dim: #a8a8a8; --page: #242424; --line: #383838; --accent: #7eaaff; }
}
body { margin: 0; display: flex; gap: 32px; color: var(--text); background: var(--page); font: 16px/1.6 sans-serif; }
nav { flex: 0 0 232px; padding: 24px 0 24px 24px; }
nav ol { margin: 0; padding: 0 0 0 20px; }
nav li { margin: 8px 0; }
.guide, .languages { margin: 0 0 16px; color: var(--dim); }
main { flex: 1 1 auto; max-width: 760px; padding: 8px 24px 64px 0; }
a { color: var(--accent); }
a[aria-current] { color: var(--text); text-decoration: none; font-weight: bold; }
img { max-width: 100%; height: auto; border-radius: 4px; }
table { border-collapse: collapse; }
th, td { padding: 4px 16px 4px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
pre { padding: 12px 16px; overflow-x: auto; border: 1px solid var(--line); border-radius: 4px; }
@media (max-width: 720px) { body { display: block; } nav, main { padding: 16px; } }
"""


@dataclass(frozen=True)
class Page:
    source: Path
    title: str
    body: str

    @property
    def name(self) -> str:
        return f"{self.source.stem}.html"


def build(out: Path) -> int:
    """Writes the site to `out`, replacing what is there; the number of pages. SystemExit where a link leads nowhere."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(GUIDE / "pictures", out / "pictures")
    (out / "style.css").write_text(STYLE, encoding="utf-8")
    for language in LANGUAGES:
        pages = [_page(source) for source in sorted((GUIDE / language).glob("*.md"))]
        (out / language).mkdir()
        for page in pages:
            (out / language / page.name).write_text(_written(page, pages, language), encoding="utf-8")
    first = sorted((GUIDE / "en").glob("*.md"))[0].stem
    links = [f'<p><a href="{code}/{first}.html">{name}</a></p>' for code, (_, name, _) in LANGUAGES.items()]
    (out / "index.html").write_text(FIRST_PAGE.format(links="\n".join(links)), encoding="utf-8")
    problems = broken_links(out)
    if problems:
        sys.exit("Links of the guide lead nowhere:\n" + "\n".join(problems))
    return len(list(out.rglob("*.html")))


def broken_links(site: Path) -> list[str]:
    """A line for every link or picture that is not a file of the site: also for addresses elsewhere."""
    return [
        f"{page.relative_to(site)}: {target}"
        for page in sorted(site.rglob("*.html"))
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).resolve().is_relative_to(site.resolve()) or not (page.parent / target).is_file()
    ]


def _page(source: Path) -> Page:
    text = source.read_text(encoding="utf-8")
    body = markdown.markdown(text, extensions=["tables", "fenced_code", "sane_lists"], output_format="html")
    body = re.sub(r'href="([^":/]+)\.md"', r'href="\1.html"', body)
    title = next(line.removeprefix("# ").strip() for line in text.splitlines() if line.startswith("# "))
    return Page(source, title, body)


def _written(page: Page, pages: list[Page], language: str) -> str:
    tag, _, guide = LANGUAGES[language]
    entries = [
        f'<li><a href="{other.name}"{" aria-current=page" if other is page else ""}>{html.escape(other.title)}</a></li>'
        for other in pages
    ]
    others = [
        f'<a href="../{code}/{page.name}">{name}</a>' for code, (_, name, _) in LANGUAGES.items() if code != language
    ]
    return PAGE.format(
        tag=tag,
        title=html.escape(page.title),
        guide=guide,
        entries="\n".join(entries),
        languages=" · ".join(others),
        body=page.body,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="the folder of the site; what is in it goes")
    out = parser.parse_args().out
    print(f"{build(out)} pages in {out}")


if __name__ == "__main__":
    main()
