import "influxdata/influxdb/schema"

schema.tagValues(bucket: "raw", tag: "host")
    |> to(bucket: "hosts")
