import "influxdata/influxdb/schema"

schema.tagValues(bucket: "b", tag: "region")
