"""A machine that does not vibrate as it used to: see README.md."""

import json
from pathlib import Path

import motes as mt

bands = json.loads(Path(__file__).with_name("bands.json").read_text())  # written by train.py
vibration = mt.Accelerometer(rate=12_000, range_g=2)
features = mt.SpectralBands(**bands, window=2048, axis=2)(vibration)  # one vector every 171 ms
repeated = mt.Model("model.tflite")(features)  # an autoencoder that only knows the machine when it is well
error = mt.ReconstructionError()(features, repeated)
alarm = mt.Detect(labels=["anomaly"], threshold=0.91, average_ms=340, suppress_ms=1000)(error)
app = mt.App("machine anomaly", mt.Print(alarm), mt.LED(alarm))
