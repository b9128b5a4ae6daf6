import "influxdata/influxdb/monitor"

option task = {name: "c", every: 1m, offset: 0s}

check = {_check_name: "c", _type: "custom", tags: {}}

from(bucket: RAW)
    |> range(start: -1m)
    |> monitor.check(crit: (r) => r._value > 1.0, messageFn: (r) => upper(text: "x"), data: check)
