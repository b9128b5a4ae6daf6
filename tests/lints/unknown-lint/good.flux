// fluxform: allow flux::wide-range the sensors deliver a week late
from(bucket: "raw")
    |> range(start: -7d)
    |> aggregateWindow(every: 1h, fn: mean)
    |> to(bucket: "means")
