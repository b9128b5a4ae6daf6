// Rows.
rows = () => from(bucket: "_monitoring") |> range(start: -params.window)
