"""Keys that users of other tools write for ideas that a service's document has as well, or has no need of."""

from __future__ import annotations

from collections.abc import Collection, Mapping

_MACHINE = "infractl finds the machine: say what it may be with spec.hardware.classes: [gpu] or spec.hardware.allow: [ml.g5.*]"
_NEEDS = "infractl finds the machine and its size; only for an image of your own, write spec.model.container.resources: {cpus: 2}"
_IMAGE = "name an image of your own with spec.model.uri: oci://REGISTRY/IMAGE:TAG; a model file needs none"
_TARGET = "it is a setting of the target: write it in infractl.yaml under targets"
_OWN = "remove it: infractl derives it from the model and the SLO"
_PART = "export it as a part of the model, or serve both with an image of your own: spec.model.uri: oci://REGISTRY/IMAGE:TAG"
_PORT = "targets give services ports; infractl.yaml may fix it: targets: {local: {provider: local, ports: {fraud: 8080}}}"

_IDEAS = {
    "spec.model: {uri: ./models/fraud.onnx, version: '1'}": "modelName modelPackage predictor registeredModel",
    "spec.model.uri: ./models/fraud.onnx": "artifact artifactUri file model_path modelData modelDataUrl modelFile modelPath "
    "modelUri path s3Uri source storage storageUri url",
    "spec.model.format: onnx": "engine flavor framework modelFormat platform runtime",
    "spec.model.container.env: {LOG_LEVEL: info}": "env envFrom envVars environmentVariables",
    "spec.model.container.ports: {http: 8080}": "containerPort",
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
    "spec.serving.replicas: {min: 0}": "scaleToZero",
    "spec.serving.replicas.min: 2": "minInstances minReplicaCount minReplicas",
    "spec.serving.replicas.max: 10": "maxInstances maxReplicaCount maxReplicas",
    "spec.serving.replicas: {min: 2, max: 10}": "autoscaler autoscaling desiredCount hpa initialInstanceCount instanceCount "
    "instances replica replicaCount scale scaleMetric scaleTarget scaling",
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
    _PORT: "port ports",
    _PART: "explainer postprocess postprocessing preprocess preprocessing tokenizer transformer",
    "remove it: services do not depend on each other": "dependsOn needs requires",
    "write one document for each service": "count forEach services",
    "variables are spec.model.container.env; an environment such as production is chosen with --env": "environment environments",
}
"""What to do about ideas that have no key here."""

_PERCENTILES = "percentiles are p50, p95 and p99"
_NO_LEAST = "remove it: a placement is made for traffic.peak, and costs are expected at traffic.average"
_FILES = "remove it, and write a file for each: environments/NAME.yaml, which declares an Environment"
_ROOT = "remove it: infractl.yaml is known by its name"

_NEAR = {
    "traffic": {"average": "avg mean typical", "peak": "max maximum load qps rps tps", _NO_LEAST: "min minimum"},
    "slo": {"throughput": "qps rate rps tps peak", "errorRate": "errors errorBudget failureRate", "availability": "uptime"},
    "rateLimit": {"rate": "limit max perSecond qps requestsPerSecond rps", "burst": "bucket bucketSize"},
    "batch": {"cron": "schedule", "input": "source from", "output": "destination sink to"},
    "latency": {_PERCENTILES: "avg average max maximum mean median min p75 p90 p98 p999"},
    "rollbackOn": {_PERCENTILES: "avg average max maximum mean median min p75 p90 p98 p999", "errorRate": "errors"},
    "when": {_PERCENTILES: "avg average max maximum mean median min p75 p90 p98 p999", "errorRate": "errors"},
    "replicas": {"min": "least minimum minReplicas", "max": "most maximum maxReplicas"},
    "serving": {"replicas: {min: 0}": "scaleToZero sleep", _PORT: "port ports", "replicas": "instances scaling"},
    "rollout": {"steps": "weights percentages stages", "bake": "interval duration pause", "rollbackOn": "rollback abort"},
    "budget": {"monthly": "month perMonth max maximum limit total amount"},
}
"""For the keys of one section, by that section's key: what to write in it, or a sentence."""
_NEAR["ttft"] = _NEAR["tpot"] = _NEAR["latency"]

_OF_PROJECTS = {
    "project": "name projectName",
    "targets: {local: {provider: local}}": "provider providers cloud backends clusters target region",
    "stores: {state: .infractl/state}": "backend state storage remoteState",
    "values": "variables vars defaults globals",
    "policies": "rules constraints",
    "budgets": "budget",
    _FILES: "environments envs environment stages",
    _ROOT: "apiVersion kind metadata version",
}
_OF_ENVIRONMENTS = {
    "values": "variables vars env parameters",
    "overlay": "overlays override overrides patch patches base",
    "services": "service",
    "metadata: {name: staging}": "name environment",
}


def _plain(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")


def _by_key(told: Mapping[str, str]) -> dict[str, str]:
    return {_plain(key): here for here, keys in told.items() for key in keys.split()}


IDEAS = _by_key(_IDEAS)
SENTENCES = _by_key(_SENTENCES)
NEAR = {section: _by_key(told) for section, told in _NEAR.items()}
OF_PROJECTS, OF_ENVIRONMENTS = _by_key(_OF_PROJECTS), _by_key(_OF_ENVIRONMENTS)


def elsewhere(key: str) -> str | None:
    """The path of the place, and an example, of what other tools have under this key."""
    return IDEAS.get(_plain(key))


def sentence(key: str) -> str | None:
    return SENTENCES.get(_plain(key))


def near(key: str, section: str) -> str | None:
    """What to write in the same section, by the section's own key; or a sentence."""
    return NEAR.get(section, {}).get(_plain(key))


def of_a_root(key: str, known: Collection[str]) -> str | None:
    """The same for the first keys of infractl.yaml and of environments, which the keys that are known there tell apart."""
    told = OF_PROJECTS if "stores" in known else OF_ENVIRONMENTS if "overlay" in known else {}
    return told.get(_plain(key))


def sibling(key: str, known: Collection[str], section: str = "") -> str | None:
    """The key of the same place that means what other tools call so."""
    told = near(key, section) or of_a_root(key, known) or ""
    path = IDEAS.get(_plain(key), "").partition(":")[0]
    return next((here for here in (told.partition(":")[0], path.rpartition(".")[2]) if here in known), None)
