// What the tasks share that thin data out: one value for each window, computed by `fn`.
thin = (fn) =>
    from(bucket: params.source)
        |> range(start: -params.window)
        |> aggregateWindow(every: params.window, fn: fn, createEmpty: false)
        |> to(bucket: params.target)
