from(bucket: "sensors")
    |> range(start: -1h)
    |> aggregateWindow(every: 10m, fn: mean)
    |> to(bucket: "My bucket (old)")
