"""The worker's side: device, model loading, diffusion pipelines, backbones. Never imports Qt or opens the store."""
