// a comment does not count
option task = {name: "own", every: 60m, offset: 1m}
from(bucket: "b")
  |> range(start: -1h)
