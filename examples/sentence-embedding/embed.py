"""A sentence encoder, from weights in a package to vectors from a service.

Write the model, plan, apply, ask, measure, destroy.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from package import EXAMPLE, FetchError, Package, fetched
from write import USUAL, sentences, write

FOLDER = EXAMPLE.parents[1] / "build" / "sentence-embedding" / "project"

PUBLISHED = np.array([[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]])
"""How similar the first three sentences are, says the documentation of Sentence Transformers, whose model this is."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="loads of a second: to see it run")
    quick = parser.parse_args().quick
    try:
        package = fetched()
        with project():
            story(package, duration="1s" if quick else "5s")
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"\nThe example failed: `{shlex.join(error.cmd[2:])}` exited with {error.returncode}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def story(package: Package, duration: str) -> None:
    title("The weights become a model")
    write(package, FOLDER)
    infractl("profile", "minilm.onnx", "--at", f"batch=1,sequence={USUAL}", "--by", "layer")

    title("What would change, and what to expect of it")
    infractl("plan")

    title("Make it so")
    infractl("apply", "--auto-approve")

    title("Ask it")
    vectors = embedding(json.loads(answer("invoke", "sentences", "--data", "request.json")))
    show_nearest(vectors)
    apart = np.abs(vectors[:3] @ vectors[:3].T - PUBLISHED).max()
    print(f"\nThe first three are as similar as the model's authors publish, within {apart:.1g}.\n")
    if apart > 1e-3:
        raise SystemExit("That is another model than theirs.")

    title("Measure it")
    infractl("bench", "sentences", "--data", "requests.json", "--duration", duration)
    infractl("status")

    title("The next plan knows what was measured")
    infractl("plan")


def embedding(response: dict[str, Any]) -> NDArray[np.float32]:
    """The vectors in an Open Inference Protocol response."""
    (output,) = response["outputs"]
    return np.array(output["data"], np.float32).reshape(output["shape"])


def show_nearest(vectors: NDArray[np.float32]) -> None:
    """Each sentence, the one that is most similar to it, and how similar they are: the cosine of the angle between them."""
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -1)
    for sentence, row in zip(sentences(), similar, strict=True):
        print(f"{sentence:52} {row.max():.2f}  {sentences()[int(row.argmax())]}")


@contextmanager
def project() -> Iterator[None]:
    """The project in a folder of its own, for one run at a time, destroyed at the end.

    What an earlier run left, because it was cut short, is destroyed first.
    """
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with FOLDER.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"another run works in {FOLDER}; wait for its end, or stop it")
        if FOLDER.exists():
            destroy()
            shutil.rmtree(FOLDER)
        FOLDER.mkdir()
        try:
            yield
        finally:
            title("Away again")
            destroy()


def destroy() -> None:
    """Nothing runs of a project that was never planned."""
    if (FOLDER / ".infractl").exists():
        infractl("destroy", "--auto-approve")


def infractl(*words: str) -> None:
    """Show a command and run it."""
    print(f"$ {shlex.join(('infractl', *words))}", flush=True)
    subprocess.run([sys.executable, "-m", "infractl", *words], cwd=FOLDER, check=True)
    print(flush=True)


def answer(*words: str) -> str:
    """A command's output, unseen."""
    command = [sys.executable, "-m", "infractl", *words]
    return subprocess.run(command, cwd=FOLDER, check=True, stdout=subprocess.PIPE, text=True).stdout


def title(text: str) -> None:
    print(f"── {text} {'─' * max(3, 96 - len(text))}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
