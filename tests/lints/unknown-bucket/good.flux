name = "raw"

from(bucket: name)
    |> range(start: -task.every)
    |> to(bucket: "copy")
