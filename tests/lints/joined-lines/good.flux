most = 10
    - 1

from(bucket: "raw")
    |> range(start: -task.every)
    |> filter(fn: (r) => r._measurement == "cpu")
    |> limit(n: most)
    |> to(bucket: "means")
