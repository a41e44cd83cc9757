"""`explain`: why a service is placed as it is, and what would change that. Changes nothing."""

from __future__ import annotations

from dataclasses import replace

from infractl.domain.explanation import Explanation, Working
from infractl.domain.placement import Evaluation
from infractl.errors import UsageError
from infractl.spec.load import LoadedService
from infractl.spec.telling.suggest import did_you_mean, written
from infractl.workflows.decision import Decided
from infractl.workflows.place import Progress, decide_service
from infractl.workflows.plan import declared_traffic, promises
from infractl.workflows.workspace import Workspace


def explain(workspace: Workspace, loaded: LoadedService, offer: str | None, progress: Progress) -> Explanation:
    """With the whole sum of `offer`, where one is named, and without deciding anew then.

    Raises ModelError, StateError, ProviderError, UsageError for an offer that no target of the service has.
    """
    from infractl.placement import explain as placement

    state = workspace.stores.state.read(workspace.key(loaded.name))
    found = decide_service(workspace, loaded, state, progress)

    # What a document lists of a decision is not all of it.
    whole = replace(found, decision=found.anew(loaded.service, found.recorded))
    chosen = whole.chosen(loaded)
    subject = placement.Subject(
        key=workspace.key(loaded.name),
        service=loaded.service,
        slo=promises(loaded),
        traffic=declared_traffic(loaded),
        decision=whole.decision,
        chosen=chosen.placement if chosen else None,
        decide=found.roughly,
        nearest=found.nearest,
    )
    explained = placement.explain(subject)
    return replace(explained, working=_working(loaded, whole, chosen, offer)) if offer is not None else explained


def _working(loaded: LoadedService, found: Decided, chosen: Evaluation | None, name: str) -> Working:
    """Of offers of one name that which is chosen, else the best of them."""
    from infractl.placement.explain import working

    evaluations = (*([chosen] if chosen else []), *found.decision.ranked, *found.decision.outpriced, *found.decision.refused)
    named = [e for e in evaluations if e.offer.name == name]
    if not named:
        names = sorted({e.offer.name for e in evaluations})
        raise UsageError.of(
            "unknown-offer",
            summary="no target of the service has this offer",
            detail=f"{written(name)} is not offered to {loaded.name}",
            remedy=did_you_mean(name, names, "infractl offers lists them; use one of"),
        )
    others = len({e.offer.key for e in named}) - 1
    return working(loaded.service, found.profile, found.known, named[0], others)
