from(bucket: v.bucket) |> range(start: v.timeRangeStart) |> last()
