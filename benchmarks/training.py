"""Training for the benchmark: the stock bot (kept by its sources), and this project's model from nothing."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from benchmarks.processes import ENGINE_PYTHON, RASA_ENVIRONMENT, ROOT, clean_environment

CACHE = ROOT / ".cache" / "bench"
_BAR = re.compile(r"Epochs: 100%\D[^\r\n]*?(\d+)/\d+ \[(?:(\d+):)?(\d+):(\d+)<")


@dataclass(frozen=True)
class Trained:
    """A model: its archive, the seconds its training took, and those of them that grow with the epochs."""

    archive: Path
    seconds: float
    epochs: int
    epoch_seconds: float

    def extrapolated(self, epochs: int) -> float:
        """Seconds for so many epochs, if each took as long as those measured."""
        return self.seconds + self.epoch_seconds / self.epochs * (epochs - self.epochs)


def default_pipeline(epochs: int) -> list[dict[str, object]]:
    """Rasa 3.6's default pipeline; only the epochs are ours to choose."""
    trained = {"epochs": epochs, "constrain_similarities": True}
    return [
        {"name": "WhitespaceTokenizer"},
        {"name": "RegexFeaturizer"},
        {"name": "LexicalSyntacticFeaturizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "DIETClassifier", **trained},
        {"name": "EntitySynonymMapper"},
        {"name": "ResponseSelector", **trained},
        {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
    ]


def stock_config(epochs: int) -> dict[str, object]:
    """Rasa 3.6's default pipeline and policies, which `rasa init` leaves in charge; only the epochs differ."""
    trained = {"epochs": epochs, "constrain_similarities": True}
    return {
        "recipe": "default.v1",
        "assistant_id": "stock",
        "language": "en",
        "pipeline": default_pipeline(epochs),
        "policies": [
            {"name": "MemoizationPolicy"},
            {"name": "RulePolicy"},
            {"name": "UnexpecTEDIntentPolicy", "max_history": 5, "epochs": epochs},
            {"name": "TEDPolicy", "max_history": 5, **trained},
        ],
    }


def sources(languages: Sequence[str]) -> list[Path]:
    """What both sides are trained from."""
    missing = [code for code in languages if not (ROOT / "data" / "nlu" / f"{code}.yml").exists()]
    if missing:
        raise FileNotFoundError(f"There are no training messages for: {', '.join(missing)}.")
    nlu = [ROOT / "data" / "nlu" / f"{code}.yml" for code in languages]
    return [*nlu, *sorted((ROOT / "data" / "rules").glob("*.yml")), *sorted((ROOT / "data" / "stories").glob("*.yml"))]


def stock_model(languages: Sequence[str], epochs: int, limit: float) -> Trained:
    """The stock bot's model, trained within `limit` seconds unless one from the same sources is kept."""
    config = stock_config(epochs)
    digest = hashlib.sha256(json.dumps(config).encode())
    for path in (ROOT / "domain.yml", ROOT / "engine" / "requirements.txt", *sources(languages)):
        digest.update(path.read_bytes())
    folder = CACHE / digest.hexdigest()[:16]
    kept = folder / "training.json"
    if kept.exists():
        row = json.loads(kept.read_text(encoding="utf-8"))
        return Trained(Path(row["archive"]), row["seconds"], row["epochs"], row["epoch_seconds"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    print(f"Training the stock bot ({epochs} epochs, {', '.join(languages)}) …", flush=True)
    seconds, log = train("rasa", folder, folder / "config.yml", sources(languages), {}, limit)
    # A progress bar redraws itself with "\\r"; only what stands at a line's end is its last word.
    found = [_BAR.match(line.rsplit("\r", 1)[-1]) for line in log.split("\n")]
    bars = [(int(b[1]), int(b[2] or 0) * 3600 + int(b[3]) * 60 + int(b[4])) for b in found if b]
    trained = Trained(folder / "model.tar.gz", seconds, epochs, float(sum(took for n, took in bars if n == epochs)))
    kept.write_text(json.dumps({**asdict(trained), "archive": str(trained.archive)}), encoding="utf-8")
    return trained


def our_training_seconds(languages: Sequence[str], limit: float) -> float:
    """Seconds to train this project's model on the same data, nothing embedded or trained before."""
    print(f"Training this project's model from nothing ({', '.join(languages)}) …", flush=True)
    with tempfile.TemporaryDirectory() as name:
        # One embedding thread a message, as in tools/train.sh.
        fresh = {"BOT_EMBEDDING_CACHE": f"{name}/embeddings.sqlite3", "OMP_NUM_THREADS": "1"}
        return train("engine.serve", Path(name), ROOT / "config.yml", sources(languages), fresh, limit)[0]


def train(
    module: str, folder: Path, config: Path, data: Sequence[Path], more: dict[str, str], limit: float
) -> tuple[float, str]:
    """Trains `folder`/model.tar.gz; the seconds it took, and its output."""
    environment = {
        **clean_environment(),
        **RASA_ENVIRONMENT,
        "RASA_CACHE_DIRECTORY": str(folder / "rasa-cache"),
        **more,
    }
    log = folder / "train.log"
    began = time.perf_counter()
    with log.open("wb") as output:
        subprocess.run(
            [
                str(ENGINE_PYTHON),
                *("-m", module, "train", "--domain", str(ROOT / "domain.yml"), "--config", str(config)),
                *("--data", *map(str, data), "--out", str(folder), "--fixed-model-name", "model"),
            ],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            timeout=limit,
            check=True,
        )
    took = time.perf_counter() - began
    shutil.rmtree(folder / "rasa-cache", ignore_errors=True)
    return took, log.read_bytes().decode(errors="replace")
