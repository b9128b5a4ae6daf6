web =
    from(bucket: "raw")
        |> range(start: -task.every)
        |> filter(fn: (r) => r._measurement == "cpu" and r.host == "web-1")

union(tables: [web])
    |> aggregateWindow(every: task.every, fn: mean)
    |> to(bucket: "means")
