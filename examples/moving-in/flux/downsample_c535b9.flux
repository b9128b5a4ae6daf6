import "math"

option task = {concurrency: 2}

from(bucket: "sensors")
    |> range(start: -1d)
    |> map(fn: (r) => ({r with _value: math.round(x: r._value)}))
    |> to(bucket: "My bucket (old)")
