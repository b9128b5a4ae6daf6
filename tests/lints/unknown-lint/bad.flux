// fluxform: allow flux::wide-rnge the sensors deliver a day late
from(bucket: "raw")
    |> range(start: -1d)
    |> to(bucket: "copy")
