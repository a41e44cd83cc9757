"""The constants as they were fitted. Written by `python -m benchmarks.placement.language_fit`; the method is told there."""

from __future__ import annotations

from infractl.placement.language.constants import Constants

FITTED = Constants(
    memory=0.88,
    compute=0.73,
    narrowing=0.71,
    link=0.42,
    layer_s=49e-6,
    all_reduce_s=7.3e-6,
    engines={"trtllm": 1.0, "vllm": 1.12},
    known=(0.8, 1.3),
    unknown=(0.75, 1.4),
    chips=("H100-SXM", "B200-SXM"),
    source="silicon_sample.csv of ai-dynamo/aiconfigurator at 095f58a (Apache-2.0): 728 rows of three models on two chips",
)
