// Hourly means.
import "math"

from(bucket: RAW)
    |> range(start: -params.window)
    |> means()
    |> map(fn: (r) => ({r with _value: math.round(x: r._value), name: upper(text: r.name)}))
    |> to(bucket: "means")
