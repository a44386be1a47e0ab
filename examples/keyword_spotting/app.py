"""Three words, heard as they are spoken: see README.md."""

import motes as mt

mic = mt.Microphone(rate=16_000)
features = mt.MicroFrontend(window_ms=30, stride_ms=20, channels=40)(mic)
scores = mt.Model("model.tflite")(features.window(49, stride=10))  # 0.99 s of sound, every 200 ms
labels = ["happy", "marvin", "seven", "unknown", "silence"]
heard = mt.Detect(labels=labels, threshold=0.6, average_ms=400, suppress_ms=1500)(scores)
app = mt.App("keyword spotting", mt.Print(heard), mt.LED(heard))
