"""Decoders with multi-head latent attention and shared experts: DeepSeek-V2 (arXiv 2405.04434) and V3 (arXiv 2412.19437)."""

from __future__ import annotations

from infractl.domain.language_model import Attention, FeedForward, Latent
from infractl.profile.language.config import Config
from infractl.profile.language.part import Parts, alike, layer_count, linear


def latent_decoder(config: Config) -> Parts:
    hidden, vocabulary, count = config.size("hidden_size"), config.size("vocab_size"), layer_count(config)
    attention = _attention(config, hidden)
    dense_layers = config.size("first_k_dense_replace", default=0, least=0)
    each = config.size("moe_layer_freq", default=1)
    sparse = [layer >= dense_layers and layer % each == 0 for layer in range(count)]
    routed, dense = _routed(config, hidden), _dense(config, hidden)
    ahead = config.size("num_nextn_predict_layers", default=0, least=0)
    if ahead:
        config.notes.append(
            f"{ahead} more layer{'s' if ahead > 1 else ''} for predicting several tokens at once: the files may hold it, "
            "and it is not counted"
        )
    return Parts(
        generates=True,
        hidden=hidden,
        vocabulary=vocabulary,
        tied=config.flag("tie_word_embeddings", False),
        context=config.size("max_position_embeddings", default=0) or None,
        embedding_parameters=vocabulary * hidden,
        other_parameters=hidden,
        layers=alike(((attention, routed if holds else dense) for holds in sparse), 2 * hidden),
    )


def _attention(config: Config, hidden: int) -> Attention:
    """Queries through a rank of their own, or straight where `q_lora_rank` is null; keys and values through one they share."""
    heads = config.size("num_attention_heads")
    plain, rotary, value = config.size("qk_nope_head_dim"), config.size("qk_rope_head_dim"), config.size("v_head_dim")
    rank, bias = config.size("kv_lora_rank"), config.flag("attention_bias", False)
    size = plain + rotary
    if config.has("q_lora_rank"):
        q_rank = config.size("q_lora_rank")
        queries = linear(hidden, q_rank, bias) + q_rank + linear(q_rank, heads * size)
    else:
        queries = linear(hidden, heads * size)
    keys_and_values = linear(hidden, rank + rotary, bias) + rank + linear(rank, heads * (plain + value))
    return Attention(
        heads=heads,
        kv_heads=heads,
        head_size=size,
        value_size=value,
        parameters=queries + keys_and_values + linear(heads * value, hidden, bias),
        latent=Latent(rank=rank, rotary=rotary),
    )


def _dense(config: Config, hidden: int) -> FeedForward:
    width = config.size("intermediate_size")
    return FeedForward(width=width, parameters=3 * hidden * width)


def _routed(config: Config, hidden: int) -> FeedForward:
    """Version 3's router has a bias for each expert, which balances the load."""
    experts, chosen = config.size("n_routed_experts"), config.size("num_experts_per_tok")
    if chosen > experts:
        config.problem(f"num_experts_per_tok is {chosen}, more than the {experts} experts")
    width = config.size("moe_intermediate_size")
    shared = config.size("n_shared_experts", default=0, least=0) * width
    return FeedForward(
        width=width,
        parameters=linear(hidden, experts, config.values["model_type"] == "deepseek_v3") + 3 * hidden * shared,
        experts=experts,
        experts_per_token=chosen,
        expert_parameters=3 * hidden * width,
        shared_width=shared,
    )
