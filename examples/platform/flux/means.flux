// The mean of each window. fluxform puts `option task` and `params` before this when it sends the script.
from(bucket: params.source)
    |> range(start: -params.window)
    |> aggregateWindow(every: params.window, fn: mean, createEmpty: false)
    |> to(bucket: params.target)
