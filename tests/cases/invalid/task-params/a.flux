from(bucket: params.source)
    |> range(start: -params.windw)
