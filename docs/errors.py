"""Prints docs/reference/errors.md: every slug in the source, with its summary and remedies, as the source has them.

Read from the syntax trees, so that nothing needs to be run into. What is computed at run time is shown as `…`. A rule's reason is
its function's docstring, and examples are what the broken documents in tests/cases/spec/broken are told.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infractl import errors

ROOT = Path(__file__).parents[1]
RULES = ROOT / "infractl" / "spec" / "rule"
BROKEN = ROOT / "tests" / "cases" / "spec" / "broken"
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
WORDS = ("slug", "summary", "detail", "at", "remedy")
"""What a diagnostic is made of, in the order in which a tuple of them holds it."""

OPENING = """\
# Errors and notices

Generated from the source by `make goldens`; edit the source.

Each problem has a slug, which never changes its meaning. `infractl` shows all problems at once, each with its place and what
to do about it. `…` stands for what depends on the case. Exit codes are explained in [exit-codes.md](exit-codes.md).
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One place in the source that can say `slug`."""

    slug: str
    summary: str
    remedy: str
    severity: str
    exit_code: int
    reason: str


def main() -> None:
    problems: dict[str, list[Problem]] = defaultdict(list)
    notices: dict[str, list[str]] = defaultdict(list)
    reasons = set()
    for module in modules():
        tree = ast.parse(module.read_text())
        for problem in problems_in(tree, reasoned=module.parent == RULES):
            problems[problem.slug].append(problem)
        for kind, code, text in coded_in(tree):
            if kind == "Notice":
                notices[code].append(text)
            else:
                reasons.add(code)
    print(OPENING)
    shown = examples()
    for slug in sorted(problems):
        print_problem(slug, problems[slug], shown.get(slug, ""))
    print("## Notices in a plan\n\nThey change nothing, and a reader of the plan should know them.\n")
    for code in sorted(notices):
        print(f"- `{code}`: {'; '.join(unique(notices[code]))}")
    print("\n## Reasons against a placement\n\nEach comes with what is needed and what there is.\n")
    for code in sorted(reasons):
        print(f"- `{code}`")


def modules() -> list[Path]:
    return sorted((*ROOT.glob("infractl/**/*.py"), *ROOT.glob("providers/*/infractl_*/**/*.py")))


def examples() -> dict[str, str]:
    """For each slug what one broken document is told: the one that is named after it, or the first that is told it."""
    found: dict[str, str] = {}
    named: dict[str, str] = {}
    for expected in sorted(BROKEN.glob("*/expected.txt")):
        for block in expected.read_text().replace("…/cases/spec/broken/", "").strip().split("\n\n"):
            slug = block.partition("[")[2].partition("]")[0]
            found.setdefault(slug, block)
            if expected.parent.name == slug:
                named.setdefault(slug, block)
    return found | named


def print_problem(slug: str, places: list[Problem], example: str) -> None:
    summaries = unique([p.summary for p in places])
    remedies = unique([p.remedy for p in places if p.remedy.strip("… ")])
    codes = sorted({p.exit_code for p in places})
    print(f"### {slug}\n")
    said = "; or ".join(summaries)
    severities = sorted({p.severity for p in places})
    fails = (
        f"Exit code {' or '.join(map(str, codes))}." if "error" in severities else f"A {severities[-1]}: nothing fails for it."
    )
    print(f"{said[0].upper()}{said[1:]}. {fails}\n")
    for reason in unique([p.reason for p in places if p.reason]):
        print(f"{reason}\n")
    for remedy in remedies:
        print(f"- {remedy}")
    if remedies:
        print()
    if example:
        print(f"```text\n{example}\n```\n")


def problems_in(tree: ast.Module, *, reasoned: bool = False) -> Iterator[Problem]:
    """Whatever holds a slug and then a summary: a call of `error` or `of`, a `Diagnostic`, a tuple that becomes one.

    Where the module is `reasoned`, a function's docstring says why what it finds is a problem.
    """
    reasons = dict(reasons_in(tree)) if reasoned else {}
    signatures = {f.name: [a.arg for a in f.args.args] for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            named = signatures.get(ast.unparse(node.func), WORDS)
            given = {**dict(zip(named, node.args, strict=False)), **{k.arg: k.value for k in node.keywords if k.arg}}
            exit_code, severity = exit_code_of(node.func), severity_of(node.func)
        elif isinstance(node, ast.Tuple):
            given, exit_code = dict(zip(WORDS, node.elts, strict=False)), 1
            severity = "error"
        else:
            continue
        slug, summary, remedy = (text(given.get(word)) for word in ("slug", "summary", "remedy"))
        if SLUG.fullmatch(slug) and " " in summary:
            yield Problem(slug, summary, remedy, severity, exit_code, reasons.get(node, ""))


def reasons_in(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            reason = " ".join((ast.get_docstring(function) or "").split())
            yield from ((node, reason) for node in ast.walk(function))


def coded_in(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    """Every `Notice(code=..., text=...)` and `Violation(code=...)`: class, code, text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Notice", "Violation"):
            given = {**dict(zip(("code", "text"), node.args, strict=False)), **{k.arg: k.value for k in node.keywords}}
            if SLUG.fullmatch(code := text(given.get("code"))) or code.isalpha():
                yield ast.unparse(node.func), code, text(given.get("text"))


def exit_code_of(function: ast.expr) -> int:
    """The exit code on the class in `SomeError.of`; 1 where problems are collected."""
    name = ast.unparse(function).removesuffix(".of")
    return getattr(errors, name, errors.InfractlError).exit_code if name.endswith("Error") else 1


def severity_of(function: ast.expr) -> str:
    """By the name of what is called: `warning` and `note` say what they are."""
    name = ast.unparse(function).rpartition(".")[2]
    return name if name in ("warning", "note") else "error"


def text(value: ast.expr | None) -> str:
    """A literal's text, with `…` for each part that is computed."""
    match value:
        case None:
            return ""
        case ast.Constant(value=str(literal)):
            return literal
        case ast.JoinedStr(values=parts):
            return re.sub(r"…+", "…", "".join(text(part) for part in parts))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return text(left) + text(right)
        case ast.IfExp(body=body, orelse=other):
            return " or ".join(unique([part for part in (text(body), text(other)) if part]))
        case _:
            return "…"


def unique(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(texts))


if __name__ == "__main__":
    main()
