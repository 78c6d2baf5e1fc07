"""Medians and ratios turn by turn, with bootstrap intervals: what is compared ran side by side."""

import math
import random
import statistics

RESAMPLES = 2000


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(value) for value in values))


def ratios(numerators, denominators):
    """Turn by turn; a turn that one of them failed does not count."""
    return [n / d for n, d in zip(numerators, denominators) if n is not None and d is not None]


def interval(cells):
    """The median ratio of each cell, their geometric mean, and its 95 % bootstrap interval."""
    chance = random.Random(1)

    def once():
        return geometric_mean(
            [statistics.median(chance.choices(cell, k=len(cell))) for cell in cells])

    middle = geometric_mean([statistics.median(cell) for cell in cells])
    samples = sorted(once() for _ in range(RESAMPLES))
    return middle, samples[RESAMPLES * 25 // 1000], samples[RESAMPLES * 975 // 1000]


def median(values):
    there = [value for value in values if value is not None]
    return statistics.median(there) if there else None
