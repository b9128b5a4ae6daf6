import "influxdata/influxdb/v1"

v1.tagValues(bucket: "raw", tag: "host")
    |> to(bucket: "hosts")
