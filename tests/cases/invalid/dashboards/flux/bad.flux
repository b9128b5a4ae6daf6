from(bucket: "raw")
    |> range(start: v.timeRangeStart
