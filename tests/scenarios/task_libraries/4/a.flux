import "math"

option task = {name: "own", offset: 1m}

rows() |> map(fn: (r) => ({r with _value: math.round(x: r._value), name: upper(text: r.name)}))
