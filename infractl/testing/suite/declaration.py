"""What a provider says before anything is connected: its name and settings, its offers, and what it makes of a deployment.

A provider that only offers is tested with the first of the two.
"""

from __future__ import annotations

import re
from copy import deepcopy

from infractl.domain import value
from infractl.domain.unknown import Unknown
from infractl.domain.value import SecretRef, outputs_in
from infractl.provider.contract import CONTRACT
from infractl.provider.setting import settings_of
from infractl.testing.subject import Life, Subject


class OfferSuite:
    """What every provider says, also one that has no kinds yet."""

    def test_it_was_written_for_this_contract(self, subject: Subject) -> None:
        provider = subject.provider
        assert provider.contract == CONTRACT, f"it speaks version {provider.contract}, and this infractl version {CONTRACT}"
        assert re.fullmatch(r"[a-z][a-z0-9-]*", provider.name), f"{provider.name!r} cannot be written as a target's provider"

    def test_its_settings_can_be_explained(self, subject: Subject) -> None:
        assert isinstance(subject.settings, subject.provider.settings), "the settings are of another model than the provider's"
        silent = [setting.key for setting in settings_of(subject.provider.settings) if not setting.text]
        assert not silent, f"a Field without a description cannot be explained to users: {', '.join(silent)}"

    def test_its_offers_are_told_apart_and_their_prices_have_sources(self, subject: Subject) -> None:
        offers = subject.provider.offers(subject.target)
        keys = [offer.key for offer in offers]
        assert keys, "without an offer nothing can be placed"
        assert len(set(keys)) == len(keys), f"two offers are the same: {keys}"
        assert {offer.target for offer in offers} == {subject.target.name}, "an offer is at another target"
        for rate in (rate for offer in offers for rate in offer.tariff):
            assert rate.source, f"the rate of {rate.metric} has no source"
            assert isinstance(rate.price, Unknown) or rate.price >= 0, f"the rate of {rate.metric} is {rate.price}"


class DeclarationSuite(OfferSuite):
    """Makes nothing anywhere."""

    def test_compiling_is_pure(self, life: Life) -> None:
        target, directory = life.subject.target, life.subject.directory
        deployment = life.deployment()
        before = deepcopy(deployment)
        files = sorted(directory.rglob("*")) if directory.exists() else []
        first = life.subject.provider.compile(deployment, target)
        life.subject.provider.compile(life.deployment("2"), target)
        again = life.subject.provider.compile(deployment, target)
        assert first == again, "the same deployment is compiled to something else the second time"
        assert deployment == before, "compile changed the deployment that it was given"
        assert (sorted(directory.rglob("*")) if directory.exists() else []) == files, "compile wrote files"

    def test_another_version_is_compiled_to_something_else(self, life: Life) -> None:
        assert life.compile("1") != life.compile("2"), "another model changes nothing: it would never be served"

    def test_what_is_compiled_holds_together(self, life: Life) -> None:
        compiled = life.compile()
        addresses = [resource.address for resource in compiled.resources]
        assert addresses, "a deployment without a resource serves nothing"
        assert len(set(addresses)) == len(addresses), f"two resources have the same address: {addresses}"
        assert {address.key for address in addresses} == {life.owner.key}, "a resource belongs to another service"
        for resource in compiled.resources:
            named = {*resource.depends_on, *(output.address for output in outputs_in(resource.properties))}
            assert named <= set(addresses), f"{resource.address} needs what is not compiled: {named - set(addresses)}"
            assert resource.address not in named, f"{resource.address} needs itself"
        named = {output.address for output in outputs_in(compiled.outputs)}
        assert named <= set(addresses), f"the service's outputs are of what is not compiled: {named - set(addresses)}"
        # Raises for a circle.
        assert len(life.resources()) == len(addresses)

    def test_what_is_compiled_fits_the_kinds_schemas(self, life: Life) -> None:
        kinds = life.subject.provider.kinds
        for resource in life.compile().resources:
            kind = resource.address.kind
            assert kind in kinds, f"{resource.address} is of a kind that the provider does not declare"
            for name, wanted in resource.properties.items():
                attribute = kinds[kind].of(name)
                value.encode(wanted)
                assert not attribute.computed, f"{resource.address}.{name} is computed by the provider, and asked for"
                clear = attribute.sensitive and not isinstance(wanted, SecretRef)
                assert not clear, f"{resource.address}.{name} is sensitive, and no reference to a secret"

    def test_connecting_gives_each_declared_kind(self, life: Life) -> None:
        assert set(life.kinds) == set(life.subject.provider.kinds), "connect and kinds name different kinds"
