option task = {name: "own", every: 1h, offset: 1m}

from(bucket: "_monitoring") |> range(start: -1h)
