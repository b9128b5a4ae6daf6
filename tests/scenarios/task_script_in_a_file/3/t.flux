option task = {name: "own", every: 2h}

from(bucket: "b") |> range(start: -2h)
