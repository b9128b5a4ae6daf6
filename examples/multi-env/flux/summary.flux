from(bucket: params.source)
    |> range(start: -params.window)
    |> aggregateWindow(every: params.window, fn: mean, createEmpty: false)
    |> to(bucket: params.target)
