"""`infractl state`: its commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infractl.cli.json_text import json_text
from infractl.cli.parameter import AsJson, AutoApprove, Env, LockTimeout, ProjectDirectory, patience

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infractl.domain.address import ServiceKey
    from infractl.domain.revision import Revision
    from infractl.state.store import Holder
    from infractl.workflows.workspace import Workspace

Service = Annotated[str, typer.Argument(help="The service's name.", show_default=False)]

state = typer.Typer(help="See and mend what is recorded, and break a lock.", no_args_is_help=True)


@state.command("list")
def list_resources(project: ProjectDirectory = Path(), env: Env = None, json: AsJson = False) -> None:
    """List what is recorded, one resource a line."""
    from infractl.cli.opening import tell_elsewhere
    from infractl.report.state_text import resources_text
    from infractl.workflows.state import recorded
    from infractl.workflows.workspace import open_project

    workspace = open_project(project, env)
    seen = recorded(workspace)
    states = [state for state in seen.services if state is not None]
    tell_elsewhere(workspace)
    if json:
        sys.stdout.write(json_text(states))
    else:
        sys.stdout.write(resources_text(states))
    seen.raise_unseen()


@state.command()
def show(service: Service, project: ProjectDirectory = Path(), env: Env = None, json: AsJson = False) -> None:
    """Show what is recorded of one service."""
    from infractl.cli.terminal import style_of
    from infractl.report.state_text import state_text
    from infractl.workflows.revise import show as run
    from infractl.workflows.workspace import open_project

    found = run(open_project(project, env), service)
    assert found.state is not None
    if json:
        sys.stdout.write(json_text(found.state))
    else:
        sys.stdout.write(state_text(found.state, found.open_steps, found.unfolded, style_of(sys.stdout)))


@state.command()
def history(service: Service, project: ProjectDirectory = Path(), env: Env = None, json: AsJson = False) -> None:
    """List the versions that are kept of a service's record: when each was written, by whom, and of what release.

    Where the present one is damaged, says so and exits with 1.
    """
    from infractl.cli.terminal import progress, style_of
    from infractl.report.diagnostic import render
    from infractl.report.state_text import history_text
    from infractl.workflows.revise import history as run
    from infractl.workflows.workspace import open_project

    found = run(open_project(project, env), service)
    if json:
        sys.stdout.write(json_text([*([found.present] if found.present else []), *found.earlier]))
    else:
        sys.stdout.write(history_text(found.present, found.earlier))
    if found.damage:
        progress(render(found.damage, color=style_of(sys.stderr).color).rstrip("\n"))
        raise typer.Exit(1)


@state.command()
def restore(
    service: Service,
    to: Annotated[int, typer.Option("--to", metavar="SERIAL", help="The version to put back.", show_default=False)],
    project: ProjectDirectory = Path(),
    env: Env = None,
    auto_approve: AutoApprove = False,
    lock_timeout: LockTimeout = "0s",
) -> None:
    """Put an earlier version of a service's record back.

    It becomes a new version: the present one stays in the history, and can be put back in turn. Nothing that lives is touched.
    """
    from infractl.workflows.revise import restore as run
    from infractl.workflows.workspace import open_project

    limit = patience(lock_timeout)
    workspace = open_project(project, env)
    _tell(workspace, run(workspace, service, to, _approval(auto_approve, "Put this version back?"), limit))


@state.command("rm")
def remove(
    name: Annotated[str, typer.Argument(help="A service, or one address: service.kind.name.", show_default=False)],
    project: ProjectDirectory = Path(),
    env: Env = None,
    auto_approve: AutoApprove = False,
    lock_timeout: LockTimeout = "0s",
) -> None:
    """Forget what is recorded of a service, or at one address of it.

    What lives is not touched. `state restore` takes it back.
    """
    from infractl.workflows.revise import remove as run
    from infractl.workflows.workspace import open_project

    limit = patience(lock_timeout)
    workspace = open_project(project, env)
    _tell(workspace, run(workspace, name, _approval(auto_approve, "Forget this?"), limit))


@state.command("import")
def import_object(
    address: Annotated[str, typer.Argument(help="What it is to be: service.kind.name.", show_default=False)],
    object_id: Annotated[str, typer.Argument(metavar="ID", help="The provider's id of it.", show_default=False)],
    project: ProjectDirectory = Path(),
    env: Env = None,
    auto_approve: AutoApprove = False,
    lock_timeout: LockTimeout = "0s",
) -> None:
    """Take an object that lives, and that infractl did not make, into a service's record.

    Shows what the next plan would change of it, and asks. What lives is not touched: the next apply changes it, and gives it
    the service's labels.
    """
    from infractl.cli.opening import opened
    from infractl.cli.terminal import progress
    from infractl.workflows.take_in import Voice
    from infractl.workflows.take_in import take_in as run

    limit = patience(lock_timeout)
    workspace = opened([project], env)
    voice = Voice(approve=_approval(auto_approve, "Record this object?"), progress=progress, patience=limit)
    _tell(workspace, run(workspace, address, object_id, voice))


@state.command()
def unlock(
    lock: Annotated[str, typer.Argument(help="The lock's id, from the message that named it.", show_default=False)],
    project: ProjectDirectory = Path(),
    env: Env = None,
    auto_approve: AutoApprove = False,
) -> None:
    """Break a lock whose holder will never give it back, and the others that the same run holds.

    The holder can write nothing to the state any more. What it has begun at a provider goes on: run apply to settle it.
    """
    from infractl.cli.terminal import ask, show
    from infractl.report.state_text import lock_text
    from infractl.state.holder import is_alive
    from infractl.workflows.state import unlock as run
    from infractl.workflows.workspace import open_project

    def approve(keys: Sequence[ServiceKey], holder: Holder) -> bool:
        show(lock_text(keys, holder, is_alive(holder)))
        return auto_approve or ask("Break this lock?" if len(keys) == 1 else f"Break these {len(keys)} locks?")

    holder = run(open_project(project, env), lock, approve)
    sys.stdout.write(f"Unlocked: pid {holder.pid} on {holder.host} can write no more.\n")


def _approval(auto: bool, question: str) -> Callable[[Revision], bool]:
    from infractl.cli.terminal import ask, show, style_of
    from infractl.report.state_text import revision_text

    def approve(revision: Revision) -> bool:
        show(revision_text(revision, style_of(sys.stdout)))
        return auto or ask(question)

    return approve


def _tell(workspace: Workspace, revision: Revision) -> None:
    from infractl.report.state_text import change_done

    service, before = revision.key.service, revision.before
    undo = f"state restore {service} --to {before.serial}" if before else f"state rm {service}"
    sys.stdout.write(change_done(revision, workspace.call(undo)))
