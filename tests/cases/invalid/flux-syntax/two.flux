import "strings"

option task = {name: "two", every: 1h}

from(bucket: "b")
  |> range(start: -1h
  |> filter(fn: (r) => r.x == "a")
