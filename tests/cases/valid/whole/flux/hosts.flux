from(bucket: params.source)
    |> range(start: v.timeRangeStart)
    |> rows(of: "cpu")
    |> keep(columns: ["host"])
