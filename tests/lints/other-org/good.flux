from(bucket: "raw")
    |> range(start: -task.every)
    |> filter(fn: (r) => r._measurement == "cpu")
    |> to(bucket: "means")
