from(bucket: "raw")
    |> range(start: -task.every)
    |> aggregateWindow(every: task.every, fn: mean)
    |> to(bucket: "means")
