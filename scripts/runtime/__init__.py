"""What `measure_runtime.py` measures: time and memory of encoders and decoders on every engine."""
