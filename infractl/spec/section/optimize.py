"""`spec.optimize`: how far the model may be changed to make it faster and cheaper."""

from enum import StrEnum
from typing import Annotated, Literal

from infractl.spec.quantity import Seconds, Share, Size
from infractl.spec.schema.field import Section, option
from infractl.spec.schema.shape import Items, Number
from infractl.spec.text import Location

Use = Literal["off", "auto", "required"]
USE = "`auto` where it pays, `required` to refuse a placement without it, `off` never."


class Precision(StrEnum):
    fp16 = "fp16"
    bf16 = "bf16"
    fp8 = "fp8"
    int8_dynamic = "int8-dynamic"
    int8_static = "int8-static"
    int4_weights = "int4-weights"


class Quantization(Section):
    """Smaller numbers for weights and activations."""

    use: Use = option(USE, default="auto", already=("off",))
    precisions: Annotated[tuple[Precision, ...], Items(least=1)] = option(
        "Precisions that may be tried.", default=tuple(Precision), example="[fp16, int8-static]"
    )


class Pruning(Section):
    """A smaller graph: neurons, channels, heads or trees that matter least are taken out."""

    use: Use = option(USE, default="auto", already=("off",))
    most: Share = option("The largest share of a layer that may go.", default=0.5, example="50%")


class Distillation(Section):
    """A smaller model that learns the given one's answers."""

    use: Use = option(USE, default="auto", already=("off",))
    data: Location | None = option(
        "Inputs to learn from, without labels; the calibration data else.",
        default=None,
        example="./unlabelled.npz",
        acted_on=False,
    )
    epochs: Annotated[int, Number(whole=True, least=1, most=10_000)] | None = option(
        "How often the data is gone through; chosen where it is left out.", default=None, example="20", acted_on=False
    )


class Search(Section):
    """A search for student shapes or for pruning ratios layer by layer."""

    use: Use = option(USE, default="auto", already=("off",))
    trials: Annotated[int, Number(whole=True, least=1, most=10_000)] | None = option(
        "How many candidates are tried; chosen where it is left out.", default=None, example="30", acted_on=False
    )


class Passes(Section):
    """The techniques that may be tried: a word, or a mapping with settings."""

    quantization: Use | Quantization = option(
        "Smaller numbers for weights and activations.", default="auto", example="required", already=("off",)
    )
    pruning: Use | Pruning = option(
        "Taking out what matters least.", default="auto", example="{use: auto, most: 25%}", already=("off",)
    )
    distillation: Use | Distillation = option("Teaching a smaller model.", default="off", example="off", already=("off",))
    search: Use | Search = option("Searching for shapes.", default="off", example="off", already=("off",))

    @property
    def uses(self) -> dict[str, Use]:
        """Whether each pass is wanted, by its key."""
        given = {
            "quantization": self.quantization,
            "pruning": self.pruning,
            "distillation": self.distillation,
            "search": self.search,
        }
        return {name: setting if isinstance(setting, str) else setting.use for name, setting in given.items()}


class OptimizeLimit(Section):
    """What optimizing one model may take on the machine that plans."""

    time: Seconds = option("The longest time; the best so far is then taken.", default=600.0, example="10m")
    memory: Size | None = option("The most memory; a pass that needs more is left out.", default=None, example="4GiB")


class Optimize(Section):
    """How far the model may be changed. Every change must prove itself on the validation data."""

    level: Literal["off", "safe", "auto", "aggressive"] = option(
        "`safe` keeps the answers' bits where it can, `auto` keeps the accuracy, `aggressive` tries every pass. "
        "Without `model.validation` nothing is done that could change answers.",
        default="auto",
        already=("off",),
    )
    passes: Passes = option(
        "The techniques that may be tried.", default=Passes(), example="{quantization: required, pruning: off}"
    )
    limit: OptimizeLimit = option("What optimizing may take.", default=OptimizeLimit(), example="{time: 10m, memory: 4GiB}")
