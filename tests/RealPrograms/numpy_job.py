# NumPy: matrices through BLAS threads.
import os
import sys
import time
import numpy

random = numpy.random.default_rng(1)
matrix, total = random.random((300, 300)), 0.0
for step in range(int(sys.argv[1])):
    for _ in range(4):
        matrix = numpy.tanh(matrix @ matrix.T / 300)
    total += float(numpy.linalg.norm(matrix[step % 300]))
    print(f"step {step} {total:.9f}", flush=True)
    if os.path.exists(sys.argv[2]):
        time.sleep(0.05)
