"""Runs inside MLServer: the thinnest model that it allows. It has no runtime for ONNX of its own."""

from __future__ import annotations

import numpy as np
import onnxruntime
from mlserver import MLModel  # type: ignore[import-not-found]
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput  # type: ignore[import-not-found]


class OnnxModel(MLModel):  # type: ignore[misc]
    """One input, one output. No codec: what it would do more than this costs time."""

    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(self.settings.parameters.uri, options, providers=["CPUExecutionProvider"])
        self._input, self._output = self._session.get_inputs()[0].name, self._session.get_outputs()[0].name
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        given = payload.inputs[0]
        tensor = np.array(given.data.root, np.float32).reshape(given.shape)
        # In the event loop: a call this short costs less than to hand it to a thread.
        [found] = self._session.run([self._output], {self._input: tensor})
        output = ResponseOutput(name=self._output, shape=list(found.shape), datatype="FP32", data=found.ravel().tolist())
        return InferenceResponse(model_name=self.name, model_version="1", outputs=[output])
