"""Names: of a service in a project and environment, of a resource in a service, and of whose an object is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class ServiceKey:
    """What a lock and a state document belong to."""

    project: str
    environment: str
    service: str

    def __str__(self) -> str:
        return f"{self.project}/{self.environment}/{self.service}"


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Address:
    """One resource, in full. Inside a project it is shown as `service.kind.name`."""

    project: str
    environment: str
    service: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.service}.{self.kind}.{self.name}"

    @property
    def key(self) -> ServiceKey:
        return ServiceKey(project=self.project, environment=self.environment, service=self.service)

    def of_service(self, service: str) -> Address:
        """The same resource, were its service called so."""
        return replace(self, service=service)

    def as_dict(self) -> dict[str, str]:
        return {
            "project": self.project,
            "environment": self.environment,
            "service": self.service,
            "kind": self.kind,
            "name": self.name,
        }


LABEL_PREFIX = "infractl-"

ANY_LINEAGE = "*"
"""In an owner that is only looked for: whichever life of its service made the object."""


def unlabelled(labels: Mapping[str, str]) -> bool:
    """Whether an object says of no owner that it is theirs: infractl did not make it."""
    return not any(name.startswith(LABEL_PREFIX) for name in labels)


def service_in(labels: Mapping[str, str]) -> str:
    """The name of the service that an object says it is of; "" where it says of none."""
    return labels.get("infractl-service", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose an object is: a service and the lineage of its state. An object is adopted only if all labels match."""

    key: ServiceKey
    lineage: str

    def labels(self, address: Address) -> Mapping[str, str]:
        """The labels that an object made for `address` carries."""
        return {
            "infractl-project": address.project,
            "infractl-environment": address.environment,
            "infractl-service": address.service,
            "infractl-kind": address.kind,
            "infractl-name": address.name,
            "infractl-lineage": self.lineage,
        }

    def owned(self, labels: Mapping[str, str], address: Address) -> bool:
        """Whether an object was made for `address` while the service had another name: the lineage stays."""
        before = service_in(labels)
        owner = replace(self, key=replace(self.key, service=before))
        return before not in ("", address.service) and owner.owns(labels) == address.of_service(before)

    def owns(self, labels: Mapping[str, str]) -> Address | None:
        """The address that `labels` name, if they are this owner's; else None."""
        try:
            address = Address(
                project=labels["infractl-project"],
                environment=labels["infractl-environment"],
                service=labels["infractl-service"],
                kind=labels["infractl-kind"],
                name=labels["infractl-name"],
            )
        except KeyError:
            return None
        lineage = labels.get("infractl-lineage")
        ours = lineage is not None and self.lineage in (lineage, ANY_LINEAGE)
        return address if ours and address.key == self.key else None
