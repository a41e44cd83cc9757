"""Prints docs/reference/errors.md: every slug in the source, with its summary and remedies, as the source has them.

Read from the syntax trees, so that nothing needs to be run into. What is computed at run time is shown as `…`. What a slug means
says the docstring of its rule, else `meanings.toml`; examples are what the broken documents in tests/cases/spec/broken are told.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from infractl import errors
from infractl.spec.schema.field import fields_of
from infractl.spec.section.slo import Latency

ROOT = Path(__file__).parents[1]
RULES = ROOT / "infractl" / "spec" / "rule"
BROKEN = ROOT / "tests" / "cases" / "spec" / "broken"
MEANINGS = ROOT / "docs" / "meanings.toml"
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SEVERITIES = ("error", "warning", "note")
TELLERS = (*SEVERITIES, "of", "Diagnostic", "Flaw")
"""Functions that take a slug and then a summary, besides those of a module that have a parameter `slug`."""

WORDS = ("slug", "summary", "detail", "at", "remedy")
"""What a diagnostic is made of, in the order in which a tuple of them holds it."""

_WORKFLOWS = tuple(f"infractl/workflows/{verb}" for verb in ("apply", "observe", "state"))

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Environments": ("infractl/spec/environment", "infractl/spec/overlay", "infractl/spec/value", "infractl/spec/unused_value"),
    "Writing documents": ("infractl/spec/",),
    "Provider": ("infractl/provider/", "providers/"),
    "Applying and state": ("infractl/applying/", "infractl/state/", "infractl/runtime/", *_WORKFLOWS),
    "Command line": ("infractl/cli/", "infractl/workflows/fmt", "infractl/workflows/init", "infractl/workflows/invoke"),
    "Planning": ("infractl/",),
}
"""Where a module stands, by how its path begins: the first that fits."""

ORDER = ("Writing documents", "Environments", "Planning", "Applying and state", "Provider", "Command line")
OF_ENVIRONMENTS = re.compile("environment|value-in-|value-ref|bad-value-name|patch-")
"""Slugs of environments that modules for all documents tell."""

OPENING = """\
# Errors and notices

Generated from the source by `make goldens`; edit the source.

Each problem has a slug, which never changes its meaning. `infractl` shows all problems at once, each with its place and what
to do about it. `…` stands for what depends on the case. An error ends the command with the exit code that stands here
([exit-codes.md](exit-codes.md)); a warning or a note never does.
"""

ANSWERS = ("PassRefusedError",)
"""They have a code and words as a problem has, and are none: what the optimizer tells of a step that it dropped."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One place in the source that can say `slug`."""

    slug: str
    summary: str
    remedy: str
    severities: tuple[str, ...]
    exit_code: int
    reason: str
    module: str = ""


def main() -> None:
    problems: dict[str, list[Problem]] = defaultdict(list)
    notices: dict[str, list[str]] = defaultdict(list)
    reasons: set[str] = set()
    refusals: set[str] = set()
    trees = {module: ast.parse(module.read_text()) for module in modules()}
    tellers = {name: teller for tree in trees.values() for name, teller in tellers_in(tree).items()}
    for module, tree in trees.items():
        for problem in problems_in(tree, reasoned=module.parent == RULES, tellers=tellers):
            problems[problem.slug].append(replace(problem, module=str(module.relative_to(ROOT))))
        for kind, code, text in coded_in(tree):
            if kind == "Notice":
                notices[code].append(text)
            else:
                (refusals if kind == "Refusal" else reasons).add(code)
    meanings = tomllib.loads(MEANINGS.read_text())
    groups = {title: sorted(slug for slug in problems if group_of(slug, problems[slug]) == title) for title in ORDER}
    print(OPENING)
    print_contents(groups)
    shown = examples()
    for title, slugs in groups.items():
        print(f"## {title}\n")
        for slug in slugs:
            print_problem(slug, problems[slug], meanings["errors"].get(slug, ""), shown.get(slug, ""))
    print_coded(notices, reasons, meanings)
    print("\n## Reasons against a rung\n")
    print("A step of a ladder that came to nothing has one of them, with the words of whoever refused.\n")
    print_meanings(refusals, meanings["refusals"])


