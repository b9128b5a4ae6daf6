from(bucket: "raw")
    |> range(start: -task.every)
    |> mean()
    |> to(bucket: "means")
