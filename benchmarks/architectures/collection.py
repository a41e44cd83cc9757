"""All of them."""

from __future__ import annotations

from benchmarks.architectures.bert import BERT_BASE
from benchmarks.architectures.gpt2 import GPT2_SMALL
from benchmarks.architectures.mobilenetv2 import MOBILENETV2
from benchmarks.architectures.resnet50 import RESNET50
from benchmarks.architectures.vit import VIT_B_16

ARCHITECTURES = (RESNET50, MOBILENETV2, BERT_BASE, GPT2_SMALL, VIT_B_16)
