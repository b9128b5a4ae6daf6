import "array"

newest = array.from(rows: [{name: "raw"}]) |> findRecord(fn: (key) => true, idx: 0)

from(bucket: newest.name)
    |> range(start: -task.every)
    |> to(bucket: "copy")
