option task = {name: "own", every: 2h}

from(bucket: "_monitoring") |> range(start: -2h)
