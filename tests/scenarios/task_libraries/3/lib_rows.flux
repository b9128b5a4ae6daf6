// Rows, of whole windows.
import "date"

rows = () => from(bucket: "_monitoring") |> range(start: date.truncate(t: -params.window, unit: 1m))
