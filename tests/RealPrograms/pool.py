# multiprocessing: a pool of workers with its pipes, locks and helper threads.
import multiprocessing
import os
import sys
import time


def work(seed):
    state = seed
    for i in range(20000):
        state = (state * 31 + i) % 1000003
    return state


if __name__ == "__main__":
    with multiprocessing.Pool(3) as pool:
        total = 0
        for step in range(int(sys.argv[1])):
            total = (total * 7 + sum(pool.map(work, range(step, step + 6)))) % 1000003
            print(f"step {step} {total}", flush=True)
            if os.path.exists(sys.argv[2]):
                time.sleep(0.05)
