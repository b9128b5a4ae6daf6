import "influxdata/influxdb/monitor"

option task = {name: "mine", every: 2h, offset: 0s}

check = {_check_name: "mine", _type: "custom", tags: {}}

from(bucket: "raw") |> range(start: -1h) |> monitor.check(data: check, messageFn: (r) => "m", crit: (r) => r.x > 1)
