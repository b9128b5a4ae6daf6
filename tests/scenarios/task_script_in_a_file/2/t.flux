// a comment does not count
option task = {name: "own", every: 60m, offset: 1m}
from(bucket: "_monitoring")
  |> range(start: -1h)
