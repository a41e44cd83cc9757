"""A transformer language model in the numbers that its cost follows from: parameters, cache, operations, and bytes read a step.

`2 x parameters` operations a token: a multiplication and an addition for each weight (Kaplan et al. 2020, arXiv 2001.08361,
section 2.1; Pope et al., MLSys 2023, arXiv 2211.05102, section 2). Norms, softmax and activation functions are left out there and
here: under one percent of the whole from 100 million parameters on.
"""

from __future__ import annotations

from dataclasses import dataclass

from infractl.tensors import Dtype


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent:
    """What multi-head latent attention caches of a token in place of keys and values: `rank` elements, `rotary` of the position.

    DeepSeek-V2, arXiv 2405.04434, section 2.1.
    """

    rank: int
    rotary: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """The attention of one layer: its heads and all its weights, biases and norms.

    `head_size` is that of queries and keys, `value_size` that of values. A token sees the last `window` tokens, or all.
    """

    heads: int
    kv_heads: int
    head_size: int
    value_size: int
    parameters: int
    window: int | None = None
    latent: Latent | None = None

    @property
    def cached(self) -> int:
        """Elements that are kept of each token (PagedAttention, SOSP 2023; for latent attention, DeepSeek-V2, table 1)."""
        if self.latent:
            return self.latent.rank + self.latent.rotary
        return self.kv_heads * (self.head_size + self.value_size)

    @property
    def pair_flops(self) -> int:
        """For one token that looks at one: the products of query and key and of weight and value, in every head."""
        return 2 * self.heads * (self.head_size + self.value_size)

    @property
    def cached_pair_flops(self) -> int:
        """The same against the cache. Latent attention works on the latent vector itself then (DeepSeek-V2, section 2.1.2)."""
        if self.latent:
            return 2 * self.heads * (2 * self.latent.rank + self.latent.rotary)
        return self.pair_flops

    def seen(self, context: int) -> int:
        """The tokens of `context` that the last one looks at."""
        return min(context, self.window or context)

    def pairs(self, tokens: int) -> int:
        """Over a causal prompt of `tokens`: how many tokens each one sees, summed up."""
        reach = self.seen(tokens)
        return reach * (reach + 1) // 2 + (tokens - reach) * reach


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedForward:
    """The feed-forward block of one layer.

    `parameters` take part for every token: a dense block, or the router and the shared experts. Of `experts` routed ones with
    `expert_parameters` each, `experts_per_token` do. `width` is the inner size of the dense block or of one expert.
    """

    width: int
    parameters: int
    experts: int = 0
    experts_per_token: int = 0
    expert_parameters: int = 0
    shared_width: int = 0

    def touched(self, batch: int) -> float:
        """The experts that a batch needs at least once, on average, where each token chooses evenly: `E (1 - (1 - k/E)^b)`.

        Real routers are less even, so that fewer are touched.
        """
        if not self.experts:
            return 0.0
        return self.experts * (1 - (1 - self.experts_per_token / self.experts) ** batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """`count` layers that are alike; where they stand among the others makes no difference to the cost."""

    count: int
    attention: Attention
    feed_forward: FeedForward
    norm_parameters: int = 0

    @property
    def shared(self) -> int:
        """Parameters of one layer that every token needs."""
        return self.attention.parameters + self.feed_forward.parameters + self.norm_parameters

    @property
    def routed(self) -> int:
        """Parameters of one layer's routed experts together."""
        return self.feed_forward.experts * self.feed_forward.expert_parameters

    @property
    def active(self) -> int:
        """Parameters of one layer that one token needs."""
        return self.shared + self.feed_forward.experts_per_token * self.feed_forward.expert_parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementSizes:
    """Bytes that a weight takes, scales of quantization included: in layers, in routed experts, and in embeddings and head."""

    layers: float
    experts: float
    ends: float

    @classmethod
    def uniform(cls, element_bytes: float) -> ElementSizes:
        return cls(layers=element_bytes, experts=element_bytes, ends=element_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModel:
    """What a config.json tells of a transformer.

    `family` is its `model_type`. One that does not `generate` is an encoder: every token sees all, and there is no cache.
    `declared` are the sizes of its weights by its dtype and quantization; `dtype` is that of cache and activations.
    `head_parameters` is 0 where the output matrix is the table of embeddings, which is `tied` then.
    """

    family: str
    generates: bool
    hidden: int
    vocabulary: int
    tied: bool
    context: int | None
    dtype: Dtype
    quantization: str | None
    declared: ElementSizes
    embedding_parameters: int
    head_parameters: int
    other_parameters: int
    layers: tuple[Layers, ...]

    @property
    def layer_count(self) -> int:
        return sum(layers.count for layers in self.layers)

    @property
    def parameters(self) -> int:
        """All of them, tied ones once."""
        ends = self.embedding_parameters + self.head_parameters + self.other_parameters
        return ends + sum(group.count * (group.shared + group.routed) for group in self.layers)

    @property
    def output_parameters(self) -> int:
        """The matrix that makes a token's logits, tied or not."""
        return self.hidden * self.vocabulary if self.generates else 0

    @property
    def active_parameters(self) -> int:
        """Those that one token is multiplied with: the chosen experts, the output matrix, and no table of embeddings.

        So do DeepSeek-V3 (37B) and gpt-oss (3.6B) count; Mixtral (12.9B) and Qwen3 add the table, of which a token reads one row.
        """
        return self.output_parameters + self.other_parameters + sum(group.count * group.active for group in self.layers)

    def weight_bytes(self, sizes: ElementSizes | None = None) -> float:
        """All weights in memory, as they are declared or at other sizes."""
        size = sizes or self.declared
        ends = (self.embedding_parameters + self.head_parameters + self.other_parameters) * size.ends
        return ends + sum(g.count * (g.shared * size.layers + g.routed * size.experts) for g in self.layers)

    def kv_bytes_per_token(self, element_bytes: float | None = None) -> float:
        """What one more token adds to the cache: `2 x layers x kv heads x head size x bytes`, until a window is full."""
        size = self._cache_element(element_bytes)
        return sum(group.count * group.attention.cached * size for group in self.layers) if self.generates else 0.0

    def kv_bytes(self, context: int, element_bytes: float | None = None) -> float:
        """The cache of one sequence of `context` tokens; a layer with a window keeps no more than that."""
        size = self._cache_element(element_bytes)
        if not self.generates:
            return 0.0
        return sum(g.count * g.attention.cached * g.attention.seen(context) * size for g in self.layers)

    def prefill_flops(self, tokens: int) -> float:
        """To read a prompt of `tokens`, as engines do it: the logits of the last token alone. For an encoder, to read a text."""
        linear = 2 * sum(group.count * group.active for group in self.layers) * tokens
        attention = sum(g.count * g.attention.pair_flops * self._pairs(g.attention, tokens) for g in self.layers)
        return float(linear + attention + 2 * self.output_parameters)

    def decode_flops(self, context: int) -> float:
        """To make one token of one sequence that has `context` tokens with it."""
        looked = sum(g.count * g.attention.cached_pair_flops * g.attention.seen(context) for g in self.layers)
        return float(2 * self.active_parameters + looked)

    def decode_bytes(
        self, batch: int, context: int, sizes: ElementSizes | None = None, kv_element_bytes: float | None = None
    ) -> float:
        """Read from memory to make one token of each of `batch` sequences with `context` tokens: weights once, each one's cache.

        `sizes` are the declared ones where none are given, and the cache's elements those of `dtype`. Of the experts it is
        those that the batch touches; of the embeddings a row for each sequence.
        """
        size = sizes or self.declared
        ends = (self.output_parameters + self.other_parameters + batch * self.hidden) * size.ends
        layers = sum(
            g.count * (g.shared * size.layers + g.feed_forward.touched(batch) * g.feed_forward.expert_parameters * size.experts)
            for g in self.layers
        )
        return ends + layers + batch * self.kv_bytes(context, kv_element_bytes)

    def _pairs(self, attention: Attention, tokens: int) -> int:
        return attention.pairs(tokens) if self.generates else tokens * attention.seen(tokens)

    def _cache_element(self, given: float | None) -> float:
        return given if given is not None else float(self.dtype.size_bytes or 0)
