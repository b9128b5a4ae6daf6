from(bucket: "raw") |> range(start: -1h)