def print_contents(groups: Mapping[str, list[str]]) -> None:
    print("## Contents\n")
    for title, slugs in groups.items():
        print(f"- [{title}](#{anchor(title)}): {', '.join(f'[{slug}](#{slug})' for slug in slugs)}")
    print("- [Notices in a plan](#notices-in-a-plan)")
    print("- [Reasons against a placement](#reasons-against-a-placement)")
    print("- [Reasons against a rung](#reasons-against-a-rung)\n")


def print_coded(notices: Mapping[str, list[str]], reasons: set[str], meanings: Mapping[str, Mapping[str, str]]) -> None:
    print("## Notices in a plan\n\nThey change nothing, and a reader of the plan should know them.\n")
    print("| notice | text | what it means |")
    print("|---|---|---|")
    for code in sorted(notices):
        print(f"| `{code}` | {'; '.join(unique(notices[code]))} | {meanings['notices'][code]} |")
    print("\n## Reasons against a placement\n")
    print("A refused plan has them, for each offer and recipe, with what is needed and what there is.\n")
    print_meanings(reasons, meanings["reasons"])


def print_meanings(codes: set[str], meanings: Mapping[str, str]) -> None:
    print("| reason | what it means |")
    print("|---|---|")
    for code in sorted(codes):
        print(f"| `{code}` | {meanings[re.sub('^p[0-9]+-', '', code)]} |")


def group_of(slug: str, places: list[Problem]) -> str:
    if OF_ENVIRONMENTS.search(slug) and any(p.module.startswith("infractl/spec/") for p in places):
        return "Environments"
    found = {next(t for t, starts in GROUPS.items() if p.module.startswith(starts)) for p in places}
    return next(title for title in ORDER if title in found)


def anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")


def modules() -> list[Path]:
    """What users may be told by; `infractl.testing` is for authors of plugins."""
    found = (*ROOT.glob("infractl/**/*.py"), *ROOT.glob("providers/*/infractl_*/**/*.py"))
    return sorted(path for path in found if ROOT / "infractl" / "testing" not in path.parents)


def examples() -> dict[str, str]:
    """For each slug what one broken document is told: the one that is named after it, or the first that is told it."""
    found: dict[str, str] = {}
    named: dict[str, str] = {}
    for expected in sorted(BROKEN.glob("*/expected.txt")):
        for block in as_a_user_sees(expected.read_text()).strip().split("\n\n"):
            slug = block.partition("[")[2].partition("]")[0]
            found.setdefault(slug, block)
            if expected.parent.name == slug:
                named.setdefault(slug, block)
    return found | named


def as_a_user_sees(text: str) -> str:
    """The cases' directory is a user's project, and what lies beside it is elsewhere."""
    return text.replace("…/cases/spec/broken/", "").replace("…/cases/spec/broken", "your project").replace("…/cases/", "/")


def print_problem(slug: str, places: list[Problem], meaning: str, example: str) -> None:
    summaries = unique([p.summary for p in places])
    remedies = unique([p.remedy for p in places if p.remedy.strip("… ")])
    print(f"### {slug}\n")
    said = "; or ".join(summaries)
    print(f"{said[0].upper()}{said[1:]}. {outcome(places)}\n")
    for reason in unique([meaning, *(p.reason for p in places)]):
        if reason:
            print(f"{reason}\n")
    for remedy in remedies:
        print(f"- {remedy}")
    if remedies:
        print()
    if example:
        print(f"```text\n{example}\n```\n")


def outcome(places: list[Problem]) -> str:
    """What it is, and what the command exits with."""
    severities = [severity for severity in SEVERITIES if any(severity in p.severities for p in places)]
    codes = sorted({p.exit_code for p in places if "error" in p.severities})
    ends = f" (exit code {' or '.join(map(str, codes))})"
    words = [f"an error{ends}" if severity == "error" else f"a {severity}" for severity in severities]
    text = " or ".join(words)
    return f"{text[0].upper()}{text[1:]}."


