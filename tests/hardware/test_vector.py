"""Which vector instructions a processor has, by what systems write of it."""

from __future__ import annotations

import pytest

from infractl.hardware.vector import instructions_in, vector_instructions

X86 = """\
processor\t: 0
model name\t: Some CPU
flags\t\t: fpu sse sse2 avx avx2 avx512f avx512dq avx512_vnni avx_vnni amx_tile amx_int8 hypervisor
vmx flags\t: vnmi

processor\t: 1
flags\t\t: fpu
"""
ARM = """\
processor\t: 0
BogoMIPS\t: 2100.00
Features\t: fp asimd evtstrm aes asimdhp asimddp sve i8mm bf16 sve2
CPU implementer\t: 0x41
"""


@pytest.mark.parametrize(
    ("told", "machine", "found"),
    [
        (X86, "x86_64", "amx_int8 avx avx2 avx512_vnni avx512f avx_vnni"),
        (ARM, "aarch64", "bf16 dotprod fp16 i8mm neon sve sve2"),
        ("", "arm64", "neon"),
        ("", "x86_64", ""),
        ("flags\t\t: fpu sse\n", "x86_64", ""),
        ("cpu\t: POWER9, altivec supported\n", "ppc64le", ""),
    ],
    ids=["x86", "ARM", "a Mac", "nothing is told", "an old processor", "another one"],
)
def test_the_first_processor_tells_what_it_has(told: str, machine: str, found: str) -> None:
    assert instructions_in(told, machine) == tuple(found.split())


def test_this_machine_names_each_once_and_in_order() -> None:
    found = vector_instructions()

    assert list(found) == sorted(set(found))
