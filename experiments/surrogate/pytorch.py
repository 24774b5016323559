#!/usr/bin/env python3
"""Trains the surrogate network of policies/surrogate with PyTorch, on what `wattline bench surrogate --export`
wrote, and prints the same figures, so that both can be compared.

    wattline bench surrogate --export samples.csv
    python3 experiments/surrogate/pytorch.py samples.csv

Needs PyTorch and NumPy (Debian: python3-torch, python3-numpy). One thread, as ours.
"""

import argparse
import csv
import statistics
import sys
import time

import numpy
import torch

TARGETS = ("time_ms", "power_w")
KNOBS = ("cores", "cpu_khz", "gpu_khz", "emc_khz")


def read_samples(path):
    """Columns by name, of the rows to train on and of those to test."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    def columns(which):
        chosen = [row for row in rows if row["set"] == which]
        knobs = numpy.array([[float(row[knob]) for knob in KNOBS] for row in chosen])
        return knobs, {target: numpy.array([float(row[target]) for row in chosen]) for target in TARGETS}

    return columns("train"), columns("test")


def network(inputs):
    """Layers, and Keras' initial weights: Glorot uniform, zero biases."""
    model = torch.nn.Sequential(
        torch.nn.Linear(inputs, 256), torch.nn.ReLU(), torch.nn.Dropout(0.4),
        torch.nn.Linear(256, 128), torch.nn.ReLU(), torch.nn.Dropout(0.3),
        torch.nn.Linear(128, 64), torch.nn.ReLU(),
        torch.nn.Linear(64, 1))
    for layer in model:
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.xavier_uniform_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
    return model


def standard(values, like):
    """Zero mean and unit variance of `like`; a constant column gets scale 1."""
    scale = like.std(axis=0)
    return (values - like.mean(axis=0)) / numpy.where(scale == 0, 1, scale)


def learn(train, test, target, options, seed):
    """MAPE on the test rows, the last epoch's training loss, steps and the seconds they took."""
    torch.manual_seed(seed)
    x = torch.tensor(standard(train[0], train[0]), dtype=torch.float32)
    y = torch.tensor(standard(train[1][target], train[1][target]), dtype=torch.float32).unsqueeze(1)
    model = network(x.shape[1])
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
    loss_of = torch.nn.MSELoss()
    model.train()
    steps = 0
    loss = 0.0
    start = time.perf_counter()
    for _ in range(options.epochs):
        order = torch.randperm(len(x))
        squares = 0.0
        for begin in range(0, len(x), options.minibatch):
            rows = order[begin:begin + options.minibatch]
            optimiser.zero_grad()
            error = loss_of(model(x[rows]), y[rows])
            error.backward()
            optimiser.step()
            squares += error.item() * len(rows)
            steps += 1
        loss = squares / len(x)
    seconds = time.perf_counter() - start
    model.eval()
    with torch.no_grad():
        predicted = model(torch.tensor(standard(test[0], train[0]), dtype=torch.float32)).squeeze(1).numpy()
    predicted = predicted * train[1][target].std() + train[1][target].mean()
    mape = 100 * numpy.mean(numpy.abs(predicted - test[1][target]) / test[1][target])
    return float(mape), loss, steps, seconds


def summary(values):
    mean = statistics.fmean(values)
    if len(values) == 1:
        return f"{mean:.4f}"
    return f"{mean:.4f} +- {statistics.stdev(values):.4f} ({min(values):.4f} .. {max(values):.4f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", help="CSV that wattline bench surrogate --export wrote")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--minibatch", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)

    train, test = read_samples(options.samples)
    mape = {target: [] for target in TARGETS}
    loss = {target: [] for target in TARGETS}
    steps = 0
    seconds = 0.0
    for target in TARGETS:
        for seed in range(options.seed, options.seed + options.seeds):
            error, last, made, took = learn(train, test, target, options, seed)
            mape[target].append(error)
            loss[target].append(last)
            steps += made
            seconds += took
    print("network             4-256-128-64-1")
    print(f"trained_on          {len(train[0])}\ntested_on           {len(test[0])}")
    print(f"epochs              {options.epochs}\nminibatch           {options.minibatch}")
    print(f"seeds               {options.seeds}\nsteps               {steps}")
    print(f"time_loss           {summary(loss['time_ms'])}\npower_loss          {summary(loss['power_w'])}")
    print(f"time_mape_percent   {summary(mape['time_ms'])}\npower_mape_percent  {summary(mape['power_w'])}")
    print(f"training_s          {seconds:.3f}\nsteps_per_s         {steps / seconds:.0f}", file=sys.stderr)


if __name__ == "__main__":
    main()
