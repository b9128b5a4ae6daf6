from(bucket: "raw")
    |> range(start: -task.every)
    |> filter(fn: (r) => r._measurement == "cpu" and r.host =~ /^web/)
    |> to(bucket: "means")
