"""The constants as `python -m benchmarks.placement.language_fit` found them and wrote them here."""

from __future__ import annotations

from infractl.placement.language.constants import Constants

FITTED = Constants(
    memory=0.864,
    compute=0.712,
    narrowing=0.744,
    link=0.467,
    layer_s=4.76e-05,
    all_reduce_s=8.96e-06,
    engines={"trtllm": 1.0, "vllm": 1.1},
    request_s=(0.0216, 0.036, 0.0972),
    error=(0.835, 1.2),
    chips=("B200-SXM", "H100-SXM"),
    makers=("nvidia",),
    source="732 measurements of 3 models (ai-dynamo/aiconfigurator 095f58a)",
)
