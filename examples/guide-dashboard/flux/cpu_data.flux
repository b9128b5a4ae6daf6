from(bucket: "system_metrics")
  |> range(start: -1m) // Get data from the last minute
  |> filter(fn: (r) => r._measurement == "cpu" and r._field == "usage_system")
  |> last() // Get the most recent value for each host
