import sys
import time

for _ in range(int(sys.argv[1])):
    print(time.time(), flush=True)
    time.sleep(0.1)
