"""A folder with a service, where it may run, and what a sceptic expects of the decision before anything is computed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from infractl.domain.figure import Basis, Figure
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.measurement import Measurement, Measurements
from infractl.domain.offer import Offer, Purchase
from infractl.domain.placement import Decision, Evaluation, Nearest, Placement
from infractl.domain.profile import ModelProfile
from infractl.placement.gates import hardware_class
from infractl.placement.place import place
from infractl.placement.place_language import place_language
from infractl.placement.relax import relaxations
from infractl.placement.sticky import sticky
from infractl.profile.huggingface import profile_huggingface
from infractl.spec.load import LoadedService
from infractl.spec.service import InferenceService
from infractl.units import parse_duration_s
from infractl.workflows.offers import offers_of
from infractl.workflows.workspace import open_workspace

CASES = Path(__file__).parents[2] / "cases" / "placement" / "decision"
LANGUAGE = CASES.parents[1] / "profile" / "language"
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)

Profiles = Callable[[str], ModelProfile]


@dataclass(frozen=True)
class Case:
    """`told` is case.yaml: `targets` as in infractl.yaml, `offers` (patterns, all where left out); the rest is expected.

    `winner`: attributes of the chosen placement; None where nothing is feasible. `refused`: a code, or several of which each
    offer must have one, by pattern of offer or by hardware class. `dominated`: what is feasible and not chosen. `nearest`: words
    of what would be feasible. `recorded`: `targets` and `offers` that the recorded placement is chosen from. `measured`: figures
    by the offer whose chip they are of. `interrupted`: how long spot capacity stays, which no catalogue tells.
    `cheaper_than_its_peak`: whether replicas follow the traffic.
    """

    name: str
    folder: Path
    profiles: Profiles

    @cached_property
    def told(self) -> Mapping[str, Any]:
        told = yaml.safe_load((CASES / self.name / "case.yaml").read_text())
        unknown = set(told) - KEYS
        assert not unknown, f"case.yaml has keys that nobody reads: {unknown}"
        return told

    @cached_property
    def profile(self) -> ModelProfile:
        return self.profiles(Path(self.loaded.service.model.uri).stem)

    @cached_property
    def language(self) -> LanguageProfile | None:
        """Of a language model, whose directory has a config.json."""
        path = self.folder / self.loaded.service.model.uri
        return profile_huggingface(path) if path.is_dir() else None

    @cached_property
    def loaded(self) -> LoadedService:
        return self._project(self.told)[0]

    def offers(self, told: Mapping[str, Any]) -> Sequence[Offer]:
        """Those of the targets that are told of, at their declared prices, less those that no pattern names."""
        return self._project(told)[1]

    @cached_property
    def _offered(self) -> Sequence[Offer]:
        return self.offers(self.told)

    def _project(self, told: Mapping[str, Any]) -> tuple[LoadedService, Sequence[Offer]]:
        project = {"project": "cases", "targets": told["targets"]}
        (self.folder / "infractl.yaml").write_text(yaml.safe_dump(project))
        document = self.folder / "service.yaml"
        document.write_text((CASES / self.name / "service.yaml").read_text())
        # The loader looks whether they are there. What is in the model, the profile says; the data nobody opens to decide.
        model = self.folder / yaml.safe_load(document.read_text())["spec"]["model"]["uri"]
        if model.suffix == ".onnx":
            model.touch()
        elif not model.exists():
            shutil.copytree(LANGUAGE / model.name, model)
        (self.folder / "validation.npz").touch()
        workspace = open_workspace([document], None)
        (loaded,) = workspace.loaded.services
        found = [offer for target in told["targets"] for offer in offers_of(workspace, workspace.target(target))]
        patterns = told.get("offers", ["*"])
        kept = [offer for offer in found if any(fnmatchcase(offer.name, pattern) for pattern in patterns)]
        unused = [p for p in patterns if not any(fnmatchcase(offer.name, p) for offer in found)]
        assert not unused, f"no target offers {unused}"
        often = told.get("interrupted")
        return loaded, [_taken_away(offer, often) if often and offer.purchase is Purchase.spot else offer for offer in kept]

    @cached_property
    def recorded(self) -> Placement | None:
        if "recorded" not in self.told:
            return None
        return self._decide({**self.told, **self.told["recorded"]}, None).ranked[0].placement

    @cached_property
    def decision(self) -> Decision:
        return self._decide(self.told, self.recorded)

    @property
    def feasible(self) -> Sequence[Evaluation]:
        """Those that were looked at closely, and those that are so dear that nobody did."""
        return (*self.decision.ranked, *self.decision.outpriced)

    @property
    def chosen(self) -> Evaluation | None:
        tolerance = self.loaded.service.spec.replan.tolerance
        return sticky(self.decision, self.recorded, tolerance) if self.decision.ranked else None

    @cached_property
    def nearest(self) -> Sequence[Nearest]:
        """What would hold where nothing does."""
        if self.decision.ranked:
            return ()
        return relaxations(self.loaded.service, lambda service: self._decide(self.told, None, service))

    def _decide(self, told: Mapping[str, Any], recorded: Placement | None, asked: InferenceService | None = None) -> Decision:
        offers, service = self._offered if told is self.told else self.offers(told), asked or self.loaded.service
        if self.language:
            return place_language(service, self.language, offers, hopeful=frozenset(told["targets"]))
        known = Measurements(calibrations={}, measurements=tuple(self._measured(offers)))
        return place(service, self.profile, offers, known, recorded, hopeful=frozenset(told["targets"]))

    def _measured(self, offers: Sequence[Offer]) -> Sequence[Measurement]:
        return [self._bench(offers, told) for told in self.told.get("measured", ())]

    def _bench(self, offers: Sequence[Offer], told: Mapping[str, Any]) -> Measurement:
        """As `infractl bench` stores it: seconds and rates, each with an interval of a twentieth to either side."""
        offer = next(offer for offer in offers if offer.name == told["offer"])
        figures = {name: _figure(value, "1/s" if name in RATES else "s") for name, value in told["figures"].items()}
        return Measurement(
            artifact=self.profile.digest,
            chip=offer.chip.name,
            machine={},
            config={"max_batch": 1.0, "max_delay_s": 0.0, "instances": 1.0, "threads": 1.0, **told.get("config", {})},
            at=NOON,
            figures=figures,
            rate_per_s=told.get("rate", 0.0),
            limits_s=self.loaded.service.spec.slo.latency.limits_s,
            extents={"batch": 1, **self.loaded.service.spec.traffic.shapes},
        )


KEYS = {
    "targets",
    "offers",
    "winner",
    "refused",
    "dominated",
    "nearest",
    "recorded",
    "measured",
    "interrupted",
    "cheaper_than_its_peak",
}
RATES = ("capacity", "saturation")


def _taken_away(offer: Offer, often: str) -> Offer:
    seconds = parse_duration_s(often)
    figure = Figure(value=seconds, unit="s", low=seconds, high=seconds, basis=Basis.declared, source="made up for a test")
    return replace(offer, interrupted_s=figure)


def _figure(value: float, unit: str) -> Figure:
    return Figure(value=value, unit=unit, low=0.95 * value, high=1.05 * value, basis=Basis.measured, source="a bench")


def of(evaluations: Sequence[Evaluation], key: str) -> list[Evaluation]:
    """Those of a hardware class, or of offers whose names match: "g5.xlarge (spot)" is of that purchase alone."""
    name, _, purchase = key.removesuffix(")").partition(" (")
    named = [e for e in evaluations if key == hardware_class(e.offer) or fnmatchcase(e.offer.name, name)]
    return [e for e in named if purchase in ("", e.offer.purchase)]


def codes(evaluation: Evaluation) -> set[str]:
    return {violation.code for violation in evaluation.violations}
