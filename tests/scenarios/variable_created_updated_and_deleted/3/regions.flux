import "influxdata/influxdb/schema"

schema.tagValues(bucket: "_monitoring", tag: "region")
