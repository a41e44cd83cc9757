"""Prints docs/reference/providers.md: the settings of the providers of this repository, as their models declare them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points

from infractl.provider import registry
from infractl.provider.setting import Setting, settings_of
from infractl.spec.schema.as_written import on_a_line

OPENING = """\
# Providers

Generated from the providers' own declarations by `make goldens`.

A target of [infractl.yaml](spec.md#infractlyaml) names a provider, and has the provider's settings beside the keys that
[all targets](spec.md#project-targetsname) have. The provider checks them, with the place of each error, when a plan needs it;
`infractl validate` needs no provider and reads past them. In a terminal, `infractl schema project.targets.local.ports` prints
what stands here, of any provider that is installed.
"""


def main() -> None:
    print(OPENING)
    for name in ours():
        provider = registry.load(name)
        extra = registry.extra(name)
        package = sys.modules[type(provider).__module__.partition(".")[0]]
        settings = settings_of(provider.settings)
        print(f"## {name}\n\n{(inspect.getdoc(package) or '').partition(chr(10) * 2)[0]}\n")
        print(f"`pip install 'infractl[{extra}]'` installs it. A target with all of its settings:\n")
        print(f"```yaml\ntargets:\n  NAME:\n    provider: {name}")
        print("\n".join(f"    {s.key}: {on_a_line(example_of(s))}" for s in settings))
        print("```\n\n| key | what it is for | type | default | example |\n|---|---|---|---|---|")
        print("\n".join(rows(settings)) + "\n")


def ours() -> list[str]:
    """Whatever else is installed here is documented by its own authors."""
    found = entry_points(group=registry.GROUP)
    return sorted(e.name for e in found if e.dist and e.dist.name.startswith("infractl"))


def rows(settings: tuple[Setting, ...], above: str = "") -> Iterator[str]:
    for setting in settings:
        default = "**required**" if setting.required else code(setting.default)
        yield f"| `{above}{setting.key}` | {setting.text} | {setting.sort} | {default} | {code(setting.example)} |"
        yield from rows(setting.inside, f"{above}{setting.key}.")


def example_of(setting: Setting) -> object:
    return setting.default if setting.example is None else setting.example


def code(value: object) -> str:
    return "" if value in (None, {}, []) else f"`{on_a_line(value)}`"


if __name__ == "__main__":
    main()
