import "influxdata/influxdb/schema"

schema.tagValues(bucket: "metrics", tag: "host", start: -1d)
