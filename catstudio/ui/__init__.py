"""The Qt window. Imports studio; never torch, diffusers, onnxruntime or engine."""
