# A job as scientists write them: a wave on a grid, particles in it, an index by cell. After each of the generations it writes what its memory holds to DIRECTORY/gen-N.
import os
import sys

import numpy as np

directory, mebibytes, generations = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random = np.random.default_rng(1)
side = int((mebibytes * (1 << 20) / 4 / 8) ** 0.5)
x = np.linspace(-4, 4, side)
wave = np.exp(-(x[:, None] ** 2 + x[None, :] ** 2))
before = wave.copy()
count = mebibytes * (1 << 20) // 4 // 8 // 6
places = random.random((count, 3)) * side
speeds = random.standard_normal((count, 3)) * 1e-3
trace = np.zeros(mebibytes * (1 << 20) // 4 // 8)
cells = np.empty(count, dtype=np.int64)


def step(number):
    global wave, before
    after = 2 * wave - before
    after[1:-1, 1:-1] += 0.1 * (wave[2:, 1:-1] + wave[:-2, 1:-1] + wave[1:-1, 2:] + wave[1:-1, :-2] - 4 * wave[1:-1, 1:-1])
    before, wave = wave, after
    moving = slice(0, count // 10)
    places[moving] += speeds[moving]
    cells[:] = places[:, 0].astype(np.int64) * side + places[:, 1].astype(np.int64)
    trace[number * 1000:(number + 1) * 1000] = wave[side // 2, :1000] if side >= 1000 else 0.5


def write_memory(path):
    page = 4096
    with open("/proc/self/maps") as maps:
        ranges = [line.split() for line in maps]
    with open("/proc/self/mem", "rb", 0) as memory, open(path, "wb") as target:
        for fields in ranges:
            start, end = (int(part, 16) for part in fields[0].split("-"))
            if not fields[1].startswith("rw-p"):
                continue
            memory.seek(start)
            while start < end:
                piece = memory.read(min(end - start, 1 << 20))
                target.write(piece)
                start += len(piece)
        assert target.tell() % page == 0


for generation in range(1, generations + 1):
    for i in range(20):
        step(generation * 20 + i)
    write_memory(os.path.join(directory, f"gen-{generation}"))
