"""`spec.model` and `spec.models`: what is served, in which format, and the data that proves an optimized one as good."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated

from infractl.domain.metric import Metric
from infractl.spec.quantity import Size
from infractl.spec.schema.field import Section, option, required
from infractl.spec.schema.shape import Number
from infractl.spec.section.secret import SecretSource
from infractl.spec.text import Digest, Location, Route, Variable, Version, Word

Port = Annotated[int, Number(whole=True, least=1, most=65535)]


class Format(StrEnum):
    auto = "auto"
    onnx = "onnx"
    sklearn = "sklearn"
    xgboost = "xgboost"
    lightgbm = "lightgbm"
    torch_export = "torch-export"
    huggingface = "huggingface"
    container = "container"


class Validation(Section):
    """Held-out data that an optimized model must prove itself on."""

    data: Location = required("Inputs and labels, as npz, npy, csv or parquet.", example="./validation.npz")
    labels: Word | None = option(
        "The name of the labels in the data; without labels only `agreement` is known.", default=None, example="y"
    )
    metric: Metric = option("What is measured. `agreement` compares with the original model's answers.", default=Metric.accuracy)
    k: Annotated[int, Number(whole=True, least=1, most=1000)] = option("How many answers `top-k` looks at.", default=5)
    minimum: Annotated[float, Number(least=0, most=1)] | None = option(
        "The least that the metric may be, where more is better.", default=None, example="0.95"
    )
    maximum: Annotated[float, Number(least=0)] | None = option(
        "The most that the metric may be, where less is better (`rmse`, `mae`).", default=None, example="3.5"
    )
    max_drop: Annotated[float, Number(least=0)] = option(
        "How much worse than the given model an optimized one may be: in points of the metric, 0.01 being one of a hundred; "
        "for `rmse` and `mae` as a share of the given model's.",
        default=0.01,
    )


class CalibrationData(Section):
    """Inputs that show what values flow through the model, for static quantization and pruning. Never the validation data."""

    data: Location = required("Inputs, as npz, npy, csv or parquet.", example="./calibration.npz")
    samples: Annotated[int, Number(whole=True, least=1, most=1_000_000)] | None = option(
        "How many rows are used; all where it is left out.", default=None, example="512"
    )


class Ports(Section):
    """The ports that the container listens on."""

    http: Port = option("HTTP, for the routes.", default=8080)
    grpc: Port | None = option(
        "gRPC of the Open Inference Protocol, where the container speaks it.", default=None, example="8081"
    )


class Routes(Section):
    """The paths at which the container answers."""

    predict: Route = option("Where a request for a prediction goes.", default="/v2/models/{model}/infer", example="/predict")
    ready: Route = option("Answers 200 once requests can be served.", default="/v2/health/ready", example="/healthz")
    live: Route = option("Answers 200 while the process is well.", default="/v2/health/live", example="/healthz")
    metrics: Route | None = option("Prometheus metrics, where the container has them.", default=None, example="/metrics")


class Resources(Section):
    """What one replica of the container needs: nobody can read it from an image."""

    cpus: Annotated[float, Number(least=0.05, most=1024)] | None = option("Processor cores.", default=None, example="2")
    memory: Size | None = option("Main memory.", default=None, example="4GiB")
    accelerators: Annotated[int, Number(whole=True, least=0, most=64)] = option("GPUs, TPU chips or Neuron devices.", default=0)


class Container(Section):
    """The user's own image. `model.uri` names it, as `oci://registry/image@sha256:...`."""

    ports: Ports = option("The ports that it listens on.", default=Ports(), example="{http: 8000}")
    routes: Routes = option("The paths at which it answers.", default=Routes(), example="{predict: /predict, ready: /healthz}")
    command: tuple[Word, ...] = option(
        "What is run instead of the image's entry point.", default=(), example="[python, -m, server]"
    )
    arguments: tuple[Word, ...] = option("Arguments of the entry point.", default=(), example="[--workers, '2']")
    env: Mapping[Variable, str | SecretSource] = option(
        "Environment variables: a text, or where a secret is kept.",
        default={},
        example="{LOG_LEVEL: info, API_KEY: {env: FRAUD_API_KEY}}",
    )
    resources: Resources = option("What one replica needs.", default=Resources(), example="{cpus: 2, memory: 4GiB}")


class Model(Section):
    """A model: its file, its version, and how to tell that an optimized one is as good."""

    uri: Location = required(
        "A path relative to this document, or `s3://`, `gs://`, `oci://`; a directory with a Hugging Face `config.json`.",
        example="./models/fraud.onnx",
    )
    format: Format = option(
        "What the model is; `auto` tells by its name. `container` is an image of your own.", default=Format.auto
    )
    version: Version = required("Your word for this version; a new one makes a new release.", example='"3"')
    sha256: Digest | None = option(
        "The file's sha256; another content is then an error.",
        default=None,
        example="9f2c1d7e3b5a4860c1f0e2d4b6a8970315263748596a7b8c9d0e1f2a3b4c5d6e",
    )
    validation: Validation | None = option(
        "Held-out data that an optimized model must prove itself on.",
        default=None,
        example="{data: ./validation.npz, metric: accuracy, minimum: 0.95}",
    )
    calibration: CalibrationData | None = option(
        "Inputs for static quantization and pruning.", default=None, example="{data: ./calibration.npz}"
    )
    container: Container = option(
        "The image's ports, routes and needs, for the format `container`.",
        default=Container(),
        example="{ports: {http: 8000}, routes: {predict: /predict}}",
        acted_on=False,
    )

    @property
    def actual_format(self) -> Format | None:
        """The format; where it is `auto`, told by an image's own section or by the uri's ending; else None."""
        if self.format is not Format.auto:
            return self.format
        if self.uri.startswith("oci://") and self.container != Container():
            return Format.container
        return ENDINGS.get(PurePosixPath(self.uri).suffix.lower())


ENDINGS = {
    ".onnx": Format.onnx,
    ".joblib": Format.sklearn,
    ".pkl": Format.sklearn,
    ".skops": Format.sklearn,
    ".ubj": Format.xgboost,
    ".xgb": Format.xgboost,
    ".lgb": Format.lightgbm,
    ".pt2": Format.torch_export,
}