def problems_in(tree: ast.Module, *, reasoned: bool = False, tellers: Mapping[str, Problem] | None = None) -> Iterator[Problem]:
    """Whatever holds a slug and then a summary: a call of `error` or `of`, a `Diagnostic`, a tuple that becomes one.

    Where the module is `reasoned`, a function's docstring says why what it finds is a problem. `tellers` are functions that are
    given a slug alone, from whatever module.
    """
    reasons = dict(reasons_in(tree)) if reasoned else {}
    signatures = signatures_in(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = ast.unparse(node.func)
            if function in ANSWERS:
                continue
            given = given_to(node, signatures.get(function, WORDS))
            exit_code, severities = exit_code_of(node.func), severities_of(node.func, tree)
            single = function.rpartition(".")[2] in TELLERS or "slug" in signatures.get(function, ())
        elif isinstance(node, ast.Tuple):
            given, exit_code, severities, single = dict(zip(WORDS, node.elts, strict=False)), 1, ("error",), False
            function = ""
        else:
            continue
        slug, summary, remedy = (text(given.get(word)) for word in ("slug", "summary", "remedy"))
        if SLUG.fullmatch(slug) and " " in summary and (single or "-" in slug):
            yield Problem(slug, summary, remedy, severities, exit_code, reasons.get(node, ""))
        elif teller := (tellers or {}).get(function):
            slugs = [text(argument) for argument in node.args]
            yield from (replace(teller, slug=slug) for slug in slugs if SLUG.fullmatch(slug) and "-" in slug)


def tellers_in(tree: ast.Module) -> dict[str, Problem]:
    """The functions that take a slug and know the rest themselves."""
    found = {}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and "slug" in [a.arg for a in function.args.args]:
            for node in ast.walk(function):
                if isinstance(node, ast.Call):
                    given = given_to(node, WORDS)
                    summary, remedy = text(given.get("summary")), text(given.get("remedy"))
                    if " " in summary and ast.unparse(given.get("slug", ast.Constant(""))) == "slug":
                        found[function.name] = Problem("", summary, remedy, ("error",), exit_code_of(node.func), "")
    return found


def signatures_in(tree: ast.Module) -> dict[str, list[str]]:
    return {f.name: [a.arg for a in f.args.args] for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)}


def given_to(call: ast.Call, named: Sequence[str]) -> dict[str, ast.expr]:
    return {**dict(zip(named, call.args, strict=False)), **{k.arg: k.value for k in call.keywords if k.arg}}


def reasons_in(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            reason = " ".join((ast.get_docstring(function) or "").split())
            yield from ((node, reason) for node in ast.walk(function))


def coded_in(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    """Every `Notice(code=..., text=...)`, `Violation(code=...)` and `Refusal(code=...)`: class, code, text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Notice", "Violation", "Refusal"):
            given = given_to(node, ("code", "text"))
            for code in each_percentile(text(given.get("code"))):
                if SLUG.fullmatch(code):
                    yield ast.unparse(node.func), code, text(given.get("text"))


def each_percentile(code: str) -> list[str]:
    """`p…-over-slo` is said of each percentile that can be limited."""
    return [code.replace("p…", field.key) for field in fields_of(Latency)] if code.startswith("p…") else [code]


def exit_code_of(function: ast.expr) -> int:
    """The exit code on the class in `SomeError.of`; 1 where problems are collected."""
    name = ast.unparse(function).removesuffix(".of")
    return getattr(errors, name, errors.InfractlError).exit_code if name.endswith("Error") else 1


def severities_of(function: ast.expr, tree: ast.Module) -> tuple[str, ...]:
    """By the name of what is called: `warning` and `note` say what they are.

    Where a function that was handed over is called, whatever the module hands over without calling it itself.
    """
    if isinstance(function, ast.Name) and function.id == "say":
        called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        values = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and id(n) not in called]
        handed = {n.attr for n in values if ast.unparse(n.value) != "Severity"}
        return tuple(severity for severity in SEVERITIES if severity in handed)
    name = ast.unparse(function).rpartition(".")[2]
    return (name,) if name in SEVERITIES else ("error",)


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
