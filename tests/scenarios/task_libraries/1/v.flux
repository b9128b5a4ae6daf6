from(bucket: RAW) |> range(start: v.timeRangeStart) |> limit(n: 1)
