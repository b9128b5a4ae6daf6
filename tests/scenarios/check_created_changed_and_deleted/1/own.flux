import "influxdata/influxdb/monitor"

option task = {name: "own", every: 1h, offset: 5m}

check = {_check_name: "own", _type: "custom", tags: {}}

from(bucket: "raw") |> range(start: -1h) |> monitor.check(data: check, messageFn: (r) => "m", crit: (r) => r.x > 1)
