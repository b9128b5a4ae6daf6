from(bucket: "raw")
    |> range(start: -task.every)
    |> filter(fn: (r) => strings.hasPrefix(v: r.host, prefix: "web"))
    |> to(bucket: "web")
