"""The work of benches/models.rs with llama.cpp, PyTorch with transformers, and onnxruntime: best of some runs, tokens a second.

    SMOLLM2_GGUF=.../SmolLM2-135M-Instruct.Q4_1.gguf python generator/benches/peers.py [llama.cpp | torch | onnxruntime]...

Made with torch 2.9.0 (CPU), transformers 5.24.0, gguf 0.19.0, accelerate; llama-cpp-python 0.3.36; onnxruntime 1.32.0, onnx 1.23.2.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
def best(what, runs, work):
    speed = 0.0
    for _ in range(runs):
        start = time.perf_counter()
        tokens = work()
        speed = max(speed, tokens / (time.perf_counter() - start))
    print(f"{what:55} {speed:9.1f} tokens/s", flush=True)


def ids(rows, count):
    import torch

    return (torch.arange(count) * 7919 % 49000).repeat(rows, 1)


def llama_cpp(path):
    from llama_cpp import Llama

    def load(every):
        return Llama(str(path), n_ctx=1024, n_batch=512, n_threads=2, n_threads_batch=2, logits_all=every, verbose=False)

    times = []
    for _ in range(4):
        start = time.perf_counter()
        model = load(False)
        times.append(time.perf_counter() - start)
    print(f"{'llama.cpp, SmolLM2: map and load':55} {min(times) * 1e3:9.1f} ms", flush=True)
    text = [index * 7919 % 49000 for index in range(512)]

    def score():
        model.reset()
        model.eval(text)
        return len(text)

    def write(count):
        model.reset()
        model.eval([504, 4626, 314])
        for _ in range(count):
            model.eval([model.sample(top_k=40, top_p=1.0, min_p=0.0, temp=1.0, repeat_penalty=1.0)])
        return count

    best("llama.cpp, SmolLM2: 512 tokens, last logits only", 4, score)
    best("llama.cpp, SmolLM2: one text of 48 tokens", 3, lambda: write(48))
    model = load(True)
    best("llama.cpp, SmolLM2: 512 tokens, all logits", 4, score)


def logits(model, x):
    import torch

    with torch.inference_mode():
        model(x)
    return x.numel()


def statistics(model, x):
    """log p, entropy, variance and rank of every token."""
    import torch

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
    import torch

    x = torch.tensor([[504 + row, 4626, 314] for row in range(rows)])
    torch.manual_seed(1)
    with torch.inference_mode():
        out = model.generate(
            x, attention_mask=torch.ones_like(x), do_sample=True, top_k=40, min_new_tokens=count, max_new_tokens=count,
            pad_token_id=0,
        )
    return out[:, 3:].numel()


def pytorch(path):
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if path:
        model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
        best("torch, SmolLM2: 512 tokens, logits only", 3, lambda: logits(model, ids(1, 512)))
        best("torch, SmolLM2: scoring 512 tokens, all statistics", 3, lambda: statistics(model, ids(1, 512)))
        best("torch, SmolLM2: 32 texts of 32 tokens at once", 2, lambda: generate(model, 32, 32))
        best("torch, SmolLM2: one text of 48 tokens", 2, lambda: generate(model, 1, 48))
        del model
    model = gpt2()
    best("torch, GPT-2 124M: 1 x 1024 tokens, logits only", 2, lambda: logits(model, ids(1, 1024)))
    best("torch, GPT-2 124M: 8 x 128 tokens, logits only", 2, lambda: logits(model, ids(8, 128)))
    best("torch, GPT-2 124M: scoring 1 x 1024, all statistics", 2, lambda: statistics(model, ids(1, 1024)))


def gpt2():
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(1)
    return GPT2LMHeadModel(GPT2Config()).eval()


def onnxruntime():
    import onnxruntime
    import torch
    import torch.nn.functional as F

    class Plain(torch.nn.Module):
        """GPT-2 without what transformers wraps around it, which the exporter trips over."""

        def __init__(self, model):
            super().__init__()
            self.gpt2 = model.transformer

        def forward(self, x):
            rows, tokens = x.shape
            h = self.gpt2.wte(x) + self.gpt2.wpe.weight[:tokens]
            for block in self.gpt2.h:
                parts = block.attn.c_attn(block.ln_1(h)).split(768, 2)
                q, k, v = (part.reshape(rows, tokens, 12, 64).transpose(1, 2) for part in parts)
                mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
                h = h + block.attn.c_proj(mixed.reshape(rows, tokens, 768))
                h = h + block.mlp(block.ln_2(h))
            return self.gpt2.ln_f(h) @ self.gpt2.wte.weight.T

    model = Plain(gpt2()).eval()
    with tempfile.TemporaryDirectory() as folder:
        for rows, count in [(1, 1024), (8, 128)]:
            path = f"{folder}/gpt2.onnx"
            torch.onnx.export(model, (ids(rows, count),), path, dynamo=False, input_names=["ids"], opset_version=17)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 2
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            x = ids(rows, count).numpy()
            run = lambda: session.run(None, {"ids": x})[0].shape[0] * count
            best(f"onnxruntime, GPT-2 124M: {rows} x {count} tokens, logits only", 3, run)


def main():
    wanted = sys.argv[1:] or ["llama.cpp", "torch", "onnxruntime"]
    path = os.environ.get("SMOLLM2_GGUF")
    path = Path(path) if path else None
    if "llama.cpp" in wanted and path:
        llama_cpp(path)
    if "torch" in wanted:
        pytorch(path)
    if "onnxruntime" in wanted:
        onnxruntime()


if __name__ == "__main__":
    main()
