import sys
import time

from trainyard import Run

run = Run.get_context()
began = time.time()
for number in range(int(sys.argv[1])):
    run.log("loss", 1.0 / (number + 1))
print(began, time.time())
