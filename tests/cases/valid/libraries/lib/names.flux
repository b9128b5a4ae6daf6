import "strings"

RAW = "raw"
upper = (text) => strings.toUpper(v: text)

// Nobody calls these.
send = (tables=<-, bucket) => tables |> to(bucket: bucket)
lost = () => from(bucket: "unused") |> range(start: -1h)
