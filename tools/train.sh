#!/usr/bin/env bash
# Trains the Rasa model when its sources changed. The stamp holds the digest of what it was trained from.
set -euo pipefail
cd "$(dirname "$0")/.."
export RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES="" PYTHONPATH="$PWD" \
  SQLALCHEMY_SILENCE_UBER_WARNING=1 PYTHONWARNINGS=ignore
mkdir -p models
# What the catalogue's search learns from the same messages; it has a stamp of its own.
hear() {
  local digest
  digest=$(cat data/nlu/*.yml data/own_violence.yml engine/requirements.txt engine/{embedding,hearing}.py bot/text/{ngrams,folding}.py | sha256sum | cut -d' ' -f1)
  if [ -f models/hearing.npz ] && [ "$(cat models/heard-from 2>/dev/null)" = "$digest" ]; then return; fi
  OMP_NUM_THREADS=1 engine/.venv/bin/python -m engine.hearing models/hearing.npz
  echo "$digest" > models/heard-from
}
digest=$(cat config.yml domain.yml data/nlu/*.yml data/rules/*.yml data/stories/*.yml engine/requirements.txt \
  engine/{embedding,featurizer,tokenizer,classifier,entities,language}.py bot/text/language_id.py bot/text/places.py bot/text/place_cues.py bot/text/ages.py bot/text/wishes.py data/regions/places.yml | sha256sum | cut -d' ' -f1)
if [ -f models/trained-from ] && [ "$(cat models/trained-from)" = "$digest" ] && ls models/*.tar.gz models/language.npz >/dev/null 2>&1; then
  hear
  exit 0
fi
echo "Training the model (a few minutes the first time; later only what changed) …"
# One thread a message and as many messages at once as there are cores: the fastest for many.
export OMP_NUM_THREADS=1
engine/.venv/bin/python -m engine.serve train --domain domain.yml --data data/nlu data/rules data/stories \
  --config config.yml --out models --fixed-model-name "pyydaapua-${digest:0:12}"
engine/.venv/bin/python -m engine.language models/language.npz
echo "$digest" > models/trained-from
# Older models are of no use to anyone.
find models -name 'pyydaapua-*.tar.gz' ! -name "pyydaapua-${digest:0:12}.tar.gz" -delete
hear
