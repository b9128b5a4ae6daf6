from(bucket: "raw", org: "acme")
    |> range(start: -task.every)
    |> filter(fn: (r) => r._measurement == "cpu")
    |> to(bucket: "means")
