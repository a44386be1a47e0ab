"""A person in the field of a fixed camera: see README.md."""

import motes as mt

camera = mt.Camera(width=96, height=96, rate=10)
small = mt.Resize(width=48, height=48)(camera)
scores = mt.Model("model.tflite")(small)
seen = mt.Detect(labels=["nobody", "person"], threshold=0.8, suppress_ms=1000)(scores)
app = mt.App("visual wake word", mt.Print(seen), mt.LED(seen))
