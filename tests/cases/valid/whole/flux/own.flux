import "influxdata/influxdb/monitor"
import "influxdata/influxdb/schema"

option task = {name: "own", every: 1h, offset: 0s}

check = {_check_name: "own", _type: "custom", tags: {}}

from(bucket: "raw points")
    |> range(start: -1h)
    |> filter(fn: (r) => r._field == "temperature")
    |> schema.fieldsAsCols()
    |> monitor.check(data: check, messageFn: (r) => "hot", crit: (r) => r.temperature > 80.0)
