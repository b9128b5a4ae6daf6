// The rows of a measurement.
rows = (tables=<-, of) => tables |> filter(fn: (r) => r._measurement == of)
