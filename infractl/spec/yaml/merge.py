"""JSON merge patches (RFC 7396) over nodes: each value and key of what comes out still has its place in the file it came from.

What is patched, and by whom, is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping

from infractl.spec.yaml.document import Node


def merge(target: Node | None, patch: Node) -> Node:
    """The target as the patch changes it; the target itself where the patch changes nothing in it.

    A `null` takes a key out, whose place is then the null's; a mapping goes into a mapping; everything else is put in whole.
    """
    if not isinstance(patch.value, dict):
        return patch
    onto = target if target is not None and isinstance(target.value, dict) else Node({}, patch.span, {}, {})
    children, keys = dict(onto.children), dict(onto.keys)
    changed = onto is not target
    for key, given in patch.children.items():
        before = children.get(key)
        if given.value is None:
            if before is None:
                continue
            del children[key]
        else:
            children[key] = merge(before, given)
            if children[key] is before:
                continue
        changed = True
        if before is None or not (isinstance(before.value, dict) and isinstance(given.value, dict)):
            keys[str(key)] = patch.keys[str(key)]
    return with_children(onto, children)._replace(keys=keys) if changed else onto


def with_children(node: Node, children: Mapping[str | int, Node]) -> Node:
    """The mapping or list with other values, in the same place."""
    held = [child.value for child in children.values()]
    value = dict(zip(children, held, strict=True)) if isinstance(node.value, dict) else held
    return node._replace(value=value, children=children, size=1 + sum(child.size for child in children.values()))
