"""The work of benches/models.rs with PyTorch and transformers: best of some runs, tokens a second.

    SMOLLM2_GGUF=.../SmolLM2-135M-Instruct.Q4_1.gguf python generator/benches/peers.py

Made with torch 2.9.0 (CPU), transformers 5.24.0, gguf 0.19.0, accelerate.
"""

import os
import time
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel
from transformers.utils import logging

logging.set_verbosity_error()
logging.disable_progress_bar()


def best(what, runs, work):
    speed = 0.0
    for _ in range(runs):
        start = time.perf_counter()
        tokens = work()
        speed = max(speed, tokens / (time.perf_counter() - start))
    print(f"{what:55} {speed:9.1f} tokens/s", flush=True)


def ids(rows, count):
    return (torch.arange(count) * 7919 % 49000).repeat(rows, 1)


def logits(model, x):
    with torch.inference_mode():
        model(x)
    return x.numel()


def statistics(model, x):
    """log p, entropy, variance and rank of every token."""
    with torch.inference_mode():
        z = model(x).logits[:, :-1]
        log_p = z.log_softmax(-1)
        p = log_p.exp()
        expected = (p * log_p).sum(-1)
        ((log_p - expected[..., None]) ** 2 * p).sum(-1)
        observed = z.gather(-1, x[:, 1:, None])
        (z > observed).sum(-1)
    return x.numel()


def generate(model, rows, count):
    x = torch.tensor([[504 + row, 4626, 314] for row in range(rows)])
    torch.manual_seed(1)
    with torch.inference_mode():
        out = model.generate(
            x, attention_mask=torch.ones_like(x), do_sample=True, top_k=40, min_new_tokens=count, max_new_tokens=count,
            pad_token_id=0,
        )
    return out[:, 3:].numel()


def main():
    path = os.environ.get("SMOLLM2_GGUF")
    if path:
        path = Path(path)
        model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
        best("SmolLM2: 512 tokens, logits only", 3, lambda: logits(model, ids(1, 512)))
        best("SmolLM2: scoring 512 tokens, all statistics", 3, lambda: statistics(model, ids(1, 512)))
        best("SmolLM2: 32 texts of 32 tokens at once", 2, lambda: generate(model, 32, 32))
        best("SmolLM2: one text of 48 tokens", 2, lambda: generate(model, 1, 48))
        del model
    torch.manual_seed(1)
    model = GPT2LMHeadModel(GPT2Config()).eval()
    best("GPT-2 124M: 1 x 1024 tokens, logits only", 2, lambda: logits(model, ids(1, 1024)))
    best("GPT-2 124M: 8 x 128 tokens, logits only", 2, lambda: logits(model, ids(8, 128)))
    best("GPT-2 124M: scoring 1 x 1024 tokens, all statistics", 2, lambda: statistics(model, ids(1, 1024)))


if __name__ == "__main__":
    main()
