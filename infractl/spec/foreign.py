"""Keys that users of other tools write for ideas that a service's document has as well, or has no need of."""

from __future__ import annotations

from collections.abc import Collection

_MACHINE = "infractl finds the machine: say what it may be with spec.hardware.classes: [gpu] or spec.hardware.allow: [ml.g5.*]"
_NEEDS = "infractl finds the machine and its size; only for an image of your own, write spec.model.container.resources: {cpus: 2}"
_IMAGE = "name an image of your own with spec.model.uri: oci://REGISTRY/IMAGE:TAG; a model file needs none"
_TARGET = "it is a setting of the target: write it in infractl.yaml under targets"
_OWN = "remove it: infractl derives it from the model and the SLO"
_PART = "export it as a part of the model, or serve both with an image of your own: spec.model.uri: oci://REGISTRY/IMAGE:TAG"

_IDEAS = {
    "spec.model: {uri: ./models/fraud.onnx, version: '1'}": "modelName modelPackage predictor registeredModel",
    "spec.model.uri: ./models/fraud.onnx": "artifact artifactUri file model_path modelData modelDataUrl modelFile modelPath "
    "modelUri path s3Uri source storage storageUri url",
    "spec.model.format: onnx": "engine flavor framework modelFormat platform runtime",
    "spec.model.container.env: {LOG_LEVEL: info}": "env envFrom envVars environmentVariables",
    "spec.model.container.ports: {http: 8080}": "containerPort port",
    "spec.model.container.routes: {ready: /healthz}": "healthCheck healthRoute readinessProbe startupProbe",
    "spec.model.container.routes: {live: /healthz}": "livenessProbe",
    "spec.model.container.routes: {predict: /predict}": "predictRoute",
    "spec.model.container.command: [python, -m, server]": "entrypoint",
    "spec.model.container.arguments: [--workers, '2']": "args",
    "spec.slo: {latency: {p99: 20ms}}": "objectives performance sla sli",
    "spec.slo.latency: {p99: 20ms}": "latencyMs maxLatencyMs responseTime",
    "spec.traffic.peak: 2000/s": "load maxQps maxRps peakQps peakRps qps requestRate requestsPerSecond rps tps",
    "spec.budget.monthly: 1500 USD": "cost costLimit maxCost maxMonthlyCost monthlyBudget monthlyCost",
    "spec.hardware.classes: [gpu]": "accelerator acceleratorType device gpu gpus gpuType nvidia tpu",
    "spec.hardware.regions: [us-east-1]": "availabilityZone location region zone zones",
    "spec.hardware.spot: mixed": "capacityType preemptible spotInstances useSpot useSpotInstances",
    "spec.optimize.passes: {quantization: auto}": "dtype precision quantize torchDtype",
    "spec.serving.replicas: {min: 2, max: 10}": "autoscaler autoscaling desiredCount hpa initialInstanceCount instanceCount "
    "instances maxInstances maxReplicaCount maxReplicas minInstances minReplicaCount minReplicas replica replicaCount scale "
    "scaleMetric scaleTarget scaling",
    "spec.serving.maxConcurrency: 256": "concurrency concurrentRequests containerConcurrency maxConcurrentRequests",
    "spec.serving.batching: {maxBatch: 32}": "batchSize batcher dynamicBatching maxBatchSize preferredBatchSize",
    "spec.serving.batching: {maxBatch: 32, maxDelay: 500us}": "batchTimeout maxLatency maxQueueDelay maxQueueDelayMicroseconds",
    "spec.serving.timeout: 2s": "requestTimeout timeoutSeconds",
    "spec.serving.rateLimit: 500/s": "rateLimiting throttle throttling",
    "spec.serving.auth: {apiKeys: {env: FRAUD_KEYS}}": "apiKey authentication authorization",
    "spec.rollout: {strategy: canary, steps: [5%, 25%, 100%]}": "canary canaryTrafficPercent deploymentConfig progressDeadline "
    "rollingUpdate trafficSplit trafficWeight updateStrategy",
    "spec.monitoring.sample: 1%": "capture dataCapture dataCaptureConfig logger logging",
    "spec.monitoring.alerts: [{name: slow, when: {p99: 25ms}}]": "alarm alarms alert",
    "spec.lifecycle.protect: true": "deletionProtection preventDestroy terminationProtection",
    "metadata.labels: {team: risk}": "annotations costCenter owner tag tags team",
}
"""What to write here, with an example, and what others call it."""

_SENTENCES = {
    _MACHINE: "affinity hardwareType instanceType machine machineSpec machineType nodePool nodeSelector sku tolerations vmSize",
    _NEEDS: "cpu cpuLimit cpuRequest limits memory memoryLimit memoryRequest requests resources",
    _IMAGE: "container containerImage containers customImage dockerImage image primaryContainer servingContainer template",
    _TARGET: "account cloud cluster iamRole kmsKey namespace network project provider providers role roleArn securityGroups "
    "serviceAccount serviceAccountName subnets vpc vpcConfig",
    _OWN: "initContainers podSpec securityContext selector service sidecars terminationGracePeriodSeconds volumeMounts volumes "
    "workers",
    _PART: "explainer postprocess postprocessing preprocess preprocessing tokenizer transformer",
    "percentiles are p50, p95 and p99": "max p75 p90 p98 p999 average avg mean median",
    "remove it: services do not depend on each other": "dependsOn needs requires",
    "write one document for each service": "count forEach services",
    "variables are spec.model.container.env; an environment such as production is chosen with --env": "environment environments",
}
"""What to do about ideas that have no key here."""


def _plain(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")


IDEAS = {_plain(key): here for here, keys in _IDEAS.items() for key in keys.split()}
SENTENCES = {_plain(key): sentence for sentence, keys in _SENTENCES.items() for key in keys.split()}


def said_elsewhere(key: str, known: Collection[str]) -> str | None:
    """A remedy for a key that other tools have; None for one that is not known from there. `known` are the keys of its place."""
    if beside := sibling(key, known):
        return f"did you mean {beside}?"
    plain = _plain(key)
    if here := IDEAS.get(plain):
        return f"write it here as {here}"
    return SENTENCES.get(plain)


def sibling(key: str, known: Collection[str]) -> str | None:
    """The key of the same place that means what other tools call so."""
    path = IDEAS.get(_plain(key), "").partition(":")[0]
    here = path.rpartition(".")[2]
    return here if here in known else None
