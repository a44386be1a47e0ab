"""QUANTIZE and DEQUANTIZE: between real numbers and quantized ones, and between quantizations."""
