option task = {name: "own", every: 1h, offset: 1m}

from(bucket: "b") |> range(start: -1h)
