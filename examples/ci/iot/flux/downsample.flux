from(bucket: params.source)
    |> range(start: -1h)
    |> aggregateWindow(every: 1h, fn: mean, createEmpty: false)
    |> to(bucket: params.target)
