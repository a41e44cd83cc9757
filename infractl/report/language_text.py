"""A language model's profile as people read it: its parts, and what reading a prompt and making a token cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from infractl.domain.language_model import ElementSizes, LanguageModel, Layers
from infractl.domain.language_profile import LanguageProfile
from infractl.report.amount_text import flops_text, parameters_text, share_text
from infractl.report.diagnostic import visible
from infractl.report.style import Style
from infractl.report.table_text import table
from infractl.report.value_text import counted
from infractl.units import format_bytes

_CONTEXTS = (1024, 8192)
"""Contexts that are shown where none is asked for, and after them the longest that the model was made for."""

_TEXT = 128
"""Tokens of a text where no number is asked for."""

_SIZES = (("fp16", 2.0), ("int8", 1.0), ("int4", 0.5))


def language_text(profile: LanguageProfile, name: str, at: Mapping[str, int], style: Style) -> str:
    """`at` may name batch, prompt and context, or of an encoder batch and sequence."""
    model = profile.model
    sort = "language model" if model.generates else "encoder, which generates no text"
    lines = [style.bold(f"{visible(name)}: {visible(model.family)}, {sort}, config sha256:{profile.digest[:12]}"), ""]
    lines += [*_facts(profile), "", style.bold("By part"), *_parts(model), ""]
    lines += _generation(model, at, style) if model.generates else _encoding(model, at, style)
    if profile.notes:
        lines += ["", *(f"{style.yellow('Note:')} {note}." for note in profile.notes)]
    return "\n".join(lines) + "\n"


def _facts(profile: LanguageProfile) -> Iterator[str]:
    model = profile.model
    active = f", {parameters_text(model.active_parameters)} for each token" if model.generates else ""
    yield _fact("parameters", f"{parameters_text(profile.parameters)} ({profile.parameters:,}){active}")
    yield _fact("weights", f"{format_bytes(profile.weight_bytes)} {_kept(profile)}")
    others = ", ".join(f"{format_bytes(model.weight_bytes(ElementSizes.uniform(size)))} at {word}" for word, size in _SIZES)
    yield _fact("", others)
    for index, layers in enumerate(model.layers):
        yield _fact("" if index else "layers", _layers(layers))
    longest = f"; made for {model.context:,} tokens" if model.context else ""
    tied = ", tied to the output" if model.tied else ""
    yield _fact("vocabulary", f"{model.vocabulary:,}{tied}{longest}")
    if model.generates:
        yield _fact("cache", f"{format_bytes(model.kv_bytes_per_token())} a token at {model.dtype}{_windows(model)}")


def _fact(name: str, text: str) -> str:
    return f"  {name:<12}{text}"


def _kept(profile: LanguageProfile) -> str:
    """How the weights are stored, else what the config declares."""
    stored, model = profile.stored, profile.model
    if stored is None:
        return f"as declared: {model.quantization + ' and ' if model.quantization else ''}{model.dtype}"
    dtypes = ", ".join(f"{visible(dtype)} {format_bytes(size)}" for dtype, size in stored.bytes_by_dtype.items())
    return f"in {counted(stored.files + stored.missing, 'file')}{f': {dtypes}' if dtypes else ''}"


def _layers(layers: Layers) -> str:
    attention, block = layers.attention, layers.feed_forward
    if attention.latent:
        keys = f"{attention.heads} heads on a latent vector of {attention.cached}"
    else:
        keys = f"{attention.heads} heads of {attention.head_size}"
        if attention.kv_heads != attention.heads:
            keys += f", {attention.kv_heads} of keys and values"
    window = f", window {attention.window:,}" if attention.window else ""
    width = f"feed-forward {block.width:,} wide"
    if block.experts:
        shared = f" and {block.shared_width:,} shared" if block.shared_width else ""
        width = f"{block.experts_per_token} of {block.experts} experts {block.width:,} wide{shared}"
    return f"{layers.count}: {keys}{window}; {width}"


def _windows(model: LanguageModel) -> str:
    windows = sorted({layers.attention.window for layers in model.layers if layers.attention.window})
    return f", less after {', '.join(f'{w:,}' for w in windows)} tokens" if windows else ""


def _parts(model: LanguageModel) -> list[str]:
    """Where the parameters are, and where those are that a token is multiplied with."""
    groups = model.layers
    attention = sum(g.count * g.attention.parameters for g in groups)
    block = sum(g.count * g.feed_forward.parameters for g in groups)
    routed = sum(g.count * g.routed for g in groups)
    chosen = sum(g.count * g.feed_forward.experts_per_token * g.feed_forward.expert_parameters for g in groups)
    rest = sum(g.count * g.norm_parameters for g in groups) + model.other_parameters
    parts = [
        ("embeddings", model.embedding_parameters, 0),
        ("attention", attention, attention),
        ("feed-forward of every token" if routed else "feed-forward", block, block),
        ("experts", routed, chosen),
        ("norms and others", rest, rest),
        ("output, which is the embeddings" if model.tied else "output", model.head_parameters, model.output_parameters),
    ]
    rows = [
        (name, f"{held:,}", share_text(held, model.parameters), share_text(used, model.active_parameters))
        for name, held, used in parts
        if held or used
    ]
    return table(("part", "parameters", "share", "of a token's"), rows, right=(1, 2, 3))


def _generation(model: LanguageModel, at: Mapping[str, int], style: Style) -> Iterator[str]:
    """A row for each context that was asked for, else for some."""
    yield style.bold("To read a prompt, and to make the next token of each sequence")
    yield from table(
        ("batch", "prompt", "reading it", "context", "cache", "a step", "read in a step", *_expert_head(model)),
        [_row(model, batch, prompt, context) for batch, prompt, context in _loads(model, at)],
        right=range(8),
    )


def _loads(model: LanguageModel, at: Mapping[str, int]) -> Sequence[tuple[int, int, int]]:
    batch = at.get("batch", 1)
    if "prompt" in at or "context" in at:
        prompt = at.get("prompt", at.get("context", 1))
        return [(batch, prompt, at.get("context", prompt))]
    longest = model.context or _CONTEXTS[-1]
    return [(batch, tokens, tokens) for tokens in (*(c for c in _CONTEXTS if c < longest), longest)]


def _expert_head(model: LanguageModel) -> Sequence[str]:
    return ("experts touched",) if any(layers.feed_forward.experts for layers in model.layers) else ()


def _row(model: LanguageModel, batch: int, prompt: int, context: int) -> Sequence[str]:
    experts = next((layers.feed_forward for layers in model.layers if layers.feed_forward.experts), None)
    return (
        f"{batch:,}",
        f"{prompt:,}",
        flops_text(batch * model.prefill_flops(prompt)),
        f"{context:,}",
        format_bytes(batch * model.kv_bytes(context)),
        flops_text(batch * model.decode_flops(context)),
        format_bytes(model.decode_bytes(batch, context)),
        *((f"{experts.touched(batch):.3g} of {experts.experts}",) if experts else ()),
    )


def _encoding(model: LanguageModel, at: Mapping[str, int], style: Style) -> Iterator[str]:
    batch = at.get("batch", 1)
    longest = model.context or _TEXT
    texts = [at["sequence"]] if "sequence" in at else sorted({min(_TEXT, longest), longest})
    yield style.bold("To read a text")
    rows = [(f"{batch:,}", f"{tokens:,}", flops_text(batch * model.prefill_flops(tokens))) for tokens in texts]
    yield from table(("batch", "sequence", "compute"), rows, right=range(3))
