import "math"

from(bucket: "b") |> range(start: -1h) |> map(fn: (r) => ({r with _value: math.round(x: b(x: r._value))}))
