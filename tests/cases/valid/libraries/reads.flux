from(bucket: RAW)
    |> range(start: -1h)
    |> map(fn: (r) => ({r with name: upper(text: r.name)}))
