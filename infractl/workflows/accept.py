"""`--refresh-only`: the plan that takes over into the record what lives. No model is read, nothing is placed or built."""

from __future__ import annotations

from collections.abc import Sequence

from infractl.domain.action import Action
from infractl.domain.address import Owner, ServiceKey
from infractl.domain.plan import Plan, ServicePlan
from infractl.domain.steering import Steering
from infractl.planning.accept import accept
from infractl.planning.diff import deposed_changes
from infractl.workflows.notice import of_foreign, of_service
from infractl.workflows.observe import known, observe
from infractl.workflows.plan import assemble, views_of
from infractl.workflows.seen import of_each
from infractl.workflows.target import confined
from infractl.workflows.workspace import Workspace


def plan_accept(workspace: Workspace, keys: Sequence[ServiceKey], steering: Steering) -> Plan:
    """Of the recorded services `keys`. Raises StateError, ProviderError, UsageError."""
    services = [s for s in of_each(lambda key: _service(workspace, key), keys) if s is not None]
    return assemble(workspace, [confined(service, steering) for service in services], steering=steering)


def _service(workspace: Workspace, key: ServiceKey) -> ServicePlan | None:
    found = known(workspace, key)
    state = found.state
    if state is None:
        return None
    observed = observe(workspace, state, Owner(key=key, lineage=state.lineage))
    views = views_of(workspace, {r.target for r in state.resources})
    gone = [c for c in deposed_changes(state.deposed, observed.deposed) if c.action is Action.forget]
    return ServicePlan(
        key=key,
        target=state.target,
        lineage=state.lineage,
        serial=state.serial,
        spec_digest=state.spec_digest,
        current=state.deployment.stable.version if state.deployment else None,
        deployment=state.deployment,
        decision=None,
        slo={},
        traffic={},
        changes=(*accept(state.resources, observed.live, observed.foreign, views), *gone),
        outputs={},
        notices=(*of_service(workspace, key, found), *of_foreign(observed)),
        partial=True,
    )
