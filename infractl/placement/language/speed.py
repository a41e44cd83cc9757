"""The time of a step of a language model: to make a token of each running sequence, and to read a prompt.

A roofline (Williams et al., CACM 2009) over the whole step, as Pope et al. (MLSys 2023, arXiv 2211.05102) count its operations
and bytes, with tensor parallelism over `chips`: each layer ends in two all-reduces (Megatron-LM, arXiv 1909.08053).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from infractl.domain.chip import Chip
from infractl.domain.figure import Figure
from infractl.domain.language_model import ElementSizes, LanguageModel, Layers
from infractl.domain.placement import Violation
from infractl.domain.precision import Precision
from infractl.placement.language.constants import Constants
from infractl.placement.language.storage import storage

_ACTIVATION_BYTES = 2.0
"""Activations travel between chips at 16 bits."""

_DENSE, _LATENT, _SHARED = 10, 7, 4
"""Kernels of a layer, as engines fuse them. Dense, with grouped attention: two norms, four products, positions, attention in two
parts, activation. Latent attention has seven more: down and up to queries, down to the latent vector, two norms, into the latent
space and back out (DeepSeek-V2, arXiv 2405.04434, section 2.1). Shared experts are a dense block beside the routed ones, and a
sum. Routed ones take the place of a dense block's kernels: a layer of gpt-oss-120b takes no longer than a dense one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The bytes of weights that a step reads from the memory of one chip: `fixed`, a row of embeddings a token, and experts.

    Of each sort of layer, `experts` has the bytes of all of them and the share that a token leaves out. The same as
    `LanguageModel.decode_bytes`, in a form that is computed in a microsecond.
    """

    fixed: float
    row: float
    experts: tuple[tuple[float, float], ...]

    def bytes(self, batch: int) -> float:
        routed = sum(size * (1 - left_out**batch) for size, left_out in self.experts)
        return self.fixed + batch * self.row + routed

    @classmethod
    def of(cls, model: LanguageModel, sizes: ElementSizes, chips: int) -> Reading:
        routed = [(g.count * g.routed * sizes.experts, g.feed_forward) for g in model.layers if g.feed_forward.experts]
        return cls(
            fixed=model.decode_bytes(0, 1, sizes, 0.0) / chips,
            row=model.hidden * sizes.ends / chips,
            experts=tuple((size / chips, 1 - f.experts_per_token / f.experts) for size, f in routed),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The time of a step as a function of the sequences in it: for each one its cache, its operations and what chips exchange."""

    reading: Reading
    factor: float
    bandwidth_bytes_per_s: float
    cache_s: float
    compute_s: float
    transfer_s: float
    fixed_s: float

    def seconds(self, batch: int) -> float:
        """Of a step that makes a token of each of `batch` sequences."""
        memory_s = self.reading.bytes(batch) / self.bandwidth_bytes_per_s + batch * self.cache_s
        return self.factor * (max(memory_s, batch * self.compute_s) + self.fixed_s + batch * self.transfer_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageSpeed:
    """A model on `chips` that share every layer. Rates are those that one chip realises; `factor` goes on all times."""

    model: LanguageModel
    chips: int
    weights: ElementSizes
    reading: Reading
    cache_bytes: float
    flops_per_s: float
    bandwidth_bytes_per_s: float
    link_bytes_per_s: float
    layer_s: float
    all_reduce_s: float
    factor: float = 1.0

    @property
    def cache_shares(self) -> int:
        """Over how many chips a sequence's cache is cut: by heads; each chip keeps the whole of a latent vector."""
        return min(1 if g.attention.latent else min(self.chips, g.attention.kv_heads) for g in self.model.layers)

    def weight_bytes(self) -> float:
        """On one chip."""
        return self.model.weight_bytes(self.weights) / self.chips

    def sequence_bytes(self, context: int) -> float:
        """The cache of one sequence on one chip."""
        return self.model.kv_bytes(context, self.cache_bytes) / self.cache_shares

    def read_s(self, batch: int) -> float:
        """To read the weights that `batch` tokens need, once; not yet times the factor."""
        return self.reading.bytes(batch) / self.bandwidth_bytes_per_s

    @property
    def dense_layers(self) -> float:
        """The layers, each counted as often as a dense one with grouped attention has kernels for its own."""
        return sum(group.count * _kernels(group) for group in self.model.layers) / _DENSE

    def fixed_s(self) -> float:
        """What any step takes, without the factor."""
        reductions = 2 * self.all_reduce_s if self.chips > 1 else 0.0
        return self.dense_layers * self.layer_s + self.model.layer_count * reductions

    def step(self, context: int) -> Step:
        """What makes up the time of a step where each sequence has `context` tokens."""
        return Step(
            reading=self.reading,
            factor=self.factor,
            bandwidth_bytes_per_s=self.bandwidth_bytes_per_s,
            cache_s=self.sequence_bytes(context) / self.bandwidth_bytes_per_s,
            compute_s=self.model.decode_flops(context) / self.chips / self.flops_per_s,
            transfer_s=self._transfer_s(1),
            fixed_s=self.fixed_s(),
        )

    def decode_s(self, batch: int, context: int) -> float:
        """One step that makes a token of each of `batch` sequences with `context` tokens each."""
        return self.step(context).seconds(batch)

    def prompt_s(self, prompt: int) -> float:
        """What reading a prompt adds to the steps that it is read in."""
        compute_s = self.model.prefill_flops(prompt) / self.chips / self.flops_per_s
        return self.factor * (compute_s + self._transfer_s(prompt))

    def scaled(self, factor: float) -> LanguageSpeed:
        """The same with all times `factor` times as long."""
        return replace(self, factor=self.factor * factor)

    def _transfer_s(self, tokens: int) -> float:
        """Of activations in a ring: each chip sends `2 (n - 1) / n` of them for each of the two reductions of a layer."""
        if self.chips == 1:
            return 0.0
        sent = 2 * (self.chips - 1) / self.chips * tokens * self.model.hidden * _ACTIVATION_BYTES
        return 2 * self.model.layer_count * sent / self.link_bytes_per_s


def _kernels(group: Layers) -> int:
    latent = _LATENT if group.attention.latent else 0
    shared = _SHARED if group.feed_forward.experts and group.feed_forward.shared_width else 0
    return _DENSE + latent + shared


def language_speed(
    model: LanguageModel, chip: Chip, count: int, precision: Precision, constants: Constants, engine: str | None = None
) -> LanguageSpeed | Violation:
    """The speed on `count` chips, or why there is none: precision, a split that does not come out even, figures not known."""
    if not model.generates:
        return Violation(code="no-figures", need="a model that generates text", have=f"{model.family}, an encoder")
    stored = storage(model, chip, precision)
    if isinstance(stored, Violation):
        return stored
    if uneven := [g.attention.heads for g in model.layers if g.attention.heads % count]:
        return Violation(code="uneven-split", need=f"attention heads in {count} equal parts", have=f"{uneven[0]} heads")
    bandwidth, link = chip.bandwidth_bytes_per_s, chip.link_bytes_per_s
    if not isinstance(bandwidth, Figure):
        return Violation(code="no-figures", need=f"the memory bandwidth of {chip.name}", have=bandwidth.why)
    if count > 1 and not isinstance(link, Figure):
        return Violation(code="no-figures", need=f"the link of {chip.name} to its neighbours", have=link.why)
    return LanguageSpeed(
        model=model,
        chips=count,
        weights=stored.weights,
        reading=Reading.of(model, stored.weights, count),
        cache_bytes=stored.cache_bytes,
        flops_per_s=stored.flops_per_s.value * constants.compute_share(stored.compute),
        bandwidth_bytes_per_s=bandwidth.value * constants.memory,
        link_bytes_per_s=link.value * constants.link if isinstance(link, Figure) else 0.0,
        layer_s=constants.layer_s,
        all_reduce_s=constants.all_reduce_s,
        factor=constants.engine(engine),
    )
