option task = {name: "own", every: 1h, offset: 0s}
check = {_check_name: "own", _type: "custom", tags: {}}
from(bucket: "${var.x}") |> range(start: -1h)
