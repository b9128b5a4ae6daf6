from(bucket: "hosts")
    |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
    |> filter(fn: (r) => r._measurement == "cpu" and r._field == "usage_user" and r.host == v.host)
    |> aggregateWindow(every: v.windowPeriod, fn: mean)
